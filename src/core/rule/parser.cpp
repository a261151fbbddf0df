// Whole rules: FROM .. SHOW .. WHERE before the condition, ORDER BY and LIMIT behind it; and what all grammar
// functions share: tokens, mistakes, recovery.
#include "core/rule/parser.hpp"

#include "core/rule/parser_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace segmentation::core {
namespace syntax {

Parser::Parser(std::string_view text, const Limits &limits, std::string_view noun)
    : text_(text), limits_(limits), noun_(noun) {
  if (text.size() > limits.text_bytes) {
    tokens_.push_back({});
    exceeded({limits.text_bytes, static_cast<std::uint32_t>(std::min<std::size_t>(text.size(), UINT32_MAX))},
             fmt::format("{} is longer than {} bytes", noun, limits.text_bytes));
    return;
  }
  Lexed lexed = lex(text, limits);
  tokens_ = std::move(lexed.tokens);
  lexical_ = std::move(lexed.diagnostics);
  open_ended_ = lexed.open_ended;
  stopped_ = lexed.unreadable;
}

Parser::Nesting::Nesting(Parser &parser, std::uint32_t levels, Span span) : parser_(parser), levels_(levels) {
  parser.depth_ += levels;
  parser.deepest_ = std::max(parser.deepest_, parser.depth_);
  if (parser.depth_ > parser.limits_.depth)
    parser.exceeded(span,
                    fmt::format("{} is nested more than {} levels deep", parser.noun_, parser.limits_.depth));
}

bool Parser::take(TokenKind kind) noexcept {
  if (!at(kind))
    return false;
  advance();
  return true;
}

bool Parser::take(Word word) noexcept {
  if (!at(word))
    return false;
  advance();
  return true;
}

/// Returns a piece of the rule for a message: one line, not too long, whole characters.
std::string Parser::excerpt(Span span) const {
  constexpr std::size_t most = 40;
  std::string_view text = piece(span);
  const std::size_t line = std::min(text.find_first_of("\r\n"), text.size());
  std::size_t end = std::min(line, most);
  if (end < text.size())
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
      --end;
  return end < text.size() ? fmt::format("{}...", text.substr(0, end)) : std::string(text);
}

bool Parser::is_name_start(const Token &token) const noexcept {
  return token.kind == TokenKind::quoted_name || (token.kind == TokenKind::word && !is_reserved(token.word));
}

/// True where a constant begins. NULL counts: it is met with its own message.
bool Parser::at_constant() const noexcept {
  switch (peek().kind) {
  case TokenKind::number:
  case TokenKind::digits_word:
  case TokenKind::date:
  case TokenKind::text:
  case TokenKind::plus:
  case TokenKind::minus:
    return true;
  case TokenKind::word:
    return at(Word::true_) || at(Word::false_) || at(Word::null) || at(Word::date_word);
  default:
    return false;
  }
}

bool Parser::at_tail_after_condition() const noexcept {
  return at(Word::limit) || (at(Word::order) && peek(1).word == Word::by);
}

/// Where an operand is due, "limit" and "order" may be names.
bool Parser::at_tail_before_condition() const noexcept {
  return (at(Word::limit) && peek(1).kind == TokenKind::number) ||
         (at(Word::order) && peek(1).word == Word::by);
}

void Parser::error(Span span, std::string message, std::string hint, SqlState state) {
  failed_ = true;
  if (stopped_)
    return;
  // A second mistake at the same place follows from the first, and so does what a swallowed end misses.
  const auto same_place = [&](const Diagnostic &other) { return other.span.begin == span.begin; };
  if (std::any_of(diagnostics_.begin(), diagnostics_.end(), same_place) ||
      (open_ended_ && span.begin >= text_.size()))
    return;
  diagnostics_.push_back({state, span, std::move(message), std::move(hint)});
  if (diagnostics_.size() >= limits_.diagnostics)
    exceeded(span, {});
}

/// Reports a limit (unless the message is empty), and ends parsing: all tokens but the end are gone.
void Parser::exceeded(Span span, std::string message) {
  if (stopped_)
    return;
  if (!message.empty())
    diagnostics_.push_back({SqlState::limit_exceeded, span, std::move(message), {}});
  stopped_ = true;
  at_ = tokens_.size() - 1;
}

/// Reports that something is missing before the current token.
void Parser::missing(std::string_view what, std::string hint) {
  failed_ = true;
  if (at(TokenKind::invalid))
    return;
  if (at_ == 0)
    error(peek().span, fmt::format("{} is missing", what), std::move(hint));
  else
    error(peek().span, fmt::format("{} is missing after \"{}\"", what, excerpt(tokens_[at_ - 1].span)),
          std::move(hint));
}

void Parser::unexpected() {
  failed_ = true;
  switch (peek().kind) {
  case TokenKind::invalid:
    return;
  case TokenKind::end:
    return error(peek().span, fmt::format("{} ends too early", noun_));
  case TokenKind::plus:
  case TokenKind::minus:
  case TokenKind::star:
  case TokenKind::slash:
    if (!arithmetic_)
      return error(peek().span,
                   fmt::format("a condition does not calculate: unexpected \"{}\"", excerpt(peek().span)),
                   "Give the calculation a name with define_attribute and use the name; a name with other "
                   "characters than letters, digits and underscores stands in double quotes.");
    break;
  case TokenKind::right_parenthesis:
    return error(peek().span, "closing parenthesis without an opening one");
  default:
    break;
  }
  error(peek().span, fmt::format("unexpected \"{}\"", excerpt(peek().span)));
}

/// Takes the closing parenthesis; where it is missing, says so at the opening one.
bool Parser::close(Span opening) {
  if (take(TokenKind::right_parenthesis))
    return true;
  if (at(TokenKind::end) || at(Word::and_) || at(Word::or_) || at_tail_after_condition()) {
    if (!open_ended_)
      error(opening, "parenthesis is not closed");
    return false;
  }
  unexpected();
  return leave_call();
}

/// Skips what is left of a call or list after a mistake in it. Always false: the caller fails, too.
bool Parser::leave_call() {
  recover();
  take(TokenKind::right_parenthesis);
  return false;
}

/// Goes on to where the next condition may begin: AND, OR, a comma inside MATCHES, a closing parenthesis, the
/// view settings, the end. Parentheses on the way are skipped whole.
void Parser::recover() {
  std::size_t open = 0;
  for (; !at(TokenKind::end); advance()) {
    if (at(TokenKind::left_parenthesis)) {
      ++open;
    } else if (at(TokenKind::right_parenthesis)) {
      if (open == 0)
        return;
      --open;
    } else if (open == 0 && (at(Word::and_) || at(Word::or_) || at_tail_after_condition() ||
                             (at(TokenKind::comma) && matches_depth_ > 0))) {
      return;
    }
  }
}

Diagnostics Parser::take_diagnostics() {
  Diagnostics all = std::move(lexical_);
  std::move(diagnostics_.begin(), diagnostics_.end(), std::back_inserter(all));
  std::stable_sort(all.begin(), all.end(), [](const Diagnostic &a, const Diagnostic &b) {
    return a.span.begin != b.span.begin ? a.span.begin < b.span.begin : a.span.end < b.span.end;
  });
  // However many are wanted, one that stands for a failure must remain.
  if (all.size() > std::max<std::size_t>(limits_.diagnostics, 1))
    all.resize(std::max<std::size_t>(limits_.diagnostics, 1));
  return all;
}

/// rule := [ FROM customers [ SHOW name {, name} ] WHERE | WHERE ] condition [ ORDER BY .. ] [ LIMIT .. ]
void Parser::rule(Rule &out) {
  head(out);
  whole(out.condition);
  tail(out);
  if (!at(TokenKind::end))
    unexpected();
}

void Parser::head(Rule &out) {
  const bool from =
      at(Word::from) && peek(1).kind == TokenKind::word &&
      (peek(1).word == Word::customers || peek(2).word == Word::where || peek(2).word == Word::show);
  if (from) {
    advance();
    if (!at(Word::customers))
      error(peek().span, fmt::format("a rule is about customers, not \"{}\"", excerpt(peek().span)),
            "Write FROM customers.");
    advance();
    if (take(Word::show)) {
      do {
        if (!is_name_start(peek())) {
          missing("a name");
          break;
        }
        if (Name column; name(column))
          out.show.push_back(std::move(column));
      } while (take(TokenKind::comma));
    }
    if (!at(Word::where))
      missing("WHERE");
  }
  take(Word::where);
}

/// Parses conditions up to the view settings or the end.
void Parser::whole(Expr &out) {
  if (at(TokenKind::end) && at_ == 0) {
    if (lexical_.empty())
      error(peek().span, fmt::format("{} is empty", noun_),
            "Write a condition, as in number_of_orders >= 2.");
    out.kind = Expr::Kind::broken;
    return;
  }
  expression(out);
  // Whatever stops the conditions here is a parenthesis too many; what follows it is still looked at.
  while (at(TokenKind::right_parenthesis)) {
    unexpected();
    advance();
    if (!take(Word::and_))
      take(Word::or_);
    if (!at(TokenKind::end) && !at(TokenKind::right_parenthesis) && !at_tail_after_condition()) {
      Expr group;
      group.kind = Expr::Kind::all;
      group.span = out.span;
      group.children.push_back(std::move(out));
      expression(group.children.emplace_back());
      out = std::move(group);
    }
  }
}

void Parser::tail(Rule &out) {
  while (at_tail_after_condition()) {
    const Span span = peek().span;
    if (at(Word::limit)) {
      if (out.limit)
        error(span, "LIMIT is given twice");
      limit(out);
      continue;
    }
    if (!out.order_by.empty())
      error(span, "ORDER BY is given twice");
    advance();
    do {
      advance(); // BY, or the comma
      if (!is_name_start(peek()))
        return missing("a name");
      OrderColumn column;
      if (!name(column.name))
        return;
      column.descending = take(Word::desc);
      if (!column.descending)
        take(Word::asc);
      out.order_by.push_back(std::move(column));
    } while (at(TokenKind::comma));
  }
}

void Parser::limit(Rule &out) {
  advance();
  std::uint64_t count = 0;
  const std::string_view digits = piece(peek().span);
  if (!at(TokenKind::number)) {
    missing("a whole number", "Write LIMIT with the number of customers to show, as in LIMIT 100.");
    while (!at(TokenKind::end) && !at_tail_after_condition())
      advance();
    return;
  }
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size())
    error(peek().span, fmt::format("\"{}\" is not a whole number", excerpt(peek().span)));
  out.limit = count;
  advance();
}

void Parser::condition(Expr &out) {
  take(Word::where);
  whole(out);
  if (at_tail_after_condition())
    error(peek().span, fmt::format("\"{}\" does not belong into a condition", excerpt(peek().span)));
  else if (!at(TokenKind::end))
    unexpected();
}

/// attribute := sum | condition
void Parser::attribute(AttributeExpression &out) {
  if (at(TokenKind::end) || looks_like_condition())
    return condition(out.condition.emplace());
  arithmetic_ = true;
  if (!sum(out.value.emplace()) || at(TokenKind::end))
    return;
  if (at_constant() || is_name_start(peek()) || at(TokenKind::left_parenthesis))
    error(peek().span, fmt::format("an operator is missing before \"{}\"", excerpt(peek().span)));
  else
    unexpected();
}

void Parser::lone_name(Name &out, bool in_row) {
  matches_depth_ = in_row ? 1 : 0;
  if (!is_name_start(peek()))
    return missing("a name");
  if (name(out) && !at(TokenKind::end))
    unexpected();
}

} // namespace syntax

Parsed<Rule> parse_rule(std::string_view text, const Limits &limits) {
  syntax::Parser parser(text, limits, "rule");
  Parsed<Rule> result;
  parser.rule(result.value.emplace());
  result.diagnostics = parser.take_diagnostics();
  if (!result.diagnostics.empty()) {
    if (!parser.stopped())
      result.remains = std::move(result.value);
    result.value.reset();
  }
  return result;
}

Parsed<Expr> parse_condition(std::string_view text, const Limits &limits) {
  syntax::Parser parser(text, limits, "condition");
  Parsed<Expr> result;
  parser.condition(result.value.emplace());
  result.diagnostics = parser.take_diagnostics();
  if (!result.diagnostics.empty())
    result.value.reset();
  return result;
}

Parsed<AttributeExpression> parse_attribute(std::string_view text, const Limits &limits) {
  syntax::Parser parser(text, limits, "expression");
  Parsed<AttributeExpression> result;
  parser.attribute(result.value.emplace());
  result.diagnostics = parser.take_diagnostics();
  if (!result.diagnostics.empty())
    result.value.reset();
  return result;
}

Parsed<Name> parse_name(std::string_view text, const Limits &limits) {
  Parsed<AttributeExpression> expression = parse_attribute(text, limits);
  Parsed<Name> result;
  result.diagnostics = std::move(expression.diagnostics);
  if (!expression.value)
    return result;
  std::optional<Value> &value = expression.value->value;
  if (value && value->kind == Value::Kind::name) {
    result.value = std::move(value->name);
    return result;
  }
  const Span whole{0, static_cast<std::uint32_t>(text.size())};
  result.diagnostics.push_back({SqlState::syntax_error, whole, "a name is expected",
                                "Name a column, a lookup's column behind a dot, or a set."});
  return result;
}

Parsed<Name> read_name(std::string_view text, bool in_row, const Limits &limits) {
  syntax::Parser parser(text, limits, "name");
  Parsed<Name> result;
  parser.lone_name(result.value.emplace(), in_row);
  result.diagnostics = parser.take_diagnostics();
  if (!result.diagnostics.empty())
    result.value.reset();
  return result;
}

} // namespace segmentation::core
