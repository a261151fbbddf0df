// What a rule needs of the customers' rows: subqueries grouped by customer, one for all aggregates over the
// same rows.
#pragma once

#include "core/program/sql_text.hpp"

#include <string>
#include <vector>

namespace segmentation::core::sql {

class Aggregates {
public:
  explicit Aggregates(const Context &context) : context_(context) {}

  /// Returns the expression of an aggregate; the same one is computed once. Not for averages.
  std::string value(const Scalar &scalar);
  /// Returns sum and count of an average.
  std::string sum_of(const Scalar &scalar);
  std::string count_of(const Scalar &scalar);

  /// Computes a long expression once beside the row: returns its name.
  std::string keep(const std::string &expression);

  /// Prints the joins that bring all of it into scope, to follow FROM customers.
  std::string print_joins(int depth) const;

private:
  struct Column {
    std::string expression;
    std::string name;
  };
  struct Group {
    std::string alias;
    std::string key;
    std::string from; // FROM, WHERE
    std::vector<Column> columns;
  };
  struct Kept {
    std::string alias;
    std::string expression;
  };

  std::string column(const Scalar &scalar, const std::string &expression, const std::string &name);
  std::string mode(const Scalar &scalar);
  std::string list(const Scalar &scalar);
  std::string forecast(const Scalar &scalar);
  std::string unused_alias(const char *prefix, std::size_t number) const;

  const Context &context_;
  std::vector<Group> groups_;
  std::vector<Kept> kept_;
};

} // namespace segmentation::core::sql
