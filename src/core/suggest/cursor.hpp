// The end of an unfinished rule, where the cursor is: the word begun there, and the clause around it alone.
// Private to this folder.
#pragma once

#include "core/rule/diagnostic.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace segmentation::core {

/// What an open parenthesis began.
enum class Opening : std::uint8_t {
  none,  // the rule itself
  group, // conditions
  rows,  // MATCHES (
  older, // source (name: ..: the older spelling of MATCHES
  call,  // an aggregate, age or anniversary
  list,  // constants
};

struct Cursor {
  enum class Typed : std::uint8_t { nothing, word, text, quoted_name };

  /// The clause at the cursor, behind the beginnings of those that it stands in, each cut out of what came
  /// before it and joined to it: short, whatever the length of the rule. Without the word begun.
  std::string head;
  std::string tail; // closes what `head` leaves open
  Opening opening = Opening::none;
  Typed typed_as = Typed::nothing;
  std::string typed; // the word begun, without quotes
  std::uint32_t replace_from = 0;

  /// Operators of several words may be begun: each is a place where the operator may have begun.
  struct Begun {
    std::size_t head_size; // how much of `head` stands before it
    std::string words;     // its words, in upper case, each with a blank behind it
  };
  std::vector<Begun> begun;
};

/// Finds the cursor; nothing where it stands in a comment or the text is beyond the limits.
std::optional<Cursor> find_cursor(std::string_view prefix, const Limits &limits);

} // namespace segmentation::core
