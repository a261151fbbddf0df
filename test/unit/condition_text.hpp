// A checked condition as compact text, so that a test can say in one line what a rule comes to:
//   all(count(orders | in(orders.status; paid)) > 0, from(customers.birth_date; -7d))
#pragma once

#include "core/meaning/checked.hpp"

#include <fmt/format.h>
#include <string>

namespace segmentation::core::test {

class ConditionText {
public:
  explicit ConditionText(const Schema &schema) : schema_(schema) {}

  std::string operator()(const Condition &condition) const {
    using Form = Condition::Form;
    const auto left = [&] { return scalar(condition.left); };
    switch (condition.form) {
    case Form::constant:
      return condition.truth ? "true" : "false";
    case Form::all:
      return children("all", condition);
    case Form::any:
      return children("any", condition);
    case Form::negation:
      return children("not", condition);
    case Form::number_compare:
      return fmt::format("{} {} {}", left(), sign(condition.op), condition.number.to_string());
    case Form::number_in:
      return fmt::format("in({}; {})", left(), values(condition));
    case Form::text_in:
      return fmt::format("{}({}; {})", condition.ignore_case ? "in_folded" : "in", left(), values(condition));
    case Form::text_starts:
      return fmt::format("starts({}; {})", left(), values(condition));
    case Form::text_ends:
      return fmt::format("ends({}; {})", left(), values(condition));
    case Form::text_contains:
      return fmt::format("contains({}; {})", left(), values(condition));
    case Form::is_true:
      return fmt::format("true({})", left());
    case Form::date_from:
      return fmt::format("from({}; {})", left(), bound(condition.bound));
    case Form::date_before:
      return fmt::format("before({}; {})", left(), bound(condition.bound));
    case Form::scalar_compare:
      return fmt::format("{} {} {}", left(), sign(condition.op), scalar(condition.right));
    case Form::present:
      return fmt::format("present({})", left());
    case Form::list_contains:
      return fmt::format("list({}; {})", left(), values(condition));
    case Form::list_present:
      return fmt::format("list_present({})", left());
    case Form::anniversary:
      return fmt::format("anniversary({}; {} .. {})", left(), bound(condition.bound),
                         bound(condition.bound_end));
    case Form::within_distance:
      return fmt::format("within({}, {}; {} km of {}, {})", left(), scalar(condition.right),
                         condition.circle.kilometres, condition.circle.latitude, condition.circle.longitude);
    case Form::segment:
      return fmt::format("segment {}({})", condition.segment_name, (*this)(*condition.children.at(0)));
    }
    return "?";
  }

  std::string scalar(const Scalar &scalar) const {
    switch (scalar.form) {
    case Scalar::Form::column:
      return column(scalar.column) + type(scalar);
    case Scalar::Form::aggregate: {
      std::string text = fmt::format("{}(", fold(scalar.fold));
      text += scalar.column.relation >= 0
                  ? column(scalar.column) + type(scalar)
                  : schema_.relations.at(static_cast<std::size_t>(scalar.source)).name;
      if (scalar.filter) {
        text += " | " + (*this)(*scalar.filter);
      }
      return text + ")";
    }
    case Scalar::Form::age:
      return fmt::format("age({})", this->scalar(scalar.operands.at(0)));
    case Scalar::Form::arithmetic:
      return fmt::format("({} {} {})", this->scalar(scalar.operands.at(0)), scalar.op,
                         this->scalar(scalar.operands.at(1)));
    case Scalar::Form::constant:
      return scalar.number.to_string();
    }
    return "?";
  }

private:
  std::string children(const char *what, const Condition &condition) const {
    std::string text = fmt::format("{}(", what);
    for (std::size_t i = 0; i < condition.children.size(); ++i) {
      text += (i > 0 ? ", " : "") + (*this)(*condition.children[i]);
    }
    return text + ")";
  }

  static std::string values(const Condition &condition) {
    std::string text;
    for (const std::string &value : condition.texts) {
      text += (text.empty() ? "" : ", ") + value;
    }
    for (const Decimal &value : condition.numbers) {
      text += (text.empty() ? "" : ", ") + value.to_string();
    }
    return text;
  }

  std::string column(const ColumnRef &ref) const {
    const Relation &relation = schema_.relations.at(static_cast<std::size_t>(ref.relation));
    std::string text = relation.name + "." + relation.columns.at(static_cast<std::size_t>(ref.column)).name;
    for (const std::string &key : ref.json_path) {
      text += "." + key;
    }
    return text;
  }

  /// Says how a json key is read.
  std::string type(const Scalar &scalar) const {
    const Relation &relation = schema_.relations.at(static_cast<std::size_t>(scalar.column.relation));
    if (relation.columns.at(static_cast<std::size_t>(scalar.column.column)).kind != Kind::json) {
      return {};
    }
    switch (scalar.type) {
    case Kind::number:
      return ":number";
    case Kind::text:
      return ":text";
    case Kind::boolean:
      return ":boolean";
    case Kind::instant:
      return ":instant";
    case Kind::text_list:
      return ":texts";
    case Kind::number_list:
      return ":numbers";
    default:
      return ":?";
    }
  }

  /// X is the start of X, X+ the start of what follows it.
  static std::string bound(const Bound &bound) {
    return print_date_form(bound.form) + (bound.upper ? "+" : "");
  }

  static const char *sign(CompareOp op) {
    switch (op) {
    case CompareOp::eq:
      return "=";
    case CompareOp::ne:
      return "!=";
    case CompareOp::lt:
      return "<";
    case CompareOp::le:
      return "<=";
    case CompareOp::gt:
      return ">";
    case CompareOp::ge:
      return ">=";
    }
    return "?";
  }

  static const char *fold(Fold fold) {
    switch (fold) {
    case Fold::count:
      return "count";
    case Fold::count_distinct:
      return "count_distinct";
    case Fold::sum:
      return "sum";
    case Fold::avg:
      return "avg";
    case Fold::min:
      return "min";
    case Fold::max:
      return "max";
    case Fold::first:
      return "first";
    case Fold::last:
      return "last";
    case Fold::mode:
      return "mode";
    case Fold::list:
      return "list";
    case Fold::days:
      return "days";
    case Fold::weeks:
      return "weeks";
    case Fold::months:
      return "months";
    case Fold::forecast:
      return "forecast";
    }
    return "?";
  }

  const Schema &schema_;
};

} // namespace segmentation::core::test
