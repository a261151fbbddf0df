// MATCHES: row conditions filter the rows together, aggregate conditions judge what is left.
#include "core/meaning/build.hpp"
#include "core/meaning/checking.hpp"
#include "core/rule/printer.hpp"

#include <fmt/format.h>

namespace segmentation::core {

namespace {

/// Collects the conditions that hold together: the commas and ANDs of MATCHES, through parentheses.
void flatten(const Expr &expr, std::vector<const Expr *> &parts) {
  if (expr.kind != Expr::Kind::all) {
    parts.push_back(&expr);
    return;
  }
  for (const Expr &child : expr.children) {
    flatten(child, parts);
  }
}

/// The condition as one that was written at `span`, with all of its parts.
ConditionPtr written_at(Span span, const Condition &condition) {
  auto moved = std::make_shared<Condition>(condition);
  moved->span = span;
  for (ConditionPtr &child : moved->children) {
    child = written_at(span, *child);
  }
  return moved;
}

} // namespace

ConditionPtr Checker::matches(const Expr &expr, const Context &context) {
  if (context.in_row()) {
    report(SqlState::syntax_error, expr.source.span,
           fmt::format("{} MATCHES cannot stand in a condition on rows", print_name(expr.source)),
           "Test it beside the other MATCHES, joined by AND; a detail source reaches its parents' columns "
           "itself.");
    return nullptr;
  }
  const NameParts parts = expr.source.parts;
  const SourceName source = find_source(schema_, *reach_, parts);
  if (source.relation < 0 || source.parts != parts.size()) {
    if (source.relation >= 0) {
      report(SqlState::wrong_type, expr.source.span,
             fmt::format("{} is not a source", print_name(expr.source)),
             fmt::format("Use {} MATCHES (...) and name the column inside.", name_of(source)));
    } else {
      unknown_source(expr.source, false);
    }
    return nullptr;
  }

  std::vector<const Expr *> conditions;
  if (!expr.children.empty()) {
    flatten(expr.children[0], conditions);
  }
  Context rows;
  rows.place = Context::Place::row;
  rows.root = source.relation;
  rows.defined = source.defined;
  const Rows left = rows_of(source.defined, expr.source.span);
  std::vector<const Expr *> aggregates;
  std::vector<ConditionPtr> filters;
  bool broken = !left.right;
  for (const Expr *part : conditions) {
    if (part->kind == Expr::Kind::broken) {
      broken = true;
      continue;
    }
    if (is_aggregate_test(*part, rows)) {
      aggregates.push_back(part);
      continue;
    }
    ConditionPtr filter = condition(*part, rows);
    broken = broken || !filter;
    filters.push_back(std::move(filter));
  }
  const Span span = at(expr.span);
  ConditionPtr filter;
  if (!filters.empty() && !broken) {
    filter = build::all(expr.children.empty() ? span : at(expr.children[0].span), std::move(filters));
  }
  filter = build::both(span, left.condition, std::move(filter));
  broken = broken || !says_segments(source.relation, filter.get(), expr.source.span);
  if (aggregates.empty()) {
    if (broken) {
      return nullptr;
    }
    return build::negated_if(expr.negated, span,
                             build::number_compare(span, count_of(source.relation, std::move(filter), span),
                                                   CompareOp::gt, Decimal(0)));
  }

  Context judged;
  judged.place = Context::Place::aggregate;
  judged.root = source.relation;
  judged.defined = source.defined;
  judged.rows = std::move(filter);
  std::vector<ConditionPtr> tests;
  for (const Expr *aggregate : aggregates) {
    ConditionPtr test = condition(*aggregate, judged);
    broken = broken || !test;
    tests.push_back(std::move(test));
  }
  if (broken) {
    return nullptr;
  }
  if (tests.size() == 1) { // it says little without the rows that it judges: MATCHES and it are one
    tests.front() = written_at(span, *tests.front());
  }
  return build::negated_if(expr.negated, span, build::all(span, std::move(tests)));
}

/// A key-value field may hold what does not fold to one value, such as a list: the test is made on its rows.
ConditionPtr Checker::any_row(const Operand &field, ConditionPtr test, Span span) const {
  return build::number_compare(
      span, count_of(field.scalar.source, build::both(span, field.scalar.filter, std::move(test)), span),
      CompareOp::gt, Decimal(0));
}

} // namespace segmentation::core
