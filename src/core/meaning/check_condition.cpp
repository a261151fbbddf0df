// Conditions: logic, boolean names, IS NULL. Comparisons, lists and MATCHES have files of their own.
#include "core/meaning/build.hpp"
#include "core/meaning/checking.hpp"
#include "core/rule/printer.hpp"

#include <fmt/format.h>

namespace segmentation::core {

ConditionPtr Checker::condition(const Expr &expr, const Context &context) {
  const Level level(*this, expr.span);
  if (!level.fits()) {
    return nullptr;
  }
  switch (expr.kind) {
  case Expr::Kind::all:
  case Expr::Kind::any:
    return joined(expr, context);
  case Expr::Kind::negation: {
    ConditionPtr child = expr.children.empty() ? nullptr : condition(expr.children[0], context);
    return child ? build::negation(at(expr.span), std::move(child)) : nullptr;
  }
  case Expr::Kind::compare:
    return compare(expr, context);
  case Expr::Kind::between:
    return between(expr, context);
  case Expr::Kind::in:
    return in(expr, context);
  case Expr::Kind::contains:
    return contains(expr, context);
  case Expr::Kind::starts_with:
  case Expr::Kind::ends_with:
    return text_test(expr, context);
  case Expr::Kind::is_null:
    return is_null(expr, context);
  case Expr::Kind::truth:
    return truth(expr, context);
  case Expr::Kind::matches:
    return matches(expr, context);
  case Expr::Kind::function:
    return function(expr, context);
  case Expr::Kind::broken:
    break;
  }
  return nullptr;
}

ConditionPtr Checker::joined(const Expr &expr, const Context &context) {
  std::vector<ConditionPtr> children;
  children.reserve(expr.children.size());
  bool broken = false;
  for (const Expr &child : expr.children) {
    ConditionPtr checked = condition(child, context);
    broken = broken || !checked;
    children.push_back(std::move(checked));
  }
  if (broken) {
    return nullptr;
  }
  return build::join(expr.kind == Expr::Kind::all ? Condition::Form::all : Condition::Form::any,
                     at(expr.span), std::move(children));
}

ConditionPtr Checker::truth(const Expr &expr, const Context &context) {
  Operand left = value(expr.left, context);
  switch (left.form) {
  case Operand::Form::broken:
    return nullptr;
  case Operand::Form::condition:
    return left.condition;
  case Operand::Form::scalar:
    if (left.untyped && !read_as(left, Kind::boolean, expr.left, expr.left.span)) {
      return nullptr;
    }
    if (left.scalar.type == Kind::boolean) {
      return build::test(Condition::Form::is_true, at(expr.span), std::move(left.scalar));
    }
    break;
  default:
    break;
  }
  const std::string name = print_value(expr.left);
  const bool list = left.is_list();
  const Kind kind = left.form == Operand::Form::anniversary ? Kind::day : left.scalar.type;
  report(SqlState::wrong_type, expr.left.span,
         fmt::format("{} is {}, not a condition", name, list ? "a list" : kind_words(kind)),
         list ? fmt::format("Use {} CONTAINS with a value.", name) : std::string("Compare it with a value."));
  return nullptr;
}

ConditionPtr Checker::is_null(const Expr &expr, const Context &context) {
  const Span span = at(expr.span);
  if (expr.left.kind == Value::Kind::name) {
    const NameParts parts = expr.left.name.parts;
    const SourceName source = find_source(schema_, *reach_, parts);
    const bool is_source =
        source.relation >= 0 && source.parts == parts.size() &&
        (source.defined >= 0 ||
         schema_.relations[static_cast<std::size_t>(source.relation)].role == Role::source);
    // A value of that name goes before the source, as everywhere; a word of the language before both.
    if (is_source && !context.in_row() &&
        (is_memberships(parts) || resolve(schema_, *reach_, 0, parts).what == Resolved::What::nothing)) {
      bool attribute = false;
      for (const DefinedAttribute &known : schema_.attributes) {
        attribute = attribute || leading_parts(parts, known.name) == parts.size();
      }
      if (!attribute) {
        Rows rows = rows_of(source.defined, expr.left.span);
        return rows.right && says_segments(source.relation, rows.condition.get(), expr.left.span)
                   ? build::negated_if(expr.negated, span,
                                       build::number_compare(
                                           span, count_of(source.relation, std::move(rows.condition), span),
                                           CompareOp::eq, Decimal(0)))
                   : nullptr;
      }
    }
  }
  Operand left = value(expr.left, context);
  ConditionPtr present;
  switch (left.form) {
  case Operand::Form::broken:
    return nullptr;
  case Operand::Form::condition:
    present = build::constant(span, true);
    break;
  case Operand::Form::list:
  case Operand::Form::set:
    present = list_present(left, span);
    break;
  case Operand::Form::segments:
    if (left.kept != NamedSegment::Form::rule) {
      present = build::any(span, {});
      break;
    }
    report(SqlState::wrong_type, expr.op_span,
           fmt::format("segments does not support \"{}\"", operator_words(expr)),
           "Use segments CONTAINS with the name of a segment.");
    return nullptr;
  case Operand::Form::scalar:
  case Operand::Form::anniversary:
    present = build::present(span, left.scalar);
    if (left.untyped && left.scalar.form == Scalar::Form::column) {
      // A json key may hold an array, which does not read as a text.
      left.scalar.type = Kind::text_list;
      present = build::any(span, {std::move(present), list_present(left, span)});
    } else if (left.field && column_of(schema_, left.scalar.column).kind == Kind::json) {
      Operand list = column_operand(left.scalar.column, expr.left.span);
      list.scalar.type = Kind::text_list;
      present = build::any(span, {std::move(present), any_row(left, list_present(list, span), span)});
    }
    break;
  }
  if (left.kept != NamedSegment::Form::rule) {
    any_kept_ = true;
    std::vector<ConditionPtr> any = {std::move(present)};
    for (const NamedSegment &kept : schema_.segments) {
      if (kept.form == left.kept) {
        any.push_back(with_hands(kept, nullptr, schema_));
      }
    }
    present = build::any(span, std::move(any));
  }
  return build::negated_if(!expr.negated, span, std::move(present));
}

} // namespace segmentation::core
