// The arithmetic of defined attributes, and telling it apart from a condition.
#include "core/rule/parser_state.hpp"

#include <fmt/format.h>

namespace segmentation::core::syntax {

/// sum := product { (+ | -) product }
bool Parser::sum(Value &out) {
  if (!product(out))
    return false;
  while (at(TokenKind::plus) || at(TokenKind::minus)) {
    const char op = at(TokenKind::plus) ? '+' : '-';
    advance();
    Value right;
    if (!product(right))
      return false;
    apply(out, op, std::move(right));
  }
  return !stopped_;
}

/// product := factor { (* | /) factor }
bool Parser::product(Value &out) {
  if (!factor(out))
    return false;
  while (at(TokenKind::star) || at(TokenKind::slash)) {
    const char op = at(TokenKind::star) ? '*' : '/';
    advance();
    Value right;
    if (!factor(right))
      return false;
    apply(out, op, std::move(right));
  }
  return !stopped_;
}

/// factor := '(' sum ')' | (+ | -) factor | constant | value
bool Parser::factor(Value &out) {
  const Nesting nesting(*this, 1, peek().span);
  if (!nesting)
    return false;
  const Span first = peek().span;
  if (take(TokenKind::left_parenthesis))
    return sum(out) && close(first);
  const bool sign = at(TokenKind::plus) || at(TokenKind::minus);
  if (sign && peek(1).kind != TokenKind::number && peek(1).kind != TokenKind::digits_word) {
    const bool minus = at(TokenKind::minus);
    advance();
    Value operand;
    if (!factor(operand))
      return false;
    if (!minus) {
      out = std::move(operand);
      return true;
    }
    out.kind = Value::Kind::literal;
    out.span = first;
    out.literal.span = first;
    out.literal.text.assign(1, '0');
    apply(out, '-', std::move(operand));
    return true;
  }
  if (at_constant()) {
    out.kind = Value::Kind::literal;
    const bool good = literal(out.literal);
    out.span = out.literal.span;
    return good;
  }
  if (is_name_start(peek()))
    return value(out);
  missing("a value");
  return false;
}

/// Makes out (op) right of out. A chain of operations is as deep a tree as it is long, so the depth limit
/// holds here too.
void Parser::apply(Value &out, char op, Value &&right) {
  if (++operations_ > limits_.depth)
    exceeded(peek().span, fmt::format("{} has more than {} operations", noun_, limits_.depth));
  Value both;
  both.kind = Value::Kind::arithmetic;
  both.span = {out.span.begin, last_end()};
  both.op = op;
  both.operands.reserve(2);
  both.operands.push_back(std::move(out));
  both.operands.push_back(std::move(right));
  out = std::move(both);
}

/// Tells the two kinds of attribute expressions apart by the words and signs outside calls.
bool Parser::looks_like_condition() const {
  for (std::size_t i = at_; i + 1 < tokens_.size(); ++i) {
    const Token &token = tokens_[i];
    if (token.kind >= TokenKind::eq && token.kind <= TokenKind::ge)
      return true;
    if ((token.word >= Word::and_ && token.word <= Word::is) || token.word == Word::matches ||
        token.word == Word::not_matches || token.word == Word::where)
      return true;
    if ((token.word == Word::starts || token.word == Word::ends) && tokens_[i + 1].word == Word::with)
      return true;
    if (token.kind != TokenKind::left_parenthesis || i == at_ || !is_name_start(tokens_[i - 1]))
      continue;
    // A call. Only the older spelling of MATCHES has parameters, but for anniversary and age.
    const Word called = tokens_[i - 1].word;
    const bool dates = called == Word::anniversary || called == Word::age;
    if (!dates && tokens_[i + 2 < tokens_.size() ? i + 2 : i].kind == TokenKind::colon)
      return true;
    std::size_t open = 0;
    for (; i + 1 < tokens_.size(); ++i) {
      open += tokens_[i].kind == TokenKind::left_parenthesis ? 1 : 0;
      if (tokens_[i].kind == TokenKind::right_parenthesis && --open == 0)
        break;
    }
  }
  return false;
}

} // namespace segmentation::core::syntax
