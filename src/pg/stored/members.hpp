// Differences into membership, its history and its counts. Server's side.
#pragma once

#include "pg/live/live.hpp"

namespace segmentation::pg {

/// A customer who comes to a segment, or leaves it.
struct MemberChange {
  int32 segment;
  int32 order;    // in which it was noted
  TimestampTz at; // since, or until, when she is in
  Datum key;
};

struct MemberList {
  MemberChange *changes;
  int count, room;
};

/// Members who come and go.
struct MemberChanges {
  const KeyType *key;
  MemoryContext memory; // of the lists
  MemberList joined, left;
};

/// Why members come and go, as membership_history says it.
constexpr const char *reason_rule = "rule";
constexpr const char *reason_time = "time";
constexpr const char *reason_changed = "rule changed";
constexpr const char *reason_deleted = "customer deleted";
constexpr const char *reason_merged = "customer merged";

MemberChanges start_changes(const Live *live);
/// Adds to one of the lists.
void add_change(MemberChanges *changes, MemberList *list, int32 segment, Datum key, TimestampTz at);

/// Writes the changes, recorded at an instant, by the rights of the member tables' owner, segment by segment;
/// returns the number of members who came and went. The customers' state rows must be locked, and the active
/// snapshot be newer. A session must be open.
uint64 write_changes(MemberChanges *changes, TimestampTz recorded_at, const char *left_reason);

/// Takes the keys of customers who are gone out of the history.
void forget_customers(const Live *live, Datum *keys, int count);

} // namespace segmentation::pg
