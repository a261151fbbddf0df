// Deep copies of a tree, names as text, and the question whether a list of conditions names one column twice.
#include "core/rule/tree.hpp"

#include <algorithm>

namespace segmentation::core {

std::string dotted(std::span<const Name::Part> parts) {
  std::string text;
  for (const Name::Part &part : parts) {
    text += text.empty() ? "" : ".";
    text += part.text;
  }
  return text;
}

Value clone(const Value &value) {
  Value copy;
  copy.kind = value.kind;
  copy.span = value.span;
  copy.name = value.name;
  copy.fn = value.fn;
  copy.distinct = value.distinct;
  if (value.filter)
    copy.filter = std::make_unique<Expr>(clone(*value.filter));
  copy.has_matches = value.has_matches;
  copy.op = value.op;
  copy.operands.reserve(value.operands.size());
  for (const Value &operand : value.operands)
    copy.operands.push_back(clone(operand));
  copy.literal = value.literal;
  return copy;
}

Expr clone(const Expr &expr) {
  Expr copy;
  copy.kind = expr.kind;
  copy.span = expr.span;
  copy.op_span = expr.op_span;
  copy.negated = expr.negated;
  copy.op = expr.op;
  copy.quantifier = expr.quantifier;
  copy.left = clone(expr.left);
  if (expr.right)
    copy.right = std::make_unique<Value>(clone(*expr.right));
  copy.literals = expr.literals;
  copy.children.reserve(expr.children.size());
  for (const Expr &child : expr.children)
    copy.children.push_back(clone(child));
  copy.source = expr.source;
  copy.arguments = expr.arguments;
  return copy;
}

namespace {

/// Returns the name that a condition compares with something, or null where it is no plain comparison.
const Name *compared_name(const Expr &expr) noexcept {
  const bool compares =
      expr.kind == Expr::Kind::compare || expr.kind == Expr::Kind::between || expr.kind == Expr::Kind::in;
  return compares && expr.left.kind == Value::Kind::name ? &expr.left.name : nullptr;
}

bool before(const Name &a, const Name &b) {
  return std::lexicographical_compare(a.parts.begin(), a.parts.end(), b.parts.begin(), b.parts.end(),
                                      [](const auto &left, const auto &right) {
                                        const int order = left.text.compare(right.text);
                                        return order != 0 ? order < 0 : left.quoted < right.quoted;
                                      });
}

} // namespace

std::vector<std::size_t> repeated_columns(const std::vector<Expr> &conditions) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < conditions.size(); ++i)
    if (compared_name(conditions[i]) != nullptr)
      order.push_back(i);
  std::vector<std::size_t> repeated;
  if (order.size() < 2)
    return repeated;
  const auto name = [&](std::size_t i) -> const Name & { return *compared_name(conditions[i]); };
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return before(name(a), name(b)); });
  for (std::size_t i = 1; i < order.size(); ++i)
    if (name(order[i - 1]).parts == name(order[i]).parts)
      repeated.push_back(order[i]);
  std::sort(repeated.begin(), repeated.end());
  return repeated;
}

} // namespace segmentation::core
