// Differences between the server versions that we build for. Included by server.hpp only, inside its extern
// "C".
#pragma once

#if PG_VERSION_NUM < 150000
#error "segmentation needs PostgreSQL 15 or later"
#endif

// PostgreSQL 16 gave ExecInsertIndexTuples another argument. Remove when PG 15 is dropped.
static inline void segmentation_insert_index_entries(ResultRelInfo *target, TupleTableSlot *slot,
                                                     EState *estate) {
#if PG_VERSION_NUM >= 160000
  ExecInsertIndexTuples(target, slot, estate, false, false, nullptr, NIL, false);
#else
  ExecInsertIndexTuples(target, slot, estate, false, false, nullptr, NIL);
#endif
}

// Likewise, without an error where another row has its key: returns whether that is, or may be, so.
static inline bool segmentation_try_index_entries(ResultRelInfo *target, TupleTableSlot *slot,
                                                  EState *estate) {
  bool conflict = false;
#if PG_VERSION_NUM >= 160000
  list_free(ExecInsertIndexTuples(target, slot, estate, false, true, &conflict, NIL, false));
#else
  list_free(ExecInsertIndexTuples(target, slot, estate, false, true, &conflict, NIL));
#endif
  return conflict;
}

// PostgreSQL 18 can be told which row is the one to be written; ours is new. Returns whether no other row has
// its key.
static inline bool segmentation_check_index_constraints(ResultRelInfo *target, TupleTableSlot *slot,
                                                        EState *estate) {
  ItemPointerData other;
#if PG_VERSION_NUM >= 180000
  ItemPointerData none;
  ItemPointerSetInvalid(&none);
  return ExecCheckIndexConstraints(target, slot, estate, &other, &none, NIL);
#else
  return ExecCheckIndexConstraints(target, slot, estate, &other, NIL);
#endif
}

// PostgreSQL 18 counts what index scans do.
static inline IndexScanDesc segmentation_begin_index_scan(Relation table, Relation index, Snapshot snapshot,
                                                          int keys) {
#if PG_VERSION_NUM >= 180000
  return index_beginscan(table, index, snapshot, nullptr, keys, 0);
#else
  return index_beginscan(table, index, snapshot, keys, 0);
#endif
}

// PostgreSQL 16 tells which indexes need entries, not only whether any does; all of ours are btrees.
static inline void segmentation_update_tuple(Relation relation, ItemPointer place, TupleTableSlot *slot,
                                             Snapshot snapshot, bool *new_index_entries) {
#if PG_VERSION_NUM >= 160000
  TU_UpdateIndexes indexes;
  simple_table_tuple_update(relation, place, slot, snapshot, &indexes);
  *new_index_entries = indexes != TU_None;
#else
  simple_table_tuple_update(relation, place, slot, snapshot, new_index_entries);
#endif
}

// PostgreSQL 15 declares the walker without its arguments, which C++ takes for none.
static inline bool segmentation_walk_expression(Node *node, bool (*walker)(Node *, void *), void *context) {
#if PG_VERSION_NUM >= 160000
  return expression_tree_walker(node, walker, context);
#else
  auto any = reinterpret_cast<void (*)()>(walker); // by way of which the compiler lets functions be cast
  return expression_tree_walker(node, reinterpret_cast<bool (*)()>(any), context);
#endif
}

// PostgreSQL 18 gives what a query groups by an entry of its own. Returns what a column of it stands for;
// nullptr where the entry is something else.
static inline Node *segmentation_grouped_expression(RangeTblEntry *entry, AttrNumber number) {
#if PG_VERSION_NUM >= 180000
  if (entry->rtekind == RTE_GROUP)
    return static_cast<Node *>(list_nth(entry->groupexprs, number - 1));
#endif
  (void)entry;
  (void)number;
  return nullptr;
}

// PostgreSQL 18 has generated columns that no row holds.
static inline bool segmentation_is_virtual(Form_pg_attribute column) {
#if PG_VERSION_NUM >= 180000
  return column->attgenerated == ATTRIBUTE_GENERATED_VIRTUAL;
#else
  (void)column;
  return false;
#endif
}

// PostgreSQL 18 no longer wants to be told whether a query goes on later.
static inline void segmentation_run_for(QueryDesc *query, uint64 rows) {
#if PG_VERSION_NUM >= 180000
  ExecutorRun(query, ForwardScanDirection, rows);
#else
  ExecutorRun(query, ForwardScanDirection, rows, false);
#endif
}

// PostgreSQL 18 made query identifiers signed.
#if PG_VERSION_NUM >= 180000
using SegmentationQueryId = int64;
#else
using SegmentationQueryId = uint64;
#endif

// PostgreSQL 16 asks for the owner of all kinds of objects in one way.
static inline bool segmentation_owns_database(Oid database, Oid role) {
#if PG_VERSION_NUM >= 160000
  return object_ownercheck(DatabaseRelationId, database, role);
#else
  return pg_database_ownercheck(database, role);
#endif
}

// PostgreSQL 17 has one timeout more: names and values of settings to follow others in a list.
#if PG_VERSION_NUM >= 170000
#define SEGMENTATION_LATER_TIMEOUTS {"transaction_timeout", "0"},
#else
#define SEGMENTATION_LATER_TIMEOUTS
#endif
