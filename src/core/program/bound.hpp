// Moving dates resolved once for a judged instant: thresholds of date tests, and when a test on a given date
// flips. Bounds only move forward, so a date passes a bound once and never comes back.
#pragma once

#include "core/meaning/checked.hpp"

#include <utility>
#include <vector>

namespace segmentation::core::program {

/// A bound as a test uses it. A day value is compared as a day, an instant as an instant.
struct BoundUse {
  Bound bound;
  bool day_value = false;
};

/// The window of an anniversary test: the days [from, to).
struct WindowUse {
  Bound from;
  Bound to;
};

/// Returns the day of a bound whose form is whole days, for the given today.
Day bound_day(const Bound &bound, Day today) noexcept;

/// Returns the instant of a bound at a moment: of whole days the start of the day.
Instant bound_instant(const Bound &bound, const Moment &moment) noexcept;

/// Returns the first day T (of all days) with bound_day(bound, T) > value. The form must be one that moves by
/// days.
Day first_day_beyond(const Bound &bound, Day value) noexcept;

/// The judged moment with everything that follows from it for one program.
class Clock {
public:
  Clock(const Moment &moment, const std::vector<BoundUse> &bounds, const std::vector<WindowUse> &windows);

  /// Goes to another moment of the same zone. Within one day that costs next to nothing.
  void move_to(const Moment &moment);

  const Moment &moment() const noexcept { return moment_; }
  const Zone &zone() const noexcept { return *moment_.zone; }

  /// A value lies at or after the bound exactly where value >= threshold(bound), in the value's own unit.
  std::int64_t threshold(int bound) const noexcept { return thresholds_[static_cast<std::size_t>(bound)]; }

  /// Returns the first instant after now at which the value is no longer at or after the bound; infinity
  /// where it already is not, or never will be.
  Instant flip(int bound, std::int64_t value) const noexcept;

  /// Returns whether the day's anniversary lies in the window.
  bool in_window(int window, Day day) const noexcept;
  /// Returns the first instant at which that may change.
  Instant window_flip(int window, Day day) const noexcept;

  std::int32_t age(Day born) const noexcept { return whole_years(born, moment_.today); }
  /// Returns the first instant at which the age changes; may be early.
  Instant age_flip(Day born) const noexcept;

  /// Returns the first instant that may belong to the day or a later one. Not the start of the day where the
  /// clock is set back over midnight: the day's first hour comes twice then.
  Instant day_begins(Day day) const noexcept;

  /// Returns the instant until which `today` is certain not to step back (it does where the clock is set back
  /// over midnight).
  Instant steady_until() const noexcept { return steady_until_; }

private:
  std::int64_t threshold_of(const BoundUse &use) const noexcept;
  std::pair<Day, Day> days_of(const WindowUse &use) const noexcept;
  Instant instant_flip(const Bound &bound, Instant value) const noexcept;
  Instant compute_day_begins(Day day) const noexcept;

  Moment moment_;
  const std::vector<BoundUse> &bounds_;
  const std::vector<WindowUse> &windows_;
  std::vector<std::int64_t> thresholds_;
  std::vector<std::pair<Day, Day>> window_days_;
  Instant day_start_ = 0; // of today
  Instant steady_until_ = instant_infinity;
  mutable std::vector<Instant>
      day_starts_; // of the days after today, filled as they are asked for; 0 is unknown
};

/// Returns the first day whose start is later than the instant.
Day first_day_after(Instant instant, const Zone &zone) noexcept;

/// Returns the first day whose start is not earlier than the instant.
Day first_day_from(Instant instant, const Zone &zone) noexcept;

} // namespace segmentation::core::program
