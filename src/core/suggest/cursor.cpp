// Finds the clause at the cursor by tokens alone, in one pass. What the clause means is for the parser.
#include "core/suggest/cursor.hpp"

#include "core/rule/lexer.hpp"

#include <algorithm>

namespace segmentation::core {

namespace {

using namespace syntax;

/// Nobody writes a longer clause by hand; more would cost time at each keystroke.
constexpr std::size_t longest_head = 20'000;

struct Level {
  std::size_t begin;   // the first token of the clause at hand
  std::size_t opening; // the parenthesis; unused in the outermost
  Opening kind;
  bool between = false; // the next AND belongs to BETWEEN
};

class Finder {
public:
  Finder(std::string_view text, const Limits &limits) : text_(text), limits_(limits) {}

  std::optional<Cursor> find() {
    if (text_.size() > limits_.text_bytes) {
      return std::nullopt;
    }
    Lexed lexed = lex(text_, limits_);
    tokens_ = std::move(lexed.tokens);
    tokens_.pop_back();
    if (lexed.unreadable || !take_word(lexed.open_ended)) {
      return std::nullopt;
    }
    walk();
    if (!print_head()) {
      return std::nullopt;
    }
    print_tail();
    find_begun();
    return std::move(cursor_);
  }

private:
  std::string_view piece(std::size_t begin, std::size_t end) const {
    return text_.substr(begin, end - begin);
  }

  /// True where the token is a part of a dotted name, whatever word it spells.
  bool is_part(std::size_t at) const { return at > 0 && tokens_[at - 1].kind == TokenKind::dot; }
  Word word(std::size_t at) const { return is_part(at) ? Word::none : tokens_[at].word; }

  /// Splits the word begun off the tokens. False where the cursor stands in a comment.
  bool take_word(bool open_ended) {
    cursor_.replace_from = static_cast<std::uint32_t>(text_.size());
    if (tokens_.empty()) {
      return !open_ended && !ends_in_comment(0);
    }
    const Token last = tokens_.back();
    if (open_ended) {
      const char quote = text_[last.span.begin];
      if (last.kind != TokenKind::invalid || last.span.end != text_.size() ||
          (quote != '\'' && quote != '"')) {
        return false;
      }
      const std::string closed = std::string(piece(last.span.begin, last.span.end)) + quote;
      cursor_.typed_as = quote == '"' ? Cursor::Typed::quoted_name : Cursor::Typed::text;
      cursor_.typed = quote == '"' ? unescape_name(closed) : unescape_text(closed);
      drop(1);
      return true;
    }
    if (last.span.end != text_.size()) {
      return !ends_in_comment(last.span.end);
    }
    const auto is_sign = [](const Token &token) {
      return token.kind == TokenKind::minus || token.kind == TokenKind::plus;
    };
    const bool digits = last.kind == TokenKind::number || last.kind == TokenKind::digits_word;
    if (!digits && last.kind != TokenKind::word && last.kind != TokenKind::date && !is_sign(last)) {
      return true;
    }
    const bool is_signed = digits && tokens_.size() > 1 && is_sign(tokens_[tokens_.size() - 2]) &&
                           tokens_[tokens_.size() - 2].span.end == last.span.begin;
    drop(is_signed ? 2 : 1);
    cursor_.typed_as = Cursor::Typed::word;
    cursor_.typed = piece(cursor_.replace_from, text_.size());
    return true;
  }

  void drop(std::size_t count) {
    cursor_.replace_from = tokens_[tokens_.size() - count].span.begin;
    tokens_.resize(tokens_.size() - count);
  }

  /// Behind the last token are blanks and comments only. A letter more tells whether the last comment ended.
  bool ends_in_comment(std::size_t begin) const {
    const std::string_view rest = piece(begin, text_.size());
    if (rest.find_first_of("-/") == rest.npos) {
      return false;
    }
    const std::string more = std::string(rest) + 'x';
    const Lexed lexed = lex(more, limits_);
    return lexed.tokens.size() < 2;
  }

  Opening opening_at(std::size_t at) const {
    if (at == 0) {
      return Opening::group;
    }
    const Token &before = tokens_[at - 1];
    if ((before.kind >= TokenKind::eq && before.kind <= TokenKind::ge) || before.kind == TokenKind::colon) {
      return Opening::list;
    }
    if (before.kind == TokenKind::quoted_name || (is_part(at - 1) && before.kind == TokenKind::word)) {
      return Opening::older;
    }
    if (before.kind != TokenKind::word) {
      return Opening::group;
    }
    switch (before.word) {
    case Word::matches:
    case Word::not_matches:
      return Opening::rows;
    case Word::in:
    case Word::contains:
      return Opening::list;
    case Word::any:
    case Word::all:
      return at > 1 && word(at - 2) == Word::contains ? Opening::list : Opening::older;
    default:
      break;
    }
    if (is_reserved(before.word)) {
      return Opening::group;
    }
    const bool function =
        is_aggregate(before.word) || before.word == Word::age || before.word == Word::anniversary;
    const bool named = at + 2 < tokens_.size() && tokens_[at + 2].kind == TokenKind::colon && function &&
                       is_aggregate(before.word);
    return function && !named ? Opening::call : Opening::older;
  }

  void walk() {
    levels_.push_back({0, 0, Opening::none});
    bool names = false; // SHOW and ORDER BY: commas join names
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      Level &level = levels_.back();
      const bool outermost = levels_.size() == 1;
      const auto cut = [&] {
        level.begin = i + 1;
        level.between = false;
      };
      switch (tokens_[i].kind) {
      case TokenKind::left_parenthesis:
        levels_.push_back({i + 1, i, opening_at(i)});
        continue;
      case TokenKind::right_parenthesis:
        if (!outermost) {
          levels_.pop_back();
        }
        continue;
      case TokenKind::comma:
        if (!outermost || !names) {
          cut();
        }
        continue;
      default:
        break;
      }
      if (level.kind == Opening::list || level.kind == Opening::call) {
        continue;
      }
      switch (word(i)) {
      case Word::and_:
        if (!level.between) {
          cut();
        }
        level.between = false;
        break;
      case Word::or_:
        cut();
        break;
      case Word::between:
        level.between = true;
        break;
      case Word::where:
        if (outermost) {
          cut();
          names = false;
        }
        break;
      case Word::show:
        names = names || (outermost && word(level.begin) == Word::from);
        break;
      case Word::by:
        names = names || (outermost && i > 0 && word(i - 1) == Word::order);
        break;
      default:
        break;
      }
    }
  }

  bool print_head() {
    std::string &head = cursor_.head;
    for (std::size_t i = 0; i < levels_.size(); ++i) {
      const std::size_t end = i + 1 < levels_.size() ? levels_[i + 1].opening + 1 : tokens_.size();
      if (levels_[i].begin >= end) {
        continue;
      }
      const std::string_view part = piece(tokens_[levels_[i].begin].span.begin, tokens_[end - 1].span.end);
      if (head.size() + part.size() > longest_head) {
        return false;
      }
      head += head.empty() ? "" : " ";
      head += part;
    }
    cursor_.opening = levels_.back().kind;
    return true;
  }

  void print_tail() {
    for (std::size_t i = levels_.size(); --i > 0;) {
      cursor_.tail += ')';
      // A call alone is no condition, but beside a comparison it may be its right side.
      const auto compares = [](const Token &token) {
        return token.kind >= TokenKind::eq && token.kind <= TokenKind::ge;
      };
      const auto first = tokens_.begin();
      const auto begin =
          first + static_cast<std::ptrdiff_t>(std::min(levels_[i - 1].begin, levels_[i].opening));
      if (levels_[i].kind == Opening::call && levels_[i - 1].kind != Opening::call &&
          std::none_of(begin, first + static_cast<std::ptrdiff_t>(levels_[i].opening), compares)) {
        cursor_.tail += " = 1";
      }
    }
  }

  void find_begun() {
    constexpr std::size_t most_words = 3;
    std::string words;
    for (std::size_t back = 1; back <= most_words && levels_.back().begin + back < tokens_.size(); ++back) {
      const std::size_t at = tokens_.size() - back;
      switch (word(at)) {
      case Word::not_:
        words.insert(0, "NOT ");
        break;
      case Word::is:
        words.insert(0, "IS ");
        break;
      case Word::contains:
        words.insert(0, "CONTAINS ");
        break;
      case Word::starts:
        words.insert(0, "STARTS ");
        break;
      case Word::ends:
        words.insert(0, "ENDS ");
        break;
      default:
        return;
      }
      // The clause at the cursor is a piece of the text as it stands.
      const std::size_t behind = tokens_.back().span.end - tokens_[at - 1].span.end;
      cursor_.begun.push_back({cursor_.head.size() - behind, words});
    }
  }

  std::string_view text_;
  const Limits &limits_;
  std::vector<Token> tokens_;
  std::vector<Level> levels_;
  Cursor cursor_;
};

} // namespace

std::optional<Cursor> find_cursor(std::string_view prefix, const Limits &limits) {
  return Finder(prefix, limits).find();
}

} // namespace segmentation::core
