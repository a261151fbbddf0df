// Days, instants and the shop's time zone. Proleptic Gregorian calendar, the way PostgreSQL counts.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace segmentation::core {

/// A day: days since 2000-01-01 (PostgreSQL's DateADT). The extremes stand for -infinity and infinity.
using Day = std::int32_t;
/// An instant: microseconds since 2000-01-01 00:00 UTC (PostgreSQL's TimestampTz). The extremes stand for
/// +-infinity.
using Instant = std::int64_t;
/// A local time without zone, in the same unit (PostgreSQL's Timestamp).
using LocalTime = std::int64_t;

inline constexpr Day day_minus_infinity = std::numeric_limits<Day>::min();
inline constexpr Day day_infinity = std::numeric_limits<Day>::max();
inline constexpr Instant instant_minus_infinity = std::numeric_limits<Instant>::min();
inline constexpr Instant instant_infinity = std::numeric_limits<Instant>::max();
inline constexpr std::int64_t microseconds_per_day = 86'400'000'000;

/// The days on which clocks and calendar steps work: 4712-01-01 BC to 294275-12-31, all of which have their
/// instants in every zone within PostgreSQL's timestamptz. A step or a change between local time and instants
/// that starts or ends outside gives the infinity of that side, in printed SQL too, where PostgreSQL alone
/// would raise an error. Days and instants of data may lie outside and compare as themselves.
inline constexpr Day first_clock_day = -2'451'141;
inline constexpr Day last_clock_day = 106'751'616;

struct CivilDate {
  std::int32_t year = 2000;
  std::int32_t month = 1;
  std::int32_t day = 1;
  friend bool operator==(const CivilDate &, const CivilDate &) = default;
};

bool is_leap_year(std::int32_t year) noexcept;
std::int32_t days_in_month(std::int32_t year, std::int32_t month) noexcept;
bool is_valid(const CivilDate &date) noexcept;
Day day_of(const CivilDate &date) noexcept;
CivilDate civil_of(Day day) noexcept;
/// Returns 0 for Monday .. 6 for Sunday.
int weekday_of(Day day) noexcept;
/// Adds calendar months; the day is clamped to the end of the month (31 March - 1 month is 28 or 29
/// February). A result out of the clock days is the infinity of its side; infinities stay.
Day add_months(Day day, std::int64_t months) noexcept;
/// Adds days, with the same ends as add_months().
Day add_days(Day day, std::int64_t days) noexcept;
/// Adds hours; an instant whose UTC day is out of the clock days is the infinity of its side; infinities
/// stay.
Instant add_hours(Instant instant, std::int64_t hours) noexcept;
/// Whole years of age on `on` of one born on `born`, as the year of PostgreSQL's age(on, born); negative
/// before birth follows PostgreSQL too. Meant for days with an age, see has_age().
std::int32_t whole_years(Day born, Day on) noexcept;
/// True for the clock days: an age, or an anniversary, is missing where the birth day is infinite or farther
/// away than that.
inline bool has_age(Day born) noexcept {
  return born >= first_clock_day && born <= last_clock_day;
}

/// A time zone as a table of its changes, taken from the server so that both sides read the same rules.
/// Beyond the last entry the rules repeat every 400 years where `repeats` is set, else the last offset stays.
class Zone {
public:
  struct Change {
    Instant at = 0;                  // the first instant with the new offset
    std::int32_t offset_seconds = 0; // east of UTC
  };

  /// UTC.
  Zone() = default;
  /// `changes` ascending; `initial_offset` holds before the first.
  Zone(std::int32_t initial_offset, std::vector<Change> changes, bool repeats);

  /// Returns the offset in seconds east of UTC at an instant.
  std::int32_t offset_at(Instant instant) const noexcept;
  /// Returns the local time of an instant; infinite where the instant's UTC day is no clock day.
  LocalTime to_local(Instant instant) const noexcept;
  /// Returns the instant of a local time as PostgreSQL's AT TIME ZONE does: in a spring gap the offset before
  /// it, in an autumn overlap the offset after it (pgtz DetermineTimeZoneOffset).
  /// Infinite where the local day is no clock day.
  Instant to_instant(LocalTime local) const noexcept;
  Day local_day(Instant instant) const noexcept;
  Instant start_of_day(Day day) const noexcept;

  std::int32_t initial_offset() const noexcept { return initial_offset_; }
  const std::vector<Change> &changes() const noexcept { return changes_; }
  bool repeats() const noexcept { return repeats_; }

private:
  struct Boundary;
  Boundary boundary_after(std::int64_t seconds) const noexcept;

  std::int32_t initial_offset_ = 0;
  std::vector<Change> changes_;
  bool repeats_ = false;
};

/// The judged instant and what follows from it; always an argument, never a global.
struct Moment {
  Instant now = 0;
  Day today = 0;
  const Zone *zone = nullptr;

  /// Returns the moment at an instant in a zone; the zone must outlive it.
  static Moment at(Instant now, const Zone &zone) noexcept { return {now, zone.local_day(now), &zone}; }
};

} // namespace segmentation::core
