// Rows of segmentation.state: the lock of each customer, and what is kept of her. Read, locked and written
// without SQL: at a commit of one order, planning and running statements would cost more than all the rest;
// and where a statement in REPEATABLE READ must refuse a row that somebody else has changed since, we go on
// from its latest version. Server's side.
#pragma once

#include "pg/live/live.hpp"

namespace segmentation::pg {

/// A customer's row, locked until the transaction ends.
struct StateRow {
  CustomerKey key;
  Datum datum; // the key, of its own type
  ItemPointerData place;
  int64 version;
  TimestampTz as_of;        // 0: never judged
  TimestampTz due_at;       // the earliest instant in segmentation.due, or due_unknown
  TimestampTz came_due;     // for the clock: when that was; 0: she is not here for that
  bool is_ours;             // verdicts and measures can be used
  bool is_gone;             // judging her found no customer who counts
  int64 definitions;        // the version of the definitions that they hold for
  struct varlena *verdicts; // bytes, or nullptr
  struct varlena *measures;
};

/// No instant: time changes nothing.
constexpr TimestampTz due_never = DT_NOEND;
/// To be looked up.
constexpr TimestampTz due_unknown = DT_NOBEGIN;

struct StateTable;

/// Opens the table; memory is the current context's.
StateTable *open_state(const Live *live);
void close_state(StateTable *table);

/// Locks a customer's row, made where it is missing. Customers must come in the order of compare_keys. Waits
/// for other transactions; raises 40P01 where these wait for this one. With `skips` it does not wait for who
/// has the row, but returns false.
bool lock_state(StateTable *table, StateRow *row, bool skips);
/// Writes as_of, due_at, definitions, verdicts and measures of a locked row, and counts its version up.
void write_state(StateTable *table, StateRow *row);
/// Takes a locked row away.
void delete_state(StateTable *table, const StateRow &row);

/// The order in which customers are locked: integers by value, others by the bytes of their text.
int compare_keys(const CustomerKey &a, const CustomerKey &b);

} // namespace segmentation::pg
