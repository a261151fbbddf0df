// The independent path: a checked rule as plain SQL over the bound tables, with the same meaning as the
// program's. Shares no code with the evaluator beyond the checked rule itself.
#pragma once

#include "core/meaning/checked.hpp"

#include <optional>
#include <string>

namespace segmentation::core {

struct SqlOptions {
  std::string now = "now()"; // the judged instant as an SQL expression of type timestamptz
  bool pretty = true;
};

struct ValueOptions : SqlOptions {
  std::string only; // a SELECT of the keys of those customers whose values are wanted; empty for all
  bool only_customers = false; // leave out rows that the customers' condition excludes
  bool json_keys = false;      // show keys of json as jsonb, whatever they hold
};

/// Returns one SELECT with one column, the customers' key: the customers for whom the rule holds. Needs no
/// search_path: every name is qualified by from_sql or an alias; every function and operator by pg_catalog's
/// rules of resolution.
std::string print_sql(const CheckedRule &rule, const Meaning &meaning, const SqlOptions &options = {});

/// Returns one SELECT over the customers: the customers' key as "key", `shown` as "value_1" and so on,
/// `order` as "order_1" and so on. Plain columns are shown in their own SQL type, keys of json as text or
/// jsonb, averages and quotients as numeric. What is ordered by is read as rules read it: what they count as
/// missing is NULL. With `only`, values of other customers are not to be used: their rows may not have been
/// read.
std::string print_values(const std::vector<CheckedValue> &shown, const std::vector<CheckedValue> &order,
                         const Meaning &meaning, const ValueOptions &options = {});

/// Returns one SELECT of the rows that a sum adds up: the customer's key as "customer", the row's day in the
/// shop's zone as "day" and the value, or NULL, as "value". Nothing where the value is no sum, or its rows
/// have no date.
std::optional<std::string> print_summed_rows(const Scalar &sum, const Meaning &meaning);

/// Returns one SELECT of the keys of all customers who count.
std::string print_customers(const Meaning &meaning);

/// Prints the expression that reads a column in reach of `alias_of`'s relations, typed as its Kind says (see
/// schema.hpp), json keys read safely as `type`. Shared with the row feeds: reading a column is the one thing
/// both paths have in common.
std::string print_column(const ColumnRef &column, Kind type, const Meaning &meaning);

/// Prints FROM and the joins that reach `relations` (lookups by LEFT JOIN, parents by JOIN) from the source
/// `root`, each under its own name as alias, quoted. Lookup conditions stand in ON.
std::string print_from(int root, const std::vector<int> &relations, const Meaning &meaning);

/// Returns the alias of a relation in printed SQL: its name as a quoted identifier.
std::string relation_alias(const Relation &relation);

} // namespace segmentation::core
