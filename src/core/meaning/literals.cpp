// Literals against types: what a constant means beside a value, and how a mismatch is told.
#include "core/meaning/checking.hpp"
#include "core/rule/printer.hpp"

#include <fmt/format.h>

namespace segmentation::core {

namespace {

constexpr const char *date_hint =
    "Write a date as 2026-05-30, 2026-05-30T16:00:00, today, -7d, -12m or last_month, quoted or not.";

std::string literal_words(const Literal &literal) {
  const std::string text = print_literal(literal);
  switch (literal.kind) {
  case Literal::Kind::number:
    return fmt::format("the number {}", text);
  case Literal::Kind::text:
    return fmt::format("the text {}", text);
  case Literal::Kind::boolean:
    return text;
  case Literal::Kind::date:
    return fmt::format("the date {}", text);
  case Literal::Kind::coordinates:
    return "coordinates";
  }
  return text;
}

/// What the writer of a mismatched literal most likely wanted; empty where there is no telling.
std::string literal_hint(Kind kind, const Literal &literal) {
  const bool text = literal.kind == Literal::Kind::text;
  switch (kind) {
  case Kind::number:
    return text && Decimal::parse(literal.text) ? fmt::format("Write {} without quotes.", literal.text)
                                                : std::string();
  case Kind::text:
    return literal.kind == Literal::Kind::coordinates
               ? std::string()
               : fmt::format("Put it in quotes: '{}'.", print_literal(literal));
  case Kind::boolean:
    return text && (literal.text == "true" || literal.text == "false")
               ? fmt::format("Write {} without quotes.", literal.text)
               : std::string("Compare it with true or false.");
  case Kind::day:
  case Kind::instant:
    return date_hint;
  default:
    return {};
  }
}

const char *operators_of(Kind kind) {
  switch (kind) {
  case Kind::number:
    return "Use =, !=, <, <=, >, >=, BETWEEN or IN.";
  case Kind::text:
    return "Use =, !=, IN, CONTAINS, STARTS WITH or ENDS WITH.";
  case Kind::boolean:
    return "Use = or !=, or the name alone.";
  case Kind::day:
  case Kind::instant:
    return "Use =, !=, <, <=, >, >= or BETWEEN.";
  default:
    return "";
  }
}

} // namespace

const char *kind_words(Kind kind) {
  switch (kind) {
  case Kind::number:
    return "a number";
  case Kind::text:
    return "a text";
  case Kind::boolean:
    return "a boolean";
  case Kind::day:
  case Kind::instant:
    return "a date";
  case Kind::json:
    return "json";
  case Kind::text_list:
  case Kind::number_list:
    return "a list";
  }
  return "a value";
}

const char *compare_sign(CompareOp op) {
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
  return "=";
}

std::string operator_words(const Expr &expr) {
  const char *negation = expr.negated ? "NOT " : "";
  switch (expr.kind) {
  case Expr::Kind::compare:
    return compare_sign(expr.op);
  case Expr::Kind::between:
    return fmt::format("{}BETWEEN", negation);
  case Expr::Kind::in:
    return fmt::format("{}IN", negation);
  case Expr::Kind::contains:
    return fmt::format("{}CONTAINS", negation);
  case Expr::Kind::starts_with:
    return fmt::format("{}STARTS WITH", negation);
  case Expr::Kind::ends_with:
    return fmt::format("{}ENDS WITH", negation);
  case Expr::Kind::is_null:
    return expr.negated ? "IS NOT NULL" : "IS NULL";
  default:
    return "MATCHES";
  }
}

void Checker::refuse_literal(const Value &value, Kind kind, const Literal &literal, Span span) {
  if (!full()) {
    report(SqlState::wrong_type, span,
           fmt::format("{} is {} and cannot be compared with {}", print_value(value), kind_words(kind),
                       literal_words(literal)),
           literal_hint(kind, literal));
  }
}

void Checker::refuse_operator(const Expr &expr, Kind kind) {
  if (!full()) {
    report(SqlState::wrong_type, expr.op_span,
           fmt::format("{} is {} and does not support \"{}\"", print_value(expr.left), kind_words(kind),
                       operator_words(expr)),
           operators_of(kind));
  }
}

std::optional<DateForm> Checker::date_literal(const Literal &literal, const Value &value, Span op_span) {
  if (literal.kind == Literal::Kind::date) {
    return literal.date;
  }
  if (literal.kind != Literal::Kind::text) {
    refuse_literal(value, Kind::day, literal, op_span);
    return std::nullopt;
  }
  const DateReading reading = read_date_form(literal.text);
  if (reading.form) {
    return reading.form;
  }
  const std::string text = print_literal(literal);
  switch (reading.error) {
  case DateError::not_a_date:
    refuse_literal(value, Kind::day, literal, op_span);
    break;
  case DateError::no_such_day:
    report(SqlState::no_such_day, literal.span, fmt::format("there is no day {}", text));
    break;
  case DateError::time_without_day:
    report(SqlState::wrong_type, literal.span, fmt::format("{} is a time without a day", text), date_hint);
    break;
  case DateError::offset_with_time:
    report(SqlState::wrong_type, literal.span, fmt::format("{} is a moving day and takes no time", text),
           date_hint);
    break;
  case DateError::out_of_range:
    report(SqlState::no_such_day, literal.span, fmt::format("the date {} is out of range", text));
    break;
  }
  return std::nullopt;
}

std::optional<Decimal> Checker::number_literal(const Literal &literal, const Operand &operand,
                                               const Value &value, Span span) {
  if (literal.kind != Literal::Kind::number) {
    refuse_literal(value, Kind::number, literal, span);
    return std::nullopt;
  }
  std::optional<Decimal> number = Decimal::parse(literal.text);
  if (!number) {
    report(SqlState::limit_exceeded, literal.span, "the number is too large");
    return std::nullopt;
  }
  if (is_count(operand.scalar) && !number->is_whole()) {
    report(SqlState::wrong_type, span, fmt::format("a count is a whole number, not {}", literal.text));
    return std::nullopt;
  }
  return number;
}

std::optional<std::string> Checker::text_literal(const Literal &literal, const Value &value, Span span) {
  if (literal.kind != Literal::Kind::text) {
    refuse_literal(value, Kind::text, literal, span);
    return std::nullopt;
  }
  return literal.text;
}

Kind Checker::kind_meant(const Literal &literal, bool ordered) const {
  switch (literal.kind) {
  case Literal::Kind::number:
    return Kind::number;
  case Literal::Kind::boolean:
    return Kind::boolean;
  case Literal::Kind::date:
    return Kind::instant;
  case Literal::Kind::text: {
    // Texts have no order in the language: beside < a quoted literal that looks like a date is one.
    const DateReading date = read_date_form(literal.text);
    return ordered && (date.form || date.error != DateError::not_a_date) ? Kind::instant : Kind::text;
  }
  case Literal::Kind::coordinates:
    return Kind::text;
  }
  return Kind::text;
}

bool Checker::read_as(Operand &operand, Kind kind, const Value &value, Span span) {
  const bool extreme = operand.scalar.form == Scalar::Form::aggregate &&
                       (operand.scalar.fold == Fold::min || operand.scalar.fold == Fold::max);
  if (extreme && kind != Kind::number && !is_date(kind)) {
    if (!full()) {
      report(SqlState::wrong_type, span,
             fmt::format("{} is a number or a date, not {}", print_value(value), kind_words(kind)),
             "Use first, last or mode for other values.");
    }
    return false;
  }
  operand.scalar.type = kind;
  operand.untyped = false;
  return true;
}

/// An unknown name behind an operator is most often meant as a constant.
void Checker::hint_at_constant(const Operand &left, const Value &right, std::size_t before) {
  if (diagnostics_.size() != before + 1 || diagnostics_.back().state != SqlState::undefined_name ||
      right.kind != Value::Kind::name || right.name.parts.size() != 1) {
    return;
  }
  const std::string text =
      quote_text(right.name.written.empty() ? right.name.parts[0].text : right.name.written);
  std::string constant;
  if (left.form == Operand::Form::broken || left.untyped) {
    constant = fmt::format(
        "A text stands in single quotes: {}; a date is written as today, -7d or 2026-05-30.", text);
  } else if (left.form == Operand::Form::anniversary || is_date(left.scalar.type)) {
    constant = "Write a date as today, -7d or 2026-05-30.";
  } else if (left.form == Operand::Form::segments ||
             (left.form != Operand::Form::condition &&
              (left.scalar.type == Kind::text || left.scalar.type == Kind::text_list))) {
    constant = fmt::format("Put a text in single quotes: {}.", text);
  }
  std::string &hint = diagnostics_.back().hint;
  hint += (hint.empty() || constant.empty() ? "" : " ") + constant;
}

} // namespace segmentation::core
