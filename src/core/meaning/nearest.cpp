// Which known names look most like an unknown one.
#include "core/meaning/checker.hpp"

#include "core/value/fold_case.hpp"

#include <algorithm>

namespace segmentation::core {

namespace {

/// UTF-8 as characters, in lower case, so that a wrong letter costs one whatever its bytes are.
std::u32string characters(std::string_view text) {
  const std::string folded = fold_case(text);
  std::u32string result;
  for (const char c : folded) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) == 0x80 && !result.empty()) {
      result.back() = (result.back() << 6) | (byte & 0x3F);
    } else {
      result.push_back(byte);
    }
  }
  return result;
}

/// Edit distance with neighbours swapped as one edit (optimal string alignment). Above `limit` any larger
/// number.
std::size_t distance(const std::u32string &a, const std::u32string &b, std::size_t limit) {
  if ((a.size() > b.size() ? a.size() - b.size() : b.size() - a.size()) > limit) {
    return limit + 1;
  }
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    last[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    std::size_t best = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
      best = std::min(best, row[j]);
    }
    if (best > limit) {
      return limit + 1;
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

/// Up to the first mark between words.
std::u32string first_word(const std::u32string &name) {
  return name.substr(0, name.find_first_of(U"_. -"));
}

} // namespace

std::vector<std::string> nearest_names(std::string_view unknown, const std::vector<std::string> &known,
                                       std::size_t count) {
  struct Candidate {
    std::size_t distance;
    const std::string *name;
  };
  // No name is this long; without a bound a hostile one would cost its square.
  constexpr std::size_t longest = 255;
  if (unknown.size() > longest) {
    return {};
  }
  const std::u32string wanted = characters(unknown);
  const std::size_t limit = wanted.size() / 3;
  std::vector<Candidate> candidates;
  std::vector<Candidate> relatives; // that begin with the same word
  const std::u32string word = first_word(wanted);
  for (const std::string &name : known) {
    if (name.size() > longest) {
      continue;
    }
    const std::u32string other = characters(name);
    if (const std::size_t far = distance(wanted, other, limit); far <= limit) {
      candidates.push_back({far, &name});
    } else if (constexpr std::size_t telling = 4; word.size() >= telling && first_word(other) == word) {
      relatives.push_back({distance(wanted, other, longest), &name});
    }
  }
  if (candidates.empty()) {
    candidates = std::move(relatives);
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate &a, const Candidate &b) { return a.distance < b.distance; });
  std::vector<std::string> names;
  for (const Candidate &candidate : candidates) {
    if (names.size() == count) {
      break;
    }
    if (std::find(names.begin(), names.end(), *candidate.name) == names.end()) {
      names.push_back(*candidate.name);
    }
  }
  return names;
}

} // namespace segmentation::core
