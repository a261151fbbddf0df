// The words and characters of the rule language: keywords, what may stand in a name, when a name needs
// quotes. Knows nothing of tokens or grammar.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace segmentation::core::syntax {

enum class Word : std::uint8_t {
  none,
  // Reserved: never a bare name.
  and_,
  or_,
  not_,
  in,
  between,
  contains,
  is,
  null,
  true_,
  false_,
  matches,
  not_matches,
  where,
  date_word, // today, this_week, ...
  // Words in their place, names elsewhere.
  from,
  customers,
  show,
  order,
  by,
  limit,
  asc,
  desc,
  starts,
  ends,
  with,
  any,
  all,
  distinct,
  count,
  sum,
  avg,
  min,
  max,
  first,
  last,
  mode,
  list,
  age,
  anniversary,
  own, // date, days, weeks, months, segments, memberships, customer, storefront_event: names with a meaning
       // of their own
};

/// Returns which word a piece of text is, in any case.
Word find_word(std::string_view text) noexcept;

/// True for words that can not be a bare name.
constexpr bool is_reserved(Word word) noexcept {
  return word >= Word::and_ && word <= Word::date_word;
}
constexpr bool is_aggregate(Word word) noexcept {
  return word >= Word::count && word <= Word::list;
}

/// True for a name (in lower case) that means something else without its quotes: a keyword, or one of the
/// language's own words for measures and built-in attributes.
bool keeps_quotes(std::string_view name) noexcept;

enum class Glyph : std::uint8_t { letter, digit, space, currency, quotation, other };

/// Decodes the character at `at` of valid UTF-8 and moves `at` behind it.
char32_t next_character(std::string_view text, std::size_t &at) noexcept;

/// Says what a character is in a rule outside quotes. Marks and digits beyond ASCII count as letters.
Glyph glyph(char32_t character) noexcept;

/// Returns where the first byte stands that is no UTF-8, or a zero byte.
std::optional<std::size_t> find_invalid_byte(std::string_view text) noexcept;

/// True where the text, bare, is read as one part of a name and comes back unchanged: letters, digits and
/// underscores in lower case. The first part of a name does not begin with a digit.
bool is_plain_part(std::string_view text, bool first);

/// Returns the number without leading zeros and trailing fractional zeros: "-", "007.50" -> "-7.5".
std::string normal_number(bool negative, std::string_view digits);

} // namespace segmentation::core::syntax
