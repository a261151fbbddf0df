// Values as explain() shows them.
#include "core/program/show.hpp"

#include "core/value/distance.hpp"

#include <cmath>

#include <fmt/format.h>

namespace segmentation::core::program {
namespace {

constexpr int shown_places = 6;
constexpr double kilometres_per_mile = static_cast<double>(millimetres_of_mile) / 1e6;

std::string show_civil(const CivilDate &date) {
  // Year 0 of the calendar is 1 BC.
  return date.year > 0 ? fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day)
                       : fmt::format("{:04}-{:02}-{:02} BC", 1 - date.year, date.month, date.day);
}

std::string show_day(Day day) {
  if (day == day_infinity || day == day_minus_infinity)
    return day == day_infinity ? "infinity" : "-infinity";
  return show_civil(civil_of(day));
}

std::string show_instant(Instant instant, const Zone &zone) {
  const LocalTime local = zone.to_local(instant);
  if (local == instant_infinity || local == instant_minus_infinity)
    return local == instant_infinity ? "infinity" : "-infinity";
  std::int64_t day = local / microseconds_per_day, time = local % microseconds_per_day;
  if (time < 0) {
    time += microseconds_per_day;
    --day;
  }
  const CivilDate date = civil_of(static_cast<Day>(day));
  const std::int64_t seconds = time / 1'000'000;
  std::string out = date.year > 0 ? show_civil(date)
                                  : fmt::format("{:04}-{:02}-{:02}", 1 - date.year, date.month, date.day);
  out += fmt::format(" {:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (const std::int64_t fraction = time % 1'000'000; fraction != 0) {
    out += fmt::format(".{:06}", fraction);
    out.erase(out.find_last_not_of('0') + 1);
  }
  const std::int32_t offset = zone.offset_at(instant), size = offset < 0 ? -offset : offset;
  out += fmt::format("{}{:02}", offset < 0 ? '-' : '+', size / 3600);
  if (size % 3600 != 0)
    out += fmt::format(":{:02}", size / 60 % 60);
  if (size % 60 != 0)
    out += fmt::format(":{:02}", size % 60);
  return out + (date.year > 0 ? "" : " BC");
}

// Splits plain digits into an integer of their digits and the number of places.
std::string digits_of(const Decimal &number, int places) {
  std::string text = number.to_string();
  const std::size_t point = text.find('.');
  int have = 0;
  if (point != std::string::npos) {
    have = static_cast<int>(text.size() - point - 1);
    text.erase(point, 1);
  }
  text.append(static_cast<std::size_t>(std::max(places - have, 0)), '0');
  return text;
}

int places_of(const Decimal &number) {
  const std::string text = number.to_string();
  const std::size_t point = text.find('.');
  return point == std::string::npos ? 0 : static_cast<int>(text.size() - point - 1);
}

} // namespace

std::string show(Kind type, std::int64_t value, std::int32_t scale, const Zone &zone) {
  switch (type) {
  case Kind::day:
    return show_day(static_cast<Day>(value));
  case Kind::instant:
    return show_instant(value, zone);
  case Kind::boolean:
    return value != 0 ? "true" : "false";
  default:
    return Decimal(value, scale).to_string();
  }
}

std::string show(const WideFraction &fraction) {
  const bool below = fraction.numerator.sign() < 0;
  const Decimal size = below ? Decimal(0) - fraction.numerator : fraction.numerator;
  if (fraction.denominator == Decimal(1))
    return fraction.numerator.to_string();
  // Long division of whole numbers, digit after digit, with one place more for rounding.
  const int places = std::max(places_of(size), places_of(fraction.denominator));
  const Decimal divisor = *Decimal::parse(digits_of(fraction.denominator, places));
  std::string dividend = digits_of(size, places);
  dividend.append(shown_places + 1, '0');
  std::string quotient;
  Decimal rest(0);
  for (const char digit : dividend) {
    rest = rest * Decimal(10) + Decimal(digit - '0');
    char times = '0';
    while (rest >= divisor) {
      rest = rest - divisor;
      ++times;
    }
    quotient.push_back(times);
  }
  const bool up = quotient.back() >= '5';
  quotient.pop_back();
  // The quotient's digits are those of a number with so many places.
  Decimal out = *Decimal::parse(quotient) * Decimal(1, shown_places);
  if (up)
    out = out + Decimal(1, shown_places);
  return (below ? Decimal(0) - out : out).to_string();
}

std::string show_padded(const Decimal &number, std::int32_t places) {
  std::string text = number.to_string();
  const int have = places_of(number);
  if (have >= places)
    return text;
  if (have == 0)
    text.push_back('.');
  return text.append(static_cast<std::size_t>(places - have), '0');
}

std::string show_distance(double kilometres, bool in_miles) {
  return in_miles ? fmt::format("{:.1f} mi", kilometres / kilometres_per_mile)
                  : fmt::format("{:.1f} km", kilometres);
}

std::string show_lack(double kilometres, bool in_miles) {
  const double unit = in_miles ? kilometres_per_mile : 1;
  return show_distance(std::ceil(kilometres / unit * 10) / 10 * unit, in_miles);
}

} // namespace segmentation::core::program
