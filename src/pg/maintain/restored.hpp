// What a restore of data leaves to do (sql/72_backup.sql). Server's side; a session must be open for all
// here.
#pragma once

#include "pg/live/live.hpp"

namespace segmentation::pg {

/// How a restore of definitions from a dump stands, by the latest snapshot.
struct Restore {
  int32 pid;    // the session that brought them; 0: everyone has been judged since
  bool goes_on; // that session has not ended
  bool left;    // a commit did not judge what it changed
};
Restore restore_state();

/// Tells whether a commit must leave the judging of what it changed to that of everyone. `live` may be
/// nullptr.
bool may_not_judge(const Live *live);

/// Notes that a commit did so; takes the gate, so that nobody judges everyone without it. False where that
/// has been done meanwhile.
bool note_left();

/// Notes that everyone is being judged, which is to be done with the gate alone.
void end_restore();

} // namespace segmentation::pg
