// One row for each commit; now and then one row for all of them. Server's side.
#include "pg/stored/counts.hpp"

#include "pg/stored/own_table.hpp"

namespace segmentation::pg {

void add_count(SegmentCounts *counts, int32 segment, int64 delta) {
  if (counts->count > 0 && counts->counts[counts->count - 1].segment == segment) {
    counts->counts[counts->count - 1].delta += delta;
    return;
  }
  if (counts->count == counts->room) {
    counts->room = Max(counts->room * 2, 16);
    Size size = sizeof(SegmentCount) * static_cast<Size>(counts->room);
    counts->counts = static_cast<SegmentCount *>(
        counts->counts == nullptr ? palloc(size) : repalloc_huge(counts->counts, size));
  }
  counts->counts[counts->count++] = {segment, delta};
}

namespace {

int compare_counts(const void *a, const void *b) {
  int32 left = static_cast<const SegmentCount *>(a)->segment,
        right = static_cast<const SegmentCount *>(b)->segment;
  return left < right ? -1 : left > right;
}

} // namespace

void append_counts(SegmentCounts *counts) {
  if (counts->count == 0)
    return;
  pg_qsort(counts->counts, static_cast<size_t>(counts->count), sizeof(SegmentCount), compare_counts);
  Size room = sizeof(Datum) * static_cast<Size>(counts->count);
  Datum *ids = static_cast<Datum *>(palloc(room)), *deltas = static_cast<Datum *>(palloc(room));
  int changed = 0;
  for (int i = 0; i < counts->count;) {
    SegmentCount sum = counts->counts[i];
    while (++i < counts->count && counts->counts[i].segment == sum.segment)
      sum.delta += counts->counts[i].delta;
    if (sum.delta == 0)
      continue;
    ids[changed] = Int32GetDatum(sum.segment);
    deltas[changed++] = Int64GetDatum(sum.delta);
  }
  if (changed == 0)
    return;
  OwnTable *own = open_own(own_relation("count_delta"), RowExclusiveLock);
  TupleTableSlot *row = start_row(own);
  row->tts_values[0] = make_array(ids, changed, INT4OID);
  row->tts_values[1] = make_array(deltas, changed, INT8OID);
  row->tts_isnull[0] = row->tts_isnull[1] = false;
  (void)insert_row(own);
  close_own(own);
}

void clear_counts(Datum segments) {
  Arguments arguments;
  arguments.add(INT4ARRAYOID, segments);
  execute_own("INSERT INTO segmentation.count_delta (segment_ids, deltas) "
              "SELECT pg_catalog.array_agg(n.segment_id), pg_catalog.array_agg(-n.members) "
              "FROM segmentation.member_counts AS n WHERE n.segment_id = ANY ($1) AND n.members <> 0 "
              "HAVING pg_catalog.count(*) > 0",
              arguments);
}

// Whoever has the lock is the only one who deletes, so that he waits for nobody.
void fold_counts(int64 most) {
  if (IsolationUsesXactSnapshot() ||
      !ConditionalLockRelationOid(own_relation("count_delta"), ShareUpdateExclusiveLock))
    return;
  Arguments arguments;
  arguments.add(INT8OID, Int64GetDatum(most));
  execute_own(
      "WITH gone AS (DELETE FROM segmentation.count_delta AS d WHERE (SELECT pg_catalog.count(*) FROM "
      "(SELECT FROM segmentation.count_delta AS e LIMIT $1 + 1) AS few) > $1 "
      "RETURNING d.segment_ids, d.deltas), "
      "sums AS (SELECT c.segment_id, pg_catalog.sum(c.delta) AS delta "
      "FROM gone AS g, unnest(g.segment_ids, g.deltas) AS c (segment_id, delta) "
      "GROUP BY c.segment_id HAVING pg_catalog.sum(c.delta) <> 0) "
      "INSERT INTO segmentation.count_delta (segment_ids, deltas) "
      "SELECT pg_catalog.array_agg(s.segment_id), pg_catalog.array_agg(s.delta::bigint) "
      "FROM sums AS s HAVING pg_catalog.count(*) > 0",
      arguments, Plan::saved);
}

} // namespace segmentation::pg
