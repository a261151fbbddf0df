// A rule after its names and types are settled. Everything that reads rules from here on (the program, the
// SQL printer, explain) sees only this: a boolean expression over tests on scalars. Logic is two-valued:
// every test on a missing value is false, and `negation` is the exact complement.
#pragma once

#include "core/meaning/schema.hpp"
#include "core/value/decimal.hpp"
#include "core/value/distance.hpp"

#include <memory>
#include <string>
#include <vector>

namespace segmentation::core {

/// A column in reach: of the customer, of a customer's lookup, of the source row, its lookups and sets, its
/// parents and theirs. The relation alone tells the way, since every relation hangs on one other.
struct ColumnRef {
  int relation = -1;
  int column = -1;
  std::vector<std::string> json_path; // keys below a json column; empty otherwise

  friend bool operator==(const ColumnRef &, const ColumnRef &) = default;
};

struct Condition;

/// How rows are reduced to one value of a customer.
enum class Fold : std::uint8_t {
  count,          // rows that pass the filter; 0 for none
  count_distinct, // different non-missing values of the argument
  sum,            // 0 for none
  avg,            // missing for none
  min,
  max,
  first, // by the source's date, of equal dates by the primary key (the larger is later), else by the value
  last,
  mode, // the most frequent; of equally frequent ones that of the latest row
  list, // the different ones. Never tested as it is: its tests are counts of rows, and carry it along
  days, // distinct calendar days, weeks (Monday), months of the source's date in the shop's zone
  weeks,
  months,
  forecast, // what the models say of her by these rows, whose argument is what they are worth: `forecast`;
            // missing where none was fitted
};

/// Something with a value. `type` is what it is read as: number, text, boolean, day or instant.
/// A value of a json key that does not read as that type is missing.
struct Scalar {
  enum class Form : std::uint8_t {
    column,     // column
    aggregate,  // fold over the rows of `source` that pass `filter`; `column` is the argument where the fold
                // has one
    age,        // whole years from operands[0] (a day, or an instant's local day) to today
    arithmetic, // operands[0] op operands[1]; exact; division by zero is missing, and so is anything over a
                // missing value
    constant,   // number
  };
  Form form = Form::column;
  Kind type = Kind::number;
  Span span; // in the rule's text
  ColumnRef column;
  Fold fold = Fold::count;
  ForecastColumn forecast = ForecastColumn::rfm_group;
  int source = -1;                         // relation: a source, or a set of customers
  std::shared_ptr<const Condition> filter; // null: all rows
  char op = 0;                             // + - * /
  std::vector<Scalar> operands;
  Decimal number;
};

/// One edge of a date form: the start of its first day, or the start of the day after its last. For a form
/// that is an instant: that instant, or the microsecond after it. So `d > X` is d >= upper(X), `d <= X` is
/// NOT d >= upper(X), `d = X` is d >= lower(X) AND NOT d >= upper(X).
struct Bound {
  DateForm form;
  bool upper = false;
};

/// A boolean expression. Children and operands are shared, never changed.
struct Condition {
  enum class Form : std::uint8_t {
    constant,       // `truth`
    all,            // AND over children; an empty one is true
    any,            // OR over children; an empty one is false
    negation,       // NOT children[0]
    number_compare, // left op number (eq, lt, le, gt, ge); ne is written as negation of eq by the checker
    number_in,      // left is one of numbers (sorted, no duplicates)
    text_in, // left is one of texts (sorted, no duplicates); `ignore_case`: texts are folded, left is to be
    text_starts, // left starts with texts[0]
    text_ends,
    text_contains,  // texts[0] is a part of left
    is_true,        // left, a boolean, is true
    date_from,      // left >= bound
    date_before,    // left < bound
    scalar_compare, // left op right: two numbers, two texts (eq only), two dates; where one is a day, by
                    // local day
    present,        // left is not missing
    list_contains, // left is a list column (or a set of the row: the set's value column) that contains one of
                   // texts (folded, without case) or numbers
    list_present,  // the list has at least one value
    anniversary,   // the day of left, in some year, lies in [bound, bound_end)
    within_distance, // left, a latitude, and right, a longitude, are a position in `circle`; a position
                     // beyond what degrees can be is missing
    segment,         // children[0] is the condition of the segment named `segment_name`
  };
  Form form = Form::constant;
  Span span; // in the rule's text; of an inlined segment or attribute: where it is named
  bool truth = false;
  std::vector<std::shared_ptr<const Condition>> children;
  Scalar left;
  Scalar right;
  CompareOp op = CompareOp::eq;
  Decimal number;
  std::vector<Decimal> numbers;
  std::vector<std::string> texts;
  bool ignore_case = false;
  Bound bound;
  Bound bound_end;
  Circle circle;
  std::string segment_name;
  std::shared_ptr<const Scalar> list; // number_compare: the list whose test was made this count of rows
};

using ConditionPtr = std::shared_ptr<const Condition>;

/// A checked rule. Where the rule's conditions on rows do not mention it, the source's own condition
/// (Relation::condition, checked into Meaning::row_conditions) still applies: the program and the printer add
/// it to every fold of that source.
struct CheckedRule {
  ConditionPtr condition;
  std::vector<int>
      attributes;            // of Schema::attributes that the rule names, itself or through others; ascending
  std::vector<int> sources;  // of Schema::sources likewise
  std::vector<int> segments; // of Schema::segments likewise
  std::vector<int>
      histories; // of Schema::segments those whose stored members must be right before the rule is judged:
                 // named in memberships, by it or by whatever segment it names; ascending
  bool any_kept = false; // it asks whether she is in any group, or tag, that people keep by hand
};

/// A value of a customer by its name alone, as a view shows it or goes by it.
struct CheckedValue {
  enum class Form : std::uint8_t {
    scalar,      // `scalar`
    json,        // `scalar`: a json column, or a key of one, which may hold anything
    list,        // `scalar`: a list column, the value column of a set, or a fold that is a list
    truth,       // `condition`, which holds or does not
    anniversary, // `scalar`, a date: its next anniversary
  };
  Form form = Form::scalar;
  Scalar scalar;
  ConditionPtr condition;
};

struct Reach;

/// The schema with its bound conditions checked once; shared by all rules of one call.
struct Meaning {
  Schema schema;
  std::vector<ConditionPtr> row_conditions; // by relation index; null where the relation has no condition
  std::shared_ptr<const Reach> reach;       // the checker's own: what can be reached from where
};

} // namespace segmentation::core
