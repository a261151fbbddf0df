// Reading stored membership and taking rows out of it. Server's side.
#pragma once

#include "pg/live/judge.hpp"
#include "pg/stored/change_notes.hpp"
#include "pg/stored/difference.hpp"

namespace segmentation::pg {

/// Compares the stored rows of the segments (an integer[]) with the pass's verdicts.
void compare_stored(const Live *live, const Pass &pass, Difference *difference, Datum segments);

/// Moves the leavers of the last comparison into the history; returns their number.
uint64 delete_leavers(const Live &live, const Difference *difference, TimestampTz at);

/// Returns what follows in a statement that has deleted rows of membership as "gone": it keeps them in the
/// history, left at $1, with their keys where the customers still exist, and returns rows for end_leavers.
const char *keep_leavers(const Live &live);
/// Notes who has left by such a statement; returns their number.
uint64 end_leavers(const Rows &leavers, ChangeNotes *notes);

} // namespace segmentation::pg
