// Bringing stored membership up to date. Server's side.
#pragma once

#include "pg/live/judge.hpp"

namespace segmentation::pg {

/// What to bring up to date.
struct WriteRequest {
  Datum segments; // integer[] of segments' ids
  bool all_segments;
  bool changed;             // the rules have another meaning than before
  const Progress *progress; // or nullptr
};

/// Judges everyone by the segments' rules at the transaction's now() and writes what differs into membership,
/// its history and counts. The caller holds ShareRowExclusiveLock on segmentation.segment. Returns the number
/// of member rows written and deleted. A session must be open. Raises 42704 for an unknown segment.
int64 write_members(const WriteRequest &request);

/// The same for all segments; takes the lock.
int64 write_everyone(const Progress *progress = nullptr);

/// Recomputes some customers (keys in whatever type, or an array of them) in all segments. Locks their rows
/// of segmentation.state. Returns the number of member rows written and deleted.
int64 refresh_customers(Datum customers, Oid type);

} // namespace segmentation::pg
