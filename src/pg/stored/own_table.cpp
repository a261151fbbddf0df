// Opening, finding, inserting, deleting. Server's side.
#include "pg/stored/own_table.hpp"

namespace segmentation::pg {

bool has_columns(Relation table, const OwnColumn *columns, int count) {
  TupleDesc made = RelationGetDescr(table);
  if (made->natts != count)
    return false;
  for (int i = 0; i < count; ++i) {
    Form_pg_attribute column = TupleDescAttr(made, i);
    if (column->attisdropped || strcmp(NameStr(column->attname), columns[i].name) != 0 ||
        (OidIsValid(columns[i].type) && column->atttypid != columns[i].type))
      return false;
  }
  return true;
}

bool is_as_made(Relation table, const OwnColumn *columns, int count) {
  const TupleConstr *constr = RelationGetDescr(table)->constr;
  return table->rd_rel->relkind == RELKIND_RELATION && !table->rd_rel->relispartition &&
         table->trigdesc == nullptr && table->rd_rules == nullptr &&
         (constr == nullptr || (constr->num_check == 0 && !constr->has_generated_stored)) &&
         check_enable_rls(RelationGetRelid(table), InvalidOid, true) != RLS_ENABLED &&
         has_columns(table, columns, count);
}

OwnTable *open_own(Oid relation, LOCKMODE lock) {
  auto *own = static_cast<OwnTable *>(palloc0(sizeof(OwnTable)));
  own->memory = CurrentMemoryContext;
  own->table = table_open(relation, lock);
  (void)RelationGetIndexList(own->table); // finds the primary key
  if (OidIsValid(own->table->rd_pkindex))
    own->key = index_open(own->table->rd_pkindex, lock);
  own->found = table_slot_create(own->table, nullptr);
  own->fresh = MakeSingleTupleTableSlot(RelationGetDescr(own->table), &TTSOpsVirtual);
  return own;
}

void close_own(OwnTable *own) {
  ExecDropSingleTupleTableSlot(own->found);
  ExecDropSingleTupleTableSlot(own->fresh);
  if (own->scan != nullptr)
    index_endscan(own->scan);
  if (own->target != nullptr) {
    ExecCloseIndices(own->target);
    FreeExecutorState(own->executor);
  }
  if (own->key != nullptr)
    index_close(own->key, NoLock);
  table_close(own->table, NoLock);
  pfree(own);
  CommandCounterIncrement();
}

namespace {

void start_search(OwnTable *own, int count) {
  if (own->searched == count)
    return;
  Assert(own->searched == 0);
  MemoryContext before = MemoryContextSwitchTo(own->memory);
  own->search = static_cast<ScanKey>(palloc0(sizeof(ScanKeyData) * static_cast<Size>(count)));
  for (int i = 0; i < count; ++i) {
    Oid type = own->key->rd_opcintype[i];
    Oid equal = get_opfamily_member(own->key->rd_opfamily[i], type, type, BTEqualStrategyNumber);
    ScanKeyEntryInitialize(&own->search[i], 0, static_cast<AttrNumber>(i + 1), BTEqualStrategyNumber,
                           InvalidOid, own->key->rd_indcollation[i], get_opcode(equal), Datum{0});
  }
  own->scan = segmentation_begin_index_scan(own->table, own->key, SnapshotSelf, count);
  own->searched = count;
  MemoryContextSwitchTo(before);
}

} // namespace

bool find_row(OwnTable *own, const Datum *values, int count) {
  start_search(own, count);
  for (int i = 0; i < count; ++i)
    own->search[i].sk_argument = values[i];
  index_rescan(own->scan, own->search, count, nullptr, 0);
  return index_getnext_slot(own->scan, ForwardScanDirection, own->found);
}

void let_go(OwnTable *own) {
  if (own->scan != nullptr)
    index_rescan(own->scan, own->search, own->searched, nullptr, 0);
}

TupleTableSlot *start_row(OwnTable *own) {
  TupleTableSlot *slot = ExecClearTuple(own->fresh);
  memset(slot->tts_isnull, true, sizeof(bool) * static_cast<Size>(slot->tts_tupleDescriptor->natts));
  memset(slot->tts_values, 0, sizeof(Datum) * static_cast<Size>(slot->tts_tupleDescriptor->natts));
  return slot;
}

void open_indexes(OwnTable *own, bool speculative) {
  if (own->target != nullptr)
    return;
  MemoryContext before = MemoryContextSwitchTo(own->memory);
  own->executor = CreateExecutorState();
  own->is_speculative = speculative;
  own->target = makeNode(ResultRelInfo);
  InitResultRelInfo(own->target, own->table, 1, nullptr, 0);
  ExecOpenIndices(own->target, speculative);
  MemoryContextSwitchTo(before);
}

bool has_plain_indexes(OwnTable *own) {
  open_indexes(own, false);
  for (int i = 0; i < own->target->ri_NumIndices; ++i) {
    const IndexInfo *index = own->target->ri_IndexRelationInfo[i];
    if (index->ii_Expressions != NIL || index->ii_Predicate != NIL)
      return false;
  }
  return true;
}

namespace {

/// Inserts the row, and takes it out again where another one has, or may have, its key.
bool try_to_insert(OwnTable *own) {
  table_tuple_insert(own->table, own->fresh, GetCurrentCommandId(true), 0, nullptr);
  if (!own->table->rd_rel->relhasindex)
    return true;
  open_indexes(own, false);
  bool conflict = segmentation_try_index_entries(own->target, own->fresh, own->executor);
  ResetPerTupleExprContext(own->executor);
  if (conflict) {
    CommandCounterIncrement(); // no command takes away what it has inserted itself
    ItemPointerData place = own->fresh->tts_tid;
    simple_table_tuple_delete(own->table, &place, GetActiveSnapshot());
  }
  return !conflict;
}

/// Tells whether another row has the key of `fresh`, once whoever is about to insert or delete one has ended.
bool is_taken(OwnTable *own) {
  if (!own->is_speculative) {
    ExecCloseIndices(own->target);
    FreeExecutorState(own->executor);
    own->target = nullptr;
    open_indexes(own, true);
  }
  bool is_free = segmentation_check_index_constraints(own->target, own->fresh, own->executor);
  ResetPerTupleExprContext(own->executor);
  return !is_free;
}

} // namespace

bool insert_row(OwnTable *own) {
  ExecStoreVirtualTuple(own->fresh);
  for (;;) {
    CHECK_FOR_INTERRUPTS();
    if (try_to_insert(own))
      return true;
    if (is_taken(own))
      return false;
  }
}

bool delete_row(OwnTable *own) {
  TM_FailureData failure;
  ItemPointerData place = own->found->tts_tid;
  TM_Result result = table_tuple_delete(own->table, &place, GetCurrentCommandId(true), GetActiveSnapshot(),
                                        InvalidSnapshot, true, &failure, false);
  if (result != TM_Ok && result != TM_Deleted && result != TM_Updated)
    elog(ERROR, "deleting a row of table \"%s\" gave %d", RelationGetRelationName(own->table),
         static_cast<int>(result));
  return result == TM_Ok;
}

} // namespace segmentation::pg
