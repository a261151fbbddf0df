// Telling the worker that the queue has something, so that it need not look often. Server's side.
#pragma once

namespace segmentation::pg {

/// What pg_stat_activity calls the worker.
constexpr const char *worker_type = "segmentation worker";

/// Has this transaction, once it has committed, wake a worker of this database.
void wake_worker_at_commit();
/// The transaction has ended. Raises nothing.
void transaction_ended(bool committed);

} // namespace segmentation::pg
