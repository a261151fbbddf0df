// Few rows are deleted at once, many a batch a transaction: whoever drops a segment has the gate. Server's
// side.
#include "pg/maintain/leftover.hpp"

#include "pg/boundary/settings.hpp"
#include "pg/maintain/wake.hpp"
#include "pg/stored/change_notes.hpp"
#include "pg/stored/counts.hpp"
#include "pg/stored/members.hpp"

namespace segmentation::pg {

namespace {

constexpr int batch_rows = 10000;

constexpr const char *tables[] = {"membership", "membership_past"};

/// Runs a statement on each of the tables of members by its owner's rights, whose triggers may be on it; %s
/// is the table. Returns the rows.
uint64 execute_on_members(const char *format, const Arguments &arguments) {
  uint64 rows = 0;
  Oid schema = get_namespace_oid("segmentation", false);
  for (const char *name : tables) {
    Oid table = get_relname_relid(name, schema);
    if (!OidIsValid(table)) // the owner's may have been dropped with the owner
      continue;
    Identity caller = become(owner_of(table));
    PushActiveSnapshot(GetLatestSnapshot());
    char *sql = psprintf("segmentation.%s", name);
    rows += execute(psprintf(format, sql, sql), arguments);
    PopActiveSnapshot();
    become_again(caller);
  }
  return rows;
}

/// Tells whether more is stored than may be deleted at once.
bool are_many(Datum segments) {
  Arguments arguments;
  arguments.add(INT4ARRAYOID, segments);
  arguments.add(INT8OID, Int64GetDatum(commit_limit));
  uint64 rows =
      execute_on_members("SELECT FROM %s AS t WHERE t.segment_id = ANY ($1) LIMIT $2 + 1", arguments);
  return rows > static_cast<uint64>(commit_limit);
}

/// Notes that everyone has left the segments among these that were dropped, not the drafts: at once, since
/// another may have the name before the rows are deleted. Dropping is a way out where definitions are broken,
/// so they are not asked.
void note_dropped(Datum segments) {
  Oid table = get_relname_relid("membership", get_namespace_oid("segmentation", false));
  Arguments arguments;
  arguments.add(INT4ARRAYOID, segments);
  Rows dropped = query_own("SELECT pg_catalog.array_agg(d.id) FROM segmentation.dropped_segment AS d "
                           "WHERE d.id = ANY ($1) AND segmentation._changes_kept() <> '0'",
                           arguments);
  bool missing;
  Arguments some;
  some.add(INT4ARRAYOID, value_of(dropped, 0, 1, missing));
  if (missing || !OidIsValid(table))
    return;
  some.add(TIMESTAMPTZOID, TimestampTzGetDatum(GetCurrentTimestamp()));
  some.add(TEXTOID, CStringGetTextDatum(reason_dropped));
  Identity caller = become(owner_of(table));
  PushActiveSnapshot(GetLatestSnapshot());
  Rows rows = query("SELECT m.segment_id, $2, $3, pg_catalog.array_agg(m.customer_id::text) "
                    "FROM segmentation.membership AS m WHERE m.segment_id = ANY ($1) GROUP BY m.segment_id",
                    some);
  PopActiveSnapshot();
  become_again(caller);
  note_gone(rows);
}

} // namespace

void delete_members(Datum segments) {
  Arguments arguments;
  arguments.add(INT4ARRAYOID, segments);
  CommandCounterIncrement();
  note_dropped(segments);
  if (are_many(segments)) {
    execute_own(
        "INSERT INTO segmentation.leftover (segment_id) SELECT DISTINCT s FROM pg_catalog.unnest($1) AS s",
        arguments);
    wake_worker_at_commit();
    ereport(NOTICE, (errmsg("stored members that no segment has any more will be deleted later"),
                     errhint("The worker does it, or CALL segmentation.tick().")));
  } else {
    (void)execute_on_members("DELETE FROM %s AS t WHERE t.segment_id = ANY ($1)", arguments);
  }
  execute_own("DELETE FROM segmentation.definition_change AS t WHERE t.segment_id = ANY ($1)", arguments);
  clear_counts(segments);
  CommandCounterIncrement();
}

int delete_leftovers() {
  Rows rows =
      take_own("SELECT l.segment_id FROM segmentation.leftover AS l ORDER BY l.segment_id LIMIT 1 FOR "
               "UPDATE SKIP LOCKED");
  if (rows.count == 0)
    return 0;
  Arguments arguments;
  arguments.add(INT4OID, Int32GetDatum(int_value(rows, 0, 1)));
  Arguments some = arguments;
  some.add(INT4OID, Int32GetDatum(batch_rows));
  if (execute_on_members("DELETE FROM %s AS t WHERE t.ctid = ANY (ARRAY(SELECT u.ctid FROM %s AS u WHERE "
                         "u.segment_id = $1 LIMIT $2))",
                         some) == 0)
    execute_own("DELETE FROM segmentation.leftover AS l WHERE l.segment_id = $1", arguments);
  return 1;
}

} // namespace segmentation::pg
