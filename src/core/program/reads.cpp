// The way from a feed's relation to each column.
#include "core/program/reads.hpp"

namespace segmentation::core::program {

bool Reads::is_on_trunk(int relation) const {
  int at = root_;
  while (at >= 0 && at != relation)
    at = this->relation(at).of;
  return at == relation;
}

void Reads::join(int below) {
  if (!joined_.insert(below).second)
    return;
  const Relation &own = relation(below);
  if (own.role == Role::lookup) {
    columns_[below].insert(own.lookup_key);
    columns_[own.of].insert(own.key);
  } else {
    columns_[below].insert(own.key);
    columns_[own.of].insert(own.of_key);
  }
  if (own.tree >= 0) {
    reach(own.tree);
    columns_[own.tree].insert({relation(own.tree).parent, relation(own.tree).value});
  }
}

void Reads::reach(int wanted) {
  int top = wanted;
  for (; !is_on_trunk(top); top = relation(top).of) {
    const bool fresh = !joined_.contains(top);
    join(top);
    const auto index = static_cast<std::size_t>(top);
    // Rows of parents are judged by the row graph, whose columns are asked for; these are judged in SQL.
    if (fresh && index < meaning_.row_conditions.size() && meaning_.row_conditions[index])
      add(*meaning_.row_conditions[index]);
  }
  for (int at = root_; at != top; at = relation(at).of)
    join(at);
}

void Reads::add(const ColumnRef &column) {
  reach(column.relation);
  columns_[column.relation].insert(column.column);
}

void Reads::add(const Scalar &scalar) {
  moves_ |= scalar.form == Scalar::Form::age;
  if (scalar.form == Scalar::Form::column)
    add(scalar.column);
  for (const Scalar &operand : scalar.operands)
    add(operand);
}

void Reads::add(const Condition &condition) {
  using Form = Condition::Form;
  for (const ConditionPtr &child : condition.children)
    add(*child);
  switch (condition.form) {
  case Form::constant:
  case Form::all:
  case Form::any:
  case Form::negation:
  case Form::segment:
    return;
  case Form::scalar_compare:
  case Form::within_distance:
    add(condition.right);
    break;
  case Form::date_from:
  case Form::date_before:
    moves_ |= condition.bound.form.moves();
    break;
  case Form::anniversary:
    moves_ |= condition.bound.form.moves() || condition.bound_end.form.moves();
    break;
  default:
    break;
  }
  add(condition.left);
}

} // namespace segmentation::core::program
