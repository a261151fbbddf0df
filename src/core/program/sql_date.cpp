// Date forms as SQL over the judged instant. Offsets so large that PostgreSQL would raise an error give an
// infinity, at the same ends as core/value/calendar.hpp's steps.
#include "core/program/sql_scalar.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace segmentation::core::sql {

namespace {

// The judged instant is taken to lie in these years, which no clock leaves.
constexpr std::int32_t first_year = 1;
constexpr std::int32_t last_year = 9999;
constexpr CivilDate first_clock = {-4711, 1, 1};
constexpr CivilDate last_clock = {294275, 12, 31};

std::string local_now(const Context &context) {
  return context.now + " AT TIME ZONE " + zone_literal(context);
}

std::string today(const Context &context) {
  return "(" + local_now(context) + ")::date";
}

/// Prints `base + amount unit`, the sign as an operator.
std::string step(const std::string &base, std::int64_t amount, const char *unit) {
  if (amount == 0) {
    return base;
  }
  const char sign = amount < 0 ? '-' : '+';
  const std::int64_t size = amount < 0 ? -amount : amount;
  return *unit == '\0'
             ? fmt::format("{} {} {}", base, sign, size)
             : fmt::format("{} {} INTERVAL '{} {}{}'", base, sign, size, unit, size == 1 ? "" : "s");
}

/// Prints a step that is right only where today lies on the near side of a limit: the first day from which a
/// step back stays within the clock days, or the last from which a step forward does.
std::string guarded(const Context &context, const std::string &stepped, bool back, std::int64_t limit) {
  const std::int64_t first = day_of({first_year, 1, 1});
  const std::int64_t last = day_of({last_year, 12, 31});
  if (back ? limit <= first : limit >= last) {
    return stepped;
  }
  const Day beyond = back ? day_minus_infinity : day_infinity;
  if (back ? limit > last : limit < first) {
    return day_literal(beyond);
  }
  return fmt::format("CASE WHEN {} {} {} THEN {} ELSE {} END", today(context),
                     back ? ">=" : "<=", day_literal(static_cast<Day>(limit)), stepped, day_literal(beyond));
}

std::string step_days(const Context &context, std::int64_t days, bool upper) {
  const bool back = days < 0;
  const std::int64_t limit = (back ? day_of(first_clock) : day_of(last_clock)) - days;
  return guarded(context, step(today(context), days + (upper ? 1 : 0), ""), back, limit);
}

std::string step_months(const Context &context, std::int64_t months, bool upper) {
  const bool back = months < 0;
  const CivilDate &end = back ? first_clock : last_clock;
  // The month from which the step leads to the first or last one that there is.
  const std::int64_t index = std::int64_t{end.year} * 12 + end.month - 1 - months;
  const std::int64_t year = index / 12;
  std::int64_t limit = year < first_year ? INT64_MIN : INT64_MAX;
  if (year >= first_year && year <= last_year) {
    const auto limit_year = static_cast<std::int32_t>(year);
    const auto month = static_cast<std::int32_t>(index % 12 + 1);
    limit = day_of({limit_year, month, back ? 1 : days_in_month(limit_year, month)});
  }
  std::string stepped = today(context);
  if (months != 0) {
    stepped = "(" + step(stepped, months, "month") + ")::date";
  }
  return guarded(context, step(stepped, upper ? 1 : 0, ""), back, limit);
}

std::string period_start(const Context &context, PeriodUnit unit, std::int64_t offset) {
  switch (unit) {
  case PeriodUnit::week:
    return step(fmt::format("date_trunc('week', {})::date", local_now(context)), offset * 7, "");
  case PeriodUnit::month:
    return fmt::format("({})::date",
                       step(fmt::format("date_trunc('month', {})", local_now(context)), offset, "month"));
  case PeriodUnit::quarter:
    return fmt::format("({})::date", step(fmt::format("date_trunc('quarter', {})", local_now(context)),
                                          offset * 3, "month"));
  case PeriodUnit::year:
    break;
  }
  return fmt::format("({})::date",
                     step(fmt::format("date_trunc('year', {})", local_now(context)), offset, "year"));
}

std::string step_hours(const Context &context, std::int64_t hours, bool upper) {
  const std::string stepped = step(step(context.now, hours, "hour"), upper ? 1 : 0, "microsecond");
  constexpr std::int64_t microseconds_per_hour = 3'600'000'000;
  const bool back = hours < 0;
  const std::int64_t end = back ? first_clock_day * microseconds_per_day
                                : (last_clock_day + std::int64_t{1}) * microseconds_per_day - 1;
  std::int64_t shift = 0;
  std::int64_t limit = 0;
  const bool fits = !__builtin_mul_overflow(hours, microseconds_per_hour, &shift) &&
                    !__builtin_sub_overflow(end, shift, &limit);
  const std::int64_t first = std::int64_t{day_of({first_year, 1, 1})} * microseconds_per_day;
  const std::int64_t last = std::int64_t{day_of({last_year + 1, 1, 1})} * microseconds_per_day;
  const Instant beyond = back ? instant_minus_infinity : instant_infinity;
  if (!fits || (back ? limit > last : limit < first)) {
    return instant_literal(beyond);
  }
  if (back ? limit <= first : limit >= last) {
    return stepped;
  }
  return fmt::format("CASE WHEN {} {} {} THEN {} ELSE {} END", context.now,
                     back ? ">=" : "<=", instant_literal(limit), stepped, instant_literal(beyond));
}

std::string written_instant(const Context &context, const DateForm &form, bool upper) {
  const std::int64_t local =
      std::int64_t{day_of({form.year, form.month, form.day})} * microseconds_per_day + form.microseconds;
  if (form.utc_offset) {
    return instant_literal(local - std::int64_t{*form.utc_offset} * 1'000'000 + (upper ? 1 : 0));
  }
  return step(fmt::format("({} AT TIME ZONE {})", local_time_literal(local), zone_literal(context)),
              upper ? 1 : 0, "microsecond");
}

} // namespace

std::string print_today(const Context &context) {
  return today(context);
}

std::string print_bound_day(const Context &context, const Bound &bound) {
  const DateForm &form = bound.form;
  if (!form.is_days()) {
    return fmt::format("segmentation.local_day({}, {})", print_bound_instant(context, bound),
                       zone_literal(context));
  }
  switch (form.kind) {
  case DateForm::Kind::period:
    return period_start(context, form.period, std::int64_t{form.period_offset} + (bound.upper ? 1 : 0));
  case DateForm::Kind::relative:
    break;
  default:
    return day_literal(day_of({form.year, form.month, form.day}) + (bound.upper ? 1 : 0));
  }
  switch (form.unit) {
  case DateUnit::week:
    return step_days(context, std::int64_t{form.amount} * 7, bound.upper);
  case DateUnit::month:
    return step_months(context, form.amount, bound.upper);
  case DateUnit::year:
    return step_months(context, std::int64_t{form.amount} * 12, bound.upper);
  default:
    return step_days(context, form.amount, bound.upper);
  }
}

std::string print_bound_instant(const Context &context, const Bound &bound) {
  const DateForm &form = bound.form;
  if (form.kind == DateForm::Kind::instant) {
    return written_instant(context, form, bound.upper);
  }
  if (form.kind == DateForm::Kind::relative && form.unit == DateUnit::hour) {
    return step_hours(context, form.amount, bound.upper);
  }
  if (form.kind == DateForm::Kind::day) {
    const std::int64_t day = std::int64_t{day_of({form.year, form.month, form.day})} + (bound.upper ? 1 : 0);
    return fmt::format("({} AT TIME ZONE {})", local_time_literal(day * microseconds_per_day),
                       zone_literal(context));
  }
  return fmt::format("(({})::timestamp AT TIME ZONE {})", print_bound_day(context, bound),
                     zone_literal(context));
}

} // namespace segmentation::core::sql
