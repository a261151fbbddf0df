// Tests of a source: MATCHES, its older spelling, and the one built-in test that is written like it.
#include "core/rule/parser_state.hpp"
#include "core/rule/printer.hpp"
#include "core/value/fold_case.hpp"

#include <fmt/format.h>

namespace segmentation::core::syntax {
namespace {

bool is_within_distance(const Name &name) noexcept {
  return name.parts.size() == 1 && !name.parts[0].quoted && name.parts[0].text == "customer_within_distance";
}

} // namespace

/// [NOT] MATCHES '(' [ expression ] ')'
bool Parser::matches(Expr &out) {
  out.kind = Expr::Kind::matches;
  out.op_span.end = peek().span.end;
  if (out.left.kind != Value::Kind::name) {
    error(out.left.span, fmt::format("MATCHES needs a source, not \"{}\"", excerpt(out.left.span)));
    return false;
  }
  advance();
  std::unique_ptr<Expr> filter;
  if (!matches_body(filter))
    return false;
  if (filter)
    out.children.push_back(std::move(*filter));
  out.source = std::move(out.left.name);
  out.left = Value();
  return into_function(out);
}

bool Parser::matches_body(std::unique_ptr<Expr> &out) {
  const Span opening = peek().span;
  if (!at(TokenKind::left_parenthesis)) {
    missing("an opening parenthesis",
            "Put the conditions in parentheses, as in orders MATCHES (date > -90d).");
    return false;
  }
  const Nesting nesting(*this, 1, peek().span);
  if (!nesting)
    return false;
  advance();
  ++matches_depth_;
  if (!at(TokenKind::right_parenthesis)) {
    out = std::make_unique<Expr>();
    expression(*out);
  }
  --matches_depth_;
  return close(opening);
}

/// source '(' [ name ':' ... {','} ] ')' [ (= | !=) (true | false) ]: the older spelling of MATCHES
bool Parser::older_spelling(Expr &out) {
  const Name &source = out.left.name;
  const Span opening = peek().span;
  std::size_t behind = 2; // the token behind the first parameter's name, which may be dotted
  while (peek(behind).kind == TokenKind::dot && is_name_start(peek(behind + 1)))
    behind += 2;
  const bool named = is_name_start(peek(1)) && peek(behind).kind == TokenKind::colon;
  if (!named && peek(1).kind != TokenKind::right_parenthesis) {
    error(source.span, fmt::format("there is no function \"{}\"", excerpt(source.span)),
          fmt::format("Conditions on a source stand behind MATCHES: {} MATCHES (..).", print_name(source)));
    return false;
  }
  out.kind = Expr::Kind::matches;
  out.op_span = source.span;
  const Nesting nesting(*this, 1, peek().span);
  if (!nesting)
    return false;
  advance();
  std::vector<Expr> arguments;
  const std::uint32_t begin = peek().span.begin;
  ++matches_depth_;
  if (!at(TokenKind::right_parenthesis))
    do
      older_argument(arguments.emplace_back());
    while (take(TokenKind::comma));
  --matches_depth_;
  if (!close(opening))
    return false;
  check_repeated(arguments, &out.left.name);
  if (arguments.size() == 1) {
    out.children.push_back(std::move(arguments.front()));
  } else if (arguments.size() > 1) {
    Expr all;
    all.kind = Expr::Kind::all;
    all.span = {begin, last_end() - 1};
    all.op_span = arguments[0].span;
    all.children = std::move(arguments);
    out.children.push_back(std::move(all));
  }
  out.source = std::move(out.left.name);
  out.left = Value();
  return older_outcome(out) && into_function(out);
}

/// name ':' ( constant | list | BETWEEN a AND b )
void Parser::older_argument(Expr &out) {
  const Stretch own(*this);
  count_clause();
  out.span = peek().span;
  const bool good = older_values(out);
  out.span.end = std::max(out.span.end, last_end());
  end_clause(out, good);
}

bool Parser::older_values(Expr &out) {
  out.left.span = peek().span;
  // Shopify's word for count >=, from before it had operators.
  const bool at_least = peek().kind == TokenKind::word && fold_case(piece(peek().span)) == "count_at_least";
  if (!is_name_start(peek()) || !name(out.left.name)) {
    missing("a parameter", "Write name: value.");
    return false;
  }
  out.left.span.end = last_end();
  out.op_span = peek().span;
  if (!take(TokenKind::colon)) {
    missing("a colon", "Write name: value; conditions with operators stand behind MATCHES.");
    return false;
  }
  bool good = false;
  if (at(Word::between)) {
    out.op_span = peek().span;
    good = between(out);
  } else if (at(TokenKind::left_parenthesis)) {
    out.kind = Expr::Kind::in;
    good = list(out.literals);
  } else {
    out.kind = Expr::Kind::compare;
    good = constant(out.literals);
  }
  if (at_least && out.left.name.parts.size() == 1 && out.kind == Expr::Kind::compare && good &&
      out.literals.front().kind == Literal::Kind::number) {
    out.op = CompareOp::ge;
    out.left.name.parts.front() = {"count", false};
  }
  return good;
}

bool Parser::older_outcome(Expr &out) {
  if (!at(TokenKind::eq) && !at(TokenKind::ne))
    return true;
  const bool differs = at(TokenKind::ne);
  out.op_span = peek().span;
  advance();
  if (!at(Word::true_) && !at(Word::false_)) {
    missing("true or false");
    return false;
  }
  out.negated = at(Word::true_) == differs;
  advance();
  return true;
}

/// Turns the one built-in test with arguments into its own kind, in whichever spelling it stood.
bool Parser::into_function(Expr &out) {
  if (!is_within_distance(out.source))
    return true;
  std::vector<Expr> given;
  if (!out.children.empty()) {
    Expr body = std::move(out.children.front());
    out.children.clear();
    if (body.kind == Expr::Kind::all)
      given = std::move(body.children);
    else
      given.push_back(std::move(body));
  }
  check_repeated(given);
  out.kind = Expr::Kind::function;
  for (Expr &condition : given) {
    if (condition.kind == Expr::Kind::broken) {
      failed_ = true;
      continue;
    }
    const bool plain =
        (condition.kind == Expr::Kind::in && !condition.negated) ||
        (condition.kind == Expr::Kind::compare && condition.op == CompareOp::eq && !condition.right);
    if (!plain || condition.left.kind != Value::Kind::name) {
      error(condition.span, "customer_within_distance takes only parameters and their values",
            "Write customer_within_distance(coordinates: (45.42, -75.69), distance_km: 10) = true.");
      continue;
    }
    make_coordinates(condition.literals, condition.span);
    out.arguments.push_back({std::move(condition.left.name), std::move(condition.literals)});
  }
  return true;
}

/// Makes one place of two numbers; false and nothing done for any other list.
bool Parser::make_coordinates(std::vector<Literal> &literals, Span span) {
  if (literals.size() != 2 || literals[0].kind != Literal::Kind::number ||
      literals[1].kind != Literal::Kind::number)
    return false;
  Literal place;
  place.kind = Literal::Kind::coordinates;
  place.span = span;
  place.latitude = std::move(literals[0].text);
  place.longitude = std::move(literals[1].text);
  literals.clear();
  literals.push_back(std::move(place));
  return true;
}

} // namespace segmentation::core::syntax
