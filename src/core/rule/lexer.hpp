// Rule text -> tokens. Knows characters and words, not the grammar; what a number or date token says is read
// later, where the parser knows what is meant.
#pragma once

#include "core/rule/diagnostic.hpp"
#include "core/rule/words.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace segmentation::core::syntax {

enum class TokenKind : std::uint8_t {
  end,
  word,
  quoted_name, // "..." with its quotes
  number,      // digits, perhaps a fraction; without a sign
  digits_word, // begins with a digit but is no number: 7d, 7_days_ago, 1pm, 10:00
  date,        // 2026-05-30, perhaps with a time
  text,        // '...' with its quotes
  left_parenthesis,
  right_parenthesis,
  comma,
  colon,
  dot,
  plus,
  minus,
  star,
  slash,
  eq,
  ne,
  lt,
  le,
  gt,
  ge,
  invalid, // reported already
};

struct Token {
  TokenKind kind = TokenKind::end;
  Word word = Word::none;
  Span span;
};

struct Lexed {
  std::vector<Token> tokens; // the last one is always the end, [size, size)
  Diagnostics diagnostics;
  bool open_ended = false; // a quote or comment swallowed the end: nothing more is known about it
  bool unreadable = false; // no UTF-8: there is nothing to parse
};

/// Splits a text into tokens. Reports characters that have no meaning, and quotes and comments that are not
/// closed.
Lexed lex(std::string_view text, const Limits &limits);

/// Returns what a text token says: without its quotes, '' and \' as ', \\ as \.
std::string unescape_text(std::string_view quoted);

/// Returns what a quoted name says: without its quotes, "" as ".
std::string unescape_name(std::string_view quoted);

} // namespace segmentation::core::syntax
