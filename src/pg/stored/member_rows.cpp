// Row by row: what an INSERT and a DELETE with their triggers, policies and plans would add costs more than
// the rows. Server's side.
#include "pg/stored/member_rows.hpp"

#include "pg/boundary/fault.hpp"
#include "pg/stored/own_table.hpp"

namespace segmentation::pg {

namespace {

/// Tells whether rows can be found by these two columns, in this order.
bool has_key(const OwnTable *own, int first, int second) {
  if (own->key == nullptr)
    return false;
  Form_pg_index key = own->key->rd_index;
  return key->indnkeyatts == 2 && key->indkey.values[0] == first + 1 && key->indkey.values[1] == second + 1;
}

namespace member {
enum Column { segment_id, customer_id, entered_at, recorded_at, column_count };
}

namespace past {
enum Column {
  segment_id,
  customer_id,
  entered_at,
  left_at,
  recorded_at,
  left_recorded_at,
  entered_reason,
  left_reason,
  changed_by,
  note,
  column_count
};
}

bool past_is_as_made(Relation relation, Oid key_type) {
  const OwnColumn columns[past::column_count] = {
      {"segment_id", INT4OID},         {"customer_id", key_type},
      {"entered_at", TIMESTAMPTZOID},  {"left_at", TIMESTAMPTZOID},
      {"recorded_at", TIMESTAMPTZOID}, {"left_recorded_at", TIMESTAMPTZOID},
      {"entered_reason", TEXTOID},     {"left_reason", TEXTOID},
      {"changed_by", NAMEOID},         {"note", TEXTOID}};
  return is_as_made(relation, columns, past::column_count);
}

namespace hand {
enum Column {
  customer_id,
  segment_id,
  standing,
  family,
  note,
  changed_by,
  changed_at,
  put_in_at,
  column_count
};
}

/// Tells whether what was said can be found and read: the table's owner may have made another of it.
bool hands_are_as_made(const OwnTable *hands, Oid key_type) {
  const OwnColumn columns[hand::column_count] = {{"customer_id", key_type},
                                                 {"segment_id", INT4OID},
                                                 {"standing", INT2OID},
                                                 {"family", TEXTOID},
                                                 {"note", TEXTOID},
                                                 {"changed_by", NAMEOID},
                                                 {"changed_at", TIMESTAMPTZOID},
                                                 {"put_in_at", TIMESTAMPTZOID}};
  return has_key(hands, hand::customer_id, hand::segment_id) &&
         has_columns(hands->table, columns, hand::column_count);
}

/// What leaving reads and writes beside membership.
struct History {
  OwnTable *past;
  OwnTable *changed; // segmentation.definition_change
  OwnTable *hands;   // segmentation.by_hand; nullptr where nobody has said anything
  TimestampTz recorded_at;
  Datum rule, rule_changed, time, hand, left; // reasons
  bool is_farewell;                           // she is gone altogether
};

void set(TupleTableSlot *row, int column, Datum value) {
  row->tts_values[column] = value;
  row->tts_isnull[column] = false;
}

/// What people have said of a customer and a segment, as found.
struct Said {
  int16 standing;
  bool was_put_in; // by which she came
};

/// Finds what people have said; false where they have not.
bool find_hand(OwnTable *hands, Datum customer, Datum segment, TimestampTz entered, Said *said) {
  const Datum key[] = {customer, segment};
  if (!find_row(hands, key, 2))
    return false;
  slot_getallattrs(hands->found);
  const Datum *values = hands->found->tts_values;
  said->standing = DatumGetInt16(values[hand::standing]);
  said->was_put_in = !hands->found->tts_isnull[hand::put_in_at] &&
                     DatumGetTimestampTz(values[hand::put_in_at]) <= entered &&
                     (said->standing == 1 || entered < DatumGetTimestampTz(values[hand::changed_at]));
  return true;
}

/// Notes where people have put the member in or out.
void write_hand(const TupleTableSlot *was, TimestampTz entered, const History &history, TupleTableSlot *row) {
  Said said;
  if (!find_hand(history.hands, was->tts_values[member::customer_id], was->tts_values[member::segment_id],
                 entered, &said))
    return;
  if (said.was_put_in)
    set(row, past::entered_reason, history.hand);
  bool is_out = said.standing == -1 && !history.is_farewell;
  if (is_out)
    set(row, past::left_reason, history.hand);
  if (!said.was_put_in && !is_out)
    return;
  const TupleTableSlot *found = history.hands->found;
  set(row, past::changed_by, found->tts_values[hand::changed_by]);
  if (!found->tts_isnull[hand::note])
    set(row, past::note, found->tts_values[hand::note]);
}

/// Writes the row found in membership, which has been deleted, into the history: she is out since `at`.
/// Tells whether people have put her out.
bool write_past(const TupleTableSlot *was, TimestampTz at, const History &history) {
  TimestampTz entered = DatumGetTimestampTz(was->tts_values[member::entered_at]);
  const Datum definition[] = {was->tts_values[member::segment_id], TimestampTzGetDatum(entered)};
  bool by_change = find_row(history.changed, definition, 2);
  bool by_time = !was->tts_isnull[member::recorded_at];
  TupleTableSlot *row = start_row(history.past);
  set(row, past::segment_id, definition[0]);
  set(row, past::customer_id, was->tts_values[member::customer_id]);
  set(row, past::entered_at, definition[1]);
  set(row, past::left_at, TimestampTzGetDatum(at));
  set(row, past::recorded_at, by_time ? was->tts_values[member::recorded_at] : definition[1]);
  set(row, past::left_recorded_at, TimestampTzGetDatum(history.recorded_at));
  set(row, past::entered_reason, by_change ? history.rule_changed : by_time ? history.time : history.rule);
  set(row, past::left_reason, history.left);
  if (by_change) {
    slot_getallattrs(history.changed->found);
    set(row, past::changed_by, history.changed->found->tts_values[2]);
  }
  if (history.hands != nullptr)
    write_hand(was, entered, history, row);
  bool by_hand = row->tts_values[past::left_reason] == history.hand;
  (void)insert_row(history.past);
  return by_hand;
}

void write_leavers(OwnTable *membership, const History &history, const MemberList &left, const char *reason,
                   SegmentCounts *counts, ChangeNotes *notes) {
  for (int i = 0; i < left.count; ++i) {
    fault_in_server();
    const Datum key[] = {Int32GetDatum(left.changes[i].segment), left.changes[i].key};
    // Somebody may delete her, or change her row, by hand.
    bool is_gone = false;
    while (!is_gone && find_row(membership, key, 2)) {
      CHECK_FOR_INTERRUPTS();
      is_gone = delete_row(membership);
    }
    if (!is_gone)
      continue;
    slot_getallattrs(membership->found);
    TimestampTz entered = DatumGetTimestampTz(membership->found->tts_values[member::entered_at]);
    TimestampTz at = Max(left.changes[i].at, entered);
    bool by_hand = write_past(membership->found, at, history);
    add_count(counts, left.changes[i].segment, -1);
    note_change(notes, left.changes[i].segment, false, at, by_hand ? reason_hand : reason,
                left.changes[i].key);
  }
}

/// `hands` is nullptr where nobody has said anything.
void write_joiners(OwnTable *membership, OwnTable *hands, const MemberList &joined, TimestampTz recorded_at,
                   const char *reason, SegmentCounts *counts, ChangeNotes *notes) {
  for (int i = 0; i < joined.count; ++i) {
    fault_in_server();
    TupleTableSlot *row = start_row(membership);
    set(row, member::segment_id, Int32GetDatum(joined.changes[i].segment));
    set(row, member::customer_id, joined.changes[i].key);
    set(row, member::entered_at, TimestampTzGetDatum(joined.changes[i].at));
    if (joined.changes[i].at != recorded_at)
      set(row, member::recorded_at, TimestampTzGetDatum(recorded_at));
    if (!insert_row(membership))
      continue;
    add_count(counts, joined.changes[i].segment, 1);
    Said said;
    bool by_hand = hands != nullptr && notes->are_kept &&
                   find_hand(hands, joined.changes[i].key, Int32GetDatum(joined.changes[i].segment),
                             joined.changes[i].at, &said) &&
                   said.was_put_in;
    note_change(notes, joined.changes[i].segment, true, joined.changes[i].at, by_hand ? reason_hand : reason,
                joined.changes[i].key);
  }
}

} // namespace

bool membership_is_as_made(Relation membership, Oid key_type) {
  const OwnColumn columns[member::column_count] = {{"segment_id", INT4OID},
                                                   {"customer_id", key_type},
                                                   {"entered_at", TIMESTAMPTZOID},
                                                   {"recorded_at", TIMESTAMPTZOID}};
  return is_as_made(membership, columns, member::column_count);
}

bool write_member_rows(const MemberChanges &changes, TimestampTz recorded_at, const char *left_reason,
                       SegmentCounts *counts, ChangeNotes *notes) {
  Oid key_type = changes.key->type;
  OwnTable *membership = open_own(own_relation("membership"), RowExclusiveLock);
  bool as_made = has_key(membership, member::segment_id, member::customer_id) &&
                 membership_is_as_made(membership->table, key_type) &&
                 (changes.joined.count == 0 || has_plain_indexes(membership));
  OwnTable *hands = changes.by_hand ? open_own(own_relation("by_hand"), AccessShareLock) : nullptr;
  as_made = as_made && (hands == nullptr || hands_are_as_made(hands, key_type));
  if (as_made && changes.left.count > 0) {
    History history = {open_own(own_relation("membership_past"), RowExclusiveLock),
                       open_own(own_relation("definition_change"), AccessShareLock),
                       hands,
                       recorded_at,
                       CStringGetTextDatum(reason_rule),
                       CStringGetTextDatum(reason_changed),
                       CStringGetTextDatum(reason_time),
                       CStringGetTextDatum(reason_hand),
                       CStringGetTextDatum(left_reason),
                       strcmp(left_reason, reason_deleted) == 0};
    as_made = past_is_as_made(history.past->table, key_type) && has_plain_indexes(history.past);
    if (as_made)
      write_leavers(membership, history, changes.left, left_reason, counts, notes);
    close_own(history.changed);
    close_own(history.past);
  }
  if (as_made)
    write_joiners(membership, hands, changes.joined, recorded_at, left_reason, counts, notes);
  if (hands != nullptr)
    close_own(hands);
  close_own(membership);
  return as_made;
}

} // namespace segmentation::pg
