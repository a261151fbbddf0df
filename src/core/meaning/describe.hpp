// What a value is, as people are told it: its type in a merchant's words, the operators it takes, and the
// column whose values it has. For completion and for the list of attributes; rules are checked elsewhere.
#pragma once

#include "core/meaning/checked.hpp"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace segmentation::core {

enum class ValueType : std::uint8_t {
  number,
  text,
  boolean,
  date,
  text_list,
  number_list,
  json,        // a jsonb value or key: what it stands beside says how it is read
  anniversary, // a date without its year
  segments,    // the built-in list
  segment,     // the name of one: a text that is compared with names alone
  rows,        // a source: not a value, but what MATCHES tests
};

struct Described {
  ValueType type = ValueType::text;
  bool in_row = false;                     // stands inside MATCHES
  bool all_rows = false;                   // there, it is of all rows together: count, sum_total
  bool source = false;                     // can be tested with MATCHES: a source, or a set of customers
  std::optional<ColumnRef> column;         // its own, or the one that first, last or mode pick a value of
  std::span<const std::string_view> texts; // all that it can be, where the language itself knows that
  NamedSegment::Form kept = NamedSegment::Form::rule; // the list of groups, or of tags, kept by hand
};

/// Where a value stands: among values of the customer, or in the MATCHES of the source `root`.
struct Standing {
  int root = 0;
  bool in_row = false;
  int defined = -1; // the defined source in whose words names are there
};

/// Says what a value is; nothing where it is wrong.
std::optional<Described> describe_value(const Value &value, const Standing &standing, const Meaning &meaning);

/// Says what each defined attribute is, by its index; nothing for a broken one.
std::vector<std::optional<Described>> describe_attributes(const Meaning &meaning);

/// Says what a column is that a rule reads by itself.
Described describe_column(const Schema &schema, int relation, int column, bool in_row);

/// Says what the elements of a set are; nothing where rules cannot use it.
std::optional<Described> describe_set(const Schema &schema, int set, bool in_row);

/// Returns the type in a merchant's words: number, text, list of text ...; empty for rows.
std::string_view type_words(ValueType type) noexcept;

struct Operator {
  std::string_view words; // as rules write it
  bool parenthesis;       // what follows stands in parentheses
};

/// Returns the operators that a value takes, the usual ones first. What is not among them the checker
/// refuses.
std::vector<Operator> operators_of(const Described &described);

} // namespace segmentation::core
