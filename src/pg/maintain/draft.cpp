// A draft's members become those of its segment. Server's side.
#include "pg/boundary/session.hpp"
#include "pg/maintain/leftover.hpp"
#include "pg/maintain/write.hpp"
#include "pg/stored/counts.hpp"
#include "pg/stored/members.hpp"
#include "pg/stored/stored.hpp"

namespace segmentation::pg {

namespace {

/// A segment and the draft that it turns into; the caller is alone with the gate.
struct TakingOver {
  int32 segment;
  int32 draft;
  TimestampTz at;
};

/// The instant, the segment, the draft: $1, $2, $3.
Arguments arguments_of(const TakingOver &over) {
  Arguments arguments;
  arguments.add(TIMESTAMPTZOID, TimestampTzGetDatum(over.at));
  arguments.add(INT4OID, Int32GetDatum(over.segment));
  arguments.add(INT4OID, Int32GetDatum(over.draft));
  return arguments;
}

/// Who is in both stays since when she was.
void move_members(const Live *live, const TakingOver &over) {
  Arguments arguments = arguments_of(over);
  CommandCounterIncrement();
  PushActiveSnapshot(GetLatestSnapshot());
  ChangeNotes notes = start_notes(live);
  (void)end_leavers(
      take(
          psprintf(
              "WITH gone AS (DELETE FROM segmentation.membership AS m WHERE m.segment_id = $2 AND NOT EXISTS "
              "(SELECT FROM segmentation.membership AS d WHERE d.segment_id = $3 AND d.customer_id = "
              "m.customer_id) RETURNING m.*) %s",
              keep_leavers(*live)),
          arguments),
      &notes);
  arguments.add(TEXTOID, CStringGetTextDatum(reason_changed));
  note_rows(&notes,
            take("WITH came AS (INSERT INTO segmentation.membership (segment_id, customer_id, entered_at) "
                 "SELECT $2, d.customer_id, $1 FROM segmentation.membership AS d WHERE d.segment_id = $3 AND "
                 "NOT EXISTS "
                 "(SELECT FROM segmentation.membership AS m WHERE m.segment_id = $2 AND m.customer_id = "
                 "d.customer_id) "
                 "ORDER BY d.customer_id RETURNING customer_id) "
                 "SELECT $2, $1, $4, array_agg(c.customer_id::text) FROM came AS c HAVING count(*) > 0",
                 arguments),
            true);
  PopActiveSnapshot();
  end_notes(&notes);
}

/// The segment's count is the draft's from here on, whose own delete_members clears.
void move_count(const TakingOver &over) {
  Datum ids[1] = {Int32GetDatum(over.segment)};
  clear_counts(make_array(ids, 1, INT4OID));
  Arguments arguments;
  arguments.add(INT4OID, Int32GetDatum(over.draft));
  CommandCounterIncrement();
  Rows rows =
      query_own("SELECT n.members FROM segmentation.member_counts AS n WHERE n.segment_id = $1", arguments);
  if (rows.count == 0)
    return;
  bool missing;
  SegmentCounts counts = {nullptr, 0, 0};
  add_count(&counts, over.segment, DatumGetInt64(value_of(rows, 0, 1, missing)));
  append_counts(&counts);
}

} // namespace

} // namespace segmentation::pg

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_take_over) {
  Session session = open_session();
  TakingOver over = {PG_GETARG_INT32(0), PG_GETARG_INT32(1), PG_GETARG_TIMESTAMPTZ(2)};
  const Live *live = load_live();
  // Members' tables are their owner's, and so are the triggers that he may have put on them.
  Identity caller = become(owner_of(own_relation("membership")));
  move_members(live, over);
  become_again(caller);
  move_count(over);
  Datum drafts[1] = {Int32GetDatum(over.draft)};
  delete_members(make_array(drafts, 1, INT4OID));
  close_session(session);
  PG_RETURN_VOID();
}
