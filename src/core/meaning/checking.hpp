// The checker at work on one rule: private to this folder. Values become operands, conditions become checked
// ones; what is wrong is kept, and whatever hangs on something wrong is left out silently, so that one
// mistake is told once.
#pragma once

#include "core/meaning/checker.hpp"
#include "core/meaning/scope.hpp"

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace segmentation::core {

/// Where a condition or value stands.
struct Context {
  enum class Place : std::uint8_t {
    customer,  // a rule: values of the customer
    row,       // row conditions of MATCHES
    filter,    // row conditions in the MATCHES of an aggregate
    aggregate, // aggregate conditions of MATCHES, over the rows that pass `rows`
    binding,   // the condition of a binding
  };
  Place place = Place::customer;
  int root = 0;      // the relation whose row is at hand
  int defined = -1;  // the defined source in whose words names are; -1 for the relation's own
  ConditionPtr rows; // aggregate: what the row conditions come to; null for all rows

  bool in_row() const { return place != Place::customer; }
};

/// A value with its name settled.
struct Operand {
  enum class Form : std::uint8_t {
    broken, // wrong, and told
    scalar, // `scalar`
    list,   // `scalar`: a list column, or the value column of a set in reach of the row; type text_list or
            // number_list
    set,    // values of rows of the relation `set`: a set of customers, and `scalar` its value column, as an
            // element is read; or list(), and `scalar` the fold
    segments,    // the built-in list
    condition,   // a defined attribute that is a condition: `condition`, never missing
    anniversary, // `scalar`: the date
  };
  Form form = Form::broken;
  Scalar scalar;
  bool untyped = false; // a json key, or a fold of one: what it stands beside says how it is read
  int set = -1;
  bool member = false; // list: a set whose own row is at hand, so that the list is that row's value
  bool field = false;  // a key-value field: `scalar` folds the rows that bear its name
  NamedSegment::Form kept = NamedSegment::Form::rule; // the lists of groups and of tags: those that people
                                                      // keep by hand are in it, too
  ConditionPtr condition;

  bool is_list() const { return form == Form::list || form == Form::set || form == Form::segments; }
};

/// A defined source, as far as it is right.
struct CheckedSource {
  std::vector<Scalar> parameters; // the columns that they mean or fold
  ConditionPtr condition;
};

class Checker {
public:
  Checker(const Meaning &meaning, const Limits &limits);

  /// Returns the checked condition, or null where it is wrong.
  ConditionPtr condition(const Expr &expr, const Context &context);
  /// Returns the value with names and folds settled; broken where it is wrong.
  Operand value(const Value &value, const Context &context);
  /// Returns the value that a name of SHOW or ORDER BY means, or nothing where it is wrong.
  std::optional<CheckedValue> shown(const Name &name);
  /// The same of what define_attribute takes.
  std::optional<CheckedValue> shown(const AttributeExpression &expression);

  /// Returns what is wrong, in the order of the text.
  Diagnostics take_diagnostics();
  /// Returns which attributes, defined sources and segments were looked at, as indexes, ascending.
  std::vector<int> attributes_used() const { return used(Word::attribute); }
  std::vector<int> sources_used() const { return used(Word::source); }
  std::vector<int> segments_used() const { return used(Word::segment); }
  /// Returns those of the segments that were named in memberships, likewise.
  std::vector<int> histories_used() const;
  bool asks_any_kept() const { return any_kept_; }

  /// Checks a defined source, whether or not anyone uses it, and returns what was settled.
  CheckedSource check_source(int defined);

private:
  friend class Level;

  // checker.cpp: mistakes and limits
  void report(SqlState state, Span span, std::string message, std::string hint = {});
  bool full() const { return diagnostics_.size() >= limit_of_diagnostics_; }
  Span at(Span span) const { return inlined_ ? *inlined_ : span; }

  // check_shown.cpp
  std::optional<CheckedValue> shown(Operand operand, Span span, const std::string &what);

  // check_value.cpp
  Operand name_value(const Name &name, const Context &context);
  Operand customer_name(const Name &name, NameParts parts, const Context &context);
  Operand customer_value(const Name &name, NameParts parts, const Context &context);
  bool is_known(NameParts parts) const;
  Operand row_name(const Name &name, const Context &context);
  Operand resolved_value(const Resolved &resolved, const Name &name, NameParts parts, const Context &context);
  Operand column_operand(const ColumnRef &ref, Span span) const;
  Operand set_operand(int set, Span span, const Context &context, const Name &name);
  std::optional<Operand> field_value(NameParts parts, Span span) const;

  // check_forecast.cpp
  std::optional<Operand> forecast_value(NameParts parts, Span span);
  Operand age_value(const Value &value, const Context &context);
  Operand anniversary_value(const Value &value, const Context &context);
  Operand arithmetic_value(const Value &value, const Context &context);
  Operand literal_value(const Value &value);
  bool make_date(Operand &operand, const Value &value);
  bool make_number(Operand &operand, const Value &value);

  // check_names.cpp: telling what is wrong with a name
  void unknown_name(const Name &name, NameParts parts, const Context &context);
  void misused_name(const Resolved &resolved, const Name &name, NameParts parts);
  void virtual_column(const ColumnRef &ref, const Name &name);
  void unknown_column(const SourceName &at, const Name &name, NameParts rest);
  void unknown_source(const Name &name, bool with_column);
  void broken_source(int defined, Span span);
  std::string column_example(const SourceName &source, Kind kind = Kind::number) const;
  const std::string &name_of(const SourceName &source) const;
  const std::string &root_name(const Context &context) const {
    return name_of({context.root, context.defined});
  }

  // check_aggregate.cpp
  struct FoldWord {
    Fold fold = Fold::count;
    std::vector<Name::Part> column; // in the relation's words; empty where the fold has none
  };
  std::optional<FoldWord> aggregate_word(const Name &name, const Context &context);
  std::optional<FoldWord> aggregate_word(NameParts parts, int root, int defined);
  bool is_aggregate(const Value &value, const Context &context);
  bool is_aggregate_test(const Expr &expr, const Context &context);
  Operand aggregate_value(const Value &value, const Context &context);
  Operand word_value(const FoldWord &word, const Name &name, const Context &context);
  Operand fold(Fold fold, int source, ConditionPtr rows, const Operand *argument, Span span,
               const std::string &written);
  Operand row_column(const Context &context, NameParts parts, const Name &name);
  bool refuse_aggregate(Span span, const Context &context);
  Scalar count_of(int source, ConditionPtr rows, Span span) const;

  // check_matches.cpp
  ConditionPtr matches(const Expr &expr, const Context &context);
  ConditionPtr any_row(const Operand &field, ConditionPtr test, Span span) const;

  // check_condition.cpp
  ConditionPtr joined(const Expr &expr, const Context &context);
  ConditionPtr truth(const Expr &expr, const Context &context);
  ConditionPtr is_null(const Expr &expr, const Context &context);

  // check_function.cpp
  ConditionPtr function(const Expr &expr, const Context &context);
  std::optional<Circle> circle(const Expr &expr);
  std::optional<Decimal> distance_literal(const Expr::Argument &argument, const std::string &name);
  bool position(const Expr &expr, std::string_view attribute, const Context &context, Scalar &out);

  // check_compare.cpp
  ConditionPtr compare(const Expr &expr, const Context &context);
  ConditionPtr compare_literal(const Expr &expr, Operand &left, const Context &context);
  ConditionPtr compare_values(const Expr &expr, Operand &left, Operand &right);
  ConditionPtr compare_number(const Expr &expr, Operand &left, CompareOp op, const Literal &literal);
  ConditionPtr compare_date(const Expr &expr, Operand &left, const Literal &literal);
  ConditionPtr compare_anniversary(const Expr &expr, Operand &left, const Literal &literal);
  ConditionPtr between(const Expr &expr, const Context &context);
  ConditionPtr in(const Expr &expr, const Context &context);
  ConditionPtr text_test(const Expr &expr, const Context &context);

  // check_list.cpp
  ConditionPtr contains(const Expr &expr, const Context &context);
  ConditionPtr contains_text(const Expr &expr, Operand &left);
  ConditionPtr list_contains(const Expr &expr, const Operand &left, bool all);
  ConditionPtr list_present(const Operand &left, Span span);
  Operand list_of(int source, ConditionPtr rows, Operand &&element, const Value &value);
  ConditionPtr some_row(const Operand &list, ConditionPtr row, Span span) const;
  ConditionPtr one_of(const Operand &left, std::vector<std::string> texts, std::vector<Decimal> numbers,
                      Span span);
  ConditionPtr segments_contain(const Expr &expr);
  ConditionPtr kept_contain(const Expr &expr, const Operand &left);
  ConditionPtr named_segment(int index, Span span, Span named);
  void refuse_list(const Expr &expr);

  // check_memberships.cpp
  int find_segment(const Literal &literal);
  bool is_segment_name(const Operand &operand) const;
  ConditionPtr segment_name_test(const Expr &expr, const Operand &left);
  void refuse_segment_name(const Expr &expr);
  bool says_segments(int source, const Condition *rows, Span span);
  bool is_memberships(NameParts parts) const;

  // literals.cpp
  std::optional<DateForm> date_literal(const Literal &literal, const Value &value, Span op_span);
  std::optional<Decimal> number_literal(const Literal &literal, const Operand &operand, const Value &value,
                                        Span span);
  std::optional<std::string> text_literal(const Literal &literal, const Value &value, Span span);
  Kind kind_meant(const Literal &literal, bool ordered) const;
  bool read_as(Operand &operand, Kind kind, const Value &value, Span span);
  void refuse_literal(const Value &value, Kind kind, const Literal &literal, Span span);
  void refuse_operator(const Expr &expr, Kind kind);
  void hint_at_constant(const Operand &left, const Value &right, std::size_t before);

  // inline.cpp
  Operand attribute(int index, Span span);
  ConditionPtr segment(int index, Span span);
  struct Rows {
    bool right = false;
    ConditionPtr condition; // null for all rows
  };
  Rows rows_of(int defined, Span span);
  enum class Word : std::uint8_t { attribute, source, segment };
  struct Inlined {
    Word word;
    int index;
    friend bool operator==(const Inlined &, const Inlined &) = default;
  };
  static const char *word_of(Word word);
  const std::string &name_of(Inlined what) const;
  bool enter(Inlined what, Span span);
  template <typename Check> bool aside(Inlined what, Span span, std::optional<Span> spans, Check check);

  const Schema &schema_;
  std::shared_ptr<const Reach> reach_;
  Limits limits_;
  std::size_t limit_of_diagnostics_;
  Diagnostics diagnostics_;
  std::optional<Span> inlined_; // inside an attribute: where the rule names it; inside a segment: nowhere
  std::uint32_t depth_ = 0;
  std::uint32_t size_ = 0;
  bool too_large_ = false;

  enum class State : std::uint8_t { unseen, active, done, failed };
  State &state_of(Inlined what) {
    return states_[static_cast<std::size_t>(what.word)][static_cast<std::size_t>(what.index)];
  }
  std::vector<int> used(Word word) const;
  std::array<std::vector<State>, 3> states_; // by word
  struct KnownAttribute {
    int index;
    std::uint32_t size;
    Operand operand;
  };
  std::vector<KnownAttribute> known_attributes_;
  std::vector<ConditionPtr> known_segments_;
  std::vector<bool> histories_; // by segment
  bool any_kept_ = false;
  std::vector<ConditionPtr> known_rows_;
  std::vector<Inlined> active_;
};

/// Counts one step down the tree; `fits` is false, and the rule's size reported once, beyond the limits.
class Level {
public:
  Level(Checker &checker, Span span);
  ~Level() { --checker_.depth_; }
  Level(const Level &) = delete;
  Level &operator=(const Level &) = delete;
  bool fits() const { return fits_; }

private:
  Checker &checker_;
  bool fits_ = true;
};

/// How messages call a kind of value: "a number".
const char *kind_words(Kind kind);
/// How messages write an operator: `=`, `NOT IN`.
std::string operator_words(const Expr &expr);
const char *compare_sign(CompareOp op);
/// A hint made of the nearest names; empty where none is near.
std::string nearest_hint(std::string_view unknown, const std::vector<std::string> &known);
/// Joins names as English does: "a", "b" or "c".
std::string quoted_list(const std::vector<std::string> &names, std::string_view last);

inline bool is_date(Kind kind) {
  return kind == Kind::day || kind == Kind::instant;
}
inline bool is_list(Kind kind) {
  return kind == Kind::text_list || kind == Kind::number_list;
}
/// The kind of a list whose elements, or whose rows' lists, are of a kind.
inline Kind list_of_kind(Kind kind) {
  return kind == Kind::number || kind == Kind::number_list ? Kind::number_list : Kind::text_list;
}
/// True for folds that count, whose results are whole numbers.
inline bool is_count(const Scalar &scalar) {
  return scalar.form == Scalar::Form::aggregate &&
         (scalar.fold == Fold::count || scalar.fold == Fold::count_distinct || scalar.fold == Fold::days ||
          scalar.fold == Fold::weeks || scalar.fold == Fold::months);
}

} // namespace segmentation::core
