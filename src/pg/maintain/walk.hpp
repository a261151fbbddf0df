// Walks over all customers in the order of their keys (segmentation.walk): how segments are built, and
// everyone judged again, while the shop goes on writing. Server's side.
#pragma once

#include "pg/boundary/session.hpp"

namespace segmentation::pg {

/// What a step of a walk came to.
struct WalkStep {
  int done;     // batches of customers, or segments that became live: 0 where nothing is left to do
  int64 judged; // customers, by this walk so far
};

/// Has everyone judged again by a walk of its own, or by one that nobody has begun; what is kept of measures
/// is not trusted from here on. A session must be open.
void request_walk_for_everyone();

/// Does the next step of the first walk in the current transaction, which must do nothing else: judges a
/// batch of customers under their locks or, where all have been judged, makes one of the segments live. Where
/// somebody else is at it, waits for him, or returns at once. A session must be open.
WalkStep walk_on(bool waits);

} // namespace segmentation::pg
