// Tree -> document.
#include "core/json/operators.hpp"
#include "core/json/rule_json.hpp"
#include "core/rule/printer.hpp"

#include <algorithm>
#include <utility>

namespace segmentation::core {

namespace {

using namespace rule_json;

constexpr auto object = JsonItem::Kind::object;
constexpr auto array = JsonItem::Kind::array;

/// A number of so many digits is the same in whatever a client reads it into; JavaScript has binary floating
/// point only.
constexpr std::size_t safe_digits = 15;

class Writer {
public:
  JsonDocument out;

  void rule(const Rule &rule) {
    out.open(object);
    condition(rule.condition, "condition");
    if (!rule.show.empty()) {
      out.open(array, "show");
      for (const Name &name : rule.show)
        out.add_text(print_name(name));
      out.close();
    }
    if (!rule.order_by.empty()) {
      out.open(array, "order_by");
      for (const OrderColumn &column : rule.order_by) {
        out.open(object);
        out.add_text(print_name(column.name), "name");
        out.add_boolean(column.descending, "descending");
        out.close();
      }
      out.close();
    }
    if (rule.limit)
      number(std::to_string(*rule.limit), "limit");
    out.close();
  }

private:
  void condition(const Expr &expr, std::string_view key = {}) {
    const auto is_it = [&](const Operator &op) {
      return op.kind == expr.kind && op.negated == (expr.kind != Kind::function && expr.negated) &&
             (expr.kind != Kind::compare || op.compare == expr.op) &&
             (expr.kind != Kind::contains || op.quantifier == expr.quantifier);
    };
    const auto op = std::find_if(operators.begin(), operators.end(), is_it);
    out.open(object, key);
    if (op != operators.end()) {
      out.add_text(op->name, "op");
      operands(expr, op->operands);
    }
    out.close();
  }

  void operands(const Expr &expr, Operands kind) {
    switch (kind) {
    case Operands::conditions:
      out.open(array, "conditions");
      for (const Expr &child : expr.children)
        condition(child);
      return out.close();
    case Operands::condition:
      return condition(expr.children.front(), "condition");
    case Operands::value:
      value(expr.left, "left");
      if (expr.right)
        return value(*expr.right, "right");
      return literal(expr.literals.front(), "right");
    case Operands::constant:
      value(expr.left, "left");
      return literal(expr.literals.front(), "right");
    case Operands::two:
    case Operands::list:
      value(expr.left, "left");
      return list(expr.literals, "right");
    case Operands::none:
      return value(expr.left, "left");
    case Operands::source:
      out.add_text(print_name(expr.source), "source");
      if (!expr.children.empty())
        condition(expr.children.front(), "where");
      return;
    case Operands::call:
      return call(expr);
    }
  }

  void call(const Expr &expr) {
    out.add_text(print_name(expr.source), "function");
    out.open(array, "arguments");
    for (const Expr::Argument &argument : expr.arguments) {
      out.open(object);
      out.add_text(print_name(argument.name), "name");
      if (argument.literals.size() == 1)
        literal(argument.literals.front(), "value");
      else
        list(argument.literals, "value");
      out.close();
    }
    out.close();
    out.add_boolean(!expr.negated, "is");
  }

  void value(const Value &value, std::string_view key) {
    out.open(object, key);
    switch (value.kind) {
    case Value::Kind::name:
      out.add_text(print_name(value.name), "name");
      break;
    case Value::Kind::aggregate:
      out.add_text(aggregates[static_cast<std::size_t>(value.fn)], "function");
      out.open(object, "of");
      out.add_text(print_name(value.name), "name");
      out.close();
      if (value.distinct)
        out.add_boolean(true, "distinct");
      if (value.filter)
        condition(*value.filter, "where");
      else if (value.has_matches)
        out.add_null("where");
      break;
    case Value::Kind::anniversary:
    case Value::Kind::age:
      out.add_text(value.kind == Value::Kind::age ? "age" : "anniversary", "function");
      this->value(value.operands.front(), "of");
      break;
    case Value::Kind::arithmetic: // only in attributes
    case Value::Kind::literal:
      break;
    }
    out.close();
  }

  void list(const std::vector<Literal> &literals, std::string_view key) {
    out.open(array, key);
    for (const Literal &constant : literals)
      literal(constant, {});
    out.close();
  }

  void number(std::string_view digits, std::string_view key) {
    if (std::count_if(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }) <=
        static_cast<std::ptrdiff_t>(safe_digits))
      return out.add_number(digits, key);
    out.open(object, key);
    out.add_text(digits, "number");
    out.close();
  }

  void literal(const Literal &literal, std::string_view key) {
    switch (literal.kind) {
    case Literal::Kind::number:
      return number(literal.text, key);
    case Literal::Kind::text:
      return out.add_text(literal.text, key);
    case Literal::Kind::boolean:
      return out.add_boolean(literal.boolean, key);
    case Literal::Kind::date:
      out.open(object, key);
      out.add_text(print_date_form(literal.date), "date");
      return out.close();
    case Literal::Kind::coordinates:
      out.open(object, key);
      number(literal.latitude, "latitude");
      number(literal.longitude, "longitude");
      return out.close();
    }
  }
};

} // namespace

JsonDocument rule_to_json(const Rule &rule) {
  Writer writer;
  writer.rule(rule);
  return std::move(writer.out);
}

} // namespace segmentation::core
