// Values, names and constants.
#include "core/rule/parser_state.hpp"

#include "core/value/fold_case.hpp"

#include <fmt/format.h>

namespace segmentation::core::syntax {
namespace {

static_assert(static_cast<int>(Word::list) - static_cast<int>(Word::count) ==
              static_cast<int>(AggregateFn::list));

/// Adds a part to a name. Quotes that change nothing are dropped.
void add_part(Name &out, const Token &token, std::string_view text) {
  Name::Part part;
  if (token.kind == TokenKind::quoted_name) {
    part.text = unescape_name(text);
    part.quoted = !is_plain_part(part.text, out.parts.empty()) || keeps_quotes(part.text);
  } else {
    part.text = fold_case(text);
  }
  out.parts.push_back(std::move(part));
}

constexpr std::string_view form_hint =
    "Write a date as 2026-05-30 or 2026-05-30T16:00:00, a distance from today as -7d, +4w, -12m or -1y.";

} // namespace

/// True where one of the language's functions is called. count(a: 1) is a source named count, in the older
/// spelling.
bool Parser::at_call() const noexcept {
  if (peek(1).kind != TokenKind::left_parenthesis || peek().kind != TokenKind::word)
    return false;
  if (at(Word::age) || at(Word::anniversary))
    return true;
  return is_aggregate(peek().word) && !(is_name_start(peek(2)) && peek(3).kind == TokenKind::colon);
}

/// value := name | aggregate | anniversary '(' .. ')' | age '(' .. ')'
bool Parser::value(Value &out) {
  const std::uint32_t begin = peek().span.begin;
  bool good = false;
  if (!at_call()) {
    good = name(out.name);
    if (good && at(TokenKind::left_parenthesis)) {
      error({begin, last_end()}, fmt::format("there is no function \"{}\"", excerpt({begin, last_end()})));
      good = false;
    }
  } else {
    good = is_aggregate(peek().word) ? aggregate(out) : date_function(out);
  }
  out.span = {begin, last_end()};
  return good;
}

/// aggregate := function '(' [DISTINCT] name [ MATCHES (..) ] ')', or inside MATCHES count(*)
bool Parser::aggregate(Value &out) {
  out.kind = Value::Kind::aggregate;
  out.fn = static_cast<AggregateFn>(static_cast<int>(peek().word) - static_cast<int>(Word::count));
  advance();
  const Span opening = peek().span;
  advance();
  if (at(Word::distinct) && is_name_start(peek(1))) {
    out.distinct = true;
    if (out.fn != AggregateFn::count)
      error(peek().span, "DISTINCT belongs into count() only");
    advance();
  }
  if (at(TokenKind::star) && out.fn == AggregateFn::count && matches_depth_ > 0) {
    out.kind = Value::Kind::name;
    out.name.parts.push_back({"count", false});
    out.name.span = peek().span;
    advance();
    return close(opening);
  }
  if (!is_name_start(peek())) {
    missing("a name",
            out.fn == AggregateFn::count ? "Write count(source)." : "Write the source and its column.");
    return leave_call();
  }
  if (!name(out.name))
    return leave_call();
  if (take(Word::matches)) {
    out.has_matches = true;
    if (!matches_body(out.filter))
      return leave_call();
  }
  return close(opening);
}

/// anniversary '(' [date ':'] (quoted name | name | aggregate) ')', and age the same
bool Parser::date_function(Value &out) {
  out.kind = at(Word::age) ? Value::Kind::age : Value::Kind::anniversary;
  advance();
  const Span opening = peek().span;
  advance();
  if (is_name_start(peek()) && peek(1).kind == TokenKind::colon) {
    if (const std::string parameter = fold_case(piece(peek().span)); parameter != "date")
      error(peek().span, fmt::format("there is no parameter \"{}\"", excerpt(peek().span)),
            "Write date: or nothing.");
    advance();
    advance();
  }
  Value &operand = out.operands.emplace_back();
  operand.span = peek().span;
  if (at(TokenKind::text)) {
    if (!name_in_text(operand.name))
      return leave_call();
  } else if (!is_name_start(peek())) {
    missing("a name");
    return leave_call();
  } else if (at_call() && !is_aggregate(peek().word)) {
    error(peek().span, fmt::format("{}() does not take a value of {}()", excerpt(tokens_[at_ - 2].span),
                                   excerpt(peek().span)));
    return leave_call();
  } else if (!value(operand)) {
    return leave_call();
  }
  return close(opening);
}

/// name := part { '.' part }
bool Parser::name(Name &out) {
  out.span = peek().span;
  add_part(out, peek(), piece(peek().span));
  advance();
  while (take(TokenKind::dot)) {
    if (!at(TokenKind::word) && !at(TokenKind::quoted_name)) {
      missing("a name");
      return false;
    }
    add_part(out, peek(), piece(peek().span));
    advance();
  }
  out.span.end = last_end();
  if (out.parts.size() == 1 && piece(out.span) != out.parts.front().text && !out.parts.front().quoted)
    out.written = piece(out.span);
  finish_name(out);
  return true;
}

/// Drops a leading customer. and makes storefront_event. what it is short for. Inside MATCHES names belong to
/// the source's rows, where customer. may be something of theirs.
void Parser::finish_name(Name &out) const {
  const auto leads = [&](std::string_view word) {
    return out.parts.size() > 1 && !out.parts.front().quoted && out.parts.front().text == word;
  };
  while (matches_depth_ == 0 && leads("customer")) {
    out.parts.erase(out.parts.begin());
    // What was plain behind the dot may need quotes as the first part: customer.in, customer.date,
    // customer.123. The built-in names of a customer mean the same with and without customer.
    Name::Part &first = out.parts.front();
    const bool built_in =
        first.text == "segments" || first.text == "memberships" ||
        (out.parts.size() > 1 && (first.text == "customer" || first.text == "storefront_event"));
    first.quoted =
        first.quoted || !is_plain_part(first.text, true) || (keeps_quotes(first.text) && !built_in);
  }
  if (leads("storefront_event"))
    out.parts.front().text = "storefront";
}

/// Shopify writes the name of anniversary's date in quotes.
bool Parser::name_in_text(Name &out) {
  const Span span = peek().span;
  const std::string text = unescape_text(piece(span));
  const Lexed lexed = lex(text, limits_);
  const std::vector<Token> &tokens = lexed.tokens;
  bool good = lexed.diagnostics.empty() && tokens.size() % 2 == 0 && is_name_start(tokens.front());
  for (std::size_t i = 0; good && i + 1 < tokens.size(); ++i) {
    const TokenKind kind = tokens[i].kind;
    good = i % 2 == 1 ? kind == TokenKind::dot : kind == TokenKind::word || kind == TokenKind::quoted_name;
    if (good && i % 2 == 0)
      add_part(
          out, tokens[i],
          std::string_view(text).substr(tokens[i].span.begin, tokens[i].span.end - tokens[i].span.begin));
  }
  if (!good) {
    error(span, fmt::format("{} is not a name", excerpt(span)), "Write the name of a date attribute.");
    return false;
  }
  out.span = span;
  finish_name(out);
  advance();
  return true;
}

/// Takes a constant. A malformed one is reported and taken all the same: what follows it can still be read.
bool Parser::literal(Literal &out) {
  const Token token = peek();
  out.span = token.span;
  switch (token.kind) {
  case TokenKind::text:
    out.kind = Literal::Kind::text;
    out.text = unescape_text(piece(token.span));
    advance();
    return true;
  case TokenKind::number:
    number(out, false, token.span.begin);
    return true;
  case TokenKind::date:
  case TokenKind::digits_word:
    advance();
    date(out, piece(token.span), token.span);
    return true;
  case TokenKind::plus:
  case TokenKind::minus:
    advance();
    if (at(TokenKind::number)) {
      number(out, token.kind == TokenKind::minus, token.span.begin);
      return true;
    }
    if (at(TokenKind::digits_word)) {
      const Span digits = peek().span;
      out.span.end = digits.end;
      advance();
      date(out, fmt::format("{}{}", piece(token.span), piece(digits)), out.span);
      return true;
    }
    missing("a number");
    return false;
  default:
    break;
  }
  advance();
  if (token.word == Word::date_word) {
    date(out, piece(token.span), token.span);
  } else if (token.word == Word::null) {
    error(token.span, "NULL is not a value", "Use IS NULL or IS NOT NULL.");
  } else {
    out.kind = Literal::Kind::boolean;
    out.boolean = token.word == Word::true_;
  }
  return true;
}

void Parser::number(Literal &out, bool negative, std::uint32_t begin) {
  out.kind = Literal::Kind::number;
  out.text = normal_number(negative, piece(peek().span));
  out.span = {begin, peek().span.end};
  advance();
  if (!arithmetic_)
    check_number_end(begin);
}

/// Reports what people glue to a number: 1,000 and 1 000, and dates in other orders (30/5/2026, 30-5-2026).
void Parser::check_number_end(std::uint32_t begin) {
  const auto touches = [&](std::size_t ahead) {
    return peek(ahead).span.begin == (at_ + ahead == 0 ? 0 : tokens_[at_ + ahead - 1].span.end);
  };
  const bool dash = at(TokenKind::minus) || at(TokenKind::slash);
  if (dash && peek(1).kind == TokenKind::number && peek(2).kind == peek().kind &&
      peek(3).kind == TokenKind::number && touches(0) && touches(1) && touches(2) && touches(3)) {
    const Span span = {begin, peek(3).span.end};
    at_ += 4;
    return error(span, fmt::format("\"{}\" is not a date", excerpt(span)), std::string(form_hint));
  }
  // Inside a list a comma separates values; but nobody writes a value as 000.
  const auto is_group = [&](const Token &token) {
    const std::string_view digits = piece(token.span);
    return token.kind == TokenKind::number && std::min(digits.find('.'), digits.size()) == 3 &&
           (!in_list_ || digits.front() == '0');
  };
  std::string joined(piece({begin, last_end()}));
  const std::size_t before = at_;
  while (true) {
    const bool comma = at(TokenKind::comma) && touches(0) && touches(1) && is_group(peek(1));
    if (!comma && (in_list_ || !is_group(peek())))
      break;
    if (comma)
      advance();
    joined += piece(peek().span);
    advance();
  }
  // No condition begins with a number, so outside lists this comma can only be meant as a point: 999,99.
  const bool decimal_comma = !in_list_ && at(TokenKind::comma) && touches(0) && touches(1) &&
                             peek(1).kind == TokenKind::number &&
                             piece(peek(1).span).find('.') == std::string_view::npos;
  if (decimal_comma) {
    advance();
    std::erase(joined, '.'); // 1.000,99
    fmt::format_to(std::back_inserter(joined), ".{}", piece(peek().span));
    advance();
    error({begin, last_end()}, "the decimal point of a number is a point, not a comma",
          fmt::format("Write {}.", joined));
  } else if (at_ != before) {
    error({begin, last_end()}, "a number has no thousands separator", fmt::format("Write {}.", joined));
  }
}

/// Reads a date form into a constant, or says what is wrong with it.
void Parser::date(Literal &out, std::string_view text, Span span) {
  out.kind = Literal::Kind::date;
  const DateReading reading = read_date_form(text);
  if (reading.form) {
    out.date = *reading.form;
    return;
  }
  const std::string shown = excerpt(span);
  switch (reading.error) {
  case DateError::no_such_day: {
    const bool day_exists = read_date_form(text.substr(0, 10)).form.has_value();
    return error(span, fmt::format("there is no {} {}", day_exists ? "time" : "day", shown), {},
                 SqlState::no_such_day);
  }
  case DateError::time_without_day:
    return error(span, fmt::format("time \"{}\" needs a date", shown),
                 "Write the day and the time, as in 2026-05-30T16:00:00.");
  case DateError::offset_with_time:
    return error(span, fmt::format("\"{}\": a distance from today carries no time", shown),
                 "Write -7d for a day, -36h for a distance in hours.");
  case DateError::out_of_range:
    return error(span, fmt::format("date \"{}\" is out of range", shown),
                 "Days lie in the years 1 to 9999, distances within 10000 years, times in microseconds.",
                 SqlState::no_such_day);
  case DateError::not_a_date:
    break;
  }
  const std::string with_sign = fmt::format("-{}", text);
  if (text.front() >= '0' && text.front() <= '9' && read_date_form(with_sign).form)
    return error(span, fmt::format("distance \"{}\" needs a sign", shown),
                 fmt::format("Write {} for the past or +{} for the future.", with_sign, text));
  std::string hint(form_hint);
  if (text.front() >= '0' && text.front() <= '9' && text.find_first_of(".:") == text.npos)
    hint += " A name that begins with a digit stands in double quotes.";
  error(span, fmt::format("\"{}\" is neither a number nor a date", shown), std::move(hint));
}

} // namespace segmentation::core::syntax
