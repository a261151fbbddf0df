// Stored rows stream through a receiver of their own, some hundreds at a time. Server's side.
#include "pg/stored/stored.hpp"

#include "pg/boundary/fault.hpp"
#include "pg/boundary/run_core.hpp"
#include "pg/stored/members.hpp"

namespace segmentation::pg {

namespace {

constexpr uint32 batch_rows = 1024;

struct StoredReceiver {
  DestReceiver base; // first: the server knows only this
  Work *work;
  Difference *difference;
  const KeyType *key;
  MemoryContext keys; // texts of the batch's keys
  uint32 count;
  StoredRow rows[batch_rows];
};

void flush(StoredReceiver *receiver) {
  CHECK_FOR_INTERRUPTS();
  fault_in_server();
  run_core([receiver](Failure &) {
    receiver->difference->compare(*receiver->work, receiver->rows, receiver->count);
  });
  receiver->count = 0;
  MemoryContextReset(receiver->keys);
}

bool receive(TupleTableSlot *slot, DestReceiver *self) {
  auto *receiver = reinterpret_cast<StoredReceiver *>(self);
  slot_getallattrs(slot);
  StoredRow &row = receiver->rows[receiver->count++];
  auto *place = reinterpret_cast<ItemPointer>(DatumGetPointer(slot->tts_values[0]));
  row.place = {ItemPointerGetBlockNumber(place), ItemPointerGetOffsetNumber(place)};
  row.segment = DatumGetInt32(slot->tts_values[1]);
  Datum key = slot->tts_values[2];
  switch (receiver->key->integer ? receiver->key->type : TEXTOID) {
  case INT2OID:
    row.key = {DatumGetInt16(key), nullptr, 0};
    break;
  case INT4OID:
    row.key = {DatumGetInt32(key), nullptr, 0};
    break;
  case INT8OID:
    row.key = {DatumGetInt64(key), nullptr, 0};
    break;
  default: {
    MemoryContext before = MemoryContextSwitchTo(receiver->keys);
    text *copy = DatumGetTextPCopy(key);
    MemoryContextSwitchTo(before);
    row.key = {0, VARDATA(copy), static_cast<uint32>(VARSIZE(copy) - VARHDRSZ)};
  }
  }
  if (receiver->count == batch_rows)
    flush(receiver);
  return true;
}

void start_receiving(DestReceiver *, int, TupleDesc) {
}
void ignore(DestReceiver *) {
}

} // namespace

void compare_stored(const Live *live, const Pass &pass, Difference *difference, Datum segments) {
  auto *receiver = static_cast<StoredReceiver *>(palloc0(sizeof(StoredReceiver)));
  receiver->base.receiveSlot = receive;
  receiver->base.rStartup = start_receiving;
  receiver->base.rShutdown = ignore;
  receiver->base.rDestroy = ignore;
  receiver->base.mydest = DestNone;
  receiver->work = pass.work;
  receiver->difference = difference;
  receiver->key = &live->key;
  receiver->keys =
      AllocSetContextCreate(CurrentMemoryContext, "segmentation stored rows", ALLOCSET_DEFAULT_SIZES);
  Work *work = pass.work;
  run_core([=](Failure &) { difference->start(*work); });
  Arguments arguments;
  arguments.add(INT4ARRAYOID, segments);
  stream(psprintf("SELECT m.ctid, m.segment_id, m.customer_id%s FROM segmentation.membership AS m "
                  "WHERE m.segment_id = ANY ($1)",
                  live->key.integer ? "" : "::text"),
         &receiver->base, arguments);
  flush(receiver);
  run_core([=](Failure &) { difference->finish(*work); });
  MemoryContextDelete(receiver->keys);
  pfree(receiver);
}

const char *keep_leavers(const Live &live) {
  return psprintf(
      ", leaver AS MATERIALIZED (SELECT g.customer_id, k.%2$s AS known_as, g.segment_id, g.entered_at, "
      "GREATEST($1, g.entered_at) AS left_at, COALESCE(g.recorded_at, g.entered_at) AS recorded_at, "
      "CASE WHEN h.was_put_in THEN 'by hand' WHEN c.segment_id IS NOT NULL THEN 'rule changed' "
      "WHEN g.recorded_at IS NOT NULL THEN 'time' ELSE 'rule' END AS entered_reason, "
      "CASE WHEN k.%2$s IS NULL THEN 'customer deleted' WHEN h.is_out THEN 'by hand' "
      "ELSE COALESCE(l.reason, 'rule') END AS left_reason, "
      "COALESCE(h.changed_by, l.changed_by, c.changed_by) AS changed_by, h.note "
      "FROM gone AS g LEFT JOIN %1$s AS k ON k.%2$s = g.customer_id "
      "LEFT JOIN segmentation.definition_change AS c ON c.segment_id = g.segment_id AND c.at = g.entered_at "
      "LEFT JOIN segmentation.definition_change AS l ON l.segment_id = g.segment_id AND l.at = $1 "
      "%3$s), "
      "kept AS (INSERT INTO segmentation.membership_past (segment_id, customer_id, entered_at, left_at, "
      "recorded_at, left_recorded_at, entered_reason, left_reason, changed_by, note) "
      "SELECT v.segment_id, v.known_as, v.entered_at, v.left_at, v.recorded_at, $1, v.entered_reason, "
      "v.left_reason, v.changed_by, v.note FROM leaver AS v) "
      "SELECT v.segment_id, v.left_at, v.left_reason, array_agg(v.customer_id::text), count(*) "
      "FROM leaver AS v GROUP BY v.segment_id, v.left_at, v.left_reason",
      live.schema.relations[0].from_sql, live.key_column, hands_of_leavers);
}

uint64 end_leavers(const Rows &leavers, ChangeNotes *notes) {
  note_rows(notes, leavers, false);
  uint64 count = 0;
  for (uint64 row = 0; row < leavers.count; ++row) {
    bool missing;
    count += static_cast<uint64>(DatumGetInt64(value_of(leavers, row, 5, missing)));
  }
  return count;
}

uint64 delete_leavers(const Live &live, const Difference *difference, TimestampTz at) {
  constexpr size_t chunk = 10000;
  const RowPlace *places = difference->leavers().data();
  size_t count = difference->leavers().size();
  if (count == 0)
    return 0;
  size_t room = Min(count, chunk);
  auto *tids = static_cast<ItemPointerData *>(palloc(sizeof(ItemPointerData) * room));
  Datum *values = static_cast<Datum *>(palloc(sizeof(Datum) * room));
  uint64 deleted = 0;
  ChangeNotes notes = start_notes(&live);
  for (size_t from = 0; from < count; from += chunk) {
    size_t part = Min(chunk, count - from);
    for (size_t i = 0; i < part; ++i) {
      ItemPointerSet(&tids[i], places[from + i].block, places[from + i].offset);
      values[i] = PointerGetDatum(&tids[i]);
    }
    Datum array = make_array(values, static_cast<int>(part), TIDOID);
    Arguments arguments;
    arguments.add(TIMESTAMPTZOID, TimestampTzGetDatum(at));
    arguments.add(get_array_type(TIDOID), array);
    deleted += end_leavers(
        take(psprintf("WITH gone AS (DELETE FROM segmentation.membership AS m WHERE m.ctid = ANY ($2) "
                      "RETURNING m.*) %s",
                      keep_leavers(live)),
             arguments),
        &notes);
    pfree(DatumGetPointer(array));
  }
  end_notes(&notes);
  pfree(values);
  pfree(tids);
  return deleted;
}

} // namespace segmentation::pg
