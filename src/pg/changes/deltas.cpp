// Rows that differ only in what a feed does not read cancel for that feed. C++ side: never calls the server.
#include "pg/changes/deltas.hpp"

#include "pg/changes/image.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace segmentation::pg {

namespace {

/// What a feed sees of changed rows: equal ones once, with how often they came less how often they went.
struct Seen {
  const NetRow *row;
  std::int64_t count;
};

std::string_view value_bytes(const NetRow &row, int attribute) {
  return image_bytes(row.image, attribute);
}

/// Puts what a feed reads of a row, and the relation it is of, into a text.
void project(const NetRow &row, const FeedEffect &effect, std::string &out) {
  out.assign(reinterpret_cast<const char *>(&row.plan), sizeof row.plan);
  for (int i = 0; i < effect.read_count; ++i) {
    const std::string_view bytes = value_bytes(row, effect.reads[i]);
    const std::uint64_t size = bytes.size();
    out.append(reinterpret_cast<const char *>(&size), sizeof size);
    out.append(bytes);
  }
}

std::vector<Seen> see(const NetRow *rows, std::size_t count, std::size_t feed) {
  std::vector<Seen> seen;
  if (count == 1) {
    if (rows[0].count != 0 && rows[0].plan->effects[feed].effect != Effect::none)
      seen.push_back({rows, rows[0].count});
    return seen;
  }
  std::unordered_map<std::string, std::size_t> known;
  std::string key;
  for (const NetRow *row = rows; row < rows + count; ++row) {
    const FeedEffect &effect = row->plan->effects[feed];
    if (row->count == 0 || effect.effect == Effect::none)
      continue;
    project(*row, effect, key);
    const auto [at, fresh] = known.try_emplace(key, seen.size());
    if (fresh)
      seen.push_back({row, 0});
    seen[at->second].count += row->count;
  }
  std::erase_if(seen, [](const Seen &one) { return one.count == 0; });
  return seen;
}

/// A value as rows of whatever integer type refer to it.
std::string comparable_bytes(const NetRow &row, int attribute) {
  const std::string_view bytes = value_bytes(row, attribute);
  if (!row.plan->attributes[attribute].by_value || bytes.size() != sizeof(std::uint64_t))
    return std::string(bytes);
  std::int64_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  const std::int16_t length = row.plan->attributes[attribute].length;
  if (length == 4)
    value = static_cast<std::int32_t>(value);
  else if (length == 2)
    value = static_cast<std::int16_t>(value);
  return std::string(reinterpret_cast<const char *>(&value), sizeof value);
}

std::string key_bytes(const Seen &one, std::size_t feed) {
  return comparable_bytes(*one.row, one.row->plan->effects[feed].key);
}

std::string parent_bytes(const Seen &one, std::size_t feed) {
  return comparable_bytes(*one.row, one.row->plan->effects[feed].parent);
}

/// Tells whether a row refers to, or is referred to by, anything.
bool is_linked(const Seen &one, std::size_t feed) {
  return value_bytes(*one.row, one.row->plan->effects[feed].parent).data() != nullptr;
}

/// New parents by what rows below refer to: their places among the feed's.
using ParentPlaces = std::unordered_map<std::string, int>;

/// Sorts parents into new ones and those whose customers are to be read as a whole.
ParentPlaces sort_parents(const std::vector<Seen> &seen, std::size_t feed, FeedDeltas &out) {
  std::unordered_set<std::string> disturbed; // customers below whose rows something went
  bool any_gone = false;
  for (const Seen &one : seen) {
    if (one.row->plan->effects[feed].effect != Effect::parent || one.count > 0 || !is_linked(one, feed))
      continue;
    disturbed.insert(key_bytes(one, feed));
    any_gone = true;
  }
  ParentPlaces places;
  for (const Seen &one : seen) {
    const FeedEffect &effect = one.row->plan->effects[feed];
    if (effect.effect != Effect::parent || !is_linked(one, feed))
      continue;
    if (disturbed.contains(key_bytes(one, feed))) {
      out.stale.push_back(one.row);
      continue;
    }
    const std::string key = parent_bytes(one, feed);
    const auto [at, fresh] = places.try_emplace(key, static_cast<int>(out.parents.size()));
    if (!fresh)
      out.parents[static_cast<std::size_t>(at->second)].is_whole = false;
    // What has gone may have been the same to whoever refers to it, though its bytes were others.
    const bool is_whole = fresh && one.count == 1 && effect.columns != nullptr && !any_gone;
    out.parents.push_back({one.row, is_whole, 0});
  }
  return places;
}

/// Puts rows to the new ones above them. Whose the others are, only a look at their parents tells.
void sort_children(const std::vector<Seen> &seen, std::size_t feed, const ParentPlaces &places,
                   FeedDeltas &out) {
  for (const Seen &one : seen) {
    const FeedEffect &effect = one.row->plan->effects[feed];
    if (effect.effect != Effect::child || !is_linked(one, feed))
      continue;
    const auto place = places.find(parent_bytes(one, feed));
    if (place == places.end()) {
      out.all_stale = true;
      continue;
    }
    NewParent &parent = out.parents[static_cast<std::size_t>(place->second)];
    if (one.count < 0 || effect.columns == nullptr) {
      parent.is_whole = false;
      continue;
    }
    const auto count = static_cast<std::uint32_t>(one.count);
    parent.below += count;
    out.below.push_back({one.row, count, place->second});
  }
}

void work_out(const std::vector<Seen> &seen, std::size_t feed, FeedDeltas &out) {
  for (const Seen &one : seen) {
    const FeedEffect &effect = one.row->plan->effects[feed];
    if (effect.effect == Effect::fold)
      (one.count > 0 ? out.come : out.gone)
          .push_back({one.row, static_cast<std::uint32_t>(one.count > 0 ? one.count : -one.count), -1});
    else if (effect.effect == Effect::stale && effect.key >= 0)
      out.stale.push_back(one.row);
    else if (effect.effect == Effect::stale)
      out.all_stale = true;
  }
  sort_children(seen, feed, sort_parents(seen, feed, out), out);
}

} // namespace

Deltas::Deltas(const NetRow *rows, std::size_t count, std::size_t feeds) : feeds_(feeds) {
  for (std::size_t feed = 0; feed < feeds; ++feed)
    work_out(see(rows, count, feed), feed, feeds_[feed]);
}

} // namespace segmentation::pg
