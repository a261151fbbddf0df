// The background worker of a database: who registers it, and the lock that makes it the only one. Server's
// side.
#pragma once

#include "pg/boundary/server.hpp"

namespace segmentation::pg {

/// Whether the server has loaded the module at its start, so that the launcher sees to workers.
extern bool preloaded;

/// The locks that the worker of a database, and the process that refreshes forecasts for it, hold as long as
/// they work there, out of reach for SQL. Their strengths keep the parties apart: the worker's excludes all
/// others, those who need the database without a worker share theirs with each other, and the launcher's look
/// conflicts with both.
LOCKTAG worker_lock(Oid database);
LOCKTAG forecasts_lock(Oid database);
constexpr LOCKMODE worker_lock_of_worker = ExclusiveLock;
constexpr LOCKMODE worker_lock_of_room = RowExclusiveLock;
constexpr LOCKMODE worker_lock_of_look = ShareLock;

/// What tells a worker to end for good, and not to be started again by the server.
constexpr int make_room_signal = SIGUSR2;

/// What all background processes of ours have in common.
BackgroundWorker background_worker(const char *type, const char *function);

/// Has the server start a worker; false where it has no room for one. Raises nothing where `handle` is
/// nullptr.
bool register_worker(Oid database, BackgroundWorkerHandle **handle);

/// Connects a process that the worker's module runs in to a database, with the rights and settings that all
/// its work has; ends it here where there is nothing to do. Returns the extension.
Oid enter_database(Oid database);

/// Tells whether a database is one that workers come to: no template, and it takes connections.
bool takes_worker(Form_pg_database row);

/// Has signals set what has_been_told() tells, beside interrupting whatever goes on.
void listen_to_signals();
/// Whether this background process has been told to end.
bool has_been_told();

} // namespace segmentation::pg
