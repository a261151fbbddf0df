// Scalars as SQL. Numbers are exact: an average and a quotient stay numerator and denominator, and are
// compared by multiplying across. All arithmetic is in numeric, so that no integer overflows.
#include "core/program/sql_scalar.hpp"

#include "core/program/sql_aggregate.hpp"
#include "core/program/sql_printer.hpp"

#include <fmt/format.h>

namespace segmentation::core::sql {

namespace {

/// Longer expressions are computed once beside the row: nested quotients would double with every level.
constexpr std::size_t longest_inline = 300;

/// Prints a product of numeric factors; empty ones are 1.
std::string product(const std::string &a, const std::string &b) {
  if (a.empty() || b.empty()) {
    return a.empty() ? b : a;
  }
  return a + " * " + b;
}

bool is_never_negative(const Scalar &scalar) {
  switch (scalar.fold) {
  case Fold::count:
  case Fold::count_distinct:
  case Fold::days:
  case Fold::weeks:
  case Fold::months:
    return scalar.form == Scalar::Form::aggregate ||
           (scalar.form == Scalar::Form::constant && scalar.number.sign() >= 0);
  default:
    return false;
  }
}

void keep_short(Aggregates *aggregates, std::string &expression) {
  if (aggregates != nullptr && expression.size() > longest_inline) {
    expression = aggregates->keep(expression);
  }
}

Fraction print_arithmetic(const Context &context, Aggregates *aggregates, const Scalar &scalar) {
  Fraction a = print_number(context, aggregates, scalar.operands[0]);
  Fraction b = print_number(context, aggregates, scalar.operands[1]);
  a.numerator = as_numeric(a);
  b.numerator = as_numeric(b);
  Fraction result;
  result.is_numeric = true;
  if (scalar.op == '/') {
    // Denominators stay positive, so a sign goes up; a zero makes the denominator NULL.
    std::string divisor = product(a.denominator, b.numerator);
    keep_short(aggregates, divisor);
    result.numerator = product(a.numerator, b.denominator);
    if (is_never_negative(scalar.operands[1])) {
      result.denominator = fmt::format("NULLIF({}, 0)", divisor);
    } else {
      result.numerator = fmt::format("({} * sign({}))", result.numerator, divisor);
      result.denominator = fmt::format("NULLIF(abs({}), 0)", divisor);
    }
  } else {
    result.denominator = product(a.denominator, b.denominator);
    if (!result.denominator.empty()) {
      result.denominator = "(" + result.denominator + ")";
    }
    result.numerator = scalar.op == '*' ? fmt::format("({})", product(a.numerator, b.numerator))
                                        : fmt::format("({} {} {})", product(a.numerator, b.denominator),
                                                      scalar.op, product(b.numerator, a.denominator));
  }
  keep_short(aggregates, result.numerator);
  keep_short(aggregates, result.denominator);
  return result;
}

} // namespace

std::string as_numeric(const Fraction &fraction) {
  return fraction.is_numeric ? fraction.numerator : fraction.numerator + "::numeric";
}

Fraction print_number(const Context &context, Aggregates *aggregates, const Scalar &scalar) {
  switch (scalar.form) {
  case Scalar::Form::aggregate:
    if (aggregates != nullptr && scalar.fold == Fold::avg) {
      return {aggregates->sum_of(scalar), aggregates->count_of(scalar)};
    }
    return {print_scalar(context, aggregates, scalar), {}};
  case Scalar::Form::age:
    return {fmt::format("segmentation.whole_years({}, {})",
                        print_day(context, aggregates, scalar.operands[0]), print_today(context)),
            {},
            true};
  case Scalar::Form::arithmetic:
    return print_arithmetic(context, aggregates, scalar);
  case Scalar::Form::constant:
    return {number_literal(scalar.number), {}};
  case Scalar::Form::column:
    break;
  }
  return {print_scalar(context, aggregates, scalar), {}};
}

std::string print_scalar(const Context &context, Aggregates *aggregates, const Scalar &scalar) {
  if (scalar.form == Scalar::Form::aggregate) {
    return aggregates != nullptr ? aggregates->value(scalar) : "NULL";
  }
  return print_column(scalar.column, scalar.type, context.meaning);
}

std::string print_day(const Context &context, Aggregates *aggregates, const Scalar &scalar) {
  const std::string date = print_scalar(context, aggregates, scalar);
  return scalar.type == Kind::instant
             ? fmt::format("segmentation.local_day({}, {})", date, zone_literal(context))
             : date;
}

std::string bytewise(const std::string &text, bool ignore_case) {
  return ignore_case ? fmt::format("lower({} COLLATE \"und-x-icu\") COLLATE \"C\"", text)
                     : text + " COLLATE \"C\"";
}

} // namespace segmentation::core::sql
