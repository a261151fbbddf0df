// Conditions as SQL, test by test.
#include "core/program/sql_condition.hpp"

#include "core/program/sql_aggregate.hpp"
#include "core/program/sql_from.hpp"
#include "core/program/sql_printer.hpp"
#include "core/program/sql_scalar.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace segmentation::core::sql {

namespace {

const char *sign_of(CompareOp op) {
  switch (op) {
  case CompareOp::eq:
    return "=";
  case CompareOp::ne:
    return "<>";
  case CompareOp::lt:
    return "<";
  case CompareOp::le:
    return "<=";
  case CompareOp::gt:
    return ">";
  case CompareOp::ge:
    break;
  }
  return ">=";
}

template <typename List, typename Print> std::string in_list(const List &list, Print print) {
  std::string out;
  for (const auto &one : list) {
    out += (out.empty() ? "" : ", ") + print(one);
  }
  // An empty list holds nothing, and IN () is no SQL.
  return out.empty() ? "NULL" : out;
}

/// Prints `value is one of the texts or numbers`.
std::string one_of_texts(const std::string &value, const Condition &condition, bool ignore_case) {
  const std::string left = bytewise(value, ignore_case);
  if (condition.texts.size() == 1) {
    return left + " = " + quote_literal(condition.texts.front());
  }
  return fmt::format("{} IN ({})", left,
                     in_list(condition.texts, [](const std::string &text) { return quote_literal(text); }));
}

std::string one_of_numbers(const std::string &value, const std::vector<Decimal> &numbers) {
  if (numbers.size() == 1) {
    return value + " = " + number_literal(numbers.front());
  }
  return fmt::format("{} IN ({})", value,
                     in_list(numbers, [](const Decimal &number) { return number_literal(number); }));
}

class Printer {
public:
  Printer(const Context &context, Aggregates *aggregates) : context_(context), aggregates_(aggregates) {}

  std::string print(const Condition &condition, Place place, int depth) const {
    switch (condition.form) {
    case Condition::Form::constant:
      return condition.truth ? "TRUE" : "FALSE";
    case Condition::Form::all:
      return joined(condition, Place::conjunct, place, depth);
    case Condition::Form::any:
      return joined(condition, Place::disjunct, place, depth);
    case Condition::Form::negation:
      return negation(*condition.children.front(), depth);
    case Condition::Form::segment:
      return print(*condition.children.front(), place, depth);
    case Condition::Form::list_contains:
    case Condition::Form::list_present:
      return list(condition, depth);
    default:
      return test(condition);
    }
  }

private:
  std::string joined(const Condition &condition, Place own, Place place, int depth) const {
    if (condition.children.empty()) {
      return own == Place::conjunct ? "TRUE" : "FALSE";
    }
    if (condition.children.size() == 1) {
      return print(*condition.children.front(), place, depth);
    }
    // AND within AND needs no parentheses of its own.
    const bool wrap = place != Place::alone && place != own;
    const int inner = wrap ? depth + 1 : depth;
    const char *word = own == Place::conjunct ? "AND " : "OR ";
    std::string out;
    for (const ConditionPtr &child : condition.children) {
      if (!out.empty()) {
        out += context_.line(inner) + word;
      }
      out += print(*child, own, inner);
    }
    return wrap ? wrapped(out, depth) : out;
  }

  std::string wrapped(const std::string &inner, int depth) const {
    return context_.pretty ? "(" + context_.line(depth + 1) + inner + context_.line(depth) + ")"
                           : "(" + inner + ")";
  }

  std::string negation(const Condition &child, int depth) const {
    if (child.form == Condition::Form::present && !is_quotient(child.left)) {
      return print_scalar_of(child.left) + " IS NULL";
    }
    if (is_list_test(child)) {
      return "NOT " + list(child, depth); // EXISTS is never NULL
    }
    const std::string inner = print(child, Place::alone, depth + 1);
    const bool several = (child.form == Condition::Form::all || child.form == Condition::Form::any) &&
                         child.children.size() > 1;
    return (several ? wrapped(inner, depth) : "(" + inner + ")") + " IS NOT TRUE";
  }

  static bool is_list_test(const Condition &condition) {
    return condition.form == Condition::Form::list_contains ||
           condition.form == Condition::Form::list_present;
  }

  static bool is_quotient(const Scalar &scalar) {
    return scalar.form == Scalar::Form::arithmetic ||
           (scalar.form == Scalar::Form::aggregate && scalar.fold == Fold::avg);
  }

  Fraction number(const Scalar &scalar) const { return print_number(context_, aggregates_, scalar); }
  std::string scalar(const Scalar &scalar) const { return print_scalar(context_, aggregates_, scalar); }
  std::string print_scalar_of(const Scalar &scalar) const {
    return scalar.type == Kind::number ? number(scalar).numerator : this->scalar(scalar);
  }

  std::string test(const Condition &condition) const {
    switch (condition.form) {
    case Condition::Form::number_compare:
      return number_compare(condition);
    case Condition::Form::number_in:
      return number_in(condition);
    case Condition::Form::text_in:
      return one_of_texts(scalar(condition.left), condition, condition.ignore_case);
    case Condition::Form::text_starts:
      return fmt::format("starts_with({}, {})", text(condition), literal(condition));
    case Condition::Form::text_ends:
      return text_ends(condition);
    case Condition::Form::text_contains:
      return fmt::format("strpos({}, {}) > 0", text(condition), literal(condition));
    case Condition::Form::is_true:
      return scalar(condition.left);
    case Condition::Form::date_from:
      return date_test(condition, ">=");
    case Condition::Form::date_before:
      return date_test(condition, "<");
    case Condition::Form::scalar_compare:
      return scalar_compare(condition);
    case Condition::Form::present:
      return present(condition.left);
    case Condition::Form::anniversary:
      return fmt::format(
          "segmentation.next_anniversary({}, {}) < {}", print_day(context_, aggregates_, condition.left),
          print_bound_day(context_, condition.bound), print_bound_day(context_, condition.bound_end));
    case Condition::Form::within_distance:
      return within_distance(condition);
    default:
      return "FALSE";
    }
  }

  // The shortest digits that are this double again.
  static std::string literal(double number) {
    return (number < 0 ? fmt::format("({})", number) : fmt::format("{}", number)) + "::double precision";
  }

  std::string degrees(const Scalar &scalar) const {
    const Fraction value = number(scalar);
    if (value.denominator.empty()) {
      return as_numeric(value);
    }
    // A quotient of numeric is rounded; div() is not.
    return fmt::format("div({} * {}, NULLIF({}, 0)) / {}", as_numeric(value), degree_unit, value.denominator,
                       degree_unit);
  }

  std::string within_distance(const Condition &condition) const {
    const Circle &circle = condition.circle;
    return fmt::format("segmentation.distance_km({}, {}, {}, {}) <= {}", degrees(condition.left),
                       degrees(condition.right), literal(circle.latitude), literal(circle.longitude),
                       literal(circle.kilometres));
  }

  std::string text(const Condition &condition) const {
    return bytewise(scalar(condition.left), condition.ignore_case);
  }
  static std::string literal(const Condition &condition) { return quote_literal(condition.texts.front()); }

  std::string text_ends(const Condition &condition) const {
    const std::string &end = condition.texts.front();
    // right() counts characters, which begin with any byte but 10xxxxxx in UTF-8.
    const auto characters = std::count_if(end.begin(), end.end(), [](char c) { return (c & 0xC0) != 0x80; });
    if (characters == 0) {
      return scalar(condition.left) + " IS NOT NULL";
    }
    return fmt::format("right({}, {}) = {}", text(condition), characters, literal(condition));
  }

  std::string number_compare(const Condition &condition) const {
    const Fraction left = number(condition.left);
    std::string right = number_literal(condition.number);
    if (!left.denominator.empty()) {
      right += " * " + left.denominator;
    }
    return fmt::format("{} {} {}", left.numerator, sign_of(condition.op), right);
  }

  std::string number_in(const Condition &condition) const {
    const Fraction left = number(condition.left);
    if (left.denominator.empty()) {
      return one_of_numbers(left.numerator, condition.numbers);
    }
    return fmt::format("EXISTS (SELECT 1 FROM unnest(ARRAY[{}]::numeric[]) AS \"one\" (\"number\") WHERE {} "
                       "= \"number\" * {})",
                       in_list(condition.numbers, [](const Decimal &one) { return number_literal(one); }),
                       left.numerator, left.denominator);
  }

  std::string present(const Scalar &scalar) const {
    if (is_quotient(scalar)) {
      const Fraction value = number(scalar);
      return value.denominator.empty()
                 ? value.numerator + " IS NOT NULL"
                 : fmt::format("({} IS NOT NULL AND {} IS NOT NULL)", value.numerator, value.denominator);
    }
    return print_scalar_of(scalar) + " IS NOT NULL";
  }

  std::string date_test(const Condition &condition, const char *sign) const {
    const std::string left = scalar(condition.left);
    if (condition.left.type != Kind::day) {
      return fmt::format("{} {} {}", left, sign, print_bound_instant(context_, condition.bound));
    }
    if (condition.bound.form.is_days()) {
      return fmt::format("{} {} {}", left, sign, print_bound_day(context_, condition.bound));
    }
    return fmt::format("segmentation.start_of_day({}, {}) {} {}", left, zone_literal(context_), sign,
                       print_bound_instant(context_, condition.bound));
  }

  std::string scalar_compare(const Condition &condition) const {
    const Scalar &a = condition.left;
    const Scalar &b = condition.right;
    std::string left;
    std::string right;
    if (a.type == Kind::number) {
      const Fraction x = number(a);
      const Fraction y = number(b);
      left = y.denominator.empty() ? x.numerator : as_numeric(x) + " * " + y.denominator;
      right = x.denominator.empty() ? y.numerator : as_numeric(y) + " * " + x.denominator;
    } else if (a.type == Kind::text) {
      left = bytewise(scalar(a), condition.ignore_case);
      right = bytewise(scalar(b), condition.ignore_case);
    } else if (a.type != b.type) {
      left = print_day(context_, aggregates_, a);
      right = print_day(context_, aggregates_, b);
    } else {
      left = scalar(a);
      right = scalar(b);
    }
    if (condition.op == CompareOp::ne) {
      return fmt::format("({} = {}) IS NOT TRUE", left, right);
    }
    return fmt::format("{} {} {}", left, sign_of(condition.op), right);
  }

  /// Prints the test of a list's element; `value` has the type of an element.
  static std::string element_test(const Condition &condition, const std::string &value) {
    if (condition.form == Condition::Form::list_present) {
      return value + " IS NOT NULL";
    }
    return condition.texts.empty() ? one_of_numbers(value, condition.numbers)
                                   : one_of_texts(value, condition, true);
  }

  std::string list(const Condition &condition, int depth) const {
    const Scalar &left = condition.left;
    if (set_above(context_, left.column.relation) < 0) {
      // NaN and infinities are missing values in a list too; no other test holds for them anyway.
      const bool special = condition.form == Condition::Form::list_present && left.type == Kind::number_list;
      return fmt::format("EXISTS (SELECT 1 FROM unnest({}) AS \"element\" (\"value\") WHERE {})",
                         scalar(left),
                         element_test(condition, special ? "segmentation.finite(\"value\")" : "\"value\""));
    }
    const Kind kind = left.type == Kind::number_list || left.type == Kind::number ? Kind::number : Kind::text;
    const int inner = depth + 1;
    std::string out = "EXISTS (" + std::string(context_.pretty ? context_.line(inner) : "") + "SELECT 1 ";
    out += print_set_rows(context_, left, inner);
    out += context_.line(inner + 1) + "AND " +
           element_test(condition, print_column(left.column, kind, context_.meaning));
    return out + (context_.pretty ? context_.line(depth) : "") + ")";
  }

  const Context &context_;
  Aggregates *aggregates_;
};

} // namespace

std::string print_condition(const Context &context, Aggregates *aggregates, const Condition &condition,
                            Place place, int depth) {
  return Printer(context, aggregates).print(condition, place, depth);
}

std::string print_set_rows(const Context &context, const Scalar &left, int depth) {
  const int set = set_above(context, left.column.relation);
  std::set<int> relations{left.column.relation};
  const Condition *rows = context.row_condition(set);
  if (rows != nullptr) {
    add_relations(context, *rows, relations);
  }
  std::string out = from_clause(context, set, relations, depth, true);
  out += context.line(depth) + "WHERE " + join_test(context, set);
  if (rows != nullptr) {
    out += context.line(depth + 1) + "AND " +
           print_condition(context, nullptr, *rows, Place::conjunct, depth + 1);
  }
  return out;
}

} // namespace segmentation::core::sql
