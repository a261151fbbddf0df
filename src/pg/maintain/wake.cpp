// Without shared memory of our own worker and launcher are found by their process: a look at all of them. The
// worker is remembered, and looked for at most once a second where there is none; a worker that is missed
// looks for itself within a second. Server's side.
#include "pg/maintain/wake.hpp"

namespace segmentation::pg {

namespace {

bool wanted = false;
const PGPROC *worker = nullptr; // entries of the server's array of processes outlive all of them
int worker_pid = 0;

bool is_there(const PGPROC *process, int pid) {
  return process->pid == pid && process->databaseId == MyDatabaseId;
}

/// Calls `found` with each background process of a type in a database and its pid.
template <typename Found> void find_processes(const char *wanted_type, Oid database, Found found) {
  for (uint32 i = 0; i < ProcGlobal->allProcCount; ++i) {
    PGPROC *process = &ProcGlobal->allProcs[i];
    int pid = process->pid;
    if (pid == 0 || pid == MyProcPid || process->databaseId != database)
      continue;
    const char *type = GetBackgroundWorkerTypeByPid(pid);
    if (type != nullptr && strcmp(type, wanted_type) == 0)
      found(process, pid);
  }
}

void look_for_worker() {
  static TimestampTz looked_at = 0;
  TimestampTz now = GetCurrentTimestamp();
  if (now >= looked_at && now - looked_at < USECS_PER_SEC)
    return;
  looked_at = now;
  find_processes(worker_type, MyDatabaseId, [](const PGPROC *process, int pid) {
    worker = process;
    worker_pid = pid;
  });
}

} // namespace

void wake_worker_at_commit() {
  wanted = true;
}

void signal_processes(const char *type, Oid database, int signal) {
  find_processes(type, database, [signal](PGPROC *, int pid) { (void)kill(pid, signal); });
}

void wake_launcher() {
  find_processes(launcher_type, InvalidOid, [](PGPROC *process, int) { SetLatch(&process->procLatch); });
}

void transaction_ended(bool committed) {
  if (wanted && committed) {
    if (worker != nullptr && !is_there(worker, worker_pid))
      worker = nullptr;
    if (worker == nullptr)
      look_for_worker();
    if (worker != nullptr)
      SetLatch(const_cast<Latch *>(&worker->procLatch));
  }
  wanted = false;
}

} // namespace segmentation::pg
