// Differences into membership, its history and its counts. Server's side.
#pragma once

#include "pg/live/live.hpp"

namespace segmentation::pg {

/// Members who come and go at one instant.
struct MemberChanges {
  const KeyType *key;
  MemoryContext memory; // of the lists
  int32 *joined_segments;
  Datum *joined;
  int joined_count, joined_room;
  int32 *left_segments;
  Datum *left;
  int left_count, left_room;
};

/// Why members come and go, as membership_history says it.
constexpr const char *reason_rule = "rule";
constexpr const char *reason_changed = "rule changed";
constexpr const char *reason_deleted = "customer deleted";

MemberChanges start_changes(const Live *live);
void add_joiner(MemberChanges *changes, int32 segment, Datum key);
void add_leaver(MemberChanges *changes, int32 segment, Datum key);

/// Writes the changes by the rights of the extension's owner; returns the number of members who came and
/// went. The customers' state rows must be locked, and the active snapshot be newer. A session must be open.
uint64 write_changes(const MemberChanges &changes, TimestampTz at, const char *left_reason);

/// How many came to a segment less how many went.
struct SegmentCount {
  int32 segment;
  int64 delta;
};
/// Appends to the counts what is not 0. By the rights in force, which must be those of the extension's owner;
/// a session must be open.
void append_counts(const SegmentCount *counts, int count);

/// Adds up to `limit` deltas of counts up, those that nobody else is at: counts
/// stay as they are in every snapshot. A session must be open.
void fold_counts(int limit);

/// Takes the keys of customers who are gone out of the history.
void forget_customers(const Live *live, Datum *keys, int count);

} // namespace segmentation::pg
