// The table access methods' own calls instead of statements. Server's side.
#include "pg/maintain/state.hpp"

#include "pg/boundary/fault.hpp"
#include "pg/live/program.hpp"

namespace segmentation::pg {

namespace {

enum Column { customer_id, version, as_of, stamp, definitions, verdicts, measures, column_count };

/// To be raised when verdicts come to be written otherwise; measures have a version of their own.
constexpr uint64 verdicts_form = 1;

} // namespace

struct StateTable {
  Relation table;
  Relation key;
  EState *executor;
  ResultRelInfo *target;
  ScanKeyData search;
  TupleTableSlot *found;
  TupleTableSlot *fresh;
  int64 stamp;
  MemoryContext memory; // of what rows point to
};

StateTable *open_state() {
  auto *table = static_cast<StateTable *>(palloc0(sizeof(StateTable)));
  table->memory = CurrentMemoryContext;
  table->table = table_open(own_relation("state"), RowExclusiveLock);
  if (RelationGetDescr(table->table)->natts != column_count ||
      table->table->rd_rel->relkind != RELKIND_RELATION)
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("table segmentation.state is not as bind_customers makes it"),
                    errhint("Call segmentation.bind_customers with replace => true.")));
  (void)RelationGetIndexList(table->table); // finds the primary key
  if (!OidIsValid(table->table->rd_pkindex))
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("table segmentation.state has no primary key")));
  table->key = index_open(table->table->rd_pkindex, RowExclusiveLock);
  Oid type = table->key->rd_opcintype[0];
  Oid equal = get_opfamily_member(table->key->rd_opfamily[0], type, type, BTEqualStrategyNumber);
  ScanKeyEntryInitialize(&table->search, 0, 1, BTEqualStrategyNumber, InvalidOid,
                         table->key->rd_indcollation[0], get_opcode(equal), Datum{0});
  table->found = table_slot_create(table->table, nullptr);
  table->fresh = MakeSingleTupleTableSlot(RelationGetDescr(table->table), &TTSOpsVirtual);
  table->stamp = static_cast<int64>(hash_combine64(database_stamp(), verdicts_form));
  return table;
}

namespace {

/// Opens what inserting needs; not each call does.
void open_target(StateTable *table) {
  if (table->target != nullptr)
    return;
  table->executor = CreateExecutorState();
  table->target = makeNode(ResultRelInfo);
  InitResultRelInfo(table->target, table->table, 1, nullptr, 0);
  ExecOpenIndices(table->target, true);
}

/// Finds the row as it is at this moment, without a snapshot: so nothing is noted for SERIALIZABLE, whose
/// conflicts are about the shop's rows. May miss a row that is being updated; inserting one finds it then.
bool find(StateTable *table, Datum key, ItemPointer place) {
  table->search.sk_argument = key;
  IndexScanDesc scan = index_beginscan(table->table, table->key, SnapshotSelf, 1, 0);
  index_rescan(scan, &table->search, 1, nullptr, 0);
  bool there = index_getnext_slot(scan, ForwardScanDirection, table->found);
  if (there)
    *place = table->found->tts_tid;
  ExecClearTuple(table->found);
  index_endscan(scan);
  return there;
}

/// Locks the newest version of the row at a place; false where it is gone.
bool lock(StateTable *table, ItemPointer place) {
  TM_FailureData failure;
  Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
  TM_Result result =
      table_tuple_lock(table->table, place, snapshot, table->found, GetCurrentCommandId(true),
                       LockTupleNoKeyExclusive, LockWaitBlock, TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure);
  UnregisterSnapshot(snapshot);
  if (result == TM_Ok)
    return true;
  if (result != TM_Deleted && result != TM_Updated)
    elog(ERROR, "locking a row of segmentation.state gave %d", static_cast<int>(result));
  ExecClearTuple(table->found);
  return false;
}

/// Puts values into a slot for writing.
void fill(StateTable *table, const StateRow &row, bool empty) {
  TupleTableSlot *slot = ExecClearTuple(table->fresh);
  memset(slot->tts_isnull, 0, sizeof(bool) * column_count);
  slot->tts_values[customer_id] = row.datum;
  slot->tts_values[version] = Int64GetDatum(row.version);
  slot->tts_values[as_of] = TimestampTzGetDatum(row.as_of);
  slot->tts_values[stamp] = Int64GetDatum(table->stamp);
  slot->tts_values[definitions] = Int64GetDatum(row.definitions);
  slot->tts_values[verdicts] = PointerGetDatum(row.verdicts);
  slot->tts_values[measures] = PointerGetDatum(row.measures);
  slot->tts_isnull[stamp] = slot->tts_isnull[definitions] = empty;
  slot->tts_isnull[verdicts] = row.verdicts == nullptr;
  slot->tts_isnull[measures] = row.measures == nullptr;
  ExecStoreVirtualTuple(slot);
  ExecMaterializeSlot(slot);
  slot->tts_tableOid = RelationGetRelid(table->table);
}

/// Inserts an empty row, which is ours alone until we commit; false where somebody else came first.
bool insert(StateTable *table, StateRow *row) {
  open_target(table);
  ItemPointerData other;
  row->version = 0;
  row->as_of = 0;
  row->verdicts = row->measures = nullptr;
  fill(table, *row, true);
  // Waits for whoever is inserting the same key.
  if (!ExecCheckIndexConstraints(table->target, table->fresh, table->executor, &other, NIL))
    return false;
  uint32 token = SpeculativeInsertionLockAcquire(GetCurrentTransactionId());
  table_tuple_insert_speculative(table->table, table->fresh, GetCurrentCommandId(true), 0, nullptr, token);
  bool conflict = segmentation_insert_speculative_index_entries(table->target, table->fresh, table->executor);
  table_tuple_complete_speculative(table->table, table->fresh, token, !conflict);
  SpeculativeInsertionLockRelease(GetCurrentTransactionId());
  ResetPerTupleExprContext(table->executor);
  if (conflict)
    return false;
  row->place = table->fresh->tts_tid;
  row->is_ours = false;
  CommandCounterIncrement();
  return true;
}

struct varlena *copy_bytes(StateTable *table, Column column) {
  if (table->found->tts_isnull[column])
    return nullptr;
  MemoryContext before = MemoryContextSwitchTo(table->memory);
  auto *copy = reinterpret_cast<struct varlena *>(PG_DETOAST_DATUM_COPY(table->found->tts_values[column]));
  MemoryContextSwitchTo(before);
  return copy;
}

void take(StateTable *table, StateRow *row) {
  TupleTableSlot *slot = table->found;
  slot_getallattrs(slot);
  row->place = slot->tts_tid;
  row->version = DatumGetInt64(slot->tts_values[version]);
  row->as_of = DatumGetTimestampTz(slot->tts_values[as_of]);
  row->is_ours = !slot->tts_isnull[stamp] && DatumGetInt64(slot->tts_values[stamp]) == table->stamp &&
                 !slot->tts_isnull[definitions];
  row->definitions = row->is_ours ? DatumGetInt64(slot->tts_values[definitions]) : 0;
  row->verdicts = row->is_ours ? copy_bytes(table, verdicts) : nullptr;
  row->measures = row->is_ours ? copy_bytes(table, measures) : nullptr;
  ExecClearTuple(slot);
}

} // namespace

void lock_state(StateTable *table, StateRow *row) {
  for (;;) {
    CHECK_FOR_INTERRUPTS();
    fault_in_server();
    ItemPointerData place;
    if (find(table, row->datum, &place)) {
      if (!lock(table, &place))
        continue;
      take(table, row);
      return;
    }
    if (insert(table, row))
      return;
  }
}

void write_state(StateTable *table, StateRow *row) {
  ++row->version;
  fill(table, *row, false);
  bool new_index_entries = false;
  segmentation_update_tuple(table->table, &row->place, table->fresh, GetActiveSnapshot(), &new_index_entries);
  if (new_index_entries) {
    open_target(table);
    segmentation_insert_index_entries(table->target, table->fresh, table->executor);
    ResetPerTupleExprContext(table->executor);
  }
  row->place = table->fresh->tts_tid;
}

void delete_state(StateTable *table, const StateRow &row) {
  ItemPointerData place = row.place;
  simple_table_tuple_delete(table->table, &place, GetActiveSnapshot());
}

void close_state(StateTable *table) {
  ExecDropSingleTupleTableSlot(table->found);
  ExecDropSingleTupleTableSlot(table->fresh);
  if (table->target != nullptr) {
    ExecCloseIndices(table->target);
    FreeExecutorState(table->executor);
  }
  index_close(table->key, NoLock);
  table_close(table->table, NoLock);
  pfree(table);
  CommandCounterIncrement();
}

int compare_keys(const CustomerKey &a, const CustomerKey &b) {
  if (a.text == nullptr)
    return a.integer < b.integer ? -1 : a.integer > b.integer;
  int order = memcmp(a.text, b.text, Min(a.size, b.size));
  return order != 0 ? order : a.size < b.size ? -1 : a.size > b.size;
}

} // namespace segmentation::pg
