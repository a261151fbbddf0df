// Names and types: tree + schema -> checked rule.
#pragma once

#include "core/meaning/checked.hpp"
#include "core/rule/parser.hpp"

#include <optional>
#include <string>
#include <vector>

namespace segmentation::core {

/// Checks the conditions of all bound relations and takes the schema over. Diagnostics name the binding in
/// their message; their spans point into that relation's condition_text.
struct PreparedMeaning {
  std::shared_ptr<const Meaning> meaning; // absent where there is any diagnostic
  Diagnostics diagnostics;
};
PreparedMeaning prepare_meaning(Schema schema);

/// Checks a rule's condition. All independent mistakes are reported, at most limits.diagnostics, in the order
/// of the text.
struct Checked {
  std::optional<CheckedRule> rule;
  Diagnostics diagnostics;
};
Checked check_rule(const Expr &condition, const Meaning &meaning, const Limits &limits = {});

/// Checks what was parsed. A rule that the parser refused stays refused: what could be read of it only adds
/// the checker's mistakes to the parser's.
Checked check_rule(const Parsed<Rule> &parsed, const Meaning &meaning, const Limits &limits = {});

/// Returns the condition of a segment with what people say by hand: whoever they put in is in, whoever they
/// keep out is not, and of all others its rule decides. `rule` is null for groups and tags.
ConditionPtr with_hands(const NamedSegment &segment, ConditionPtr rule, const Schema &schema);

/// Checks the expression of define_attribute; the type of a value expression is returned, boolean for a
/// condition.
struct CheckedAttribute {
  std::optional<Kind> type;
  Diagnostics diagnostics;
};
CheckedAttribute check_attribute(const AttributeExpression &expression, const Meaning &meaning,
                                 const Limits &limits = {});

/// Checks a defined source of the schema, by index: what it stands for, what its parameters mean, its
/// condition.
Diagnostics check_source(int defined, const Meaning &meaning, const Limits &limits = {});

/// Settles a name of SHOW or ORDER BY: whatever a value of a customer can be in rules, and a source as the
/// number of its rows that count. Names of nothing, and of nothing that can be shown, come back as a mistake.
struct CheckedName {
  std::optional<CheckedValue> value;
  Diagnostic mistake; // where there is no value
};
CheckedName check_name(const Name &name, const Meaning &meaning, const Limits &limits = {});

/// The same of an expression such as define_attribute takes.
CheckedName check_shown(const AttributeExpression &expression, const Meaning &meaning,
                        const Limits &limits = {});

/// Returns up to `count` known names nearest to an unknown one, best first: by edit distance, at most a third
/// of its length, else those that begin with the same word.
std::vector<std::string> nearest_names(std::string_view unknown, const std::vector<std::string> &known,
                                       std::size_t count = 3);

/// Returns the relations that a checked condition reads, as indexes, ascending: sources, sets, and lookups on
/// the way.
std::vector<int> relations_read(const Condition &condition, const Meaning &meaning);

/// A column of a relation, by their indexes.
struct ColumnRead {
  int relation = -1;
  int column = -1;
  friend auto operator<=>(const ColumnRead &, const ColumnRead &) = default;
};

/// Returns the columns that a checked condition or value reads, ascending: with the keys on the way, what the
/// relations' own conditions read, and what orders rows where that matters.
std::vector<ColumnRead> columns_read(const Condition &condition, const Meaning &meaning);
std::vector<ColumnRead> columns_read(const CheckedValue &value, const Meaning &meaning);
/// The same of a defined source of the schema, by index: what its parameters mean, and its condition. Nothing
/// where it is wrong.
std::optional<std::vector<ColumnRead>> source_columns_read(int defined, const Meaning &meaning);

/// A value that a rule names: a column, one of the keys below it, or a key-value field.
struct ValueRead {
  int relation = -1;
  int column = -1;
  std::vector<std::string> keys;    // below a json column
  std::optional<std::string> field; // of a source of fields: its name; `column` holds the names then
  friend auto operator<=>(const ValueRead &, const ValueRead &) = default;
};

/// Returns the values that a checked condition names, itself or through attributes, ascending: without the
/// keys on the way to them, and without what segments that it names read.
std::vector<ValueRead> values_read(const Condition &condition, const Meaning &meaning);

} // namespace segmentation::core
