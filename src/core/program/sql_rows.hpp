// The rows that an aggregate folds, as SQL: where they come from, which count, and what is read of them.
#pragma once

#include "core/program/sql_text.hpp"

#include <string>

namespace segmentation::core::sql {

/// The rows of an aggregate: FROM, WHERE and the customer's key.
struct Rows {
  std::string from;
  std::string key;
};

Rows rows_of(const Context &context, const Scalar &scalar, bool only_with_value, int depth);

/// Prints a SELECT of customer, day and value (numeric) of the rows of an aggregate over rows with a date.
std::string dated_rows(const Context &context, const Scalar &scalar, int depth);

/// Returns the column that holds the time of a source's rows, its own or its nearest parent's.
ColumnRef date_of(const Context &context, int source);

/// What an argument is read as: the result's type for folds that return one of their arguments.
Kind argument_kind(const Context &context, const Scalar &scalar);
std::string argument(const Context &context, const Scalar &scalar);

/// Prints a column's value. Texts are told apart and ordered by their bytes, whatever the column's collation.
std::string read(const Context &context, const ColumnRef &column, Kind kind);
std::string read_date(const Context &context, const ColumnRef &date);

/// True where each row has a set of its own beside it.
bool is_set_beside(const Context &context, const Scalar &scalar);

} // namespace segmentation::core::sql
