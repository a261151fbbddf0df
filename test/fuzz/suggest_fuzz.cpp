// Whatever stands before the cursor: suggesting never crashes, what is replaced lies inside the text at the
// beginning of a character, and a name that is completed is a name still.
#include "core/rule/words.hpp"
#include "core/suggest/suggest.hpp"
#include "unit/shop_schema.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

using namespace segmentation::core;

[[noreturn]] void fail(const char *what, std::string_view text, std::string_view completion) {
  std::fprintf(stderr, "%s\n  %.*s\n  %.*s\n", what, static_cast<int>(text.size()), text.data(),
               static_cast<int>(completion.size()), completion.data());
  std::abort();
}

const Meaning &shop() {
  static const PreparedMeaning prepared = prepare_meaning(test::shop_schema());
  return *prepared.meaning;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  Limits limits;
  limits.depth = 20;
  limits.clauses = 50;
  limits.list_values = 50;
  const std::string_view text(reinterpret_cast<const char *>(data), size);
  const Suggestions found = suggest(text, shop(), limits);
  if (!found.wanted && found.completions.empty())
    return 0;
  if (found.replace_from > text.size() ||
      (found.replace_from < text.size() && (text[found.replace_from] & 0xC0) == 0x80))
    fail("what is replaced does not begin at a character", text, "");
  for (const Completion &completion : found.completions) {
    if (completion.text.empty() || syntax::find_invalid_byte(completion.text))
      fail("malformed completion", text, completion.text);
    if (completion.kind > CompletionKind::set)
      continue;
    const std::string whole = std::string(text.substr(0, found.replace_from)) + completion.text;
    if (suggest(whole, shop(), limits).completions.empty() && completion.text.back() != '"' &&
        completion.text.back() != ':')
      fail("what is completed is not suggested again", text, completion.text);
  }
  return 0;
}
