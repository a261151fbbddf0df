// Mutations that know the language: of the tree where a rule parses, of its tokens where it does not.
#pragma once

#include "core/rule/lexer.hpp"
#include "core/rule/parser.hpp"
#include "fuzz/phrases.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace segmentation::core::fuzz {

/// A piece of a rule that another of its sort may replace.
struct Piece {
  enum class Sort : std::uint8_t { condition, name, value, literal, op };
  Sort sort = Sort::condition;
  Span span;
  std::string source; // whose words are understood there; empty for the customer's
  Literal::Kind literal = Literal::Kind::number;
};

class Pieces {
public:
  explicit Pieces(const Phrases &phrases) : phrases_(phrases) {}

  const std::vector<Piece> &of(const Expr &expr) {
    found_.clear();
    take(expr, "");
    return found_;
  }

private:
  void take(const Expr &expr, const std::string &source) {
    add(Piece::Sort::condition, expr.span, source);
    if (expr.op_span.end > expr.op_span.begin)
      add(Piece::Sort::op, expr.op_span, source);
    for (const Literal &literal : expr.literals) {
      add(Piece::Sort::literal, literal.span, source);
      found_.back().literal = literal.kind;
    }
    const bool enters = expr.kind == Expr::Kind::matches;
    if (!enters && expr.kind > Expr::Kind::negation && expr.kind != Expr::Kind::function)
      take(expr.left, source);
    if (expr.right)
      take(*expr.right, source);
    for (const Expr &child : expr.children)
      take(child, enters ? print_name(expr.source) : source);
  }

  void take(const Value &value, const std::string &source) {
    add(value.kind == Value::Kind::name ? Piece::Sort::name : Piece::Sort::value, value.span, source);
    for (const Value &operand : value.operands)
      take(operand, source);
    if (!value.filter)
      return;
    // count(orders MATCHES ..) or sum(orders.total MATCHES ..): the source is the longest that fits.
    const std::string name = print_name(value.name);
    std::string inner;
    for (const Scope &scope : phrases_.scopes())
      if (name.starts_with(scope.source) && scope.source.size() > inner.size())
        inner = scope.source;
    take(*value.filter, inner);
  }

  void add(Piece::Sort sort, Span span, const std::string &source) {
    found_.push_back({sort, span, source, Literal::Kind::number});
  }

  const Phrases &phrases_;
  std::vector<Piece> found_;
};

class Mutator {
public:
  Mutator(const Phrases &phrases, const Limits &limits)
      : phrases_(phrases), pieces_(phrases), limits_(limits) {}

  std::string mutate(const std::string &text, Dice &dice) {
    if (text.size() < 3 || dice.chance(3))
      return phrases_.condition(dice, phrases_.scopes().front(), 3);
    // One rule of several.
    const std::size_t semicolon = text.find(';');
    if (semicolon != std::string::npos && dice.chance(95)) {
      const std::string first = text.substr(0, semicolon), rest = text.substr(semicolon + 1);
      if (dice.chance(5))
        return dice.chance(50) ? first : rest;
      return dice.chance(50) ? mutate(first, dice) + ";" + rest : first + ";" + mutate(rest, dice);
    }
    if (dice.chance(3))
      return text + ";\n" + phrases_.condition(dice, phrases_.scopes().front(), 2);
    const Parsed<Rule> parsed = parse_rule(text, limits_);
    if (!parsed.value || dice.chance(12))
      return mutate_tokens(text, dice);
    const std::vector<Piece> pieces = pieces_.of(parsed.value->condition);
    return mutate_piece(text, dice.pick(pieces), dice);
  }

  /// Puts a condition of one text into the other, in the place of one in reach of the same rows.
  std::string cross(const std::string &text, const std::string &other, Dice &dice) {
    const Parsed<Rule> mine = parse_rule(text, limits_), theirs = parse_rule(other, limits_);
    if (!mine.value || !theirs.value)
      return text;
    const auto conditions = [this](const Rule &rule) {
      std::vector<Piece> pieces = pieces_.of(rule.condition);
      std::erase_if(pieces, [](const Piece &piece) { return piece.sort != Piece::Sort::condition; });
      return pieces;
    };
    const std::vector<Piece> here = conditions(*mine.value), there = conditions(*theirs.value);
    const Piece &from = dice.pick(there);
    std::vector<Piece> fitting = here;
    std::erase_if(fitting, [&](const Piece &piece) { return piece.source != from.source; });
    const std::string taken = "(" + std::string(slice(other, from.span)) + ")";
    if (fitting.empty())
      return text;
    const Piece &to = dice.pick(fitting);
    if (dice.chance(40))
      return replace(text, to.span,
                     "(" + std::string(slice(text, to.span)) + (dice.chance(50) ? " AND " : " OR ") + taken +
                         ")");
    return replace(text, to.span, taken);
  }

private:
  static std::string_view slice(const std::string &text, Span span) {
    return std::string_view(text).substr(span.begin, span.end - span.begin);
  }
  static std::string replace(const std::string &text, Span span, const std::string &by) {
    return text.substr(0, span.begin) + by + text.substr(span.end);
  }

  std::string mutate_piece(const std::string &text, const Piece &piece, Dice &dice) {
    const Scope &scope = phrases_.scope(piece.source);
    const std::string old(slice(text, piece.span));
    switch (piece.sort) {
    case Piece::Sort::condition: {
      const std::size_t roll = dice.below(100);
      if (roll < 20)
        return replace(text, piece.span, "NOT (" + old + ")");
      if (roll < 50)
        return replace(text, piece.span,
                       "(" + old + (roll < 35 ? " AND " : " OR ") + phrases_.condition(dice, scope, 2) + ")");
      if (roll < 60 && !scope.aggregates.empty())
        return replace(text, piece.span,
                       old + ", " + dice.pick(scope.aggregates) + Phrases::compare(dice) +
                           Phrases::number(dice));
      return replace(text, piece.span, phrases_.condition(dice, scope, 2));
    }
    case Piece::Sort::name:
    case Piece::Sort::value: {
      if (piece.source.empty() && dice.chance(40))
        return replace(text, piece.span, phrases_.aggregate(dice, 2));
      if (!piece.source.empty() && !scope.aggregates.empty() && dice.chance(20))
        return replace(text, piece.span, dice.pick(scope.aggregates));
      // Of those that may stand there, one that takes the same tests.
      std::vector<const std::vector<std::string> *> alike;
      for (const auto &names : scope.names)
        if (std::find(names.begin(), names.end(), old) != names.end())
          alike.push_back(&names);
      const auto &names = alike.empty() ? scope.names[dice.below(form_count)] : *dice.pick(alike);
      return names.empty() ? text : replace(text, piece.span, dice.pick(names));
    }
    case Piece::Sort::literal: {
      if (dice.chance(20))
        return replace(text, piece.span, old + ", " + old); // of a list
      const bool text_like = piece.literal == Literal::Kind::text;
      const std::string by = piece.literal == Literal::Kind::number ? Phrases::number(dice)
                             : text_like                            ? Phrases::text(dice)
                             : piece.literal == Literal::Kind::date ? Phrases::date(dice)
                                                                    : (old == "true" ? "false" : "true");
      return replace(text, piece.span, by);
    }
    case Piece::Sort::op:
      if (old.size() <= 2)
        return replace(text, piece.span, Phrases::compare(dice));
      return replace(text, piece.span, "NOT " + old);
    }
    return text;
  }

  // Tokens: one more, one less, one twice, two in each other's place, one of the same sort.
  std::string mutate_tokens(const std::string &text, Dice &dice) {
    const syntax::Lexed lexed = syntax::lex(text, limits_);
    std::vector<std::string> tokens;
    for (const syntax::Token &token : lexed.tokens)
      if (token.kind != syntax::TokenKind::end)
        tokens.emplace_back(slice(text, token.span));
    if (tokens.empty())
      return phrases_.condition(dice, phrases_.scopes().front(), 1);
    for (std::size_t i = 1 + dice.below(2); i > 0 && !tokens.empty(); --i) {
      const std::size_t at = dice.below(tokens.size());
      const auto place = tokens.begin() + static_cast<std::ptrdiff_t>(at);
      switch (dice.below(5)) {
      case 0:
        tokens.erase(place);
        break;
      case 1:
        tokens.insert(place, token(dice));
        break;
      case 2:
        tokens.insert(place, tokens[dice.below(tokens.size())]);
        break;
      case 3:
        std::swap(tokens[at], tokens[dice.below(tokens.size())]);
        break;
      default:
        *place = token(dice);
      }
    }
    std::string out;
    for (const std::string &token : tokens) {
      // A dot and what follows it belong together; elsewhere a space is always allowed.
      const bool close = token == "." || out.ends_with(".");
      out += (out.empty() || close ? "" : " ") + token;
    }
    return out;
  }

  std::string token(Dice &dice) const {
    static const std::vector<std::string> tokens{"AND",
                                                 "OR",
                                                 "NOT",
                                                 "IN",
                                                 "BETWEEN",
                                                 "CONTAINS",
                                                 "IS",
                                                 "NULL",
                                                 "true",
                                                 "false",
                                                 "MATCHES",
                                                 "(",
                                                 ")",
                                                 ",",
                                                 ".",
                                                 "=",
                                                 "!=",
                                                 "<",
                                                 "<=",
                                                 ">",
                                                 ">=",
                                                 "STARTS WITH",
                                                 "ENDS WITH",
                                                 "ANY",
                                                 "ALL",
                                                 "DISTINCT",
                                                 "count",
                                                 "sum",
                                                 "avg",
                                                 "min",
                                                 "max",
                                                 "first",
                                                 "last",
                                                 "mode",
                                                 "list",
                                                 "age",
                                                 "anniversary",
                                                 "+",
                                                 "-",
                                                 "*",
                                                 "/",
                                                 ":",
                                                 "customer.",
                                                 "date",
                                                 "days",
                                                 "weeks",
                                                 "months",
                                                 "FROM customers WHERE",
                                                 "ORDER BY city",
                                                 "LIMIT 3",
                                                 "-- note\n",
                                                 "segments",
                                                 "coordinates"};
    switch (dice.below(6)) {
    case 0:
      return Phrases::number(dice);
    case 1:
      return Phrases::text(dice);
    case 2:
      return Phrases::date(dice);
    case 3: {
      const auto &names = dice.pick(phrases_.scopes()).names[dice.below(form_count)];
      return names.empty() ? "city" : dice.pick(names);
    }
    default:
      return dice.pick(tokens);
    }
  }

  const Phrases &phrases_;
  Pieces pieces_;
  Limits limits_;
};

} // namespace segmentation::core::fuzz
