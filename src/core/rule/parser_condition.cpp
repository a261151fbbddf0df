// How conditions are joined: comma, OR, AND, NOT, parentheses.
#include "core/rule/parser_state.hpp"
#include "core/rule/printer.hpp"

#include <fmt/format.h>

namespace segmentation::core::syntax {
namespace {

/// Adds a condition to a group; a group of the same kind is dissolved into it.
void append(Expr &group, Expr &&item) {
  if (item.kind != group.kind) {
    group.children.push_back(std::move(item));
    return;
  }
  for (Expr &child : item.children)
    group.children.push_back(std::move(child));
}

/// Makes a group of the condition in `out`, to be joined by more.
void start_group(Expr &out, Expr::Kind kind, Span joiner) {
  Expr first = std::move(out);
  out = Expr();
  out.kind = kind;
  out.op_span = joiner;
  out.children.reserve(4);
  append(out, std::move(first));
}

/// True for a name on its own, which may be meant as the beginning of something else.
bool is_lone_name(const Expr &expr) noexcept {
  return expr.kind == Expr::Kind::truth ||
         (expr.kind == Expr::Kind::negation && is_lone_name(expr.children[0]));
}

void make_broken(Expr &out) {
  const Span span = out.span;
  out = Expr();
  out.kind = Expr::Kind::broken;
  out.span = span;
}

/// Whether a constant is a date, as far as it shows.
bool is_date(const Literal &literal) {
  return literal.kind == Literal::Kind::date ||
         (literal.kind == Literal::Kind::text && read_date_form(literal.text).form);
}

} // namespace

/// expression := or_list, or inside MATCHES: or_list { ',' or_list }
void Parser::expression(Expr &out) {
  if (matches_depth_ == 0)
    return or_list(out);
  const std::uint32_t begin = peek().span.begin;
  const std::uint32_t deepest_before = deepest_;
  std::uint32_t deepest = deepest_before;
  std::vector<Expr> items;
  Span comma;
  for (bool more = true; more;) {
    deepest_ = depth_;
    or_list(items.emplace_back());
    more = at(TokenKind::comma);
    if (more && items.size() == 1)
      comma = peek().span;
    // Where AND has to take the comma's place in print, an OR gets parentheses: count them now, so that what
    // is within the limits stays so.
    const bool parentheses = items.back().kind == Expr::Kind::any && (more || items.size() > 1);
    deepest = std::max(deepest, deepest_ + (parentheses ? 1 : 0));
    if (deepest > limits_.depth)
      exceeded(peek().span, fmt::format("{} is nested more than {} levels deep", noun_, limits_.depth));
    if (more)
      advance();
    more = more && !stopped_;
  }
  deepest_ = deepest;
  if (items.size() == 1) {
    out = std::move(items.front());
    return;
  }
  check_repeated(items);
  out.kind = Expr::Kind::all;
  out.op_span = comma;
  out.children.reserve(items.size());
  for (Expr &item : items)
    append(out, std::move(item));
  out.span = {begin, last_end()};
}

/// or_list := and_list { OR and_list }
void Parser::or_list(Expr &out) {
  const std::uint32_t begin = peek().span.begin;
  and_list(out);
  if (!at(Word::or_))
    return;
  start_group(out, Expr::Kind::any, peek().span);
  while (take(Word::or_)) {
    Expr item;
    and_list(item);
    append(out, std::move(item));
  }
  out.span = {begin, last_end()};
}

/// and_list := not_test { AND not_test }
void Parser::and_list(Expr &out) {
  const std::uint32_t begin = peek().span.begin;
  not_test(out);
  const Span joiner = peek().span;
  bool more = next_in_and_list(out);
  if (!more)
    return;
  start_group(out, Expr::Kind::all, joiner);
  while (more) {
    Expr item;
    not_test(item);
    more = next_in_and_list(item);
    append(out, std::move(item));
  }
  out.span = {begin, last_end()};
}

/// Takes AND, or reports that it is missing and goes on as if it stood there. Where what follows is no test,
/// or may belong to a name before it, the rest of that clause is skipped: one mistake is told once.
bool Parser::next_in_and_list(Expr &previous) {
  const Stretch own(*this);
  while (!stopped_) {
    if (take(Word::and_))
      return true;
    if (at(TokenKind::end) || at(TokenKind::right_parenthesis) || at(Word::or_) || at_tail_after_condition())
      return false;
    if (at(TokenKind::comma)) {
      if (matches_depth_ > 0)
        return false;
      error(peek().span, "a comma joins conditions only inside MATCHES", "Use AND.");
      advance();
      return true;
    }
    const bool sign = at(TokenKind::plus) || at(TokenKind::minus);
    const bool is_constant = at_constant() && !sign;
    const bool after_name = is_lone_name(previous);
    if (after_name && is_constant) {
      error(peek().span, fmt::format("an operator is missing before \"{}\"", excerpt(peek().span)));
    } else if (is_constant || is_name_start(peek()) || at(Word::not_) || at(TokenKind::left_parenthesis)) {
      error(peek().span, fmt::format("{}AND or OR is missing before \"{}\"",
                                     after_name ? "an operator, " : "", excerpt(peek().span)));
      if (!after_name && at_test())
        return true;
    } else {
      unexpected();
      if (previous.kind >= Expr::Kind::compare && previous.kind <= Expr::Kind::is_null)
        make_broken(previous);
    }
    if (after_name)
      make_broken(previous);
    recover();
  }
  return false;
}

/// True where a test seems to begin: a parenthesis, NOT, or a name with an operator behind it.
bool Parser::at_test() const noexcept {
  if (at(TokenKind::left_parenthesis) || at(Word::not_))
    return true;
  if (!is_name_start(peek()))
    return false;
  std::size_t behind = 1;
  while (peek(behind).kind == TokenKind::dot)
    behind += 2;
  const TokenKind kind = peek(behind).kind;
  if ((kind >= TokenKind::eq && kind <= TokenKind::ge) || kind == TokenKind::left_parenthesis)
    return true;
  behind += peek(behind).word == Word::not_ ? 1 : 0;
  switch (peek(behind).word) {
  case Word::in:
  case Word::between:
  case Word::contains:
  case Word::is:
  case Word::matches:
  case Word::not_matches:
    return true;
  case Word::starts:
  case Word::ends:
    return peek(behind + 1).word == Word::with;
  default:
    return false;
  }
}

/// not_test := { NOT } primary
void Parser::not_test(Expr &out) {
  if (!at(Word::not_))
    return primary(out);
  const Span first = peek().span;
  const std::size_t begin = at_;
  std::uint32_t count = 0;
  while (take(Word::not_))
    ++count;
  // The NOT that is one too many, should there be one.
  const Nesting nesting(*this, count, tokens_[std::min(begin + (limits_.depth - depth_), at_)].span);
  if (!nesting)
    return;
  if (count % 2 == 0)
    return primary(out);
  Expr inner;
  primary(inner);
  if (inner.kind == Expr::Kind::negation && !inner.children.empty()) {
    Expr positive = std::move(inner.children.front());
    out = std::move(positive);
    return;
  }
  out.kind = Expr::Kind::negation;
  out.op_span = first;
  out.children.push_back(std::move(inner));
  out.span = {first.begin, last_end()};
}

/// primary := '(' expression ')' | test
void Parser::primary(Expr &out) {
  if (at(TokenKind::left_parenthesis)) {
    const Nesting nesting(*this, 1, peek().span);
    if (!nesting)
      return;
    const Span opening = peek().span;
    advance();
    expression(out);
    if (!close(opening))
      return recover();
    // (number_of_orders) > 1
    if (out.kind == Expr::Kind::truth) {
      const Stretch own(*this);
      const bool good = test(out);
      if (out.kind != Expr::Kind::truth)
        out.span = {opening.begin, last_end()};
      end_clause(out, good);
    } else if (out.kind == Expr::Kind::broken) {
      recover();
    }
    return;
  }
  if (is_name_start(peek()) && !at_tail_before_condition())
    return subject(out);
  const Stretch own(*this);
  out.span = peek().span;
  make_broken(out);
  if (at_constant()) {
    constant_first();
  } else if (at(TokenKind::end) || at(TokenKind::right_parenthesis) || at(TokenKind::comma) ||
             at(Word::and_) || at(Word::or_) || at_tail_before_condition()) {
    missing("a condition");
    return;
  } else if (!at(TokenKind::invalid)) {
    error(peek().span, fmt::format("a name is missing before \"{}\"", excerpt(peek().span)));
  }
  recover();
}

void Parser::subject(Expr &out) {
  const Stretch own(*this);
  count_clause();
  const std::uint32_t begin = peek().span.begin;
  bool good = false;
  if (at_call()) {
    good = value(out.left) && test(out);
  } else {
    out.left.span.begin = begin;
    good = name(out.left.name);
    out.left.span.end = last_end();
    if (good)
      good = at(TokenKind::left_parenthesis) ? older_spelling(out) : test(out);
  }
  out.span = {begin, last_end()};
  end_clause(out, good);
}

/// Ends a clause. One with a mistake is broken, be it the scanner's and hard behind; where it can not be gone
/// on with, its rest is skipped.
void Parser::end_clause(Expr &out, bool good) {
  const auto first = std::lower_bound(
      lexical_.begin(), lexical_.end(), out.span.begin,
      [](const Diagnostic &mistake, std::uint32_t begin) { return mistake.span.begin < begin; });
  const bool unreadable = first != lexical_.end() && first->span.begin <= peek().span.begin;
  if (!good)
    recover();
  if (!good || failed_ || unreadable)
    make_broken(out);
}

/// 5 < number_of_orders: says how it is written here.
void Parser::constant_first() {
  const std::uint32_t begin = peek().span.begin;
  std::string hint;
  Literal constant;
  if (literal(constant) && at_ + 1 < tokens_.size() && peek().kind >= TokenKind::eq &&
      peek().kind <= TokenKind::ge && is_name_start(peek(1))) {
    constexpr std::string_view mirrored[] = {"=", "!=", ">", ">=", "<", "<="};
    const std::string_view op =
        mirrored[static_cast<std::size_t>(peek().kind) - static_cast<std::size_t>(TokenKind::eq)];
    advance();
    if (Value subject; value(subject))
      hint = fmt::format("Write {} {} {}.", print_value(subject), op, print_literal(constant));
  }
  error({begin, last_end()}, "a condition begins with a name, not with a constant", std::move(hint));
}

/// A comma joins conditions on different columns, as in Shopify. The older spelling of a source knows no AND.
void Parser::check_repeated(const std::vector<Expr> &conditions, const Name *older_source) {
  if (stopped_)
    return;
  const Stretch own(*this);
  for (const std::size_t i : repeated_columns(conditions)) {
    const Expr &condition = conditions[i];
    const std::string name = print_name(condition.left.name);
    // Dates know no IN.
    const bool range = condition.kind == Expr::Kind::between ||
                       (condition.kind == Expr::Kind::compare && condition.op != CompareOp::eq &&
                        condition.op != CompareOp::ne) ||
                       std::any_of(condition.literals.begin(), condition.literals.end(), is_date);
    const std::string_view together = range                     ? "BETWEEN .. AND .."
                                      : older_source != nullptr ? "(.., ..)"
                                                                : "IN (..)";
    error(condition.left.name.span, fmt::format("\"{}\" is given twice", name),
          older_source != nullptr
              ? fmt::format("Use {}: {}, or two tests of {} joined by AND.", name, together,
                            print_name(*older_source))
              : fmt::format("Use {} {}, or join the two conditions with AND.", name, together));
  }
}

void Parser::count_clause() {
  if (++clauses_ > limits_.clauses)
    exceeded(peek().span, fmt::format("{} has more than {} conditions", noun_, limits_.clauses));
}

} // namespace segmentation::core::syntax
