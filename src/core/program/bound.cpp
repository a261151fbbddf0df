// Bounds at a moment, and when values pass them.
#include "core/program/bound.hpp"

#include <algorithm>

namespace segmentation::core::program {
namespace {

constexpr std::size_t cached_days = 1024;

Day clamp_day(std::int64_t day) noexcept {
  return static_cast<Day>(std::clamp<std::int64_t>(day, first_clock_day, last_clock_day));
}

// The microsecond after an instant; infinities stay.
Instant after(Instant instant) noexcept {
  return instant == instant_minus_infinity || instant == instant_infinity ? instant : instant + 1;
}

std::int32_t months_of(PeriodUnit unit) noexcept {
  switch (unit) {
  case PeriodUnit::quarter:
    return 3;
  case PeriodUnit::year:
    return 12;
  default:
    return 1;
  }
}

// The first day of the period that is `offset` periods after the one that `day` lies in.
Day period_start(PeriodUnit unit, Day day, std::int64_t offset) noexcept {
  if (unit == PeriodUnit::week)
    return add_days(add_days(day, -weekday_of(day)), 7 * offset);
  const CivilDate civil = civil_of(day);
  const std::int32_t step = months_of(unit);
  return add_months(day_of({civil.year, (civil.month - 1) / step * step + 1, 1}), offset * step);
}

bool steps_by_months(const DateForm &form) noexcept {
  return form.kind == DateForm::Kind::relative &&
         (form.unit == DateUnit::month || form.unit == DateUnit::year);
}

std::int64_t month_steps(const DateForm &form) noexcept {
  return form.unit == DateUnit::year ? std::int64_t{form.amount} * 12 : form.amount;
}

std::int64_t day_steps(const DateForm &form) noexcept {
  return form.unit == DateUnit::week ? std::int64_t{form.amount} * 7 : form.amount;
}

} // namespace

Day bound_day(const Bound &bound, Day today) noexcept {
  const DateForm &form = bound.form;
  const std::int64_t upper = bound.upper ? 1 : 0;
  switch (form.kind) {
  case DateForm::Kind::day:
  case DateForm::Kind::instant:
    return add_days(day_of({form.year, form.month, form.day}), upper);
  case DateForm::Kind::period:
    return period_start(form.period, today, form.period_offset + upper);
  case DateForm::Kind::relative:
    break;
  }
  if (steps_by_months(form))
    return add_days(add_months(today, month_steps(form)), upper);
  return add_days(add_days(today, day_steps(form)), upper);
}

Instant bound_instant(const Bound &bound, const Moment &moment) noexcept {
  const DateForm &form = bound.form;
  if (form.is_days())
    return moment.zone->start_of_day(bound_day(bound, moment.today));
  Instant at = 0;
  if (form.kind == DateForm::Kind::relative) {
    at = add_hours(moment.now, form.amount);
  } else {
    const Day day = day_of({form.year, form.month, form.day});
    const LocalTime local = std::int64_t{day} * microseconds_per_day + form.microseconds;
    at =
        form.utc_offset ? local - std::int64_t{*form.utc_offset} * 1'000'000 : moment.zone->to_instant(local);
  }
  return bound.upper ? after(at) : at;
}

Day first_day_beyond(const Bound &bound, Day value) noexcept {
  const DateForm &form = bound.form;
  const std::int64_t upper = bound.upper ? 1 : 0;
  if (form.kind == DateForm::Kind::period)
    return period_start(form.period, clamp_day(value), 1 - (form.period_offset + upper));
  // The day that the form itself must reach, before the step to its end.
  const Day goal = clamp_day(std::int64_t{value} + 1 - upper);
  if (!steps_by_months(form))
    return add_days(goal, -day_steps(form));
  // Clamping at a month's end makes the answer differ from the plain step back by a few days at most.
  const std::int64_t months = month_steps(form);
  Day day = clamp_day(std::int64_t{add_months(goal, -months)} - 4);
  for (int i = 0; i < 12 && add_months(day, months) < goal; ++i)
    day = clamp_day(std::int64_t{day} + 1);
  return day;
}

Day first_day_from(Instant instant, const Zone &zone) noexcept {
  if (instant == instant_minus_infinity || instant == instant_infinity)
    return instant == instant_infinity ? day_infinity : day_minus_infinity;
  return first_day_after(instant - 1, zone);
}

Day first_day_after(Instant instant, const Zone &zone) noexcept {
  const Day local = zone.local_day(instant);
  if (local == day_infinity || local == day_minus_infinity)
    return local == day_infinity ? local : first_clock_day;
  Day day = clamp_day(std::int64_t{local} + 1);
  // The local day is off by one where the clock is set back over midnight, and days that a zone skipped start
  // together.
  while (day > first_clock_day && zone.start_of_day(day - 1) > instant)
    --day;
  while (day < last_clock_day && zone.start_of_day(day) <= instant)
    ++day;
  return day;
}

std::int64_t Clock::threshold_of(const BoundUse &use) const noexcept {
  if (!use.day_value)
    return bound_instant(use.bound, moment_);
  if (use.bound.form.is_days())
    return bound_day(use.bound, moment_.today);
  // The first day whose start is not before the instant.
  return first_day_from(bound_instant(use.bound, moment_), zone());
}

std::pair<Day, Day> Clock::days_of(const WindowUse &use) const noexcept {
  const auto day_of_bound = [this](const Bound &bound) {
    return bound.form.is_days() ? bound_day(bound, moment_.today)
                                : zone().local_day(bound_instant(bound, moment_));
  };
  return {day_of_bound(use.from), day_of_bound(use.to)};
}

Clock::Clock(const Moment &moment, const std::vector<BoundUse> &bounds, const std::vector<WindowUse> &windows)
    : moment_(moment), bounds_(bounds), windows_(windows), thresholds_(bounds.size()),
      window_days_(windows.size()), day_starts_(cached_days, 0) {
  moment_.today = moment.today == 0 ? 1 : 0; // another day, so that nothing is taken for known
  move_to(moment);
}

void Clock::move_to(const Moment &moment) {
  const bool new_day = moment.today != moment_.today;
  moment_ = moment;
  // Days, and what stands still, follow from today alone.
  const auto follows_now = [](const Bound &bound) { return !bound.form.is_days() && bound.form.moves(); };
  for (std::size_t i = 0; i < bounds_.size(); ++i)
    if (new_day || follows_now(bounds_[i].bound))
      thresholds_[i] = threshold_of(bounds_[i]);
  for (std::size_t i = 0; i < windows_.size(); ++i)
    if (new_day || follows_now(windows_[i].from) || follows_now(windows_[i].to))
      window_days_[i] = days_of(windows_[i]);
  if (new_day) {
    day_start_ = zone().start_of_day(moment_.today);
    std::fill(day_starts_.begin(), day_starts_.end(), 0);
  }
  steady_until_ = instant_infinity;
  if (moment_.now < day_start_) {
    // Now lies in the first run of an hour that comes twice; what was asked of `today` may be asked again
    // after the change.
    const std::int32_t offset = zone().offset_at(moment_.now);
    Instant low = moment_.now, high = day_start_;
    while (high - low > 1) {
      const Instant middle = low + (high - low) / 2;
      (zone().offset_at(middle) == offset ? low : high) = middle;
    }
    steady_until_ = high;
  }
}

Instant Clock::compute_day_begins(Day day) const noexcept {
  const Instant start = zone().start_of_day(day);
  const std::int64_t midnight = static_cast<std::int64_t>(day) * microseconds_per_day;
  // The offset that held before the change, if there is one near: midnight by that offset may come earlier.
  const Instant before = midnight - std::int64_t{zone().offset_at(start - microseconds_per_day)} * 1'000'000;
  return before < start && zone().local_day(before) >= day ? before : start;
}

Instant Clock::day_begins(Day day) const noexcept {
  if (day >= last_clock_day)
    return instant_infinity;
  const std::int64_t index = std::int64_t{day} - moment_.today;
  if (index < 0 || index >= static_cast<std::int64_t>(cached_days))
    return compute_day_begins(day);
  Instant &cached = day_starts_[static_cast<std::size_t>(index)];
  if (cached == 0)
    cached = compute_day_begins(day);
  return cached;
}

Instant Clock::instant_flip(const Bound &bound, Instant value) const noexcept {
  // now + hours (+ 1) > value
  const Instant at = add_hours(value, -std::int64_t{bound.form.amount});
  return std::max(bound.upper ? at : after(at), moment_.now + 1);
}

Instant Clock::flip(int bound, std::int64_t value) const noexcept {
  const BoundUse &use = bounds_[static_cast<std::size_t>(bound)];
  const Bound &edge = use.bound;
  if (!edge.form.moves() || value < threshold(bound))
    return instant_infinity;
  const std::int64_t infinite = use.day_value ? std::int64_t{day_infinity} : instant_infinity;
  if (value == infinite)
    return instant_infinity;
  if (!edge.form.is_days())
    return instant_flip(edge, use.day_value ? zone().start_of_day(static_cast<Day>(value)) : value);
  // An instant is passed once the bound's day starts after it.
  const Day day = use.day_value ? static_cast<Day>(value) : first_day_after(value, zone());
  const Day beyond = first_day_beyond(edge, use.day_value || day == day_infinity ? day : day - 1);
  return std::max(day_begins(std::max<Day>(beyond, moment_.today)), moment_.now + 1);
}

namespace {

// The anniversary of a day in a year: 29 February is 28 February where the year has none.
Day anniversary_in(std::int32_t year, const CivilDate &civil) noexcept {
  return day_of({year, civil.month, std::min(civil.day, days_in_month(year, civil.month))});
}

// The first anniversary at or after `from`.
Day next_anniversary(const CivilDate &civil, Day from) noexcept {
  const std::int32_t year = civil_of(from).year;
  const Day first = anniversary_in(year, civil);
  return first >= from ? first : anniversary_in(year + 1, civil);
}

} // namespace

bool Clock::in_window(int window, Day day) const noexcept {
  const auto [from, to] = window_days_[static_cast<std::size_t>(window)];
  return has_age(day) && from < to && next_anniversary(civil_of(day), from) < to;
}

Instant Clock::window_flip(int window, Day day) const noexcept {
  const WindowUse &use = windows_[static_cast<std::size_t>(window)];
  const auto [from, to] = window_days_[static_cast<std::size_t>(window)];
  if (!has_age(day))
    return instant_infinity;
  // The answer changes only when an edge of the window moves over an anniversary.
  Instant until = instant_infinity;
  for (const auto &[edge, at] : {std::pair<const Bound &, Day>{use.from, from}, {use.to, to}}) {
    if (!edge.form.moves())
      continue;
    if (!edge.form.is_days()) {
      until = std::min(until, day_begins(moment_.today + 1));
      until = std::min(until, zone().start_of_day(zone().local_day(bound_instant(edge, moment_)) + 1) -
                                  (bound_instant(edge, moment_) - moment_.now));
      continue;
    }
    const Day beyond = first_day_beyond(edge, next_anniversary(civil_of(day), at));
    until = std::min(until, day_begins(std::max<Day>(beyond, moment_.today)));
  }
  return std::max(until, moment_.now + 1);
}

Instant Clock::age_flip(Day born) const noexcept {
  if (!has_age(born))
    return instant_infinity;
  // Ages grow; within 800 days at least one birthday lies, whatever way it is counted.
  const std::int32_t years = age(born);
  Day low = moment_.today, high = clamp_day(std::int64_t{moment_.today} + 800);
  while (high - low > 1) {
    const Day middle = low + (high - low) / 2;
    (whole_years(born, middle) == years ? low : high) = middle;
  }
  return std::max(day_begins(high), moment_.now + 1);
}

} // namespace segmentation::core::program
