// What tick() and the worker do again and again. Server's side.
#pragma once

#include "pg/boundary/session.hpp"
#include "pg/maintain/queue.hpp"

namespace segmentation::pg {

/// Does one batch of those who are due or of what is queued, or else of a walk, in the current transaction;
/// returns how much it did. Walks commit between batches, so that they are for nobody's own transaction. A
/// session must be open.
int do_batch(Working working, const ErrorData **error);

/// Gives the changes of members that are committed by now their positions, for segmentation.changes; to be
/// called about once a second, at the end of a transaction. A session must be open.
void put_in_order(Working working, const ErrorData **error);

/// Notes that somebody is at it, what was done since it was noted last, and what went wrong; to be called
/// about once a second. A session must be open.
void note_work(const ErrorData *error);
/// The same for when there is nothing to do; adds up the counts.
void rest(const ErrorData *error);

} // namespace segmentation::pg
