// Rows of the extension's tables by the table access methods' own calls: at a commit of one order, planning
// and running statements would cost more than all the rest. Server's side.
#pragma once

#include "pg/boundary/server.hpp"

namespace segmentation::pg {

/// A column as we make it; type 0: any.
struct OwnColumn {
  const char *name;
  Oid type;
};

/// Tells whether a table has just these columns, so that its rows can be read by their numbers.
bool has_columns(Relation table, const OwnColumn *columns, int count);
/// Tells whether rows may be put straight into a table and taken out of it, by the current user: it has these
/// columns, and no triggers, rules, policies, checks or computed columns that only statements follow.
bool is_as_made(Relation table, const OwnColumn *columns, int count);

/// A table, opened.
struct OwnTable {
  Relation table;
  Relation key;          // its primary key; nullptr where it has none
  TupleTableSlot *found; // what find_row found
  TupleTableSlot *fresh; // to be filled for writing
  EState *executor;
  ResultRelInfo *target; // of the indexes; nullptr until it is needed
  bool is_speculative;   // as it is opened
  IndexScanDesc scan;
  ScanKey search; // of `searched` columns
  int searched;
  MemoryContext memory;
};

/// Opens a table in the current memory context. The lock stays until the transaction ends.
OwnTable *open_own(Oid relation, LOCKMODE lock);
/// What was written can be seen afterwards.
void close_own(OwnTable *own);

/// Finds the row with these leading values of the primary key as it is at this moment, without a snapshot: so
/// nothing is noted for SERIALIZABLE, whose conflicts are about the shop's rows. May miss a row that is being
/// updated. What was found is in `found`, and its page is held, until that is cleared or the next call: only
/// so long does its place stay its own, since whoever prunes a page that nobody holds may give the place to
/// another row.
bool find_row(OwnTable *own, const Datum *values, int count);
/// Lets go of the index, but not of what was found: before waiting for others.
void let_go(OwnTable *own);

/// Returns the empty slot `fresh`, all of its columns NULL.
TupleTableSlot *start_row(OwnTable *own);
/// Inserts what `fresh` holds; false, with nothing inserted, where another row has its key. Waits for those
/// who are about to insert or delete one.
bool insert_row(OwnTable *own);
/// Deletes what was found; false where somebody else has deleted it, or updated it, for whom this waits.
bool delete_row(OwnTable *own);

/// Opens what inserting into the indexes needs; insert_row does so itself.
void open_indexes(OwnTable *own, bool speculative);
/// Tells whether the indexes are on columns alone, so that inserting runs nobody's functions.
bool has_plain_indexes(OwnTable *own);

} // namespace segmentation::pg
