// What consumers of segmentation.changes are told: who has come to a segment and who has left it, appended by
// whoever writes members, under the customers' locks. Server's side.
#pragma once

#include "pg/live/live.hpp"

namespace segmentation::pg {

/// Changes on their way into segmentation.change_pending: neighbours that differ in the customer alone become
/// one row.
struct ChangeNotes {
  const Live *live;
  bool are_kept; // false: nobody is to be told of anything, and nothing is written
  int32 segment;
  bool entered;
  bool is_told; // of this segment: of drafts nobody is
  TimestampTz at;
  const char *reason;
  Datum *customers; // as text
  int count, room;
  MemoryContext memory; // of what these point to
};

ChangeNotes start_notes(const Live *live);
/// Notes one who has come or gone. The row of the member must have been written: so that of one customer's
/// changes of a segment each is noted after the one before it was committed.
void note_change(ChangeNotes *notes, int32 segment, bool entered, TimestampTz at, const char *reason,
                 Datum customer);
/// The same by a key as the core carries it, which is how it is printed unless it is a number.
void note_change(ChangeNotes *notes, int32 segment, bool entered, TimestampTz at, const char *reason,
                 const CustomerKey &customer);
/// Notes many whom a statement has written or deleted; the rows' columns are the segment, since or until
/// when, the reason, and the customers, a text[].
void note_rows(ChangeNotes *notes, const Rows &rows, bool entered);
/// Notes at once whom a statement has found to have left, where changes are kept; the rows are as above.
void note_gone(const Rows &rows);
/// Has this transaction count as one that ends after all that have committed by now, whatever it noted
/// before.
void note_end(ChangeNotes *notes);
/// Writes what has not been written yet. A session must be open.
void end_notes(ChangeNotes *notes);

} // namespace segmentation::pg
