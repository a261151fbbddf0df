// Stored rows against verdicts. C++ side: never calls the server.
#include "pg/stored/difference.hpp"

#include <algorithm>

namespace segmentation::pg {

Difference::Difference(std::vector<std::int32_t> segments)
    : totals_(segments.size(), 0), deltas_(segments.size(), 0) {
  for (std::uint32_t i = 0; i < segments.size(); ++i)
    rules_.emplace_back(segments[i], i);
  std::sort(rules_.begin(), rules_.end());
}

void Difference::start(const Work &work) {
  leavers_.clear();
  for (std::size_t rule = 0; rule < totals_.size(); ++rule)
    totals_[rule] += static_cast<std::int64_t>(work.count_holding(rule));
}

void Difference::compare(Work &work, const StoredRow *rows, std::uint32_t count) {
  for (const StoredRow *row = rows; row < rows + count; ++row) {
    auto found = std::lower_bound(rules_.begin(), rules_.end(),
                                  std::pair<std::int32_t, std::uint32_t>(row->segment, 0));
    if (found == rules_.end() || found->first != row->segment)
      continue;
    std::uint32_t rule = found->second;
    std::optional<std::uint32_t> customer = work.find(row->key);
    if (!customer && !work.is_mine(row->key))
      continue;
    if (customer && work.holds(rule, *customer)) {
      work.clear(rule, *customer);
    } else {
      leavers_.push_back(row->place);
      --deltas_[rule];
    }
  }
}

void Difference::finish(const Work &work) {
  for (std::size_t rule = 0; rule < totals_.size(); ++rule)
    deltas_[rule] += static_cast<std::int64_t>(work.count_holding(rule));
}

} // namespace segmentation::pg
