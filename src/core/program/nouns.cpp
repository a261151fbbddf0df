// English plurals, the regular ones.
#include "core/program/nouns.hpp"

#include <algorithm>

namespace segmentation::core::program {

std::string noun_of(std::string_view source, bool several) {
  std::string word(source);
  std::replace(word.begin(), word.end(), '_', ' ');
  const auto ends = [&](std::string_view end) { return word.size() > end.size() && word.ends_with(end); };
  if (!ends("s") || ends("ss") || ends("us"))
    return (several ? "rows of " : "row of ") + word;
  if (several)
    return word;
  if (ends("ies") && word.size() > 5)
    return word.replace(word.size() - 3, 3, "y");
  const bool has_e = ends("sses") || ends("shes") || ends("ches") || ends("xes");
  word.resize(word.size() - (has_e ? 2 : 1));
  return word;
}

} // namespace segmentation::core::program
