// Bringing stored membership up to date. Server's side.
#pragma once

#include "pg/live/customers.hpp"
#include "pg/live/judge.hpp"

namespace segmentation::pg {

/// What to bring up to date.
struct WriteRequest {
  Datum segments; // integer[] of segments' ids
  bool all_segments;
  Datum customers; // keys in whatever type, or an array of them
  Oid customers_type;
  bool everyone;
  const Progress *progress; // or nullptr
};

/// Judges the customers by the segments' rules at the transaction's now() and writes what differs into
/// membership and count_delta. Builds for everyone take turns, until their transactions end; writers of some
/// customers wait for these, and for one another only over the same customer (segmentation.state). Returns
/// the number of member rows written and deleted. A session must be open. Raises 42704 for an unknown
/// segment, 40001 in REPEATABLE READ where another transaction has judged one of the customers since.
int64 write_members(const WriteRequest &request);

} // namespace segmentation::pg
