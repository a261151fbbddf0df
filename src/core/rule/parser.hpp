// Rule text -> tree.
#pragma once

#include "core/rule/tree.hpp"

#include <optional>
#include <string_view>

namespace segmentation::core {

template <typename T> struct Parsed {
  std::optional<T> value;  // absent where there is any diagnostic
  Diagnostics diagnostics; // in the order of the text
  // What could be read of a refused rule (parse_rule only), its other conditions `broken`: good for finding
  // more mistakes and for nothing else. Absent where reading ended early.
  std::optional<T> remains;
};

/// Parses a rule: [FROM customers [SHOW ..] WHERE] condition [ORDER BY ..] [LIMIT n]. Never throws but
/// bad_alloc.
Parsed<Rule> parse_rule(std::string_view text, const Limits &limits = {});

/// Parses the condition of a binding ("deleted_at IS NULL AND version = orders.version"): a rule without view
/// settings.
Parsed<Expr> parse_condition(std::string_view text, const Limits &limits = {});

/// What define_attribute takes: a value, arithmetic over values, or a condition.
struct AttributeExpression {
  std::optional<Value> value;
  std::optional<Expr> condition;
};
Parsed<AttributeExpression> parse_attribute(std::string_view text, const Limits &limits = {});

/// What a parameter of define_source stands for: one name, dotted or not.
Parsed<Name> parse_name(std::string_view text, const Limits &limits = {});

/// Reads a name as it stands in a rule, in the MATCHES of a source or outside.
Parsed<Name> read_name(std::string_view text, bool in_row, const Limits &limits = {});

} // namespace segmentation::core
