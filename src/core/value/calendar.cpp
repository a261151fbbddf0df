// Calendar arithmetic and time-zone look-ups, matching PostgreSQL's to the microsecond. Knows no clock and no
// tz files: zones come as tables.
#include "core/value/calendar.hpp"

#include <algorithm>
#include <utility>

namespace segmentation::core {

namespace {

constexpr std::int64_t seconds_per_day = 86'400;
constexpr std::int64_t microseconds_per_second = 1'000'000;
constexpr std::int64_t seconds_per_hour = 3'600;
// The Gregorian calendar and its weekdays repeat after 400 years.
constexpr std::int64_t days_per_cycle = 146'097;
constexpr std::int64_t seconds_per_cycle = days_per_cycle * seconds_per_day;
// 2000-01-01 counted from 0000-03-01, the start of the cycles below.
constexpr std::int64_t epoch_in_cycles = 730'425;

constexpr std::int64_t floor_divide(std::int64_t value, std::int64_t divisor) noexcept {
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}

constexpr std::int64_t epoch_days(std::int64_t year, std::int32_t month, std::int32_t day) noexcept {
  // Years start in March here, so that the leap day comes last.
  const std::int64_t shifted = month <= 2 ? year - 1 : year;
  const std::int64_t cycle = floor_divide(shifted, 400);
  const std::int64_t year_of_cycle = shifted - cycle * 400;
  const std::int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return cycle * days_per_cycle + year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 +
         day_of_year - epoch_in_cycles;
}

static_assert(epoch_days(2000, 1, 1) == 0);
static_assert(epoch_days(-4711, 1, 1) == first_clock_day);
static_assert(epoch_days(294275, 12, 31) == last_clock_day);

} // namespace

bool is_leap_year(std::int32_t year) noexcept {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

std::int32_t days_in_month(std::int32_t year, std::int32_t month) noexcept {
  constexpr std::int32_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap_year(year) ? 29 : lengths[month - 1];
}

bool is_valid(const CivilDate &date) noexcept {
  return date.month >= 1 && date.month <= 12 && date.day >= 1 &&
         date.day <= days_in_month(date.year, date.month);
}

Day day_of(const CivilDate &date) noexcept {
  const std::int64_t days = epoch_days(date.year, date.month, date.day);
  return static_cast<Day>(std::clamp<std::int64_t>(days, day_minus_infinity, day_infinity));
}

CivilDate civil_of(Day day) noexcept {
  const std::int64_t days = std::int64_t{day} + epoch_in_cycles;
  const std::int64_t cycle = floor_divide(days, days_per_cycle);
  const std::int64_t day_of_cycle = days - cycle * days_per_cycle;
  const std::int64_t year_of_cycle =
      (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36524 - day_of_cycle / 146096) / 365;
  const std::int64_t day_of_year =
      day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
  CivilDate date;
  date.day = static_cast<std::int32_t>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  date.month = static_cast<std::int32_t>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  date.year = static_cast<std::int32_t>(year_of_cycle + cycle * 400 + (date.month <= 2 ? 1 : 0));
  return date;
}

int weekday_of(Day day) noexcept {
  // 2000-01-01 was a Saturday.
  const std::int64_t shifted = std::int64_t{day} + 5;
  return static_cast<int>(shifted - floor_divide(shifted, 7) * 7);
}

Day add_months(Day day, std::int64_t months) noexcept {
  if (day == day_minus_infinity || day == day_infinity) {
    return day;
  }
  // More months than all clock days hold; keeps the sum below from overflowing.
  constexpr std::int64_t most = 12 * 6'000'000;
  const CivilDate date = civil_of(day);
  const std::int64_t index =
      std::int64_t{date.year} * 12 + date.month - 1 + std::clamp<std::int64_t>(months, -most, most);
  const auto year = static_cast<std::int32_t>(floor_divide(index, 12));
  const auto month = static_cast<std::int32_t>(index - std::int64_t{year} * 12 + 1);
  const std::int64_t result = epoch_days(year, month, std::min(date.day, days_in_month(year, month)));
  if (result < first_clock_day) {
    return day_minus_infinity;
  }
  return result > last_clock_day ? day_infinity : static_cast<Day>(result);
}

Day add_days(Day day, std::int64_t days) noexcept {
  if (day == day_minus_infinity || day == day_infinity) {
    return day;
  }
  constexpr std::int64_t most = std::int64_t{1} << 33;
  const std::int64_t result = std::int64_t{day} + std::clamp<std::int64_t>(days, -most, most);
  if (result < first_clock_day) {
    return day_minus_infinity;
  }
  return result > last_clock_day ? day_infinity : static_cast<Day>(result);
}

Instant add_hours(Instant instant, std::int64_t hours) noexcept {
  if (instant == instant_minus_infinity || instant == instant_infinity) {
    return instant;
  }
  constexpr std::int64_t most = std::int64_t{1} << 33;
  const std::int64_t seconds = floor_divide(instant, microseconds_per_second);
  const std::int64_t fraction = instant - seconds * microseconds_per_second;
  const std::int64_t result = seconds + std::clamp<std::int64_t>(hours, -most, most) * seconds_per_hour;
  if (result < first_clock_day * seconds_per_day) {
    return instant_minus_infinity;
  }
  if (result >= (last_clock_day + std::int64_t{1}) * seconds_per_day) {
    return instant_infinity;
  }
  return result * microseconds_per_second + fraction;
}

std::int32_t whole_years(Day born, Day on) noexcept {
  // timestamp.c:timestamp_age(): the fields' difference with the sign turned positive, then borrowing from
  // the left.
  const bool before_birth = on < born;
  const CivilDate later = civil_of(before_birth ? born : on);
  const CivilDate earlier = civil_of(before_birth ? on : born);
  std::int32_t years = later.year - earlier.year;
  if (std::pair(later.month, later.day) < std::pair(earlier.month, earlier.day)) {
    --years;
  }
  return before_birth ? -years : years;
}

Zone::Zone(std::int32_t initial_offset, std::vector<Change> changes, bool repeats)
    : initial_offset_(initial_offset), changes_(std::move(changes)), repeats_(repeats && !changes_.empty()) {
}

namespace {

/// Returns the number of whole 400-year cycles that bring an instant after the table's end back into it.
std::int64_t cycles_beyond(std::int64_t seconds, std::int64_t last) noexcept {
  return (seconds - last - 1) / seconds_per_cycle + 1;
}

constexpr std::int64_t first_clock_time = first_clock_day * microseconds_per_day;
constexpr std::int64_t end_of_clock_time = (last_clock_day + std::int64_t{1}) * microseconds_per_day;

} // namespace

std::int32_t Zone::offset_at(Instant instant) const noexcept {
  if (changes_.empty() || instant < changes_.front().at) {
    return initial_offset_;
  }
  if (repeats_ && instant > changes_.back().at && instant != instant_infinity) {
    // In seconds, rounded up, so that a fraction of a second after the last change counts as after it.
    const std::int64_t last = floor_divide(changes_.back().at, microseconds_per_second);
    const std::int64_t seconds = -floor_divide(-instant, microseconds_per_second);
    instant -= cycles_beyond(seconds, last) * seconds_per_cycle * microseconds_per_second;
    if (instant < changes_.front().at) {
      return initial_offset_;
    }
  }
  const auto after = std::upper_bound(changes_.begin(), changes_.end(), instant,
                                      [](Instant at, const Change &change) { return at < change.at; });
  return (after - 1)->offset_seconds;
}

LocalTime Zone::to_local(Instant instant) const noexcept {
  if (instant < first_clock_time) {
    return instant_minus_infinity;
  }
  if (instant >= end_of_clock_time) {
    return instant_infinity;
  }
  return instant + offset_at(instant) * microseconds_per_second;
}

/// The first change after an instant, or none.
struct Zone::Boundary {
  bool found = false;
  std::int64_t at = 0; // seconds
  std::int32_t before = 0;
  std::int32_t after = 0;
};

Zone::Boundary Zone::boundary_after(std::int64_t seconds) const noexcept {
  if (changes_.empty()) {
    return {false, 0, initial_offset_, initial_offset_};
  }
  const std::int64_t last = floor_divide(changes_.back().at, microseconds_per_second);
  std::int64_t moved_back = 0;
  if (repeats_ && seconds > last) {
    moved_back = cycles_beyond(seconds, last) * seconds_per_cycle;
    seconds -= moved_back;
  }
  const auto next =
      std::upper_bound(changes_.begin(), changes_.end(), seconds, [](std::int64_t at, const Change &change) {
        return at < floor_divide(change.at, microseconds_per_second);
      });
  const std::int32_t before = next == changes_.begin() ? initial_offset_ : (next - 1)->offset_seconds;
  if (next == changes_.end()) {
    return {false, 0, before, before};
  }
  return {true, floor_divide(next->at, microseconds_per_second) + moved_back, before, next->offset_seconds};
}

Instant Zone::to_instant(LocalTime local) const noexcept {
  if (local < first_clock_time) {
    return instant_minus_infinity;
  }
  if (local >= end_of_clock_time) {
    return instant_infinity;
  }
  // datetime.c:DetermineTimeZoneOffsetInternal(), in whole seconds as there.
  const std::int64_t seconds = floor_divide(local, microseconds_per_second);
  const Boundary boundary = boundary_after(seconds - seconds_per_day);
  const std::int64_t by_before = seconds - boundary.before;
  const std::int64_t by_after = seconds - boundary.after;
  std::int32_t offset = 0;
  if (!boundary.found || (by_before < boundary.at && by_after < boundary.at)) {
    offset = boundary.before;
  } else if (by_before > boundary.at && by_after >= boundary.at) {
    offset = boundary.after;
  } else {
    // A gap keeps the time before it, an overlap takes the time after it.
    offset = by_before > by_after ? boundary.before : boundary.after;
  }
  return local - offset * microseconds_per_second;
}

Day Zone::local_day(Instant instant) const noexcept {
  const LocalTime local = to_local(instant);
  if (local == instant_minus_infinity) {
    return day_minus_infinity;
  }
  return local == instant_infinity ? day_infinity
                                   : static_cast<Day>(floor_divide(local, microseconds_per_day));
}

Instant Zone::start_of_day(Day day) const noexcept {
  if (day < first_clock_day) {
    return instant_minus_infinity;
  }
  return day > last_clock_day ? instant_infinity : to_instant(day * microseconds_per_day);
}

} // namespace segmentation::core
