// What an image of a program's customers is to hold.
#include "core/program/cache.hpp"

#include "core/program/digest.hpp"
#include "core/value/fold_case.hpp"

#include <algorithm>

namespace segmentation::core::program {
namespace {

/// Groups and tags by hand may be many, and most customers are in few: beyond this, reading a customer's rows
/// costs less than the room of a count for each.
constexpr std::size_t most_hands = 64;

void add(CachedFeed &feed, int measure, std::uint64_t digest) {
  char bytes[8];
  std::memcpy(bytes, &digest, 8);
  std::uint64_t kept = 0;
  std::memcpy(&kept, bytes, image::digest_bytes);
  feed.places.emplace_back(kept, feed.measures.size());
  feed.measures.push_back(measure);
  feed.digests.append(bytes, image::digest_bytes);
}

} // namespace

CachePlan plan_cache(const Program::Impl &plan, const Zone &zone, std::uint64_t stamp) {
  const Digests digests = digests_of(plan);
  CachePlan out;
  out.stamp = hash_text(plan.meaning->schema.zone_name + " " + fold_case_version());
  for (const std::uint64_t part : {digest_of(zone), stamp})
    out.stamp = mix(out.stamp ^ part) + 1;
  for (std::size_t index = 0; index < plan.feeds.size(); ++index) {
    CachedFeed &feed = out.feeds.emplace_back();
    feed.id = static_cast<std::uint32_t>(digests.feeds[index]);
    // Members come and go without anybody noting their rows: those are read every time.
    feed.kept = digests.moves[index] == 0 && plan.relation(plan.feeds[index].relation).segment < 0;
    for (const int measure : plan.plans[index].measures) {
      const Measure &one = plan.measure(measure);
      if (one.level > Level::horizons)
        continue;
      feed.kept &= is_cached(one.kind);
      if (!one.trackers.empty())
        feed.moving.push_back(measure);
      add(feed, measure, digests.measures[static_cast<std::size_t>(measure)]);
    }
    if (index == 0) {
      const auto bits = static_cast<int>(plan.bits.size());
      for (int i = 0; i < bits; ++i)
        add(feed, i, digests.bits[static_cast<std::size_t>(i)]);
      for (int i = 0; i < static_cast<int>(plan.stored.size()); ++i)
        add(feed, bits + i, digests.stored[static_cast<std::size_t>(i)]);
    }
    feed.moves = !feed.moving.empty();
    const bool by_hand = plan.relation(plan.feeds[index].relation).hand >= 0;
    feed.kept &= feed.measures.size() <= (by_hand ? most_hands : image::most_entries);
    std::sort(feed.places.begin(), feed.places.end());
  }
  return out;
}

} // namespace segmentation::core::program
