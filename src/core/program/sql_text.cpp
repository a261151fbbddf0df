// Quoting and literals.
#include "core/program/sql_text.hpp"

#include "core/program/sql_printer.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace segmentation::core::sql {

namespace {

// PostgreSQL's NAMEDATALEN - 1.
constexpr std::size_t identifier_bytes = 63;

std::uint64_t hash_of(std::string_view text) noexcept {
  // FNV-1a.
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  return hash;
}

std::string doubled(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    out.push_back(c);
    if (c == quote) {
      out.push_back(c);
    }
  }
  out.push_back(quote);
  return out;
}

/// Returns date digits as PostgreSQL reads them in every DateStyle; `era` gets " BC" where it is needed.
std::string date_digits(Day day, std::string &era) {
  const CivilDate date = civil_of(day);
  era = date.year <= 0 ? " BC" : "";
  return fmt::format("{:04}-{:02}-{:02}", date.year <= 0 ? 1 - date.year : date.year, date.month, date.day);
}

std::string time_literal(std::int64_t time, std::string_view type, std::string_view offset) {
  if (time == instant_minus_infinity || time == instant_infinity) {
    return fmt::format("{} '{}'", type, time == instant_infinity ? "infinity" : "-infinity");
  }
  std::int64_t day = time / microseconds_per_day;
  std::int64_t rest = time % microseconds_per_day;
  if (rest < 0) {
    --day;
    rest += microseconds_per_day;
  }
  std::string era;
  const std::string date = date_digits(static_cast<Day>(day), era);
  const std::int64_t seconds = rest / 1'000'000;
  std::string text =
      fmt::format("{} '{} {:02}:{:02}:{:02}", type, date, seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (rest % 1'000'000 != 0) {
    text += fmt::format(".{:06}", rest % 1'000'000);
  }
  return text.append(offset).append(era).append("'");
}

} // namespace

std::string fit_identifier(std::string_view name) {
  if (name.size() <= identifier_bytes) {
    return std::string(name);
  }
  const std::string tail = fmt::format("~{:016x}", hash_of(name));
  std::size_t length = identifier_bytes - tail.size();
  // Not inside a character of UTF-8.
  while (length > 0 && (static_cast<unsigned char>(name[length]) & 0xC0U) == 0x80U) {
    --length;
  }
  return std::string(name.substr(0, length)) + tail;
}

std::string quote_identifier(std::string_view name) {
  return doubled(fit_identifier(name), '"');
}

std::string quote_literal(std::string_view text) {
  if (text.find('\\') == std::string_view::npos) {
    return doubled(text, '\'');
  }
  std::string out = "E'";
  for (const char c : text) {
    out.push_back(c);
    if (c == '\'' || c == '\\') {
      out.push_back(c);
    }
  }
  return out + "'";
}

std::string number_literal(const Decimal &number) {
  const std::string digits = number.to_string();
  return number.sign() < 0 ? "(" + digits + ")" : digits;
}

std::string day_literal(Day day) {
  if (day == day_minus_infinity || day == day_infinity) {
    return fmt::format("DATE '{}'", day == day_infinity ? "infinity" : "-infinity");
  }
  std::string era;
  const std::string digits = date_digits(day, era);
  return fmt::format("DATE '{}{}'", digits, era);
}

std::string instant_literal(Instant instant) {
  return time_literal(instant, "TIMESTAMPTZ", "+00");
}

std::string local_time_literal(LocalTime time) {
  return time_literal(time, "TIMESTAMP", "");
}

std::string raw_column(const Context &context, int relation, int column) {
  const Relation &bound = context.relation(relation);
  return relation_alias(bound) + "." + bound.columns[static_cast<std::size_t>(column)].sql;
}

} // namespace segmentation::core::sql
