// What changes of rows do to each feed: rows to fold and to take out, parents whose rows below are new,
// customers whose rows must be read. C++ side: never calls the server.
#pragma once

#include "pg/live/live_core.hpp"
#include "pg/maintain/capture_plan.hpp"
#include "pg/maintain/changes.hpp"

#include <vector>

namespace segmentation::pg {

/// A changed row, so many times.
struct Delta {
  const NetRow *row;
  const NetRow *parent; // the new row above it, which has the rest of the feed's columns; nullptr: it has all
  std::uint32_t count;
};

struct FeedDeltas {
  std::vector<Delta> come;             // to fold
  std::vector<Delta> gone;             // to take out
  std::vector<const NetRow *> parents; // the rows below them are new, and must be read
  std::vector<const NetRow *> stale;   // of the customers whom they name all rows must be read
  bool all_stale = false;              // of all customers
};

class Deltas {
public:
  /// Works out what the rows do; their plans must all be made for the program with so many feeds. The rows
  /// must outlive it.
  Deltas(const NetRow *rows, std::size_t count, std::size_t feeds);

  const FeedDeltas &feed(std::size_t feed) const noexcept { return feeds_[feed]; }

private:
  std::vector<FeedDeltas> feeds_;
};

} // namespace segmentation::pg
