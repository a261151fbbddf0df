// What changes of rows do to each feed: rows to fold and to take out, parents whose rows below are new,
// customers whose rows must be read. C++ side: never calls the server.
#pragma once

#include "pg/changes/capture_plan.hpp"
#include "pg/changes/changes.hpp"
#include "pg/live/live_core.hpp"

#include <vector>

namespace segmentation::pg {

/// A changed row, so many times.
struct Delta {
  const NetRow *row;
  std::uint32_t count;
  int parent; // among the feed's new parents, which has the rest of the feed's columns; -1: the row has all
};

/// A row that is new to its customer, and so are those below it.
struct NewParent {
  const NetRow *row;
  bool is_whole; // if what this transaction brought is all below it, both together have what the feed reads
  std::uint32_t below; // how many rows this transaction brought below it
};

struct FeedDeltas {
  std::vector<Delta> come; // to fold
  std::vector<Delta> gone; // to take out
  std::vector<NewParent> parents;
  std::vector<Delta> below;          // the parents': to fold, where nobody else brought any
  std::vector<const NetRow *> stale; // of the customers whom they name all rows must be read
  bool all_stale = false;            // of all customers
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
