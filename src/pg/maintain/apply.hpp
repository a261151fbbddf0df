// A transaction's own changes into the members. Server's side.
#pragma once

#include "pg/boundary/server.hpp"

namespace segmentation::pg {

/// Brings the transaction's changes to the members, or into the queue where segmentation.maintain is
/// background or replication has made them. What rules, computed columns or lost relations can cause is kept
/// from the caller: those customers are queued. Raises deadlocks, timeouts, cancels and what the server
/// itself lacks.
void apply_at_commit();

/// The same for PREPARE TRANSACTION. The customers are queued, too: a crash before COMMIT PREPARED takes away
/// the rows of segmentation.state by which others wait for this transaction, so that they must be judged
/// again once it has committed.
void apply_at_prepare();

/// Brings the changes to the members now, whatever segmentation.maintain is; but not replication's.
void apply_now();

} // namespace segmentation::pg
