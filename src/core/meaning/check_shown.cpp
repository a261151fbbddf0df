// The names of SHOW and ORDER BY: values of the customer that stand alone, without an operator beside them.
#include "core/meaning/checking.hpp"
#include "core/rule/printer.hpp"

#include <fmt/format.h>

namespace segmentation::core {

std::optional<CheckedValue> Checker::shown(const Name &name) {
  // In a rule a source alone is a mistake; here there is but one thing that it can mean.
  const SourceName source = find_source(schema_, *reach_, name.parts);
  if (source.relation > 0 && source.parts == name.parts.size() &&
      (source.defined >= 0 ||
       schema_.relations[static_cast<std::size_t>(source.relation)].role == Role::source) &&
      resolve(schema_, *reach_, 0, name.parts).what == Resolved::What::nothing) {
    Rows left = rows_of(source.defined, name.span);
    if (!left.right || !says_segments(source.relation, left.condition.get(), name.span)) {
      return std::nullopt;
    }
    CheckedValue rows;
    rows.scalar = count_of(source.relation, std::move(left.condition), name.span);
    return rows;
  }
  return shown(name_value(name, {}), name.span, print_name(name));
}

std::optional<CheckedValue> Checker::shown(const AttributeExpression &expression) {
  if (expression.condition) {
    CheckedValue truth;
    truth.form = CheckedValue::Form::truth;
    truth.condition = condition(*expression.condition, {});
    return truth;
  }
  if (expression.value->kind == Value::Kind::name) {
    return shown(expression.value->name);
  }
  return shown(value(*expression.value, {}), expression.value->span, "this");
}

std::optional<CheckedValue> Checker::shown(Operand operand, Span span, const std::string &what) {
  CheckedValue value;
  value.scalar = std::move(operand.scalar);
  value.condition = std::move(operand.condition);
  switch (operand.form) {
  case Operand::Form::broken:
    return std::nullopt;
  case Operand::Form::scalar:
    value.form = operand.untyped && value.scalar.form == Scalar::Form::column ? CheckedValue::Form::json
                                                                              : CheckedValue::Form::scalar;
    return value;
  case Operand::Form::list:
  case Operand::Form::set:
    value.form = CheckedValue::Form::list;
    return value;
  case Operand::Form::condition:
    value.form = CheckedValue::Form::truth;
    return value;
  case Operand::Form::anniversary:
    value.form = CheckedValue::Form::anniversary;
    return value;
  case Operand::Form::segments:
    break;
  }
  report(SqlState::wrong_type, span, fmt::format("{} cannot be shown", what),
         "Call segmentation.segments_of with a customer for the segments that she is in.");
  return std::nullopt;
}

namespace {

/// What a name or an expression shows, or the first mistake in it.
template <typename Shown>
CheckedName check(const Shown &shown, const Meaning &meaning, const Limits &limits) {
  Checker checker(meaning, limits);
  CheckedName checked;
  checked.value = checker.shown(shown);
  if (Diagnostics mistakes = checker.take_diagnostics(); !mistakes.empty()) {
    checked.value.reset();
    checked.mistake = std::move(mistakes.front());
  }
  return checked;
}

} // namespace

CheckedName check_name(const Name &name, const Meaning &meaning, const Limits &limits) {
  return check(name, meaning, limits);
}

CheckedName check_shown(const AttributeExpression &expression, const Meaning &meaning, const Limits &limits) {
  return check(expression, meaning, limits);
}

} // namespace segmentation::core
