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

void fold_counts(int limit) {
  Arguments arguments;
  arguments.add(INT4OID, Int32GetDatum(limit));
  Identity caller = become(extension_owner());
  execute("WITH few AS MATERIALIZED (SELECT d.seq FROM segmentation.count_delta AS d ORDER BY d.seq LIMIT $1 "
          "FOR UPDATE SKIP LOCKED), "
          "gone AS (DELETE FROM segmentation.count_delta AS d USING few AS s WHERE d.seq = s.seq RETURNING "
          "d.segment_id, d.delta) "
          "INSERT INTO segmentation.count_delta (segment_id, delta) "
          "SELECT g.segment_id, pg_catalog.sum(g.delta) FROM gone AS g GROUP BY g.segment_id HAVING "
          "pg_catalog.sum(g.delta) <> 0",
          arguments, Plan::saved);
  become_again(caller);
}

namespace {

struct Counts {
  SegmentCount *counts;
  int count;
};

int compare_counts(const void *a, const void *b) {
  int32 left = static_cast<const SegmentCount *>(a)->segment,
        right = static_cast<const SegmentCount *>(b)->segment;
  return left < right ? -1 : left > right;
}

/// Counts the segments that rows tell in their first column.
void add_counts(Counts *counts, const Rows &rows, int64 delta) {
  int count = static_cast<int>(rows.count);
  auto *all = static_cast<SegmentCount *>(
      palloc_extended(sizeof(SegmentCount) * static_cast<Size>(counts->count + count + 1), MCXT_ALLOC_HUGE));
  if (counts->count > 0)
    memcpy(all, counts->counts, sizeof(SegmentCount) * static_cast<Size>(counts->count));
  for (int i = 0; i < count; ++i)
    all[counts->count + i] = {int_value(rows, static_cast<uint64>(i), 1), delta};
  count += counts->count;
  pg_qsort(all, static_cast<size_t>(count), sizeof(SegmentCount), compare_counts);
  int kept = 0;
  for (int i = 0; i < count; ++i) {
    if (kept > 0 && all[kept - 1].segment == all[i].segment)
      all[kept - 1].delta += all[i].delta;
    else
      all[kept++] = all[i];
  }
  *counts = {all, kept};
}

} // namespace

void append_counts(const SegmentCount *counts, int count) {
  Size room = sizeof(Datum) * static_cast<Size>(count + 1);
  Datum *ids = static_cast<Datum *>(palloc(room)), *deltas = static_cast<Datum *>(palloc(room));
  int changed = 0;
  for (int i = 0; i < count; ++i) {
    if (counts[i].delta == 0)
      continue;
    ids[changed] = Int32GetDatum(counts[i].segment);
    deltas[changed++] = Int64GetDatum(counts[i].delta);
  }
  if (changed == 0)
    return;
  Arguments arguments;
  arguments.add(INT4ARRAYOID, make_array(ids, changed, INT4OID));
  arguments.add(INT8ARRAYOID, make_array(deltas, changed, INT8OID));
  execute("INSERT INTO segmentation.count_delta (segment_id, delta) "
          "SELECT d.segment_id, d.delta FROM unnest($1, $2) AS d (segment_id, delta)",
          arguments, Plan::saved);
}

// Several plain statements: starting one that does all at once costs more than the rows do.
uint64 write_changes(const MemberChanges &changes, TimestampTz at, const char *left_reason) {
  if (changes.joined_count + changes.left_count == 0)
    return 0;
  // Whoever writes clears up now and then, so that counting does not come to cost what it is to spare. Not
  // where a snapshot is held: rows that another has cleared up meanwhile would be an error there.
  static uint32 written_before = 0;
  if (++written_before % 1024 == 0 && !IsolationUsesXactSnapshot())
    fold_counts(4000);
  // Members' tables are their owner's, who may have put triggers on them: these run with his rights, not with
  // ours.
  Identity caller = become(owner_of(own_relation("membership")));
  Counts counts = {nullptr, 0};
  for (int from = 0; from < changes.left_count; from += chunk) {
    int count = Min(chunk, changes.left_count - from);
    Arguments arguments =
        arguments_of(*changes.key, changes.left_segments + from, changes.left + from, count, at);
    arguments.add(TEXTOID, CStringGetTextDatum(left_reason));
    add_counts(
        &counts,
        take(
            "WITH gone AS (DELETE FROM segmentation.membership AS m USING unnest($1, $2) AS d (segment_id, "
            "customer_id) WHERE m.segment_id = d.segment_id AND m.customer_id = d.customer_id RETURNING "
            "m.segment_id, m.customer_id, m.entered_at) "
            "INSERT INTO segmentation.membership_past (segment_id, customer_id, entered_at, left_at, "
            "recorded_at, left_recorded_at, entered_reason, left_reason, changed_by) "
            "SELECT g.segment_id, g.customer_id, g.entered_at, GREATEST($3, g.entered_at), g.entered_at, $3, "
            "CASE WHEN c.segment_id IS NULL THEN 'rule' ELSE 'rule changed' END, $4, c.changed_by "
            "FROM gone AS g LEFT JOIN segmentation.definition_change AS c ON c.segment_id = g.segment_id AND "
            "c.at = g.entered_at RETURNING segment_id",
            arguments, count <= 100 ? Plan::saved : Plan::once),
        -1);
  }
  for (int from = 0; from < changes.joined_count; from += chunk) {
    int count = Min(chunk, changes.joined_count - from);
    Arguments arguments =
        arguments_of(*changes.key, changes.joined_segments + from, changes.joined + from, count, at);
    add_counts(
        &counts,
        take("INSERT INTO segmentation.membership (segment_id, customer_id, entered_at) "
             "SELECT d.segment_id, d.customer_id, $3 FROM unnest($1, $2) AS d (segment_id, customer_id) "
             "ON CONFLICT DO NOTHING RETURNING segment_id",
             arguments, count <= 100 ? Plan::saved : Plan::once),
        1);
  }
  become_again(caller);
  caller = become(extension_owner());
  append_counts(counts.counts, counts.count);
  become_again(caller);
  return static_cast<uint64>(changes.joined_count + changes.left_count);
}

void forget_customers(const Live *live, Datum *keys, int count) {
  if (count == 0)
    return;
  Identity caller = become(owner_of(own_relation("membership_past")));
  Arguments arguments;
  arguments.add(get_array_type(live->key.type), make_array(keys, count, live->key.type));
  execute("UPDATE segmentation.membership_past AS p SET customer_id = NULL WHERE p.customer_id = ANY ($1)",
          arguments, count <= 100 ? Plan::saved : Plan::once);
  become_again(caller);
}

} // namespace segmentation::pg
