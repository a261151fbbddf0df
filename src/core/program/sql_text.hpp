// Pieces of SQL text: quoting, literals, and the settings that all parts of the SQL printer share.
// Knows nothing of rules.
#pragma once

#include "core/meaning/checked.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace segmentation::core::sql {

/// What the printer's parts need to know everywhere.
struct Context {
  const Meaning &meaning;
  std::string now; // timestamptz
  bool pretty = true;
  std::string only{}; // a subquery of customers' keys whose rows alone grouped subqueries read; empty for all
  const std::vector<std::string> *from = nullptr; // by relation, what is read in its place; empty: itself

  const Schema &schema() const noexcept { return meaning.schema; }
  const Relation &relation(int index) const { return schema().relations[static_cast<std::size_t>(index)]; }
  /// Returns what stands in FROM for a relation.
  const std::string &from_sql(int index) const {
    const bool is_replaced = from != nullptr && !(*from)[static_cast<std::size_t>(index)].empty();
    return is_replaced ? (*from)[static_cast<std::size_t>(index)] : relation(index).from_sql;
  }
  const Column &column(const ColumnRef &ref) const {
    return relation(ref.relation).columns[static_cast<std::size_t>(ref.column)];
  }
  /// Returns the condition of a relation's rows, or null.
  const Condition *row_condition(int relation) const {
    const auto index = static_cast<std::size_t>(relation);
    return index < meaning.row_conditions.size() ? meaning.row_conditions[index].get() : nullptr;
  }
  /// Returns a line break and the indentation of a depth, or a space where the text is to be one line.
  std::string line(int depth) const {
    return pretty ? "\n" + std::string(static_cast<std::size_t>(depth) * 2, ' ') : std::string(1, ' ');
  }
};

/// Returns a name that fits an identifier: one that PostgreSQL would cut keeps its head and ends in a hash of
/// the whole.
std::string fit_identifier(std::string_view name);
/// Returns the same as a quoted identifier.
std::string quote_identifier(std::string_view name);
/// Returns a string literal that reads the same whatever standard_conforming_strings says.
std::string quote_literal(std::string_view text);
/// Returns a number, in parentheses where it is negative.
std::string number_literal(const Decimal &number);
/// Returns a literal of type date; infinities too.
std::string day_literal(Day day);
/// Returns a literal of type timestamptz, in UTC; infinities too.
std::string instant_literal(Instant instant);
/// Returns a literal of type timestamp: a local time.
std::string local_time_literal(LocalTime time);

/// Returns alias.column as it stands in the table.
std::string raw_column(const Context &context, int relation, int column);

/// Returns the shop's zone as a literal.
inline std::string zone_literal(const Context &context) {
  return quote_literal(context.schema().zone_name);
}

} // namespace segmentation::core::sql
