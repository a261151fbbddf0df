// One at a time, and by a snapshot taken when it is one's turn: so positions go up from transaction to
// transaction that numbers. Server's side.
#include "pg/worker/numbering.hpp"

#include "pg/boundary/session.hpp"

namespace segmentation::pg {

namespace {

// A snapshot shows whole transactions, and of one customer's changes none without those before it: who wrote
// a later one had waited for her until the earlier was committed, and so has written all of hers at later
// places of the log than all of that transaction's. Hence the last place of each is its place among the
// others; the first would not do. Names are looked up here since some segments never came to be.
constexpr const char *number =
    "WITH taken AS (DELETE FROM segmentation.change_pending AS p "
    "WHERE $1 OR p.transaction IS DISTINCT FROM pg_current_xact_id_if_assigned() "
    "RETURNING p.ctid AS place, p.*), "
    "ended AS (SELECT t.*, cardinality(t.customers) AS size, "
    "max(t.at_lsn) OVER (PARTITION BY t.transaction) AS ended FROM taken AS t), "
    "placed AS (SELECT e.*, sum(e.size) OVER (ORDER BY e.ended, e.transaction, e.at_lsn, e.place "
    "ROWS UNBOUNDED PRECEDING) AS upto, sum(e.size) OVER (ORDER BY e.ended, e.transaction) AS ends "
    "FROM ended AS e WHERE EXISTS (SELECT FROM segmentation._change_names AS s WHERE s.id = "
    "e.segment_id)), "
    // Once: the clock goes on.
    "base AS MATERIALIZED (SELECT GREATEST((SELECT max(l.last) FROM segmentation.change_log AS l), "
    "f.position, "
    "segmentation._change_position(clock_timestamp())) AS at FROM segmentation.change_floor AS f), "
    "numbered AS (INSERT INTO segmentation.change_log (last, first, ends_at, segment_id, entered, "
    "effective_at, reason, customers) "
    "SELECT b.at + p.upto, b.at + p.upto - p.size + 1, b.at + p.ends, p.segment_id, p.entered, "
    "p.effective_at, p.reason, p.customers FROM placed AS p, base AS b WHERE p.size > 0 RETURNING last) "
    "SELECT max(n.last) FROM numbered AS n";

constexpr const char *forget_old =
    "WITH old AS (DELETE FROM segmentation.change_log AS l WHERE l.last IN (SELECT o.last "
    "FROM segmentation.change_log AS o WHERE o.last <= "
    "segmentation._change_position(clock_timestamp() - segmentation._changes_kept()) "
    "ORDER BY o.last LIMIT $1) RETURNING l.last) "
    "UPDATE segmentation.change_floor AS f SET position = n.last "
    "FROM (SELECT max(o.last) AS last, count(*) AS count FROM old AS o) AS n WHERE n.last IS NOT NULL "
    "RETURNING n.count";

constexpr const char *forget_names =
    "DELETE FROM segmentation.dropped_segment AS d "
    "WHERE d.dropped_at < clock_timestamp() - segmentation._changes_kept() - interval '1 day' "
    "AND NOT EXISTS (SELECT FROM segmentation.change_log AS l WHERE l.segment_id = d.id)";

/// What is old is looked for once a minute by a session; the next time as well where there was more.
void forget() {
  constexpr int64 at_once = 10000;
  static TimestampTz looked_at = 0;
  TimestampTz now = GetCurrentTimestamp();
  if (now >= looked_at && now - looked_at < USECS_PER_MINUTE)
    return;
  Arguments arguments;
  arguments.add(INT8OID, Int64GetDatum(at_once));
  Rows rows = take_own(forget_old, arguments, Plan::saved);
  bool missing;
  if (rows.count == 0 || DatumGetInt64(value_of(rows, 0, 1, missing)) < at_once)
    looked_at = now;
  if (rows.count > 0)
    execute_own(forget_names, {}, Plan::saved);
}

} // namespace

void number_changes(Working working) {
  // Not the table of what is pending, which autovacuum would lock as well.
  if (!ConditionalLockRelationOid(own_relation("change_keeping"), ShareUpdateExclusiveLock))
    return;
  Arguments arguments;
  arguments.add(BOOLOID, BoolGetDatum(working == Working::apart));
  Rows rows = take_own(number, arguments, Plan::saved);
  bool missing;
  Datum last = value_of(rows, 0, 1, missing);
  if (!missing) {
    // A consumer may remember what a crash would have us give to others.
    ForceSyncCommit();
    if (working == Working::apart)
      Async_Notify("segmentation", psprintf(INT64_FORMAT, DatumGetInt64(last)));
  }
  forget();
}

} // namespace segmentation::pg
