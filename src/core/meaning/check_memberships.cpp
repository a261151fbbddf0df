// The built-in source memberships: names of segments among its rows, and that every use says which segments
// it is about. It is read from what is stored, so a segment must not lead back to itself by it.
#include "core/meaning/build.hpp"
#include "core/meaning/checking.hpp"
#include "core/rule/printer.hpp"
#include "core/value/fold_case.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace segmentation::core {

std::vector<int> Checker::histories_used() const {
  std::vector<int> used;
  for (std::size_t i = 0; i < histories_.size(); ++i) {
    if (histories_[i]) {
      used.push_back(static_cast<int>(i));
    }
  }
  return used;
}

/// The segment that a constant names, whatever its case; -1 where there is none, and told.
int Checker::find_segment(const Literal &literal) {
  const std::string folded = fold_case(literal.text);
  for (std::size_t i = 0; i < schema_.segments.size(); ++i) {
    const std::string &name = schema_.segments[i].name;
    if (!name.empty() && (name == literal.text || fold_case(name) == folded)) {
      return static_cast<int>(i);
    }
  }
  for (const std::string &name : schema_.archived) {
    if (name == literal.text || fold_case(name) == folded) {
      report(SqlState::undefined_name, literal.span, fmt::format("segment \"{}\" is archived", name),
             "It has no members; segmentation.describe_segment with archived => false brings it back.");
      return -1;
    }
  }
  if (!full()) {
    std::vector<std::string> known;
    for (const NamedSegment &segment : schema_.segments) {
      if (!segment.name.empty()) {
        known.push_back(segment.name);
      }
    }
    report(SqlState::undefined_name, literal.span, fmt::format("segment \"{}\" does not exist", literal.text),
           nearest_hint(literal.text, known));
  }
  return -1;
}

/// True for the unquoted word itself, where there is such a source.
bool Checker::is_memberships(NameParts parts) const {
  return parts.size() == 1 && !parts[0].quoted && parts[0].text == "memberships" &&
         std::any_of(schema_.relations.begin(), schema_.relations.end(),
                     [](const Relation &relation) { return relation.segment >= 0; });
}

/// True for the name of a segment in a row of memberships, and for a fold that picks one.
bool Checker::is_segment_name(const Operand &operand) const {
  const ColumnRef &column = operand.scalar.column;
  return operand.form == Operand::Form::scalar && operand.scalar.type == Kind::text && column.relation >= 0 &&
         schema_.relations[static_cast<std::size_t>(column.relation)].segment == column.column;
}

/// = != IN and NOT IN with names of segments, which compare as those of `segments` do.
ConditionPtr Checker::segment_name_test(const Expr &expr, const Operand &left) {
  if (expr.kind == Expr::Kind::compare && expr.op != CompareOp::eq && expr.op != CompareOp::ne) {
    refuse_segment_name(expr);
    return nullptr;
  }
  const Span span = at(expr.span);
  auto made = build::test(Condition::Form::text_in, span, left.scalar);
  bool broken = false;
  for (const Literal &literal : expr.literals) {
    if (!text_literal(literal, expr.left, expr.literals.size() == 1 ? expr.op_span : literal.span)) {
      broken = true;
      continue;
    }
    const int index = find_segment(literal);
    // Its rule is not taken in, but must hold up, and not lead back to whoever names it here.
    if (index < 0 || !segment(index, literal.span)) {
      broken = true;
      continue;
    }
    histories_[static_cast<std::size_t>(index)] = true;
    made->texts.push_back(schema_.segments[static_cast<std::size_t>(index)].name);
  }
  if (broken) {
    return nullptr;
  }
  std::sort(made->texts.begin(), made->texts.end());
  made->texts.erase(std::unique(made->texts.begin(), made->texts.end()), made->texts.end());
  const bool negated = expr.kind == Expr::Kind::compare ? expr.op == CompareOp::ne : expr.negated;
  return build::negated_if(negated, span, std::move(made));
}

/// A piece of a name would mean something else after a renaming.
void Checker::refuse_segment_name(const Expr &expr) {
  const std::string name = print_value(expr.left);
  report(SqlState::wrong_type, expr.op_span,
         fmt::format("{} is the name of a segment and does not support \"{}\"", name, operator_words(expr)),
         fmt::format("Use {} = or IN with names of segments.", name));
}

/// Holds rows of memberships to those of segments that are named: a rule over all of them would be about
/// itself. True for all other sources.
bool Checker::says_segments(int source, const Condition *rows, Span span) {
  const Relation &relation = schema_.relations[static_cast<std::size_t>(source)];
  if (relation.segment < 0) {
    return true;
  }
  const auto says = [&](const auto &self, const Condition &condition) -> bool {
    const auto child_says = [&](const ConditionPtr &child) { return self(self, *child); };
    switch (condition.form) {
    case Condition::Form::all:
      return std::any_of(condition.children.begin(), condition.children.end(), child_says);
    case Condition::Form::any:
      return std::all_of(condition.children.begin(), condition.children.end(), child_says);
    case Condition::Form::text_in:
      return condition.left.column == ColumnRef{source, relation.segment, {}};
    default:
      return false;
    }
  };
  if (rows != nullptr && says(says, *rows)) {
    return true;
  }
  report(SqlState::syntax_error, span, fmt::format("{} must say of which segments", relation.name),
         fmt::format("Name them, as in {} MATCHES (segment = 'vip', left_at > -30d).", relation.name));
  return false;
}

} // namespace segmentation::core
