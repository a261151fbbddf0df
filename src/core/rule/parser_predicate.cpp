// Tests of a value: comparisons, BETWEEN, lists, CONTAINS, STARTS and ENDS WITH, IS NULL.
#include "core/rule/parser_state.hpp"
#include "core/rule/printer.hpp"

#include <fmt/format.h>

namespace segmentation::core::syntax {
namespace {

Span joined(const Span &first, const Span &last) {
  return {first.begin, last.end};
}

} // namespace

/// test := value ( op (constant | value) | word-test | nothing )
bool Parser::test(Expr &out) {
  out.op_span = peek().span;
  switch (peek().kind) {
  case TokenKind::eq:
    return compare(out, CompareOp::eq);
  case TokenKind::ne:
    return compare(out, CompareOp::ne);
  case TokenKind::lt:
    return compare(out, CompareOp::lt);
  case TokenKind::le:
    return compare(out, CompareOp::le);
  case TokenKind::gt:
    return compare(out, CompareOp::gt);
  case TokenKind::ge:
    return compare(out, CompareOp::ge);
  case TokenKind::word:
    return test_word(out);
  default:
    return bare(out);
  }
}

bool Parser::test_word(Expr &out) {
  if (at_tail_after_condition())
    return bare(out);
  const Token &first = peek();
  if (first.word == Word::not_) {
    const Token &next = peek(1);
    switch (next.word) {
    case Word::between:
    case Word::in:
    case Word::contains:
    case Word::matches:
    case Word::starts:
    case Word::ends:
      out.negated = true;
      out.op_span = joined(first.span, next.span);
      advance();
      break;
    case Word::null:
      error(joined(first.span, next.span), "IS is missing before NOT NULL",
            fmt::format("Use {} IS NOT NULL.", print_value(out.left)));
      return false;
    default:
      if (next.kind < TokenKind::eq || next.kind > TokenKind::ge)
        return bare(out);
      error(first.span, fmt::format("NOT can not stand before \"{}\"", excerpt(next.span)),
            "Put NOT before the whole condition, or use !=.");
      return false;
    }
  }
  switch (peek().word) {
  case Word::between:
    return between(out);
  case Word::in:
    out.kind = Expr::Kind::in;
    advance();
    return list(out.literals);
  case Word::contains:
    return contains(out);
  case Word::starts:
    return ends(out, Expr::Kind::starts_with);
  case Word::ends:
    return ends(out, Expr::Kind::ends_with);
  case Word::is:
    return is_null(out);
  case Word::not_matches:
    out.negated = true;
    return matches(out);
  case Word::matches:
    return matches(out);
  default:
    break;
  }
  // city LIKE 'S%': a word between a name and a constant is meant as an operator.
  if (is_name_start(peek()) && (peek(1).kind == TokenKind::text || peek(1).kind == TokenKind::number)) {
    error(peek().span, fmt::format("operator \"{}\" is not known", excerpt(peek().span)),
          "Use =, IN, CONTAINS, STARTS WITH or ENDS WITH.");
    return false;
  }
  return bare(out);
}

/// A boolean attribute on its own.
bool Parser::bare(Expr &out) {
  out.kind = Expr::Kind::truth;
  out.op_span = out.left.span;
  if (out.left.kind == Value::Kind::name || at(TokenKind::invalid))
    return true;
  if (at(TokenKind::plus) || at(TokenKind::minus) || at(TokenKind::star) || at(TokenKind::slash))
    unexpected();
  error(peek().span, fmt::format("a comparison is missing after \"{}\"", excerpt(out.left.span)));
  return false;
}

bool Parser::compare(Expr &out, CompareOp op) {
  out.kind = Expr::Kind::compare;
  out.op = op;
  advance();
  if (at(TokenKind::left_parenthesis))
    return constants_in_parentheses(out);
  if (at(Word::null)) {
    error(peek().span, "NULL can not be compared with",
          fmt::format("Use {} IS {}NULL.", print_value(out.left), op == CompareOp::ne ? "NOT " : ""));
    advance();
    return true;
  }
  if (at_constant())
    return literal(out.literals.emplace_back());
  if (is_name_start(peek()) && !at_tail_before_condition()) {
    out.right = std::make_unique<Value>();
    return value(*out.right);
  }
  missing("a value");
  return false;
}

/// x = ('a') is x = 'a', and coordinates = (45.42, -75.69) is a place.
bool Parser::constants_in_parentheses(Expr &out) {
  const Span opening = peek().span;
  std::vector<Literal> literals;
  if (!list(literals))
    return false;
  const Span span = {opening.begin, last_end()};
  if (make_coordinates(literals, span) || literals.size() == 1) {
    out.literals = std::move(literals);
  } else {
    error(span, fmt::format("\"{}\" takes one value, not a list", excerpt(out.op_span)),
          out.op == CompareOp::ne ? "Use NOT IN for a list." : "Use IN for a list.");
  }
  return true;
}

/// Takes the one constant that an operator needs.
bool Parser::constant(std::vector<Literal> &out) {
  if (at_constant())
    return literal(out.emplace_back());
  if (is_name_start(peek()) && !at_tail_before_condition())
    error(peek().span, fmt::format("\"{}\" stands where a constant is needed", excerpt(peek().span)),
          "Put text in single quotes; compare two attributes with =, <, <=, > or >=.");
  else
    missing("a value");
  return false;
}

bool Parser::between(Expr &out) {
  out.kind = Expr::Kind::between;
  advance();
  if (!constant(out.literals))
    while (!at(Word::and_) && !at(Word::or_) && !at(TokenKind::end) && !at(TokenKind::comma) &&
           !at(TokenKind::right_parenthesis))
      advance();
  if (!take(Word::and_)) {
    missing("AND", "Write BETWEEN with both bounds, as in BETWEEN 1 AND 10.");
    return false;
  }
  return constant(out.literals);
}

/// [ANY | ALL] (list) or one constant, behind CONTAINS
bool Parser::contains(Expr &out) {
  out.kind = Expr::Kind::contains;
  out.op_span.end = peek().span.end;
  advance();
  if ((at(Word::any) || at(Word::all)) && peek(1).kind == TokenKind::left_parenthesis) {
    out.quantifier = at(Word::any) ? Expr::Quantifier::any : Expr::Quantifier::all;
    advance();
    return list(out.literals);
  }
  if (!at(TokenKind::left_parenthesis))
    return constant(out.literals);
  const Span opening = peek().span;
  if (!list(out.literals))
    return false;
  if (out.literals.size() > 1)
    error({opening.begin, last_end()}, "CONTAINS takes one value, not a list",
          "Use CONTAINS ANY (..) or CONTAINS ALL (..).");
  return true;
}

/// STARTS WITH and ENDS WITH
bool Parser::ends(Expr &out, Expr::Kind kind) {
  out.kind = kind;
  advance();
  if (!at(Word::with)) {
    missing("WITH");
    return false;
  }
  out.op_span.end = peek().span.end;
  advance();
  return constant(out.literals);
}

bool Parser::is_null(Expr &out) {
  out.kind = Expr::Kind::is_null;
  advance();
  out.negated = take(Word::not_);
  if (at(Word::null)) {
    out.op_span.end = peek().span.end;
    advance();
    return true;
  }
  missing("NULL", out.negated ? "Use != to compare with a value." : "Use = to compare with a value.");
  return false;
}

/// list := '(' constant { ',' constant } ')'
bool Parser::list(std::vector<Literal> &out) {
  const Span opening = peek().span;
  if (!take(TokenKind::left_parenthesis)) {
    missing("a list in parentheses");
    return false;
  }
  if (at(TokenKind::right_parenthesis)) {
    error(joined(opening, peek().span), "list is empty");
    advance();
    return true;
  }
  in_list_ = true;
  do {
    if (out.size() == limits_.list_values)
      exceeded(peek().span, fmt::format("list has more than {} values", limits_.list_values));
    if (!constant(out))
      skip_list_value();
    if (at_constant())
      error(peek().span, fmt::format("a comma is missing before \"{}\"", excerpt(peek().span)));
  } while (!stopped_ && (take(TokenKind::comma) || at_constant()));
  in_list_ = false;
  return close(opening);
}

void Parser::skip_list_value() {
  while (!at(TokenKind::comma) && !at(TokenKind::right_parenthesis) && !at(TokenKind::end) &&
         !at(Word::and_) && !at(Word::or_))
    advance();
}

} // namespace segmentation::core::syntax
