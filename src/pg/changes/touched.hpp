// Which customers a transaction's changes concern: those whom the rows name themselves, and those who are
// found by way of other rows. Server's side.
#pragma once

#include "pg/changes/changes.hpp"
#include "pg/changes/keys.hpp"

namespace segmentation::pg {

/// Values by which rows of a binding are found from above, each once.
struct Links {
  int relation; // index in the schema
  Oid type;
  Datum *values;
  int count;
};

/// What changes concern. Whoever changed a row holds its lock, so that a row below it that leads to it leads
/// to the customers that the row itself names: only links to rows that this transaction did not touch must be
/// looked up.
struct Touched {
  KeyList keys; // named by the rows themselves, sorted
  Links *links; // to be looked up
  int link_count;
  bool shared;       // some link is to what many customers share
  bool everyone;     // some rows cannot be told apart: a relation was truncated, or its key is computed
  bool in_partition; // ... it was a partition
};

/// True where a lookup's rows say to whom other rows belong: computed columns read it, and a link goes by one
/// of these. Whose the rows were before is in no image.
bool moves_rows(const Live *live, int lookup);

/// Collects what rows concern. Rows with count 0 count where their plan is older than `live`.
Touched collect_touched(const Live *live, const NetChanges &net);

/// Looks links up in the active snapshot and adds the customers to the list. Tells whether some link of rows
/// that no foreign key holds to their parent leads nowhere: the parent may come at any moment. A session must
/// be open.
bool add_owners(const Live *live, const Touched &touched, KeyList *list);

} // namespace segmentation::pg
