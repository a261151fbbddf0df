// One statement for all who join, one for all who leave. Server's side.
#include "pg/maintain/members.hpp"

#include "pg/live/feed.hpp"

namespace segmentation::pg {

namespace {

void add(MemoryContext memory, int32 **segments, Datum **keys, int *count, int *room, int32 segment,
         Datum key) {
  if (*count == *room) {
    int more = Max(*room * 2, 64);
    auto *new_segments = static_cast<int32 *>(
        MemoryContextAllocExtended(memory, sizeof(int32) * static_cast<Size>(more), MCXT_ALLOC_HUGE));
    auto *new_keys = static_cast<Datum *>(
        MemoryContextAllocExtended(memory, sizeof(Datum) * static_cast<Size>(more), MCXT_ALLOC_HUGE));
    if (*count > 0) {
      memcpy(new_segments, *segments, sizeof(int32) * static_cast<Size>(*count));
      memcpy(new_keys, *keys, sizeof(Datum) * static_cast<Size>(*count));
    }
    *segments = new_segments;
    *keys = new_keys;
    *room = more;
  }
  (*segments)[*count] = segment;
  (*keys)[(*count)++] = key;
}

Arguments arguments_of(const KeyType &key, const int32 *segments, Datum *keys, int count, TimestampTz at) {
  Datum *ids = static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<Size>(count)));
  for (int i = 0; i < count; ++i)
    ids[i] = Int32GetDatum(segments[i]);
  Arguments arguments;
  arguments.add(INT4ARRAYOID, make_array(ids, count, INT4OID));
  arguments.add(get_array_type(key.type), make_array(keys, count, key.type));
  arguments.add(TIMESTAMPTZOID, TimestampTzGetDatum(at));
  return arguments;
}

constexpr int chunk = 10000;

} // namespace

MemberChanges start_changes(const Live *live) {
  MemberChanges changes;
  memset(&changes, 0, sizeof changes);
  changes.key = &live->key;
  changes.memory = CurrentMemoryContext;
  return changes;
}

void add_joiner(MemberChanges *changes, int32 segment, Datum key) {
  add(changes->memory, &changes->joined_segments, &changes->joined, &changes->joined_count,
      &changes->joined_room, segment, key);
}

void add_leaver(MemberChanges *changes, int32 segment, Datum key) {
  add(changes->memory, &changes->left_segments, &changes->left, &changes->left_count, &changes->left_room,
      segment, key);
}

uint64 write_changes(const MemberChanges &changes, TimestampTz at, const char *left_reason) {
  Identity caller = become(extension_owner());
  uint64 written = 0;
  for (int from = 0; from < changes.left_count; from += chunk) {
    int count = Min(chunk, changes.left_count - from);
    Arguments arguments =
        arguments_of(*changes.key, changes.left_segments + from, changes.left + from, count, at);
    arguments.add(TEXTOID, CStringGetTextDatum(left_reason));
    written += static_cast<uint64>(count);
    execute(
        "WITH gone AS (DELETE FROM segmentation.membership AS m USING unnest($1, $2) AS d (segment_id, "
        "customer_id) WHERE m.segment_id = d.segment_id AND m.customer_id = d.customer_id RETURNING "
        "m.segment_id, "
        "m.customer_id, m.entered_at), "
        "past AS (INSERT INTO segmentation.membership_past (segment_id, customer_id, entered_at, left_at, "
        "recorded_at, left_recorded_at, entered_reason, left_reason, changed_by) "
        "SELECT g.segment_id, g.customer_id, g.entered_at, GREATEST($3, g.entered_at), g.entered_at, $3, "
        "CASE WHEN c.segment_id IS NULL THEN 'rule' ELSE 'rule changed' END, $4, c.changed_by "
        "FROM gone AS g LEFT JOIN segmentation.definition_change AS c ON c.segment_id = g.segment_id AND "
        "c.at = "
        "g.entered_at) "
        "INSERT INTO segmentation.count_delta (segment_id, delta) "
        "SELECT g.segment_id, -pg_catalog.count(*) FROM gone AS g GROUP BY g.segment_id",
        arguments, count <= 100 ? Plan::saved : Plan::once);
  }
  for (int from = 0; from < changes.joined_count; from += chunk) {
    int count = Min(chunk, changes.joined_count - from);
    Arguments arguments =
        arguments_of(*changes.key, changes.joined_segments + from, changes.joined + from, count, at);
    written += static_cast<uint64>(count);
    execute("WITH come AS (INSERT INTO segmentation.membership (segment_id, customer_id, entered_at) "
            "SELECT d.segment_id, d.customer_id, $3 FROM unnest($1, $2) AS d (segment_id, customer_id) "
            "ON CONFLICT DO NOTHING RETURNING segment_id) "
            "INSERT INTO segmentation.count_delta (segment_id, delta) "
            "SELECT c.segment_id, pg_catalog.count(*) FROM come AS c GROUP BY c.segment_id",
            arguments, count <= 100 ? Plan::saved : Plan::once);
  }
  become_again(caller);
  return written;
}

void forget_customers(const Live *live, Datum *keys, int count) {
  if (count == 0)
    return;
  Identity caller = become(extension_owner());
  Arguments arguments;
  arguments.add(get_array_type(live->key.type), make_array(keys, count, live->key.type));
  execute("UPDATE segmentation.membership_past AS p SET customer_id = NULL WHERE p.customer_id = ANY ($1)",
          arguments, count <= 100 ? Plan::saved : Plan::once);
  become_again(caller);
}

} // namespace segmentation::pg
