// Reading and printing the ways in which a rule writes a date. Knows the calendar's day counts, but no
// clock and no time zone: those come in when a form is resolved.
#include "core/rule/date_form.hpp"

#include <fmt/format.h>

#include <array>

namespace segmentation::core {
namespace {

constexpr std::int64_t microseconds_a_second = 1'000'000;

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_word(std::string_view text, std::string_view word) noexcept {
  if (text.size() != word.size())
    return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (lower(text[i]) != word[i])
      return false;
  return true;
}

int days_of_month(int year, int month) noexcept {
  constexpr std::array<int, 12> days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : days[static_cast<std::size_t>(month - 1)];
}

/// The part of the text that is still to be read.
struct Cursor {
  std::string_view rest;

  bool at_end() const noexcept { return rest.empty(); }
  char peek() const noexcept { return rest.empty() ? '\0' : rest.front(); }
  bool take(char c) noexcept {
    if (lower(peek()) != c || rest.empty())
      return false;
    rest.remove_prefix(1);
    return true;
  }
  std::string_view digits() noexcept {
    std::size_t count = 0;
    while (count < rest.size() && is_digit(rest[count]))
      ++count;
    const std::string_view taken = rest.substr(0, count);
    rest.remove_prefix(count);
    return taken;
  }
  /// Takes exactly two digits.
  std::optional<int> pair() noexcept {
    if (rest.size() < 2 || !is_digit(rest[0]) || !is_digit(rest[1]))
      return std::nullopt;
    const int value = (rest[0] - '0') * 10 + (rest[1] - '0');
    rest.remove_prefix(2);
    return value;
  }
};

DateReading failed(DateError error) {
  return {std::nullopt, error};
}

/// True where the rest carries a time of day: T10, T10:00, 10:00.
bool carries_time(std::string_view rest) noexcept {
  std::size_t i = 0;
  if (i < rest.size() && (lower(rest[i]) == 't' || rest[i] == ' '))
    ++i;
  return i < rest.size() && (is_digit(rest[i]) || rest[i] == ':') && rest.find_first_of("Tt: ") != rest.npos;
}

/// True for a time of day on its own: 10:00, 1pm, 1 p.m., T16:00.
bool is_time_of_day(std::string_view text) noexcept {
  Cursor cursor{text};
  cursor.take('t');
  const std::string_view hour = cursor.digits();
  if (hour.empty() || hour.size() > 2)
    return false;
  if (cursor.peek() == ':')
    return cursor.rest.size() > 1 && is_digit(cursor.rest[1]);
  cursor.take(' ');
  return same_word(cursor.rest, "am") || same_word(cursor.rest, "pm") || same_word(cursor.rest, "a.m.") ||
         same_word(cursor.rest, "p.m.");
}

std::optional<DateForm> word_form(std::string_view text) {
  DateForm form;
  form.kind = DateForm::Kind::relative;
  if (same_word(text, "today"))
    return form;
  if (same_word(text, "yesterday") || same_word(text, "tomorrow")) {
    form.amount = lower(text.front()) == 'y' ? -1 : 1;
    return form;
  }
  if (text.size() < 9 || text[4] != '_')
    return std::nullopt;
  form.kind = DateForm::Kind::period;
  if (same_word(text.substr(0, 4), "last"))
    form.period_offset = -1;
  else if (!same_word(text.substr(0, 4), "this"))
    return std::nullopt;
  constexpr std::array<std::string_view, 4> units = {"week", "month", "quarter", "year"};
  for (std::size_t i = 0; i < units.size(); ++i)
    if (same_word(text.substr(5), units[i])) {
      form.period = static_cast<PeriodUnit>(i);
      return form;
    }
  return std::nullopt;
}

/// Makes a distance from today. About ten thousand years is the most: beyond it no calendar arithmetic holds.
DateReading distance(bool before, std::string_view digits, DateUnit unit) {
  constexpr std::array<std::int64_t, 5> most = {87'660'000, 3'652'500, 521'775, 120'000, 10'000};
  std::int64_t amount = 0;
  for (const char digit : digits) {
    amount = amount * 10 + (digit - '0');
    if (amount > most[static_cast<std::size_t>(unit)])
      return failed(DateError::out_of_range);
  }
  DateForm form;
  form.kind = DateForm::Kind::relative;
  form.amount = static_cast<std::int32_t>(before ? -amount : amount);
  // Nothing of any whole-day unit is today.
  form.unit = amount == 0 && unit != DateUnit::hour ? DateUnit::day : unit;
  return {form, {}};
}

/// -7d, +4w, -36h
DateReading read_signed(std::string_view text) {
  Cursor cursor{text};
  const bool before = cursor.take('-');
  if (!before)
    cursor.take('+');
  const std::string_view digits = cursor.digits();
  if (digits.empty() || cursor.at_end())
    return failed(DateError::not_a_date);
  constexpr std::string_view letters = "hdwmy";
  const std::size_t unit = letters.find(lower(cursor.peek()));
  if (unit == letters.npos)
    return failed(DateError::not_a_date);
  cursor.rest.remove_prefix(1);
  if (!cursor.at_end())
    return failed(carries_time(cursor.rest) ? DateError::offset_with_time : DateError::not_a_date);
  return distance(before, digits, static_cast<DateUnit>(unit));
}

/// 7_days_ago; `cursor` stands behind the digits.
DateReading read_ago(std::string_view digits, Cursor cursor) {
  constexpr std::array<std::string_view, 5> units = {"hour", "day", "week", "month", "year"};
  cursor.take('_');
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (!same_word(cursor.rest.substr(0, units[i].size()), units[i]))
      continue;
    cursor.rest.remove_prefix(units[i].size());
    cursor.take('s');
    if (!same_word(cursor.rest.substr(0, 4), "_ago"))
      break;
    cursor.rest.remove_prefix(4);
    if (!cursor.at_end())
      return failed(carries_time(cursor.rest) ? DateError::offset_with_time : DateError::not_a_date);
    return distance(true, digits, static_cast<DateUnit>(i));
  }
  return failed(DateError::not_a_date);
}

/// Reads Z, +02, +0200 or +02:00 to the end of the text.
bool read_utc_offset(Cursor &cursor, DateForm &form) {
  if (cursor.take('z')) {
    form.utc_offset = 0;
    return cursor.at_end();
  }
  const bool west = cursor.take('-');
  if (!west && !cursor.take('+'))
    return false;
  const auto hours = cursor.pair();
  if (!hours || *hours > 15)
    return false;
  int minutes = 0;
  if (!cursor.at_end()) {
    cursor.take(':');
    const auto read = cursor.pair();
    if (!read || *read > 59)
      return false;
    minutes = *read;
  }
  const int seconds = *hours * 3600 + minutes * 60;
  form.utc_offset = west ? -seconds : seconds;
  return cursor.at_end();
}

/// 2026-05-30, 2026-05-30T16:00, 2026-05-30T16:00:00.5+02:00; `cursor` stands behind the year.
DateReading read_day(std::string_view year, Cursor cursor) {
  DateForm form;
  cursor.take('-');
  const auto month = cursor.pair();
  if (!month || !cursor.take('-'))
    return failed(DateError::not_a_date);
  const auto day = cursor.pair();
  if (!day)
    return failed(DateError::not_a_date);
  for (const char digit : year)
    form.year = form.year * 10 + (digit - '0');
  form.month = *month;
  form.day = *day;
  const bool exists = form.year >= 1 && form.month >= 1 && form.month <= 12 && form.day >= 1 &&
                      form.day <= days_of_month(form.year, form.month);
  if (cursor.at_end())
    return exists ? DateReading{form, {}} : failed(DateError::no_such_day);

  if (!cursor.take('t') && !cursor.take(' '))
    return failed(DateError::not_a_date);
  form.kind = DateForm::Kind::instant;
  const auto hour = cursor.pair();
  if (!hour || !cursor.take(':'))
    return failed(DateError::not_a_date);
  const auto minute = cursor.pair();
  if (!minute)
    return failed(DateError::not_a_date);
  int second = 0;
  std::int64_t fraction = 0;
  bool too_fine = false;
  if (cursor.take(':')) {
    const auto read = cursor.pair();
    if (!read)
      return failed(DateError::not_a_date);
    second = *read;
    if (cursor.take('.')) {
      const std::string_view digits = cursor.digits();
      if (digits.empty())
        return failed(DateError::not_a_date);
      std::int64_t weight = microseconds_a_second;
      for (const char digit : digits) {
        weight /= 10;
        fraction += weight * (digit - '0');
        too_fine = too_fine || (weight == 0 && digit != '0');
      }
    }
  }
  if (!cursor.at_end() && !read_utc_offset(cursor, form))
    return failed(DateError::not_a_date);
  if (!exists || *hour > 23 || *minute > 59 || second > 59)
    return failed(DateError::no_such_day);
  if (too_fine)
    return failed(DateError::out_of_range);
  form.microseconds = (*hour * 3600LL + *minute * 60LL + second) * microseconds_a_second + fraction;
  return {form, {}};
}

void print_instant(const DateForm &form, std::string &out) {
  const std::int64_t seconds = form.microseconds / microseconds_a_second;
  auto end = fmt::format_to(std::back_inserter(out), "T{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60,
                            seconds % 60);
  if (const std::int64_t fraction = form.microseconds % microseconds_a_second; fraction != 0) {
    fmt::format_to(end, ".{:06}", fraction);
    out.erase(out.find_last_not_of('0') + 1);
  }
  if (!form.utc_offset)
    return;
  if (*form.utc_offset == 0) {
    out += 'Z';
    return;
  }
  const int minutes = (*form.utc_offset < 0 ? -*form.utc_offset : *form.utc_offset) / 60;
  fmt::format_to(std::back_inserter(out), "{}{:02}:{:02}", *form.utc_offset < 0 ? '-' : '+', minutes / 60,
                 minutes % 60);
}

} // namespace

DateReading read_date_form(std::string_view text) {
  if (text.empty())
    return failed(DateError::not_a_date);
  if (text.front() == '-' || text.front() == '+')
    return read_signed(text);
  if (is_digit(text.front())) {
    Cursor cursor{text};
    const std::string_view digits = cursor.digits();
    if (cursor.peek() == '-' && digits.size() == 4)
      return read_day(digits, cursor);
    if (cursor.peek() == '_')
      return read_ago(digits, cursor);
    return failed(is_time_of_day(text) ? DateError::time_without_day : DateError::not_a_date);
  }
  if (const auto form = word_form(text))
    return {form, {}};
  if (is_time_of_day(text))
    return failed(DateError::time_without_day);
  // today T10:00, todayT10:00
  const std::size_t word_end = text.find_first_of("0123456789 ");
  if (word_end != text.npos) {
    std::string_view word = text.substr(0, word_end);
    if (!word.empty() && lower(word.back()) == 't' && !word_form(word))
      word.remove_suffix(1);
    if (word_form(word) && carries_time(text.substr(word.size())))
      return failed(DateError::offset_with_time);
  }
  return failed(DateError::not_a_date);
}

std::string print_date_form(const DateForm &form) {
  std::string out;
  switch (form.kind) {
  case DateForm::Kind::day:
  case DateForm::Kind::instant:
    out = fmt::format("{:04}-{:02}-{:02}", form.year, form.month, form.day);
    if (form.kind == DateForm::Kind::instant)
      print_instant(form, out);
    return out;
  case DateForm::Kind::relative:
    if (form.unit == DateUnit::day && form.amount >= -1 && form.amount <= 1)
      return form.amount == 0 ? "today" : form.amount < 0 ? "yesterday" : "tomorrow";
    return fmt::format("{}{}{}",
                       form.amount > 0    ? "+"
                       : form.amount == 0 ? "-"
                                          : "",
                       form.amount, "hdwmy"[static_cast<std::size_t>(form.unit)]);
  case DateForm::Kind::period:
    break;
  }
  constexpr std::array<std::string_view, 4> units = {"week", "month", "quarter", "year"};
  return fmt::format("{}_{}", form.period_offset < 0 ? "last" : "this",
                     units[static_cast<std::size_t>(form.period)]);
}

} // namespace segmentation::core
