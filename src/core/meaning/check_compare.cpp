// Comparisons: a value with constants or with another value, BETWEEN, IN, STARTS WITH and ENDS WITH.
#include "core/meaning/build.hpp"
#include "core/meaning/checking.hpp"
#include "core/rule/printer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace segmentation::core {

namespace {

bool is_equality(CompareOp op) {
  return op == CompareOp::eq || op == CompareOp::ne;
}

/// The condition of `=` for an operator that may be `!=`.
ConditionPtr equal_or_not(CompareOp op, Span span, ConditionPtr equal) {
  return build::negated_if(op == CompareOp::ne, span, std::move(equal));
}

/// A boolean that is present and false: in two-valued logic more than its complement.
ConditionPtr is_false(const Scalar &scalar, Span span) {
  return build::all(span, {build::present(span, scalar),
                           build::negation(span, build::test(Condition::Form::is_true, span, scalar))});
}

/// What a boolean operand comes to where it is true, and where it is false.
ConditionPtr holds(const Operand &operand, bool truth, Span span) {
  if (operand.form == Operand::Form::condition) {
    return build::negated_if(!truth, span, operand.condition);
  }
  return truth ? build::test(Condition::Form::is_true, span, operand.scalar) : is_false(operand.scalar, span);
}

/// d = X, d < X, ... for a date: see Bound.
ConditionPtr date_condition(CompareOp op, const Scalar &left, const DateForm &date, Span span) {
  using Form = Condition::Form;
  switch (op) {
  case CompareOp::lt:
    return build::date(Form::date_before, span, left, date, false);
  case CompareOp::le:
    return build::date(Form::date_before, span, left, date, true);
  case CompareOp::gt:
    return build::date(Form::date_from, span, left, date, true);
  case CompareOp::ge:
    return build::date(Form::date_from, span, left, date, false);
  case CompareOp::eq:
  case CompareOp::ne:
    break;
  }
  return equal_or_not(op, span,
                      build::all(span, {build::date(Form::date_from, span, left, date, false),
                                        build::date(Form::date_before, span, left, date, true)}));
}

ConditionPtr anniversary_condition(const Scalar &date, const DateForm &first, const DateForm &last,
                                   Span span) {
  auto made = build::test(Condition::Form::anniversary, span, date);
  made->bound = {first, false};
  made->bound_end = {last, true};
  return made;
}

} // namespace

ConditionPtr Checker::compare(const Expr &expr, const Context &context) {
  Operand left = value(expr.left, context);
  if (expr.right) {
    const std::size_t before = diagnostics_.size();
    Operand right = value(*expr.right, context);
    hint_at_constant(left, *expr.right, before);
    if (left.form == Operand::Form::broken || right.form == Operand::Form::broken) {
      return nullptr;
    }
    return compare_values(expr, left, right);
  }
  if (left.form == Operand::Form::broken || expr.literals.empty()) {
    return nullptr;
  }
  if (is_segment_name(left)) {
    return segment_name_test(expr, left);
  }
  return compare_literal(expr, left, context);
}

ConditionPtr Checker::compare_literal(const Expr &expr, Operand &left, const Context &context) {
  const Literal &literal = expr.literals[0];
  const Span span = at(expr.span);
  switch (left.form) {
  case Operand::Form::broken:
    return nullptr;
  case Operand::Form::list:
    if (context.in_row() && is_equality(expr.op)) {
      ConditionPtr contains = list_contains(expr, left, false);
      return contains ? equal_or_not(expr.op, span, std::move(contains)) : nullptr;
    }
    [[fallthrough]];
  case Operand::Form::set:
  case Operand::Form::segments:
    refuse_list(expr);
    return nullptr;
  case Operand::Form::anniversary:
    return compare_anniversary(expr, left, literal);
  case Operand::Form::condition:
    left.scalar.type = Kind::boolean;
    break;
  case Operand::Form::scalar:
    if (left.untyped && !read_as(left, kind_meant(literal, !is_equality(expr.op)), expr.left, expr.op_span)) {
      return nullptr;
    }
    break;
  }

  switch (left.scalar.type) {
  case Kind::number:
    return compare_number(expr, left, expr.op, literal);
  case Kind::text: {
    if (!is_equality(expr.op)) {
      refuse_operator(expr, Kind::text);
      return nullptr;
    }
    std::optional<std::string> text = text_literal(literal, expr.left, expr.op_span);
    if (!text) {
      return nullptr;
    }
    return equal_or_not(
        expr.op, span, build::text(Condition::Form::text_in, span, std::move(left.scalar), std::move(*text)));
  }
  case Kind::boolean:
    if (literal.kind != Literal::Kind::boolean) {
      refuse_literal(expr.left, Kind::boolean, literal, expr.op_span);
      return nullptr;
    }
    if (!is_equality(expr.op)) {
      refuse_operator(expr, Kind::boolean);
      return nullptr;
    }
    return equal_or_not(expr.op, span, holds(left, literal.boolean, span));
  case Kind::day:
  case Kind::instant:
    return compare_date(expr, left, literal);
  default:
    return nullptr;
  }
}

ConditionPtr Checker::compare_number(const Expr &expr, Operand &left, CompareOp op, const Literal &literal) {
  std::optional<Decimal> number = number_literal(literal, left, expr.left, expr.op_span);
  if (!number) {
    return nullptr;
  }
  const Span span = at(expr.span);
  const CompareOp positive = op == CompareOp::ne ? CompareOp::eq : op;
  return equal_or_not(op, span,
                      build::number_compare(span, std::move(left.scalar), positive, std::move(*number)));
}

ConditionPtr Checker::compare_date(const Expr &expr, Operand &left, const Literal &literal) {
  const std::optional<DateForm> date = date_literal(literal, expr.left, expr.op_span);
  return date ? date_condition(expr.op, left.scalar, *date, at(expr.span)) : nullptr;
}

ConditionPtr Checker::compare_anniversary(const Expr &expr, Operand &left, const Literal &literal) {
  if (!is_equality(expr.op)) {
    report(SqlState::wrong_type, expr.op_span,
           fmt::format("anniversary does not support \"{}\"", compare_sign(expr.op)),
           "Use =, != or BETWEEN, as in BETWEEN today AND +7d.");
    return nullptr;
  }
  const std::optional<DateForm> date = date_literal(literal, expr.left, expr.op_span);
  if (!date) {
    return nullptr;
  }
  if (!date->is_days()) {
    report(SqlState::wrong_type, literal.span, "anniversary is compared with whole days");
    return nullptr;
  }
  const Span span = at(expr.span);
  return equal_or_not(expr.op, span, anniversary_condition(left.scalar, *date, *date, span));
}

ConditionPtr Checker::compare_values(const Expr &expr, Operand &left, Operand &right) {
  const Span span = at(expr.span);
  if (left.is_list()) {
    refuse_list(expr);
    return nullptr;
  }
  const auto plain = [](const Operand &operand) {
    return operand.form == Operand::Form::scalar || operand.form == Operand::Form::condition;
  };
  if (!plain(left) || !plain(right)) {
    const bool left_is_plain = plain(left);
    report(SqlState::wrong_type, expr.op_span,
           fmt::format("{} cannot be compared with another value",
                       print_value(left_is_plain ? *expr.right : expr.left)),
           right.is_list() ? "A list is tested with CONTAINS." : "Compare it with a constant.");
    return nullptr;
  }
  for (Operand *operand : {&left, &right}) {
    if (operand->form == Operand::Form::condition) {
      operand->scalar.type = Kind::boolean;
    }
  }
  // A json value is read as the other side is; of two json values, texts can be equal and numbers have an
  // order.
  const auto meant = [&](const Operand &other) {
    if (!other.untyped) {
      return other.scalar.type;
    }
    return is_equality(expr.op) ? Kind::text : Kind::number;
  };
  const Kind left_kind = left.untyped ? meant(right) : left.scalar.type;
  const Kind right_kind = right.untyped ? meant(left) : right.scalar.type;
  if ((left.untyped && !read_as(left, left_kind, expr.left, expr.op_span)) ||
      (right.untyped && !read_as(right, right_kind, *expr.right, expr.op_span))) {
    return nullptr;
  }
  if (left_kind != right_kind && !(is_date(left_kind) && is_date(right_kind))) {
    report(SqlState::wrong_type, expr.op_span,
           fmt::format("{} is {} and cannot be compared with {}, which is {}", print_value(expr.left),
                       kind_words(left_kind), print_value(*expr.right), kind_words(right_kind)));
    return nullptr;
  }
  if (!is_equality(expr.op) && (left_kind == Kind::text || left_kind == Kind::boolean)) {
    refuse_operator(expr, left_kind);
    return nullptr;
  }
  if (left_kind == Kind::boolean) {
    ConditionPtr equal =
        build::any(span, {build::all(span, {holds(left, true, span), holds(right, true, span)}),
                          build::all(span, {holds(left, false, span), holds(right, false, span)})});
    return equal_or_not(expr.op, span, std::move(equal));
  }
  const CompareOp positive = expr.op == CompareOp::ne ? CompareOp::eq : expr.op;
  return equal_or_not(expr.op, span,
                      build::compare(span, std::move(left.scalar), positive, std::move(right.scalar)));
}

ConditionPtr Checker::between(const Expr &expr, const Context &context) {
  Operand left = value(expr.left, context);
  if (left.form == Operand::Form::broken || expr.literals.size() < 2) {
    return nullptr;
  }
  if (left.is_list()) {
    refuse_list(expr);
    return nullptr;
  }
  const Span span = at(expr.span);
  const Literal &first = expr.literals[0];
  const Literal &last = expr.literals[1];
  if (left.form == Operand::Form::condition) {
    refuse_operator(expr, Kind::boolean);
    return nullptr;
  }
  if (left.untyped && !read_as(left, kind_meant(first, true), expr.left, expr.op_span)) {
    return nullptr;
  }
  const Kind kind = left.scalar.type;
  if (is_segment_name(left)) {
    refuse_segment_name(expr);
    return nullptr;
  }
  if (kind == Kind::text || kind == Kind::boolean) {
    refuse_operator(expr, kind);
    return nullptr;
  }
  if (kind == Kind::number) {
    const std::optional<Decimal> low = number_literal(first, left, expr.left, expr.op_span);
    const std::optional<Decimal> high =
        low ? number_literal(last, left, expr.left, expr.op_span) : std::nullopt;
    if (!low || !high) {
      return nullptr;
    }
    return build::negated_if(
        expr.negated, span,
        build::all(span, {build::number_compare(span, left.scalar, CompareOp::ge, *low),
                          build::number_compare(span, left.scalar, CompareOp::le, *high)}));
  }
  const std::optional<DateForm> from = date_literal(first, expr.left, expr.op_span);
  const std::optional<DateForm> to = from ? date_literal(last, expr.left, expr.op_span) : std::nullopt;
  if (!from || !to) {
    return nullptr;
  }
  if (left.form == Operand::Form::anniversary) {
    if (!from->is_days() || !to->is_days()) {
      report(SqlState::wrong_type, from->is_days() ? last.span : first.span,
             "anniversary is compared with whole days");
      return nullptr;
    }
    return build::negated_if(expr.negated, span, anniversary_condition(left.scalar, *from, *to, span));
  }
  return build::negated_if(
      expr.negated, span,
      build::all(span, {build::date(Condition::Form::date_from, span, left.scalar, *from, false),
                        build::date(Condition::Form::date_before, span, left.scalar, *to, true)}));
}

ConditionPtr Checker::in(const Expr &expr, const Context &context) {
  Operand left = value(expr.left, context);
  if (left.form == Operand::Form::broken || expr.literals.empty()) {
    return nullptr;
  }
  if (is_segment_name(left)) {
    return segment_name_test(expr, left);
  }
  const Span span = at(expr.span);
  if (left.form == Operand::Form::list && context.in_row()) {
    ConditionPtr contains = list_contains(expr, left, false);
    return contains ? build::negated_if(expr.negated, span, std::move(contains)) : nullptr;
  }
  if (left.is_list()) {
    refuse_list(expr);
    return nullptr;
  }
  if (left.untyped && !read_as(left, kind_meant(expr.literals[0], false), expr.left, expr.op_span)) {
    return nullptr;
  }
  const Kind kind = left.form == Operand::Form::condition ? Kind::boolean : left.scalar.type;
  if (left.form == Operand::Form::anniversary || (kind != Kind::number && kind != Kind::text)) {
    if (left.form == Operand::Form::anniversary) {
      report(SqlState::wrong_type, expr.op_span,
             fmt::format("anniversary does not support \"{}\"", operator_words(expr)),
             "Use =, != or BETWEEN, as in BETWEEN today AND +7d.");
    } else {
      refuse_operator(expr, kind);
    }
    return nullptr;
  }

  bool broken = false;
  const bool numbers = kind == Kind::number;
  auto made = build::node(numbers ? Condition::Form::number_in : Condition::Form::text_in, span);
  // With several values the operator would not tell which one is wrong.
  for (const Literal &literal : expr.literals) {
    if (numbers) {
      std::optional<Decimal> number = number_literal(literal, left, expr.left, literal.span);
      broken = broken || !number;
      if (number) {
        made->numbers.push_back(std::move(*number));
      }
    } else {
      std::optional<std::string> text = text_literal(literal, expr.left, literal.span);
      broken = broken || !text;
      if (text) {
        made->texts.push_back(std::move(*text));
      }
    }
  }
  if (broken) {
    return nullptr;
  }
  std::sort(made->numbers.begin(), made->numbers.end());
  made->numbers.erase(std::unique(made->numbers.begin(), made->numbers.end()), made->numbers.end());
  std::sort(made->texts.begin(), made->texts.end());
  made->texts.erase(std::unique(made->texts.begin(), made->texts.end()), made->texts.end());
  made->left = std::move(left.scalar);
  return build::negated_if(expr.negated, span, std::move(made));
}

ConditionPtr Checker::text_test(const Expr &expr, const Context &context) {
  Operand left = value(expr.left, context);
  if (left.form == Operand::Form::broken || expr.literals.empty()) {
    return nullptr;
  }
  if (left.is_list()) {
    refuse_list(expr);
    return nullptr;
  }
  if (is_segment_name(left)) {
    refuse_segment_name(expr);
    return nullptr;
  }
  if (left.untyped && !read_as(left, Kind::text, expr.left, expr.op_span)) {
    return nullptr;
  }
  if (left.form != Operand::Form::scalar || left.scalar.type != Kind::text) {
    refuse_operator(expr, left.form == Operand::Form::condition     ? Kind::boolean
                          : left.form == Operand::Form::anniversary ? Kind::day
                                                                    : left.scalar.type);
    return nullptr;
  }
  std::optional<std::string> text = text_literal(expr.literals[0], expr.left, expr.op_span);
  if (!text) {
    return nullptr;
  }
  const Span span = at(expr.span);
  const auto form =
      expr.kind == Expr::Kind::starts_with ? Condition::Form::text_starts : Condition::Form::text_ends;
  return build::negated_if(expr.negated, span,
                           build::text(form, span, std::move(left.scalar), std::move(*text)));
}

} // namespace segmentation::core
