// Scalars and dates as SQL expressions.
#pragma once

#include "core/program/sql_text.hpp"

#include <string>

namespace segmentation::core::sql {

class Aggregates;

/// An exact number: numerator / denominator, the denominator positive or NULL; empty for 1. Missing where
/// either is NULL.
struct Fraction {
  std::string numerator;
  std::string denominator;
  bool is_numeric = false; // the numerator is of type numeric; denominators always are
};

/// Returns the numerator as numeric.
std::string as_numeric(const Fraction &fraction);

Fraction print_number(const Context &context, Aggregates *aggregates, const Scalar &scalar);

/// Prints a scalar that is not arithmetic and not an average: a text, a boolean, a day, an instant.
std::string print_scalar(const Context &context, Aggregates *aggregates, const Scalar &scalar);

/// Prints the day of a day or of an instant, the local one.
std::string print_day(const Context &context, Aggregates *aggregates, const Scalar &scalar);

/// Prints a text so that it compares byte by byte whatever its column's collation; folded where asked for.
std::string bytewise(const std::string &text, bool ignore_case = false);

/// Prints the judged instant's day in the shop's zone.
std::string print_today(const Context &context);

/// Prints a bound as a date, or as a timestamptz: of whole days the start of the day.
std::string print_bound_day(const Context &context, const Bound &bound);
std::string print_bound_instant(const Context &context, const Bound &bound);

} // namespace segmentation::core::sql
