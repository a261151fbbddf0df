// merge_customers: two customers turn out to be one. Server's side.
#include "pg/boundary/quiet.hpp"
#include "pg/boundary/session.hpp"
#include "pg/live/customers.hpp"
#include "pg/maintain/apply.hpp"
#include "pg/maintain/batch.hpp"
#include "pg/stored/change_notes.hpp"
#include "pg/stored/counts.hpp"
#include "pg/stored/members.hpp"

using namespace segmentation::pg;

namespace {

/// Who becomes whom.
struct Merge {
  const Live *live;
  Datum from, into;
};

/// Returns a customer that the caller named; raises 23503 where no key can be it.
Datum read_customer(const Live *live, Datum value, Oid type) {
  GivenKeys given = read_keys(live, value, type);
  if (given.count == 0)
    ereport(ERROR, (errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
                    errmsg("customer \"%s\" does not exist", print_value(type, value))));
  return given.keys[0];
}

/// Raises unless a customer counted as one when she was judged.
void check_exists(const Batch &batch, const Merge &merge, Datum customer, const char *detail,
                  const char *hint) {
  CustomerKey key = core_key(merge.live->key, customer);
  for (int i = 0; i < batch.count; ++i) {
    if (batch.rows[i].is_gone && compare_keys(batch.rows[i].key, key) == 0)
      ereport(ERROR, (errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
                      errmsg("customer \"%s\" does not exist", print_value(merge.live->key.type, customer)),
                      detail == nullptr ? 0 : errdetail_internal("%s", detail), errhint("%s", hint)));
  }
}

/// What people have said of $1 becomes said of $2. She is in the groups of both, and of two of a family in
/// that of $2. Of the segments $3, which have a rule, what was said of $2 counts, and if nothing was, of $1;
/// but who is kept out stays out; who was put in first says why. For history to tell who had put $1 in, her
/// rows stay as ones that let go until that is written, and $2 has them as well where a family bars her.
constexpr const char *take_over_by_hand =
    "WITH said AS MATERIALIZED (SELECT h.*, EXISTS (SELECT FROM segmentation.by_hand AS t "
    "WHERE t.customer_id = $2 AND t.family = h.family AND t.standing = 1 AND t.segment_id <> h.segment_id) "
    "AS is_barred FROM segmentation.by_hand AS h WHERE h.customer_id = $1 FOR NO KEY UPDATE), "
    "let_go AS (UPDATE segmentation.by_hand AS h "
    "SET standing = CASE WHEN h.segment_id = ANY ($3) THEN 0 ELSE -1 END, family = NULL, "
    "changed_by = SESSION_USER, changed_at = clock_timestamp() "
    "WHERE h.customer_id = $1 AND (h.standing = 1 OR h.segment_id = ANY ($3))) "
    "INSERT INTO segmentation.by_hand AS h (customer_id, segment_id, standing, family, note, changed_by, "
    "changed_at, put_in_at) "
    "SELECT $2, f.segment_id, CASE WHEN f.is_barred THEN 0 ELSE f.standing END, "
    "CASE WHEN NOT f.is_barred THEN f.family END, f.note, f.changed_by, "
    "CASE WHEN f.is_barred THEN clock_timestamp() ELSE f.changed_at END, f.put_in_at "
    "FROM said AS f WHERE f.standing <> 0 "
    "ON CONFLICT (customer_id, segment_id) DO UPDATE SET standing = EXCLUDED.standing, "
    "family = EXCLUDED.family, "
    "note = CASE WHEN h.standing = EXCLUDED.standing THEN COALESCE(EXCLUDED.note, h.note) "
    "ELSE EXCLUDED.note END, changed_by = EXCLUDED.changed_by, "
    "changed_at = EXCLUDED.changed_at, put_in_at = EXCLUDED.put_in_at "
    "WHERE CASE WHEN h.standing = 1 AND EXCLUDED.standing = 1 THEN EXCLUDED.put_in_at < h.put_in_at "
    "WHEN h.segment_id = ANY ($3) THEN h.standing = 0 OR h.standing > EXCLUDED.standing "
    "ELSE h.standing <> 1 AND EXCLUDED.standing <> -1 END";

/// Returns what the statements are about: the customers, and the ids of all segments, or of those with a rule
/// about which people may have said something.
Arguments arguments_of(const Live *live, Datum from, Datum into, bool with_words) {
  const SchemaInput &schema = live->schema;
  Datum *ids = static_cast<Datum *>(
      palloc(sizeof(Datum) * static_cast<Size>(schema.segment_count + schema.archived_count + 1)));
  int count = 0;
  for (int i = 0; i < schema.segment_count; ++i) {
    if (!with_words || schema.segments[i].by_hand)
      ids[count++] = Int32GetDatum(schema.segments[i].id);
  }
  for (int i = 0; i < schema.archived_count; ++i) {
    if (!with_words || schema.archived[i].by_hand)
      ids[count++] = Int32GetDatum(schema.archived[i].id);
  }
  Arguments arguments;
  arguments.add(live->key.type, from);
  arguments.add(live->key.type, into);
  arguments.add(INT4ARRAYOID, make_array(ids, count, INT4OID));
  return arguments;
}

/// Does that as the owner of the rows; they are noted as any other change of this transaction is.
void move_words(Datum from, Datum into, Oid type) {
  const Live *live = load_live();
  check_key_type(live);
  Arguments arguments =
      arguments_of(live, read_customer(live, from, type), read_customer(live, into, type), true);
  Identity caller = become(owner_of(own_relation("by_hand")));
  execute(take_over_by_hand, arguments);
  become_again(caller);
}

/// Takes away what is left of that; nobody is to be judged for it.
void forget_words(const Live *live, Datum from) {
  Arguments arguments;
  arguments.add(live->key.type, from);
  Identity caller = become(owner_of(own_relation("by_hand")));
  int before = set_quiet(GetCurrentTransactionNestLevel());
  execute("DELETE FROM segmentation.by_hand AS h WHERE h.customer_id = $1", arguments);
  (void)set_quiet(before);
  become_again(caller);
}

/// What both were members of in the segments $3, as spans that neither overlap nor touch; those of them that
/// are made of anything of $1's take the place of what they are made of, as $2's. Whoever came first says why
/// she came, whoever left last why she left. Returns by segment how many open memberships of $1
/// are gone, and of $2 there are more, by what triggers let through, and how many of $1's were taken over.
constexpr const char *take_over =
    "WITH span AS ("
    "SELECT p.customer_id = $1 AS is_from, p.segment_id, p.entered_at, p.left_at, p.recorded_at, "
    "p.left_recorded_at, p.entered_reason, p.left_reason, p.changed_by, p.note "
    "FROM segmentation.membership_past AS p WHERE p.customer_id IN ($1, $2) AND p.segment_id = ANY ($3) "
    "UNION ALL SELECT m.customer_id = $1, m.segment_id, m.entered_at, 'infinity', m.recorded_at, NULL, NULL, "
    "NULL, NULL, NULL "
    "FROM segmentation.membership AS m WHERE m.customer_id IN ($1, $2) AND m.segment_id = ANY ($3)), "
    "seen AS (SELECT s.*, COALESCE(s.entered_at > max(s.left_at) OVER (PARTITION BY s.segment_id "
    "ORDER BY s.entered_at, s.left_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), true) AS is_apart "
    "FROM span AS s), "
    "numbered AS (SELECT s.*, count(*) FILTER (WHERE s.is_apart) OVER (PARTITION BY s.segment_id "
    "ORDER BY s.entered_at, s.left_at ROWS UNBOUNDED PRECEDING) AS number FROM seen AS s), "
    "whole AS (SELECT n.segment_id, min(n.entered_at) AS entered_at, max(n.left_at) AS left_at, "
    "(array_agg(n.recorded_at ORDER BY n.entered_at, n.left_at))[1] AS recorded_at, "
    "(array_agg(n.entered_reason ORDER BY n.entered_at, n.left_at))[1] AS entered_reason, "
    "(array_agg(n.changed_by ORDER BY n.entered_at, n.left_at))[1] AS changed_by, "
    "(array_agg(n.left_recorded_at ORDER BY n.left_at DESC, n.entered_at))[1] AS left_recorded_at, "
    "(array_agg(n.left_reason ORDER BY n.left_at DESC, n.entered_at))[1] AS left_reason, "
    "string_agg(DISTINCT n.note, '; ') AS note, "
    "max(n.left_at) = 'infinity' AS is_open, "
    "bool_or(NOT n.is_from AND n.left_at = 'infinity') AS was_open, "
    "count(*) FILTER (WHERE n.is_from) AS taken "
    "FROM numbered AS n GROUP BY n.segment_id, n.number HAVING bool_or(n.is_from)), "
    "past_gone AS (DELETE FROM segmentation.membership_past AS p USING whole AS w "
    "WHERE p.customer_id IN ($1, $2) AND p.segment_id = w.segment_id "
    "AND p.entered_at >= w.entered_at AND p.left_at <= w.left_at), "
    "open_gone AS (DELETE FROM segmentation.membership AS m USING whole AS w "
    "WHERE m.customer_id = $1 AND m.segment_id = w.segment_id AND w.is_open RETURNING m.segment_id), "
    "open_kept AS (UPDATE segmentation.membership AS m "
    "SET entered_at = w.entered_at, recorded_at = NULLIF(w.recorded_at, w.entered_at) FROM whole AS w "
    "WHERE m.customer_id = $2 AND m.segment_id = w.segment_id AND w.was_open "
    "AND m.entered_at > w.entered_at), "
    "open_made AS (INSERT INTO segmentation.membership (segment_id, customer_id, entered_at, recorded_at) "
    "SELECT w.segment_id, $2, w.entered_at, NULLIF(w.recorded_at, w.entered_at) FROM whole AS w "
    "WHERE w.is_open AND NOT w.was_open RETURNING segment_id), "
    "past_made AS (INSERT INTO segmentation.membership_past (segment_id, customer_id, entered_at, left_at, "
    "recorded_at, left_recorded_at, entered_reason, left_reason, changed_by, note) "
    "SELECT w.segment_id, $2, w.entered_at, w.left_at, w.recorded_at, w.left_recorded_at, w.entered_reason, "
    "w.left_reason, w.changed_by, w.note FROM whole AS w WHERE NOT w.is_open) "
    "SELECT t.segment_id, sum(t.gone), sum(t.made), sum(t.taken)::bigint FROM ("
    "SELECT w.segment_id, 0 AS gone, 0 AS made, w.taken FROM whole AS w UNION ALL "
    "SELECT g.segment_id, 1, 0, 0 FROM open_gone AS g UNION ALL "
    "SELECT m.segment_id, 0, 1, 0 FROM open_made AS m) AS t GROUP BY t.segment_id";

/// Makes all memberships of `from`, ended and open, those of `into`; returns how many there were.
int64 move_memberships(const Merge &merge) {
  Arguments arguments = arguments_of(merge.live, merge.from, merge.into, false);
  Identity caller = become(owner_of(own_relation("membership")));
  Rows rows = take(take_over, arguments, segmentation::pg::Plan::saved);
  become_again(caller);
  SegmentCounts counts = {nullptr, 0, 0};
  ChangeNotes notes = start_notes(merge.live);
  TimestampTz at = GetCurrentTimestamp();
  int64 taken = 0;
  for (uint64 row = 0; row < rows.count; ++row) {
    bool missing;
    int32 segment = int_value(rows, row, 1);
    int64 gone = DatumGetInt64(value_of(rows, row, 2, missing)),
          made = DatumGetInt64(value_of(rows, row, 3, missing));
    if (gone > 0)
      note_change(&notes, segment, false, at, reason_merged, merge.from);
    if (made > 0)
      note_change(&notes, segment, true, at, reason_merged, merge.into);
    if (made != gone)
      add_count(&counts, segment, made - gone);
    taken += DatumGetInt64(value_of(rows, row, 4, missing));
  }
  append_counts(&counts);
  end_notes(&notes);
  return taken;
}

/// Locks both, moves what there is of the one to the other, and judges both by what their rows say now.
int64 merge_customers(Datum from, Datum into, Oid type) {
  move_words(from, into, type);
  apply_now(); // a customer whom this transaction deleted has lost her history; nothing is folded in twice
  const Live *live = enter_gate(false);
  Merge merge = {live, read_customer(live, from, type), read_customer(live, into, type)};
  KeyList keys;
  memset(&keys, 0, sizeof keys);
  add_keys(&keys, live->key, &merge.from, 1);
  add_keys(&keys, live->key, &merge.into, 1);
  sort_keys(&keys);
  if (keys.count < 2)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("customer \"%s\" cannot be merged into the same customer",
                           print_value(live->key.type, merge.from)),
                    errhint("Name the customer who goes first, the one who stays second.")));
  forget_words(live, merge.from);
  Batch batch = start_batch(live);
  batch.cause = Cause::merge;
  lock_customers(&batch, keys);
  CommandCounterIncrement();
  PushActiveSnapshot(GetLatestSnapshot());
  int64 moved = move_memberships(merge);
  PopActiveSnapshot();
  Outcome outcome = write_batch(&batch);
  end_batch(&batch);
  if (outcome.error != nullptr)
    ThrowErrorData(const_cast<ErrorData *>(outcome.error));
  check_exists(batch, merge, merge.into, nullptr, "Make the customer who stays before the merge.");
  if (moved == 0)
    check_exists(batch, merge, merge.from, "Nothing is kept under the key of a customer who was deleted.",
                 "Merge before the customer is deleted.");
  return moved;
}

} // namespace

SEGMENTATION_FUNCTION(segmentation_merge_customers) {
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
    ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("customer must not be null"),
                    errhint("Name the customer who goes first, the one who stays second.")));
  Session session = open_session();
  Identity caller = become_reader();
  int64 moved = merge_customers(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), argument_type(fcinfo, 0));
  become_again(caller);
  close_session(session);
  PG_RETURN_INT64(moved);
}
