// The table access methods' own calls instead of statements. Server's side.
#include "pg/stored/state.hpp"

#include "pg/boundary/fault.hpp"
#include "pg/stored/own_table.hpp"

namespace segmentation::pg {

namespace {

enum Column { customer_id, version, as_of, due_at, stamp, definitions, verdicts, measures, column_count };

/// To be raised when verdicts come to be written otherwise; measures have a version of their own.
#ifdef SEGMENTATION_OTHER_FORM
constexpr uint64 verdicts_form = SEGMENTATION_OTHER_FORM; // of test/modules
#else
constexpr uint64 verdicts_form = 1;
#endif

} // namespace

struct StateTable {
  OwnTable *own;
  int64 stamp;
  int64 shrunk;         // nothing that was kept before this version of the definitions is believed
  MemoryContext memory; // of what rows point to
};

StateTable *open_state(const Live *live) {
  auto *table = static_cast<StateTable *>(palloc0(sizeof(StateTable)));
  table->memory = CurrentMemoryContext;
  table->own = open_own(own_relation("state"), RowExclusiveLock);
  Relation relation = table->own->table;
  if (RelationGetDescr(relation)->natts != column_count || relation->rd_rel->relkind != RELKIND_RELATION)
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("table segmentation.state is not as bind_customers makes it"),
                    errhint("Call segmentation.bind_customers with replace => true.")));
  if (table->own->key == nullptr || table->own->key->rd_index->indnkeyatts != 1 ||
      table->own->key->rd_index->indkey.values[0] != customer_id + 1)
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("the primary key of table segmentation.state is not customer_id")));
  table->shrunk = static_cast<int64>(live->schema.shrunk);
  table->stamp = static_cast<int64>(hash_combine64(live->schema.stamp, verdicts_form));
  return table;
}

namespace {

/// Locks the newest version of the row at a place; TM_Deleted where it is gone, TM_WouldBlock where somebody
/// has it and that is skipped.
TM_Result lock(OwnTable *own, bool skips) {
  ItemPointerData place = own->found->tts_tid;
  let_go(own);
  pause_in_server();
  TM_FailureData failure;
  Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
  TM_Result result = table_tuple_lock(own->table, &place, snapshot, own->found, GetCurrentCommandId(true),
                                      LockTupleNoKeyExclusive, skips ? LockWaitSkip : LockWaitBlock,
                                      TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure);
  UnregisterSnapshot(snapshot);
  if (result != TM_Ok && result != TM_Deleted && result != TM_Updated && result != TM_WouldBlock)
    elog(ERROR, "locking a row of segmentation.state gave %d", static_cast<int>(result));
  return result;
}

/// Puts values into a slot for writing.
void fill(StateTable *table, const StateRow &row, bool empty) {
  TupleTableSlot *slot = start_row(table->own);
  memset(slot->tts_isnull, 0, sizeof(bool) * column_count);
  slot->tts_values[customer_id] = row.datum;
  slot->tts_values[version] = Int64GetDatum(row.version);
  slot->tts_values[as_of] = TimestampTzGetDatum(row.as_of);
  slot->tts_values[due_at] = TimestampTzGetDatum(row.due_at);
  slot->tts_values[stamp] = Int64GetDatum(table->stamp);
  slot->tts_values[definitions] = Int64GetDatum(row.definitions);
  slot->tts_values[verdicts] = PointerGetDatum(row.verdicts);
  slot->tts_values[measures] = PointerGetDatum(row.measures);
  slot->tts_isnull[stamp] = slot->tts_isnull[definitions] = empty;
  slot->tts_isnull[verdicts] = row.verdicts == nullptr;
  slot->tts_isnull[measures] = row.measures == nullptr;
  ExecStoreVirtualTuple(slot);
  ExecMaterializeSlot(slot);
  slot->tts_tableOid = RelationGetRelid(table->own->table);
}

/// Inserts an empty row, which is ours alone until we commit; false where somebody else came first, who is
/// waited for unless that is to be skipped.
bool insert(StateTable *table, StateRow *row, bool skips) {
  OwnTable *own = table->own;
  open_indexes(own, true);
  row->version = 0;
  row->as_of = 0;
  row->due_at = due_unknown;
  row->verdicts = row->measures = nullptr;
  fill(table, *row, true);
  // Waits for whoever is inserting the same key; the insertion below does not.
  if (!skips && !segmentation_check_index_constraints(own->target, own->fresh, own->executor))
    return false;
  uint32 token = SpeculativeInsertionLockAcquire(GetCurrentTransactionId());
  table_tuple_insert_speculative(own->table, own->fresh, GetCurrentCommandId(true), 0, nullptr, token);
  bool conflict = segmentation_try_index_entries(own->target, own->fresh, own->executor);
  table_tuple_complete_speculative(own->table, own->fresh, token, !conflict);
  SpeculativeInsertionLockRelease(GetCurrentTransactionId());
  ResetPerTupleExprContext(own->executor);
  if (conflict)
    return false;
  row->place = own->fresh->tts_tid;
  row->is_ours = false;
  CommandCounterIncrement();
  return true;
}

struct varlena *copy_bytes(StateTable *table, Column column) {
  if (table->own->found->tts_isnull[column])
    return nullptr;
  MemoryContext before = MemoryContextSwitchTo(table->memory);
  auto *copy =
      reinterpret_cast<struct varlena *>(PG_DETOAST_DATUM_COPY(table->own->found->tts_values[column]));
  MemoryContextSwitchTo(before);
  return copy;
}

void take(StateTable *table, StateRow *row) {
  TupleTableSlot *slot = table->own->found;
  slot_getallattrs(slot);
  row->place = slot->tts_tid;
  row->version = DatumGetInt64(slot->tts_values[version]);
  row->is_ours = !slot->tts_isnull[stamp] && DatumGetInt64(slot->tts_values[stamp]) == table->stamp &&
                 !slot->tts_isnull[definitions];
  // Another place's clock, from before a restore, does not count either.
  row->as_of = row->is_ours ? DatumGetTimestampTz(slot->tts_values[as_of]) : 0;
  row->definitions = row->is_ours ? DatumGetInt64(slot->tts_values[definitions]) : 0;
  row->due_at = row->is_ours && row->definitions >= table->shrunk
                    ? DatumGetTimestampTz(slot->tts_values[due_at])
                    : due_unknown;
  row->verdicts = row->is_ours ? copy_bytes(table, verdicts) : nullptr;
  row->measures = row->is_ours ? copy_bytes(table, measures) : nullptr;
}

} // namespace

bool lock_state(StateTable *table, StateRow *row, bool skips) {
  for (bool tried = false;; tried = true) {
    CHECK_FOR_INTERRUPTS();
    fault_in_server();
    if (find_row(table->own, &row->datum, 1)) {
      TM_Result result = lock(table->own, skips);
      if (result == TM_Ok)
        take(table, row); // from here on the lock keeps the row in its place
      ExecClearTuple(table->own->found);
      if (result == TM_Ok || result == TM_WouldBlock)
        return result == TM_Ok;
      continue;
    }
    let_go(table->own);
    if (insert(table, row, skips))
      return true;
    if (skips && tried) // it is there, but not to be seen yet
      return false;
  }
}

void write_state(StateTable *table, StateRow *row) {
  ++row->version;
  fill(table, *row, false);
  bool new_index_entries = false;
  OwnTable *own = table->own;
  segmentation_update_tuple(own->table, &row->place, own->fresh, GetActiveSnapshot(), &new_index_entries);
  if (new_index_entries) {
    open_indexes(own, true);
    segmentation_insert_index_entries(own->target, own->fresh, own->executor);
    ResetPerTupleExprContext(own->executor);
  }
  row->place = own->fresh->tts_tid;
}

void delete_state(StateTable *table, const StateRow &row) {
  ItemPointerData place = row.place;
  simple_table_tuple_delete(table->own->table, &place, GetActiveSnapshot());
}

void close_state(StateTable *table) {
  close_own(table->own);
  pfree(table);
}

int compare_keys(const CustomerKey &a, const CustomerKey &b) {
  if (a.text == nullptr)
    return a.integer < b.integer ? -1 : a.integer > b.integer;
  int order = memcmp(a.text, b.text, Min(a.size, b.size));
  return order != 0 ? order : a.size < b.size ? -1 : a.size > b.size;
}

} // namespace segmentation::pg
