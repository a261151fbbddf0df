// Which of a program's measures an image holds, and where. Made once for a population that is used again and
// again.
#pragma once

#include "core/program/image.hpp"
#include "core/program/plan.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace segmentation::core::program {

/// What a section of an image holds: the measures of one feed; of the customers feed bits and stored columns.
struct CachedFeed {
  std::uint32_t id = 0;
  bool kept = true;          // images hold it; false where one of its measures cannot be kept
  bool moves = false;        // rows enter or leave its measures with time
  std::vector<int> measures; // of feed 0: the bits' numbers, then the stored columns' after them
  std::vector<int> moving;   // measures with trackers
  std::string digests;       // as they stand in an image
  std::vector<std::pair<std::uint64_t, std::size_t>> places; // by digest, ascending: in `measures`

  using Place = std::vector<std::pair<std::uint64_t, std::size_t>>::const_iterator;
  /// Returns the first place of what an entry of a section is; is() tells whether it, and the next, are.
  Place first(const image::Section &section, std::size_t entry) const noexcept {
    return std::lower_bound(places.begin(), places.end(),
                            std::pair(digest_at(section, entry), std::size_t{0}));
  }
  static bool is(const std::pair<std::uint64_t, std::size_t> &place, const image::Section &section,
                 std::size_t entry) noexcept {
    return place.first == digest_at(section, entry);
  }

private:
  static std::uint64_t digest_at(const image::Section &section, std::size_t entry) noexcept {
    std::uint64_t digest = 0;
    std::memcpy(&digest, section.digests.data() + entry * image::digest_bytes, image::digest_bytes);
    return digest;
  }
};

struct CachePlan {
  std::uint64_t stamp = 0;
  std::vector<CachedFeed> feeds;

  /// Returns the feed of a section, or the number of feeds.
  std::size_t find(std::uint32_t id) const noexcept {
    std::size_t feed = 0;
    while (feed < feeds.size() && feeds[feed].id != id)
      ++feed;
    return feed;
  }
};

/// Tells whether images hold measures of a kind. Sets and counts of values grow with the customer's rows.
constexpr bool is_cached(MeasureKind kind) noexcept {
  return kind != MeasureKind::distinct && kind != MeasureKind::periods && kind != MeasureKind::purchases &&
         kind != MeasureKind::mode;
}

CachePlan plan_cache(const Program::Impl &plan, const Zone &zone, std::uint64_t stamp);

} // namespace segmentation::core::program
