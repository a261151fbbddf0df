// What stored membership and verdicts disagree on. C++ side: never calls the server.
#pragma once

#include "pg/live/live_core.hpp"

#include <vector>

namespace segmentation::pg {

/// The place of a stored row, as the server's tid: block and offset.
struct RowPlace {
  std::uint32_t block;
  std::uint16_t offset;
};

/// A stored row on its way in.
struct StoredRow {
  std::int32_t segment;
  RowPlace place;
  CustomerKey key;
};

/// Takes stored rows away from the verdicts: what is left of the verdicts are those who join; stored rows
/// without a verdict leave.
class Difference {
public:
  /// `segments` are the ids of the rules' segments, in the order of the rules.
  explicit Difference(std::vector<std::int32_t> segments);

  /// Starts with the verdicts of a pass; counts them towards the totals.
  void start(const Work &work);
  /// Compares stored rows of the pass's slice; what is of others is not looked at. Who is not known to the
  /// pass leaves.
  void compare(Work &work, const StoredRow *rows, std::uint32_t count);

  const std::vector<RowPlace> &leavers() const noexcept { return leavers_; }
  /// Members of a rule over all passes so far.
  std::int64_t total(std::size_t rule) const noexcept { return totals_[rule]; }
  /// Joiners minus leavers of a rule over all passes so far.
  std::int64_t delta(std::size_t rule) const noexcept { return deltas_[rule]; }
  /// Ends a pass: whoever is left in the verdicts has joined.
  void finish(const Work &work);

private:
  std::vector<std::pair<std::int32_t, std::uint32_t>> rules_; // segment id -> rule, sorted
  std::vector<RowPlace> leavers_;
  std::vector<std::int64_t> totals_, deltas_;
};

} // namespace segmentation::pg
