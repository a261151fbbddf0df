// Telling background processes of ours something: the worker that the queue has something, so that it need
// not look often. Server's side.
#pragma once

#include "pg/boundary/server.hpp"

namespace segmentation::pg {

/// What pg_stat_activity calls the worker, the process that refreshes forecasts for it, and the launcher.
constexpr const char *worker_type = "segmentation worker";
constexpr const char *forecasts_type = "segmentation forecasts";
constexpr const char *launcher_type = "segmentation launcher";

/// Has this transaction, once it has committed, wake a worker of this database.
void wake_worker_at_commit();
/// The transaction has ended. Raises nothing.
void transaction_ended(bool committed);

/// Sends a signal to the processes of a type in a database. Raises nothing.
void signal_processes(const char *type, Oid database, int signal);
/// Has the launcher look at the databases. Raises nothing.
void wake_launcher();

} // namespace segmentation::pg
