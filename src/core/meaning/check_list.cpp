// Lists: CONTAINS over sets of customers, lists of a row, json, texts, and the built-in list of segments.
#include "core/meaning/build.hpp"
#include "core/meaning/checking.hpp"
#include "core/rule/printer.hpp"
#include "core/value/fold_case.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace segmentation::core {

namespace {

template <typename T> void sort_distinct(std::vector<T> &values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

/// Returns what one row adds to a list as that row has it: a value, or of list() perhaps a list.
Scalar element_of(const Operand &list) {
  Scalar element = list.scalar;
  if (element.form == Scalar::Form::aggregate) {
    element = {};
    element.type = list.scalar.type;
    element.span = list.scalar.span;
    element.column = list.scalar.column;
  } else if (is_list(element.type)) {
    element.type = element.type == Kind::number_list ? Kind::number : Kind::text;
  }
  return element;
}

} // namespace

void Checker::refuse_list(const Expr &expr) {
  if (full()) {
    return;
  }
  const std::string name = print_value(expr.left);
  const bool negated = expr.negated || (expr.kind == Expr::Kind::compare && expr.op == CompareOp::ne);
  std::string test = fmt::format("{}{}CONTAINS", name, negated ? " NOT " : " ");
  std::string hint = fmt::format("Use {} with a value.", test);
  if (expr.kind == Expr::Kind::in) {
    std::string values;
    // A long list would drown the hint.
    constexpr std::size_t enough = 3;
    for (std::size_t i = 0; i < expr.literals.size() && i < enough; ++i) {
      values += fmt::format("{}{}", i == 0 ? "" : ", ", print_literal(expr.literals[i]));
    }
    hint = fmt::format("Use {} ANY ({}{}).", test, values, expr.literals.size() > enough ? ", ..." : "");
  } else if (expr.kind == Expr::Kind::compare && expr.literals.size() == 1) {
    hint = fmt::format("Use {} {}.", test, print_literal(expr.literals[0]));
  }
  report(SqlState::wrong_type, expr.op_span,
         fmt::format("{} is a list and does not support \"{}\"", name, operator_words(expr)),
         std::move(hint));
}

ConditionPtr Checker::contains(const Expr &expr, const Context &context) {
  Operand left = value(expr.left, context);
  if (left.form == Operand::Form::broken || expr.literals.empty()) {
    return nullptr;
  }
  ConditionPtr positive;
  if (left.kept != NamedSegment::Form::rule) {
    positive = kept_contain(expr, left);
  } else if (left.form == Operand::Form::segments) {
    positive = segments_contain(expr);
  } else if (left.is_list()) {
    positive = list_contains(expr, left, expr.quantifier == Expr::Quantifier::all);
  } else if (is_segment_name(left)) {
    refuse_segment_name(expr);
  } else if (left.form == Operand::Form::scalar && (left.untyped || left.scalar.type == Kind::text)) {
    positive = contains_text(expr, left);
  } else {
    refuse_operator(expr, left.form == Operand::Form::condition     ? Kind::boolean
                          : left.form == Operand::Form::anniversary ? Kind::day
                                                                    : left.scalar.type);
  }
  return positive ? build::negated_if(expr.negated, at(expr.span), std::move(positive)) : nullptr;
}

ConditionPtr Checker::contains_text(const Expr &expr, Operand &left) {
  const Span span = at(expr.span);
  if (left.field && column_of(schema_, left.scalar.column).kind == Kind::json) {
    Operand value = column_operand(left.scalar.column, expr.left.span);
    ConditionPtr test = contains_text(expr, value);
    return test ? any_row(left, std::move(test), span) : nullptr;
  }
  // A json key may hold a text or an array: whichever it is has to contain the value. Folds reach single
  // values only.
  const bool json = left.untyped && left.scalar.form == Scalar::Form::column;
  if (left.untyped && !json && !read_as(left, Kind::text, expr.left, expr.op_span)) {
    return nullptr;
  }
  std::vector<ConditionPtr> tests;
  bool broken = false;
  for (const Literal &literal : expr.literals) {
    const Span literal_span = expr.literals.size() == 1 ? expr.op_span : literal.span;
    std::vector<ConditionPtr> readings;
    if (json && literal.kind == Literal::Kind::number) {
      std::optional<Decimal> number = number_literal(literal, left, expr.left, literal_span);
      if (number) {
        Operand list = left;
        list.scalar.type = Kind::number_list;
        std::vector<Decimal> numbers;
        numbers.push_back(std::move(*number));
        readings.push_back(one_of(list, {}, std::move(numbers), span));
      }
    } else if (std::optional<std::string> text = text_literal(literal, expr.left, literal_span)) {
      Scalar scalar = left.scalar;
      scalar.type = Kind::text;
      readings.push_back(build::text(Condition::Form::text_contains, span, std::move(scalar), *text));
      if (json) {
        Operand list = left;
        list.scalar.type = Kind::text_list;
        readings.push_back(one_of(list, {fold_case(*text)}, {}, span));
      }
    }
    broken = broken || readings.empty();
    if (!readings.empty()) {
      tests.push_back(build::any(span, std::move(readings)));
    }
  }
  if (broken) {
    return nullptr;
  }
  return expr.quantifier == Expr::Quantifier::all ? build::all(span, std::move(tests))
                                                  : build::any(span, std::move(tests));
}

/// list(source.column): a set of the rows that are left, of which each has a value, a list, or json.
Operand Checker::list_of(int source, ConditionPtr rows, Operand &&element, const Value &value) {
  const bool of_names = is_segment_name(element);
  const Scalar single = element.member ? element_of(element) : element.scalar;
  if (of_names || (single.type != Kind::text && single.type != Kind::number && !is_list(single.type))) {
    const std::string name = print_name(value.name);
    report(SqlState::wrong_type, value.name.span,
           fmt::format("{} is {} and does not support list", name,
                       of_names ? "the name of a segment" : kind_words(single.type)),
           of_names ? "Use memberships MATCHES (segment = 'vip')."
                    : "A list is of texts or numbers; use MATCHES, min, max or last.");
    return {};
  }
  Operand list;
  list.form = Operand::Form::set;
  list.set = source;
  list.untyped = element.untyped;
  list.scalar.form = Scalar::Form::aggregate;
  list.scalar.type = single.type;
  list.scalar.span = at(value.span);
  list.scalar.fold = Fold::list;
  list.scalar.column = single.column;
  list.scalar.source = source;
  list.scalar.filter = std::move(rows);
  return list;
}

/// Holds where some row of a list passes the test.
ConditionPtr Checker::some_row(const Operand &list, ConditionPtr row, Span span) const {
  if (list.scalar.form != Scalar::Form::aggregate) {
    return build::number_compare(span, count_of(list.set, std::move(row), span), CompareOp::gt, Decimal(0));
  }
  auto made = build::test(Condition::Form::number_compare, span,
                          count_of(list.set, build::both(span, list.scalar.filter, std::move(row)), span));
  made->op = CompareOp::gt;
  made->number = Decimal(0);
  made->list = std::make_shared<const Scalar>(list.scalar);
  return made;
}

ConditionPtr Checker::one_of(const Operand &left, std::vector<std::string> texts,
                             std::vector<Decimal> numbers, Span span) {
  const bool is_numbers = texts.empty();
  const bool rows = left.form == Operand::Form::set || left.member;
  Scalar value = rows ? element_of(left) : left.scalar;
  std::vector<ConditionPtr> readings; // json may hold a value or an array
  if (left.untyped || !rows || is_list(value.type)) {
    auto list = build::test(Condition::Form::list_contains, span, value);
    list->left.type = left.untyped && rows ? (is_numbers ? Kind::number_list : Kind::text_list) : value.type;
    list->texts = texts;
    list->numbers = numbers;
    list->ignore_case = true;
    readings.push_back(std::move(list));
  }
  if (rows && !is_list(value.type)) {
    value.type = is_numbers ? Kind::number : Kind::text;
    auto single = build::test(is_numbers ? Condition::Form::number_in : Condition::Form::text_in, span,
                              std::move(value));
    single->texts = std::move(texts);
    single->numbers = std::move(numbers);
    single->ignore_case = !is_numbers;
    readings.push_back(std::move(single));
  }
  ConditionPtr row = build::any(span, std::move(readings));
  return left.form == Operand::Form::set ? some_row(left, std::move(row), span) : row;
}

ConditionPtr Checker::list_contains(const Expr &expr, const Operand &left, bool all) {
  const Span span = at(expr.span);
  // What json is read as, its constants say.
  const bool is_numbers = left.untyped ? expr.literals[0].kind == Literal::Kind::number
                                       : list_of_kind(left.scalar.type) == Kind::number_list;
  std::vector<std::string> texts;
  std::vector<Decimal> numbers;
  bool broken = false;
  for (const Literal &literal : expr.literals) {
    const Span literal_span = expr.literals.size() == 1 ? expr.op_span : literal.span;
    if (is_numbers && literal.kind == Literal::Kind::number) {
      std::optional<Decimal> number = number_literal(literal, left, expr.left, literal_span);
      broken = broken || !number;
      if (number) {
        numbers.push_back(std::move(*number));
      }
    } else if (!is_numbers && literal.kind == Literal::Kind::text) {
      texts.push_back(fold_case(literal.text));
    } else {
      broken = true;
      if (!full()) {
        const std::string written = print_literal(literal);
        report(SqlState::wrong_type, literal_span,
               fmt::format("{} is a list of {} and cannot contain {}", print_value(expr.left),
                           is_numbers ? "numbers" : "texts", written),
               is_numbers || literal.kind == Literal::Kind::coordinates
                   ? std::string()
                   : fmt::format("Put it in quotes: '{}'.", written));
      }
    }
  }
  if (broken) {
    return nullptr;
  }
  sort_distinct(texts);
  sort_distinct(numbers);
  if (!all) {
    return one_of(left, std::move(texts), std::move(numbers), span);
  }
  std::vector<ConditionPtr> tests;
  for (std::string &text : texts) {
    tests.push_back(one_of(left, {std::move(text)}, {}, span));
  }
  for (Decimal &number : numbers) {
    std::vector<Decimal> one;
    one.push_back(std::move(number));
    tests.push_back(one_of(left, {}, std::move(one), span));
  }
  return build::all(span, std::move(tests));
}

ConditionPtr Checker::list_present(const Operand &left, Span span) {
  const bool rows = left.form == Operand::Form::set || left.member;
  Scalar value = rows ? element_of(left) : left.scalar;
  std::vector<ConditionPtr> readings;
  if (rows && !is_list(value.type)) {
    readings.push_back(build::present(span, value));
  }
  if (left.untyped || !rows || is_list(value.type)) {
    value.type = rows ? list_of_kind(value.type) : value.type;
    readings.push_back(build::test(Condition::Form::list_present, span, std::move(value)));
  }
  ConditionPtr row = build::any(span, std::move(readings));
  return left.form == Operand::Form::set ? some_row(left, std::move(row), span) : row;
}

/// Membership in a segment; `named` is where its name stands in the test of `span`.
ConditionPtr Checker::named_segment(int index, Span span, Span named) {
  ConditionPtr inlined = segment(index, named);
  if (!inlined) {
    return nullptr;
  }
  auto made = build::node(Condition::Form::segment, at(span));
  made->children.push_back(std::move(inlined));
  made->segment_name = schema_.segments[static_cast<std::size_t>(index)].name;
  return made;
}

/// Names in the list of groups, or of tags: the shop's own, and those that people keep by hand. As with any
/// list, a name that nobody bears is no mistake.
ConditionPtr Checker::kept_contain(const Expr &expr, const Operand &left) {
  const Span span = at(expr.span);
  const bool has_own = left.form != Operand::Form::segments;
  const bool all = expr.quantifier == Expr::Quantifier::all;
  ConditionPtr own = has_own ? list_contains(expr, left, all) : nullptr;
  if (has_own && (!own || left.scalar.type == Kind::number || left.scalar.type == Kind::number_list)) {
    return own;
  }
  bool any_kept = false;
  std::vector<ConditionPtr> any;
  std::vector<ConditionPtr> each; // by literal
  for (const Literal &literal : expr.literals) {
    if (!has_own &&
        !text_literal(literal, expr.left, expr.literals.size() == 1 ? expr.op_span : literal.span)) {
      return nullptr;
    }
    const std::string folded = fold_case(literal.text);
    std::vector<ConditionPtr> either;
    if (has_own && all) {
      either.push_back(one_of(left, {folded}, {}, span));
    }
    for (std::size_t i = 0; i < schema_.segments.size(); ++i) {
      const NamedSegment &kept = schema_.segments[i];
      if (kept.form == left.kept && fold_case(kept.name) == folded) {
        any_kept = true;
        any.push_back(named_segment(static_cast<int>(i), expr.span, literal.span));
        either.push_back(any.back());
      }
    }
    each.push_back(build::any(span, std::move(either)));
  }
  if (has_own && !any_kept) {
    return own;
  }
  if (all) {
    return build::all(span, std::move(each));
  }
  if (has_own) {
    any.insert(any.begin(), std::move(own));
  }
  return build::any(span, std::move(any));
}

ConditionPtr Checker::segments_contain(const Expr &expr) {
  std::vector<ConditionPtr> tests;
  bool broken = false;
  for (const Literal &literal : expr.literals) {
    if (literal.kind != Literal::Kind::text) {
      report(SqlState::wrong_type, expr.literals.size() == 1 ? expr.op_span : literal.span,
             fmt::format("segments is a list of names and cannot contain {}", print_literal(literal)));
      broken = true;
      continue;
    }
    const int index = find_segment(literal);
    ConditionPtr test = index < 0 ? nullptr : named_segment(index, expr.span, literal.span);
    if (!test) {
      broken = true;
      continue;
    }
    tests.push_back(std::move(test));
  }
  if (broken) {
    return nullptr;
  }
  const Span span = at(expr.span);
  return expr.quantifier == Expr::Quantifier::all ? build::all(span, std::move(tests))
                                                  : build::any(span, std::move(tests));
}

} // namespace segmentation::core
