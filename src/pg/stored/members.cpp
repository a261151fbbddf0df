// Straight into the tables, or by statements where somebody has made more of the tables. Server's side.
#include "pg/stored/members.hpp"

#include "pg/boundary/quiet.hpp"
#include "pg/live/feed.hpp"
#include "pg/stored/member_rows.hpp"

namespace segmentation::pg {

namespace {

/// Tells whether people may have said anything.
bool any_by_hand(const Live *live) {
  for (int i = 0; i < live->schema.segment_count; ++i) {
    const SegmentInput &segment = live->schema.segments[i];
    if (segment.by_hand || segment.source == nullptr)
      return true;
  }
  return false;
}

} // namespace

MemberChanges start_changes(const Live *live) {
  MemberChanges changes;
  memset(&changes, 0, sizeof changes);
  changes.live = live;
  changes.key = &live->key;
  changes.memory = CurrentMemoryContext;
  changes.by_hand = any_by_hand(live);
  return changes;
}

void add_change(MemberChanges *changes, MemberList *list, int32 segment, Datum key, TimestampTz at) {
  if (list->count == list->room) {
    list->room = Max(list->room * 2, 64);
    Size size = sizeof(MemberChange) * static_cast<Size>(list->room);
    list->changes =
        static_cast<MemberChange *>(list->changes == nullptr ? MemoryContextAlloc(changes->memory, size)
                                                             : repalloc_huge(list->changes, size));
  }
  list->changes[list->count] = {segment, list->count, at, key};
  ++list->count;
}

namespace {

int compare_changes(const void *a, const void *b) {
  const auto *left = static_cast<const MemberChange *>(a), *right = static_cast<const MemberChange *>(b);
  if (left->segment != right->segment)
    return left->segment < right->segment ? -1 : 1;
  return left->order < right->order ? -1 : left->order > right->order;
}

/// Neighbours in the index come one after another, and so do those of one count.
void sort(MemberList *list) {
  if (list->count > 1)
    pg_qsort(list->changes, static_cast<size_t>(list->count), sizeof(MemberChange), compare_changes);
}

constexpr int chunk = 10000;

/// The part of a list from a position, as arguments $1 to $3; $4 is when it is recorded.
Arguments arguments_of(const KeyType &key, const MemberList &list, int from, int count,
                       TimestampTz recorded_at) {
  Size room = sizeof(Datum) * static_cast<Size>(count);
  Datum *ids = static_cast<Datum *>(palloc(room)), *keys = static_cast<Datum *>(palloc(room)),
        *instants = static_cast<Datum *>(palloc(room));
  for (int i = 0; i < count; ++i) {
    ids[i] = Int32GetDatum(list.changes[from + i].segment);
    keys[i] = list.changes[from + i].key;
    instants[i] = TimestampTzGetDatum(list.changes[from + i].at);
  }
  Arguments arguments;
  arguments.add(INT4ARRAYOID, make_array(ids, count, INT4OID));
  arguments.add(get_array_type(key.type), make_array(keys, count, key.type));
  arguments.add(get_array_type(TIMESTAMPTZOID), make_array(instants, count, TIMESTAMPTZOID));
  arguments.add(TIMESTAMPTZOID, TimestampTzGetDatum(recorded_at));
  return arguments;
}

/// Counts and notes what rows tell: the segment, since or until when, why, and the customer.
void note_rows_by_one(SegmentCounts *counts, ChangeNotes *notes, const Rows &rows, bool entered) {
  for (uint64 i = 0; i < rows.count; ++i) {
    bool missing;
    int32 segment = int_value(rows, i, 1);
    add_count(counts, segment, entered ? 1 : -1);
    note_change(notes, segment, entered, DatumGetTimestampTz(value_of(rows, i, 2, missing)),
                text_value(rows, i, 3), value_of(rows, i, 4, missing));
  }
}

/// Writes the changes by statements, which follow whatever triggers and policies there are.
void write_by_statements(const MemberChanges &changes, TimestampTz recorded_at, const char *left_reason,
                         SegmentCounts *counts, ChangeNotes *notes) {
  for (int from = 0; from < changes.left.count; from += chunk) {
    int count = Min(chunk, changes.left.count - from);
    Arguments arguments = arguments_of(*changes.key, changes.left, from, count, recorded_at);
    arguments.add(TEXTOID, CStringGetTextDatum(left_reason));
    note_rows_by_one(
        counts, notes,
        take(
            psprintf(
                "WITH gone AS (DELETE FROM segmentation.membership AS m USING unnest($1, $2, $3) AS d "
                "(segment_id, customer_id, at) WHERE m.segment_id = d.segment_id AND m.customer_id = "
                "d.customer_id RETURNING m.segment_id, m.customer_id, m.entered_at, m.recorded_at, d.at) "
                "INSERT INTO segmentation.membership_past (segment_id, customer_id, entered_at, left_at, "
                "recorded_at, left_recorded_at, entered_reason, left_reason, changed_by, note) "
                "SELECT g.segment_id, g.customer_id, g.entered_at, GREATEST(g.at, g.entered_at), "
                "COALESCE(g.recorded_at, g.entered_at), $4, CASE WHEN h.was_put_in THEN 'by hand' "
                "WHEN c.segment_id IS NOT NULL THEN 'rule changed' WHEN g.recorded_at IS NOT NULL THEN "
                "'time' "
                "ELSE 'rule' END, CASE WHEN h.is_out AND $5 <> 'customer deleted' THEN 'by hand' ELSE $5 "
                "END, "
                "COALESCE(h.changed_by, c.changed_by), h.note "
                "FROM gone AS g LEFT JOIN segmentation.definition_change AS c ON c.segment_id = g.segment_id "
                "AND c.at = g.entered_at %s RETURNING segment_id, left_at, left_reason, customer_id",
                hands_of_leavers),
            arguments, count <= 100 ? Plan::saved : Plan::once),
        false);
  }
  for (int from = 0; from < changes.joined.count; from += chunk) {
    int count = Min(chunk, changes.joined.count - from);
    Arguments arguments = arguments_of(*changes.key, changes.joined, from, count, recorded_at);
    arguments.add(TEXTOID, CStringGetTextDatum(left_reason));
    note_rows_by_one(
        counts, notes,
        take("INSERT INTO segmentation.membership AS m (segment_id, customer_id, entered_at, recorded_at) "
             "SELECT d.segment_id, d.customer_id, d.at, NULLIF($4, d.at) FROM unnest($1, $2, $3) AS d "
             "(segment_id, customer_id, at) ON CONFLICT DO NOTHING RETURNING m.segment_id, m.entered_at, "
             "CASE WHEN EXISTS (SELECT FROM segmentation.by_hand AS b WHERE b.customer_id = m.customer_id "
             "AND b.segment_id = m.segment_id AND b.put_in_at <= m.entered_at "
             "AND (b.standing = 1 OR m.entered_at < b.changed_at)) THEN 'by hand' ELSE $5 END, m.customer_id",
             arguments, count <= 100 ? Plan::saved : Plan::once),
        true);
  }
}

/// Whoever writes clears up now and then, so that counting does not come to cost what it is to spare.
void fold_now_and_then() {
  if (pg_prng_uint32(&pg_global_prng_state) % 1024 == 0)
    fold_counts(1);
}

} // namespace

uint64 write_changes(MemberChanges *changes, TimestampTz recorded_at, const char *left_reason) {
  if (changes->joined.count + changes->left.count == 0)
    return 0;
  fold_now_and_then();
  sort(&changes->left);
  sort(&changes->joined);
  SegmentCounts counts = {nullptr, 0, 0};
  ChangeNotes notes = start_notes(changes->live);
  // Members' tables are their owner's, who may have put triggers on them: these run with his rights, not with
  // ours.
  Identity caller = become(owner_of(own_relation("membership")));
  if (!write_member_rows(*changes, recorded_at, left_reason, &counts, &notes))
    write_by_statements(*changes, recorded_at, left_reason, &counts, &notes);
  become_again(caller);
  append_counts(&counts);
  end_notes(&notes);
  return static_cast<uint64>(changes->joined.count + changes->left.count);
}

namespace {

/// Whoever is only left out by the binding's condition may come back.
void forget_words(const Live *live, const char *whose, const Arguments &arguments, Plan plan) {
  int before = set_quiet(GetCurrentTransactionNestLevel()); // rows of nobody's
  execute(psprintf("DELETE FROM segmentation.by_hand AS h WHERE %s "
                   "NOT EXISTS (SELECT FROM %s AS c WHERE c.%s = h.customer_id)",
                   whose, live->schema.relations[0].from_sql, live->key_column),
          arguments, plan);
  (void)set_quiet(before);
}

/// Deletes what the last refresh has found of those of these customers who are gone. Rows that a refresh is
/// writing are not waited for: it, or the next one, deletes them, and what was noted hides them till then.
void forget_forecasts(const Live *live, const Arguments &arguments, Plan plan) {
  execute(psprintf("DELETE FROM segmentation.forecast AS h WHERE h.customer_id IN ("
                   "SELECT f.customer_id FROM segmentation.forecast AS f WHERE f.customer_id = ANY ($1) "
                   "AND NOT EXISTS (SELECT FROM %s AS c WHERE c.%s = f.customer_id) FOR UPDATE SKIP LOCKED)",
                   live->schema.relations[0].from_sql, live->key_column),
          arguments, plan);
}

} // namespace

void forget_customers(const Live *live, Datum *keys, int count) {
  if (count == 0)
    return;
  Identity caller = become(owner_of(own_relation("membership_past")));
  Arguments arguments;
  arguments.add(get_array_type(live->key.type), make_array(keys, count, live->key.type));
  Plan plan = count <= 100 ? Plan::saved : Plan::once;
  execute("UPDATE segmentation.membership_past AS p SET customer_id = NULL WHERE p.customer_id = ANY ($1)",
          arguments, plan);
  if (any_by_hand(live))
    forget_words(live, "h.customer_id = ANY ($1) AND", arguments, plan);
  if (live->schema.forecast != nullptr)
    forget_forecasts(live, arguments, plan);
  become_again(caller);
}

void forget_all_gone(const Live *live) {
  if (!any_by_hand(live))
    return;
  Identity caller = become(owner_of(own_relation("by_hand")));
  CommandCounterIncrement();
  PushActiveSnapshot(GetLatestSnapshot());
  forget_words(live, "", {}, Plan::once);
  PopActiveSnapshot();
  become_again(caller);
}

} // namespace segmentation::pg
