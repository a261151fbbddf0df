// When time alone changes what is stored (segmentation.due). A customer may have several rows: what counts is
// the earliest. So whoever finds an earlier instant only adds a row, and waits for nobody; the clock, which
// comes to her at that instant, takes away all there are. Server's side.
#pragma once

#include "pg/stored/state.hpp"

namespace segmentation::pg {

/// Returns the table, or InvalidOid where customers are not bound.
Oid due_table();

/// Instants to be added.
struct DueList {
  const Live *live;
  MemoryContext memory;
  Datum *keys, *instants;
  int count, room;
};

DueList start_dues(const Live *live);
void add_due(DueList *list, Datum key, TimestampTz at);
/// Writes the instants by the rights of the table's owner. The customers' state rows must be locked, or the
/// gate be held alone.
void write_dues(const DueList &list);
/// Adds the instants of all customers whom the work has judged with horizons, where none as early is stored;
/// the current user must be the table's owner. The gate must be held alone or, by who builds ahead of it, the
/// mark: what the clock takes away meanwhile it notes.
void write_all_dues(const Live *live, Work *work);
/// Finds the earliest instants of those of locked customers whose are not known.
void look_up_dues(const Live *live, StateRow *rows, int count);
/// Takes away the instants of customers whose state rows are locked; of all where `keys` is nullptr, with the
/// gate alone.
void delete_dues(const Live *live, Datum *keys, int count);

} // namespace segmentation::pg
