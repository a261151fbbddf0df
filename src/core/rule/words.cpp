// The table of words, and Unicode's answers about characters.
#include "core/rule/words.hpp"

#include "core/value/fold_case.hpp"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>

namespace segmentation::core::syntax {
namespace {

struct Entry {
  std::string_view text;
  Word word;
};

constexpr std::array words = {
    Entry{"age", Word::age},
    Entry{"all", Word::all},
    Entry{"and", Word::and_},
    Entry{"anniversary", Word::anniversary},
    Entry{"any", Word::any},
    Entry{"asc", Word::asc},
    Entry{"avg", Word::avg},
    Entry{"between", Word::between},
    Entry{"by", Word::by},
    Entry{"contains", Word::contains},
    Entry{"count", Word::count},
    Entry{"customer", Word::own},
    Entry{"customers", Word::customers},
    Entry{"date", Word::own},
    Entry{"days", Word::own},
    Entry{"desc", Word::desc},
    Entry{"distinct", Word::distinct},
    Entry{"ends", Word::ends},
    Entry{"false", Word::false_},
    Entry{"first", Word::first},
    Entry{"from", Word::from},
    Entry{"in", Word::in},
    Entry{"is", Word::is},
    Entry{"last", Word::last},
    Entry{"last_month", Word::date_word},
    Entry{"last_quarter", Word::date_word},
    Entry{"last_week", Word::date_word},
    Entry{"last_year", Word::date_word},
    Entry{"limit", Word::limit},
    Entry{"list", Word::list},
    Entry{"matches", Word::matches},
    Entry{"max", Word::max},
    Entry{"memberships", Word::own},
    Entry{"min", Word::min},
    Entry{"mode", Word::mode},
    Entry{"months", Word::own},
    Entry{"not", Word::not_},
    Entry{"not_matches", Word::not_matches},
    Entry{"null", Word::null},
    Entry{"or", Word::or_},
    Entry{"order", Word::order},
    Entry{"segments", Word::own},
    Entry{"show", Word::show},
    Entry{"starts", Word::starts},
    Entry{"storefront_event", Word::own},
    Entry{"sum", Word::sum},
    Entry{"this_month", Word::date_word},
    Entry{"this_quarter", Word::date_word},
    Entry{"this_week", Word::date_word},
    Entry{"this_year", Word::date_word},
    Entry{"today", Word::date_word},
    Entry{"tomorrow", Word::date_word},
    Entry{"true", Word::true_},
    Entry{"weeks", Word::own},
    Entry{"where", Word::where},
    Entry{"with", Word::with},
    Entry{"yesterday", Word::date_word},
};
static_assert(std::is_sorted(words.begin(), words.end(),
                             [](const Entry &a, const Entry &b) { return a.text < b.text; }));

constexpr std::size_t longest_word = 16;

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Where the words of each letter begin; a scan asks for every name whether it is a word.
constexpr std::array<std::uint8_t, 27> initials = [] {
  std::array<std::uint8_t, 27> begin{};
  for (std::size_t letter = 0; letter < begin.size(); ++letter)
    while (begin[letter] < words.size() &&
           words[begin[letter]].text.front() < static_cast<char>('a' + letter))
      ++begin[letter];
  return begin;
}();

constexpr std::array<std::string_view, 5> measure_prefixes = {"sum_", "avg_", "min_", "max_", "distinct_"};

/// Returns the length of the UTF-8 sequence at the beginning of the text, 0 where there is none that is
/// valid.
std::size_t sequence_length(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80)
    return lead == 0 ? 0 : 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length)
    return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80)
      return 0;
  // Overlong forms, surrogates, and what lies beyond U+10FFFF.
  if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F) ||
      (lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) > 0x8F))
    return 0;
  return length;
}

} // namespace

Word find_word(std::string_view text) noexcept {
  if (text.size() < 2 || text.size() > longest_word)
    return Word::none;
  const char initial = lower(text.front());
  if (initial < 'a' || initial > 'z')
    return Word::none;
  const std::size_t letter = static_cast<std::size_t>(initial - 'a');
  for (std::size_t i = initials[letter]; i < initials[letter + 1]; ++i)
    if (words[i].text.size() == text.size() && std::equal(text.begin(), text.end(), words[i].text.begin(),
                                                          [](char a, char b) { return lower(a) == b; }))
      return words[i].word;
  return Word::none;
}

bool keeps_quotes(std::string_view name) noexcept {
  const Word word = find_word(name);
  return is_reserved(word) || word == Word::own || word == Word::count ||
         std::any_of(measure_prefixes.begin(), measure_prefixes.end(),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

char32_t next_character(std::string_view text, std::size_t &at) noexcept {
  const auto lead = static_cast<unsigned char>(text[at++]);
  if (lead < 0x80)
    return lead;
  const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  char32_t character = lead & (0x3Fu >> more);
  for (int i = 0; i < more; ++i)
    character = (character << 6) | (static_cast<unsigned char>(text[at++]) & 0x3Fu);
  return character;
}

Glyph glyph(char32_t character) noexcept {
  if (character < 0x80) {
    if ((character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') || character == '_')
      return Glyph::letter;
    if (character >= '0' && character <= '9')
      return Glyph::digit;
    if (character == ' ' || (character >= '\t' && character <= '\r'))
      return Glyph::space;
    return character == '$' ? Glyph::currency : character == '`' ? Glyph::quotation : Glyph::other;
  }
  const std::uint32_t mask = U_GET_GC_MASK(static_cast<UChar32>(character));
  if ((mask & (U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK)) != 0)
    return Glyph::letter;
  // Pasted text brings no-break spaces, zero-width spaces and byte order marks.
  if ((mask & U_GC_Z_MASK) != 0 || character == 0x85 || character == 0x200B || character == 0xFEFF)
    return Glyph::space;
  if ((mask & U_GC_SC_MASK) != 0)
    return Glyph::currency;
  const bool quotation = (mask & (U_GC_PI_MASK | U_GC_PF_MASK)) != 0 || character == 0x201A ||
                         character == 0x201E || character == 0x2032 || character == 0x2033;
  return quotation ? Glyph::quotation : Glyph::other;
}

std::optional<std::size_t> find_invalid_byte(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    if (const auto byte = static_cast<unsigned char>(text[i]); byte > 0 && byte < 0x80) {
      ++i;
      continue;
    }
    const std::size_t length = sequence_length(text.substr(i));
    if (length == 0)
      return i;
    i += length;
  }
  return std::nullopt;
}

bool is_plain_part(std::string_view text, bool first) {
  if (text.empty())
    return false;
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  if (std::all_of(text.begin(), text.end(), is_plain))
    return !first || text.front() > '9';
  for (std::size_t i = 0; i < text.size();) {
    const bool start = i == 0;
    const char32_t character = next_character(text, i);
    const Glyph kind = glyph(character);
    if ((kind != Glyph::letter && kind != Glyph::digit) || (character >= 'A' && character <= 'Z') ||
        (kind == Glyph::digit && start && first))
      return false;
  }
  return fold_case(text) == text;
}

std::string normal_number(bool negative, std::string_view digits) {
  std::size_t begin = digits.find_first_not_of('0');
  const std::size_t point = std::min(digits.find('.'), digits.size());
  begin = std::min({begin, point, digits.size()});
  std::size_t end = digits.size();
  if (point < digits.size()) {
    while (digits[end - 1] == '0')
      --end;
    if (end - 1 == point)
      end = point;
  }
  std::string out;
  const std::string_view kept = digits.substr(begin, end - begin);
  if (kept.empty())
    return "0";
  out.reserve(kept.size() + 2);
  if (negative)
    out += '-';
  if (kept.front() == '.')
    out += '0';
  out += kept;
  return out;
}

} // namespace segmentation::core::syntax
