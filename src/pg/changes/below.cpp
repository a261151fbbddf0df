// Counting by an index's own calls. Server's side.
#include "pg/changes/below.hpp"

namespace segmentation::pg {

namespace {

/// Fills in the search for a value by an index whose first column is the one asked for; false where the index
/// does not tell of all rows, or not of such values.
bool can_search(Relation index, AttrNumber column, Oid type, Datum value, ScanKey search) {
  Form_pg_index form = index->rd_index;
  if (index->rd_rel->relam != BTREE_AM_OID || !form->indisvalid || form->indcheckxmin ||
      form->indkey.values[0] != column || RelationGetIndexPredicate(index) != NIL)
    return false;
  Oid asked = type == VARCHAROID ? TEXTOID : type;
  Oid equal =
      get_opfamily_member(index->rd_opfamily[0], index->rd_opcintype[0], asked, BTEqualStrategyNumber);
  if (!OidIsValid(equal))
    return false;
  ScanKeyEntryInitialize(search, 0, 1, BTEqualStrategyNumber, asked, index->rd_indcollation[0],
                         get_opcode(equal), value);
  return true;
}

int64 count_found(Relation table, Relation index, ScanKey search, int64 most) {
  TupleTableSlot *slot = table_slot_create(table, nullptr);
  IndexScanDesc scan = segmentation_begin_index_scan(table, index, GetActiveSnapshot(), 1);
  index_rescan(scan, search, 1, nullptr, 0);
  int64 count = 0;
  while (count <= most && index_getnext_slot(scan, ForwardScanDirection, slot))
    ++count;
  index_endscan(scan);
  ExecDropSingleTupleTableSlot(slot);
  return count;
}

} // namespace

int64 count_by_index(Oid relation, const char *column, Oid type, Datum value, int64 most) {
  Relation table = table_open(relation, AccessShareLock);
  AttrNumber number = get_attnum(relation, column);
  int64 count = -1;
  // A computed column has no number, and in an index every expression has the number 0.
  bool can_tell = number > 0 && table->rd_rel->relkind == RELKIND_RELATION;
  List *indexes = can_tell ? RelationGetIndexList(table) : NIL;
  ListCell *cell;
  foreach (cell, indexes) {
    ScanKeyData search;
    Relation index = index_open(lfirst_oid(cell), AccessShareLock);
    if (can_search(index, number, type, value, &search))
      count = count_found(table, index, &search, most);
    index_close(index, NoLock);
    if (count >= 0)
      break;
  }
  list_free(indexes);
  table_close(table, NoLock);
  return count;
}

} // namespace segmentation::pg
