// The ways in which a rule writes a date: a day, an instant, a distance from today, a calendar period.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace segmentation::core {

enum class DateUnit : std::uint8_t { hour, day, week, month, year };
enum class PeriodUnit : std::uint8_t { week, month, quarter, year };

/// A date as written. It means nothing until it is resolved against a moment and a time zone.
struct DateForm {
  enum class Kind : std::uint8_t {
    day,      // 2026-05-30
    instant,  // 2026-05-30T16:00:00, in the shop's zone unless it carries an offset (Z, +02:00)
    relative, // today, yesterday, tomorrow, -7d, +4w, -12m, -1y, -36h; the hour form is an instant, the
              // others are days
    period,   // this_week, last_month, ...
  };
  Kind kind = Kind::day;
  std::int32_t year = 0;
  std::int32_t month = 0;
  std::int32_t day = 0;
  std::int64_t microseconds = 0;          // of the day, for instant
  std::optional<std::int32_t> utc_offset; // seconds east of UTC, where an instant carries one
  std::int32_t amount = 0;                // for relative
  DateUnit unit = DateUnit::day;          // for relative
  PeriodUnit period = PeriodUnit::week;
  std::int32_t period_offset = 0; // 0 this, -1 last

  friend bool operator==(const DateForm &, const DateForm &) = default;

  /// True for the forms that denote whole days, false for those that denote one instant.
  bool is_days() const noexcept {
    return kind == Kind::day || kind == Kind::period || (kind == Kind::relative && unit != DateUnit::hour);
  }
  /// True for the forms whose meaning moves with the clock.
  bool moves() const noexcept { return kind == Kind::relative || kind == Kind::period; }
};

/// Why a text is not a date form.
enum class DateError : std::uint8_t {
  not_a_date,
  no_such_day,
  time_without_day,
  offset_with_time,
  out_of_range
};

/// Reads a date form (without quotes); returns it, or why it cannot be read. Words are taken in any case.
struct DateReading {
  std::optional<DateForm> form;
  DateError error = DateError::not_a_date;
};
DateReading read_date_form(std::string_view text);

/// Returns the canonical spelling of a form; read_date_form() of it gives the same form again.
std::string print_date_form(const DateForm &form);

} // namespace segmentation::core
