// Printing a tree: keywords in upper case, as few parentheses and quotes as reading it again allows. Knows
// nothing of the text that the tree came from.
#include "core/rule/printer.hpp"

#include "core/rule/words.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace segmentation::core {
namespace {

using syntax::find_word;
using syntax::is_plain_part;
using syntax::is_reserved;
using syntax::keeps_quotes;

/// What stands around a condition, from the loosest binding to the tightest.
enum class Around : std::uint8_t { nothing, comma, any, all, negation };

void add_quoted(std::string &out, std::string_view text, char quote) {
  out += quote;
  for (const char c : text) {
    // Text knows the backslash, names do not.
    if (c == quote || (c == '\\' && quote == '\''))
      out += c;
    out += c;
  }
  out += quote;
}

class Printer {
public:
  std::string out;

  void name(const Name &name) {
    bool first = true;
    for (const Name::Part &part : name.parts) {
      if (!first)
        out += '.';
      const bool bare = is_plain_part(part.text, first) && !(part.quoted && keeps_quotes(part.text)) &&
                        !(first && is_reserved(find_word(part.text)));
      if (bare)
        out += part.text;
      else
        add_quoted(out, part.text, '"');
      first = false;
    }
  }

  void literal(const Literal &literal) {
    switch (literal.kind) {
    case Literal::Kind::number:
      out += literal.text;
      break;
    case Literal::Kind::text:
      add_quoted(out, literal.text, '\'');
      break;
    case Literal::Kind::boolean:
      out += literal.boolean ? "true" : "false";
      break;
    case Literal::Kind::date:
      out += print_date_form(literal.date);
      break;
    case Literal::Kind::coordinates:
      fmt::format_to(std::back_inserter(out), "({}, {})", literal.latitude, literal.longitude);
      break;
    }
  }

  void list(const std::vector<Literal> &literals) {
    out += '(';
    for (std::size_t i = 0; i < literals.size(); ++i) {
      out += i == 0 ? "" : ", ";
      literal(literals[i]);
    }
    out += ')';
  }

  void value(const Value &value) {
    switch (value.kind) {
    case Value::Kind::name:
      return name(value.name);
    case Value::Kind::literal:
      return literal(value.literal);
    case Value::Kind::aggregate: {
      constexpr std::array<std::string_view, 9> functions = {"count", "sum",  "avg",  "min", "max",
                                                             "first", "last", "mode", "list"};
      out += functions[static_cast<std::size_t>(value.fn)];
      out += value.distinct ? "(DISTINCT " : "(";
      name(value.name);
      if (value.has_matches || value.filter) {
        out += " MATCHES ";
        matches_body(value.filter.get());
      }
      out += ')';
      return;
    }
    case Value::Kind::anniversary:
    case Value::Kind::age:
      out += value.kind == Value::Kind::age ? "age(" : "anniversary(";
      this->value(value.operands.front());
      out += ')';
      return;
    case Value::Kind::arithmetic:
      break;
    }
    operand(value.operands[0], value.op, false);
    fmt::format_to(std::back_inserter(out), " {} ", value.op);
    operand(value.operands[1], value.op, true);
  }

  void expr(const Expr &expr, Around around) {
    switch (expr.kind) {
    case Expr::Kind::all: {
      const bool parentheses = around > Around::all;
      // A comma binds loosest; but it does not join two conditions on one column.
      const bool commas = around == Around::comma && repeated_columns(expr.children).empty();
      group(expr, commas ? ", " : " AND ", commas ? Around::nothing : Around::all, parentheses);
      return;
    }
    case Expr::Kind::any:
      group(expr, " OR ", Around::any, around > Around::any);
      return;
    case Expr::Kind::negation:
      out += "NOT ";
      this->expr(expr.children.front(), Around::negation);
      return;
    default:
      test(expr);
    }
  }

private:
  void operand(const Value &inner, char op, bool right) {
    const auto is_sum = [](char sign) { return sign == '+' || sign == '-'; };
    const bool parentheses = inner.kind == Value::Kind::arithmetic &&
                             (right ? is_sum(inner.op) || !is_sum(op) : is_sum(inner.op) && !is_sum(op));
    out += parentheses ? "(" : "";
    value(inner);
    out += parentheses ? ")" : "";
  }

  void group(const Expr &expr, std::string_view joiner, Around around, bool parentheses) {
    out += parentheses ? "(" : "";
    for (std::size_t i = 0; i < expr.children.size(); ++i) {
      if (i > 0)
        out += joiner;
      this->expr(expr.children[i], around);
    }
    out += parentheses ? ")" : "";
  }

  void matches_body(const Expr *filter) {
    out += '(';
    if (filter != nullptr)
      expr(*filter, Around::comma);
    out += ')';
  }

  void function(const Expr &expr) {
    name(expr.source);
    out += '(';
    for (std::size_t i = 0; i < expr.arguments.size(); ++i) {
      out += i == 0 ? "" : ", ";
      name(expr.arguments[i].name);
      out += ": ";
      if (expr.arguments[i].literals.size() == 1)
        literal(expr.arguments[i].literals.front());
      else
        list(expr.arguments[i].literals);
    }
    out += expr.negated ? ") = false" : ") = true";
  }

  void test(const Expr &expr) {
    constexpr std::array<std::string_view, 6> operators = {" = ", " != ", " < ", " <= ", " > ", " >= "};
    if (expr.kind == Expr::Kind::broken) // never printed but in a message about what surrounds it
      return;
    if (expr.kind == Expr::Kind::function)
      return function(expr);
    if (expr.kind == Expr::Kind::matches) {
      name(expr.source);
      out += expr.negated ? " NOT MATCHES " : " MATCHES ";
      return matches_body(expr.children.empty() ? nullptr : &expr.children.front());
    }
    value(expr.left);
    if (expr.negated && expr.kind != Expr::Kind::is_null)
      out += " NOT";
    switch (expr.kind) {
    case Expr::Kind::compare:
      out += operators[static_cast<std::size_t>(expr.op)];
      if (expr.right)
        value(*expr.right);
      else
        literal(expr.literals.front());
      break;
    case Expr::Kind::between:
      out += " BETWEEN ";
      literal(expr.literals[0]);
      out += " AND ";
      literal(expr.literals[1]);
      break;
    case Expr::Kind::in:
      out += " IN ";
      list(expr.literals);
      break;
    case Expr::Kind::contains:
      if (expr.quantifier == Expr::Quantifier::one) {
        out += " CONTAINS ";
        literal(expr.literals.front());
        break;
      }
      out += expr.quantifier == Expr::Quantifier::any ? " CONTAINS ANY " : " CONTAINS ALL ";
      list(expr.literals);
      break;
    case Expr::Kind::starts_with:
    case Expr::Kind::ends_with:
      out += expr.kind == Expr::Kind::starts_with ? " STARTS WITH " : " ENDS WITH ";
      literal(expr.literals.front());
      break;
    case Expr::Kind::is_null:
      out += expr.negated ? " IS NOT NULL" : " IS NULL";
      break;
    default:
      break; // truth: the value is all there is
    }
  }
};

template <typename Print> std::string printed(Print &&print) {
  Printer printer;
  print(printer);
  return std::move(printer.out);
}

} // namespace

std::string print_rule(const Rule &rule) {
  return printed([&](Printer &printer) {
    std::string &out = printer.out;
    for (std::size_t i = 0; i < rule.show.size(); ++i) {
      out += i == 0 ? "FROM customers SHOW " : ", ";
      printer.name(rule.show[i]);
    }
    out += rule.show.empty() ? "" : " WHERE ";
    printer.expr(rule.condition, Around::nothing);
    for (std::size_t i = 0; i < rule.order_by.size(); ++i) {
      out += i == 0 ? " ORDER BY " : ", ";
      printer.name(rule.order_by[i].name);
      out += rule.order_by[i].descending ? " DESC" : "";
    }
    if (rule.limit)
      fmt::format_to(std::back_inserter(out), " LIMIT {}", *rule.limit);
  });
}

std::string print_expr(const Expr &expr) {
  return printed([&](Printer &printer) { printer.expr(expr, Around::nothing); });
}

std::string print_value(const Value &value) {
  return printed([&](Printer &printer) { printer.value(value); });
}

std::string print_name(const Name &name) {
  return printed([&](Printer &printer) { printer.name(name); });
}

std::string print_literal(const Literal &literal) {
  return printed([&](Printer &printer) { printer.literal(literal); });
}

std::string quote_text(std::string_view text) {
  std::string out;
  add_quoted(out, text, '\'');
  return out;
}

} // namespace segmentation::core
