// What may be written next at the end of an unfinished rule: for an editor that completes as people type.
#pragma once

#include "core/meaning/describe.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace segmentation::core {

enum class CompletionKind : std::uint8_t {
  attribute,
  column,
  lookup_column,
  set,
  source,
  function,
  op,
  value,
  keyword,
};

/// Returns the kind in a merchant's words: "lookup column".
std::string_view kind_words(CompletionKind kind) noexcept;

struct Completion {
  std::string text;
  CompletionKind kind = CompletionKind::keyword;
  std::string_view type; // in a merchant's words; empty for none
};

/// Values that only the database knows: of a column, of the elements of an array, the keys of a jsonb value,
/// or the names of key-value fields, which are a column's values.
struct WantedValues {
  enum class What : std::uint8_t { values, elements, keys, fields };
  What what = What::values;
  ColumnRef column;
  ValueType type = ValueType::text; // of one value: text, number, or json for either
  std::string typed;                // what they have to begin with, whatever its case
};

/// All completions replace the text from byte `replace_from` to its end.
struct Suggestions {
  std::uint32_t replace_from = 0;
  std::optional<WantedValues> wanted; // these come first
  std::vector<Completion> completions;
};

/// Returns what may follow, or nothing where that is unknown: in a comment, behind garbage, in a text beyond
/// the limits. Clauses before the one at the cursor do not matter, wrong ones neither.
Suggestions suggest(std::string_view prefix, const Meaning &meaning, const Limits &limits = {});

} // namespace segmentation::core
