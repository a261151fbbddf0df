// Building a segment before its definition takes the gate, while the shop goes on writing. Server's side.
#pragma once

#include "pg/boundary/session.hpp"
#include "pg/live/live_core.hpp"

namespace segmentation::pg {

/// For who is about to commit changes of bound rows, or to have them judged: false keeps whoever wants to
/// build from beginning before this transaction ends, so that he reads them; true: somebody is at it, and
/// may not see them. Waits for nobody.
bool is_building_ahead();

/// Judges everyone by a rule, as the latest snapshot shows them once all who are about to commit have done
/// so; writes the members where the segment is new, which nobody can see yet, else keeps the verdicts. False
/// where that is only to be done behind the gate. A session must be open.
bool build_ahead(int32 segment, const char *rule, bool is_new);

/// Finishes what build_ahead began, when the definition is in place and the transaction alone with the gate:
/// all that was changed meanwhile is judged again. False where it cannot, since definitions or everyone
/// changed meanwhile or nothing was begun; what is written of the segment's members is to be compared with
/// everyone then.
bool catch_up(int32 segment, bool changed);

/// Returns the verdicts that build_ahead keeps of an altered segment, on everyone; nullptr where it keeps
/// none.
Work *verdicts_ahead(int32 segment);

/// Deletes what was noted for whoever was building, where nobody is.
void forget_meanwhile();

} // namespace segmentation::pg
