// The scanner: one pass over valid UTF-8, ASCII decided without a table look-up in Unicode's data.
#include "core/rule/lexer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace segmentation::core::syntax {
namespace {

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

class Scanner {
public:
  Scanner(std::string_view text, const Limits &limits) : text_(text), limits_(limits) {
    out_.tokens.reserve(text.size() / 5 + 8);
  }

  Lexed run() {
    if (const auto at = find_invalid_byte(text_)) {
      const auto byte = static_cast<unsigned char>(text_[*at]);
      report(*at, *at + 1, fmt::format("byte 0x{:02x} is not valid UTF-8", byte));
      out_.unreadable = true;
      at_ = text_.size();
    }
    while (at_ < text_.size())
      scan();
    add(TokenKind::end, text_.size());
    return std::move(out_);
  }

private:
  char peek(std::size_t ahead = 0) const noexcept {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool digit_at(std::size_t ahead) const noexcept { return is_digit(peek(ahead)); }

  void add(TokenKind kind, std::size_t begin, Word word = Word::none) {
    out_.tokens.push_back({kind, word, {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_)}});
  }
  void report(std::size_t begin, std::size_t end, std::string message, std::string hint = {}) {
    if (out_.diagnostics.size() < limits_.diagnostics || out_.diagnostics.empty())
      out_.diagnostics.push_back({SqlState::syntax_error,
                                  {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)},
                                  std::move(message),
                                  std::move(hint)});
  }

  /// Moves behind the letters, digits and underscores that follow.
  void skip_word() noexcept {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c)) {
        ++at_;
        continue;
      }
      std::size_t next = at_;
      if (static_cast<unsigned char>(c) < 0x80 || glyph(next_character(text_, next)) != Glyph::letter)
        return;
      at_ = next;
    }
  }

  void scan() {
    const std::size_t begin = at_;
    const char c = text_[at_];
    switch (c) {
    case ' ':
    case '\t':
    case '\n':
    case '\r':
    case '\f':
    case '\v':
      ++at_;
      return;
    case '(':
      return symbol(TokenKind::left_parenthesis, 1);
    case ')':
      return symbol(TokenKind::right_parenthesis, 1);
    case ',':
      return symbol(TokenKind::comma, 1);
    case ':':
      return symbol(TokenKind::colon, 1);
    case '+':
      return symbol(TokenKind::plus, 1);
    case '*':
      return symbol(TokenKind::star, 1);
    case '-':
      if (peek(1) != '-')
        return symbol(TokenKind::minus, 1);
      at_ = std::min(text_.find('\n', at_), text_.size());
      return;
    case '/':
      return peek(1) == '*' ? block_comment() : symbol(TokenKind::slash, 1);
    case '=':
      if (peek(1) == '=')
        return instead(2, TokenKind::eq, "=");
      if (peek(1) == '>' || peek(1) == '<')
        return instead(2, peek(1) == '>' ? TokenKind::ge : TokenKind::le, peek(1) == '>' ? ">=" : "<=");
      return symbol(TokenKind::eq, 1);
    case '!':
      if (peek(1) == '=')
        return symbol(TokenKind::ne, 2);
      break;
    case '<':
      if (peek(1) == '>' || peek(1) == '=')
        return symbol(peek(1) == '>' ? TokenKind::ne : TokenKind::le, 2);
      return symbol(TokenKind::lt, 1);
    case '>':
      return peek(1) == '=' ? symbol(TokenKind::ge, 2) : symbol(TokenKind::gt, 1);
    case '&':
    case '|':
      if (peek(1) == c)
        return instead(2, TokenKind::word, c == '&' ? "AND" : "OR", c == '&' ? Word::and_ : Word::or_);
      break;
    case '.':
      if (digit_at(1) && !follows_name())
        return number();
      return symbol(TokenKind::dot, 1);
    case '\'':
      return text();
    case '"':
      return quoted_name();
    default:
      break;
    }
    const auto last = out_.tokens.empty() ? TokenKind::end : out_.tokens.back().kind;
    if (is_digit(c) && last != TokenKind::dot)
      return number();
    skip_word();
    // Behind a dot every word is a part of a name.
    if (at_ > begin)
      return add(TokenKind::word, begin,
                 last == TokenKind::dot ? Word::none : find_word(text_.substr(begin, at_ - begin)));
    unknown();
  }

  void symbol(TokenKind kind, std::size_t length) {
    const std::size_t begin = at_;
    at_ += length;
    add(kind, begin);
  }

  /// A sign of some other language: says what is ours, and goes on as if that stood there.
  void instead(std::size_t length, TokenKind kind, std::string_view ours, Word word = Word::none) {
    const std::size_t begin = at_;
    at_ += length;
    report(begin, at_, fmt::format("operator \"{}\" is not known", text_.substr(begin, length)),
           fmt::format("Use {}.", ours));
    add(kind, begin, word);
  }

  /// True where a dot here joins the parts of a name.
  bool follows_name() const noexcept {
    if (out_.tokens.empty() || out_.tokens.back().span.end != at_)
      return false;
    const TokenKind kind = out_.tokens.back().kind;
    return kind == TokenKind::word || kind == TokenKind::quoted_name;
  }

  void block_comment() {
    const std::size_t begin = at_;
    std::size_t depth = 0;
    do {
      if (peek() == '/' && peek(1) == '*') {
        ++depth;
        at_ += 2;
      } else if (peek() == '*' && peek(1) == '/') {
        --depth;
        at_ += 2;
      } else {
        ++at_;
      }
    } while (depth > 0 && at_ < text_.size());
    if (depth > 0) {
      report(begin, begin + 2, "comment is not closed", "Close it with */.");
      out_.open_ended = true;
    }
  }

  void text() {
    const std::size_t begin = at_++;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == '\'') {
        if (peek(1) == '\'') {
          ++at_;
          continue;
        }
        ++at_;
        return add(TokenKind::text, begin);
      }
    }
    unclosed(begin, "quote is not closed", "Close the text with a single quote; write a quote inside as ''.");
  }

  void quoted_name() {
    const std::size_t begin = at_++;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] != '"')
        continue;
      if (peek(1) == '"') {
        ++at_;
        continue;
      }
      ++at_;
      if (at_ - begin == 2) {
        report(begin, at_, "name in double quotes is empty");
        return add(TokenKind::invalid, begin);
      }
      return add(TokenKind::quoted_name, begin);
    }
    unclosed(begin, "quoted name is not closed", "Close the name with a double quote.");
  }

  void unclosed(std::size_t begin, std::string message, std::string hint) {
    at_ = text_.size();
    report(begin, begin + 1, std::move(message), std::move(hint));
    out_.open_ended = true;
    add(TokenKind::invalid, begin);
  }

  /// A number, a date, or a word that begins with digits. A sign before it is a token of its own: whether it
  /// belongs to the number is for the grammar to say.
  void number() {
    const std::size_t begin = at_;
    while (digit_at(0))
      ++at_;
    const std::size_t digits = at_ - begin;
    if (digits == 4 && peek() == '-' && digit_at(1) && digit_at(2) && peek(3) == '-' && digit_at(4) &&
        digit_at(5))
      return date(begin);
    if (peek() == '.' && digit_at(1)) {
      ++at_;
      while (digit_at(0))
        ++at_;
    }
    const std::size_t end = at_;
    skip_word();
    if ((peek() == ':' || peek() == '.') && digit_at(1))
      while (peek() == ':' || (peek() == '.' && digit_at(1))) {
        ++at_;
        skip_word();
      }
    add(at_ > end ? TokenKind::digits_word : TokenKind::number, begin);
  }

  void date(std::size_t begin) {
    at_ += 6;
    const bool time = peek() == 'T' || peek() == 't' ||
                      (peek() == ' ' && digit_at(1) && digit_at(2) && peek(3) == ':' && digit_at(4));
    if (time) {
      ++at_;
      while (digit_at(0) || peek() == ':' || (peek() == '.' && digit_at(1)))
        ++at_;
      if ((peek() == '+' || peek() == '-') && digit_at(1) && digit_at(2))
        at_ += 3;
    }
    // Whatever is glued to it makes it a malformed date rather than two tokens.
    while (at_ < text_.size()) {
      const std::size_t before = at_;
      skip_word();
      if (peek() == ':' && digit_at(1))
        ++at_;
      if (at_ == before)
        break;
    }
    add(TokenKind::date, begin);
  }

  void unknown() {
    const std::size_t begin = at_;
    const char32_t character = next_character(text_, at_);
    const std::string_view piece = text_.substr(begin, at_ - begin);
    const Glyph kind = glyph(character);
    if (kind == Glyph::space)
      return;
    Token *last = out_.tokens.empty() ? nullptr : &out_.tokens.back();
    if (last != nullptr && last->kind == TokenKind::invalid && last->span.end == begin) {
      last->span.end = static_cast<std::uint32_t>(at_);
      return;
    }
    add(TokenKind::invalid, begin);
    if (kind == Glyph::quotation) {
      if (!std::exchange(quotation_reported_, true)) // They come in pairs.
        report(begin, at_, fmt::format("quotation mark {} is not known", piece),
               "Put text in straight single quotes, as in 'text'.");
      return;
    }
    if (kind == Glyph::currency)
      return report(begin, at_, "a number carries no currency sign", "Write the amount alone, as in 12.50.");
    if (character < 0x20 || character == 0x7F)
      return report(
          begin, at_,
          fmt::format("control character 0x{:02x} has no meaning here", static_cast<int>(character)));
    report(begin, at_, fmt::format("character \"{}\" has no meaning here", piece),
           character == ';'
               ? "A rule ends without a semicolon."
               : "A name with other characters than letters, digits and underscores stands in double "
                 "quotes.");
  }

  std::string_view text_;
  const Limits &limits_;
  std::size_t at_ = 0;
  bool quotation_reported_ = false;
  Lexed out_;
};

} // namespace

Lexed lex(std::string_view text, const Limits &limits) {
  return Scanner(text, limits).run();
}

std::string unescape_text(std::string_view quoted) {
  const std::string_view inner = quoted.substr(1, quoted.size() - 2);
  if (inner.find_first_of("'\\") == inner.npos)
    return std::string(inner);
  std::string out;
  out.reserve(inner.size());
  for (std::size_t i = 0; i < inner.size(); ++i) {
    const char next = i + 1 < inner.size() ? inner[i + 1] : '\0';
    if ((inner[i] == '\'' && next == '\'') || (inner[i] == '\\' && (next == '\'' || next == '\\')))
      ++i;
    out += inner[i];
  }
  return out;
}

std::string unescape_name(std::string_view quoted) {
  std::string out;
  out.reserve(quoted.size() - 2);
  for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
    if (quoted[i] == '"')
      ++i;
    out += quoted[i];
  }
  return out;
}

} // namespace segmentation::core::syntax
