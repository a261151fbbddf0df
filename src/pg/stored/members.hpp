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
  const Live *live;
  const KeyType *key;
  MemoryContext memory; // of the lists
  MemberList joined, left;
  bool by_hand; // people may have said something about some
};

/// Why members come and go, as membership_history says it.
constexpr const char *reason_rule = "rule";
constexpr const char *reason_time = "time";
constexpr const char *reason_changed = "rule changed";
constexpr const char *reason_deleted = "customer deleted";
constexpr const char *reason_merged = "customer merged";
constexpr const char *reason_hand = "by hand";
constexpr const char *reason_dropped = "segment dropped"; // in segmentation.changes alone

/// What SQL joins to members who leave, g, to tell whether people have put them in, or out: as h.
constexpr const char *hands_of_leavers =
    "LEFT JOIN LATERAL (SELECT b.changed_by, b.note, b.standing = -1 AS is_out, "
    "b.put_in_at <= g.entered_at AND (b.standing = 1 OR g.entered_at < b.changed_at) AS was_put_in "
    "FROM segmentation.by_hand AS b WHERE b.customer_id = g.customer_id AND b.segment_id = g.segment_id) AS "
    "h "
    "ON h.is_out OR h.was_put_in";

MemberChanges start_changes(const Live *live);
/// Adds to one of the lists.
void add_change(MemberChanges *changes, MemberList *list, int32 segment, Datum key, TimestampTz at);

/// Writes the changes, recorded at an instant, by the rights of the member tables' owner, segment by segment;
/// returns the number of members who came and went. The customers' state rows must be locked, and the active
/// snapshot be newer. A session must be open.
uint64 write_changes(MemberChanges *changes, TimestampTz recorded_at, const char *left_reason);

/// Takes the keys of customers who are gone out of the history, and away what people said about those whose
/// row is gone.
void forget_customers(const Live *live, Datum *keys, int count);
/// Takes away what people said about anybody whose row is gone. The gate must be held alone.
void forget_all_gone(const Live *live);

} // namespace segmentation::pg
