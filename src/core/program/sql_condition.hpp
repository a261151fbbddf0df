// Conditions as SQL. What is printed is TRUE exactly where the condition holds; where it does not, it may be
// FALSE or NULL, which AND, OR and WHERE treat alike. Negation is `(...) IS NOT TRUE`, which makes it
// two-valued again.
#pragma once

#include "core/program/sql_text.hpp"

#include <string>

namespace segmentation::core::sql {

class Aggregates;

/// Where a condition stands: on its own, or as one side of AND (or of OR), which asks for parentheses around
/// the other.
enum class Place : std::uint8_t { alone, conjunct, disjunct };

/// Prints a condition. `aggregates` collects what it needs of the customers' rows; null inside a row's own
/// condition, where the checker lets no aggregate stand.
std::string print_condition(const Context &context, Aggregates *aggregates, const Condition &condition,
                            Place place, int depth);

/// Prints FROM and WHERE of those rows of a set that count and belong to the row in scope. `left` is the
/// set's value column; a test that is added to the WHERE begins with AND.
std::string print_set_rows(const Context &context, const Scalar &left, int depth);

} // namespace segmentation::core::sql
