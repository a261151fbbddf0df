// Without shared memory of our own the worker is found by its process: a look at all of them, remembered, and
// at most once a second where there is none. A worker that is missed looks for itself within a second.
// Server's side.
#include "pg/maintain/wake.hpp"

#include "pg/boundary/server.hpp"

namespace segmentation::pg {

namespace {

bool wanted = false;
const PGPROC *worker = nullptr; // entries of the server's array of processes outlive all of them
int worker_pid = 0;

bool is_there(const PGPROC *process, int pid) {
  return process->pid == pid && process->databaseId == MyDatabaseId;
}

void look_for_worker() {
  static TimestampTz looked_at = 0;
  TimestampTz now = GetCurrentTimestamp();
  if (now >= looked_at && now - looked_at < USECS_PER_SEC)
    return;
  looked_at = now;
  for (uint32 i = 0; i < ProcGlobal->allProcCount; ++i) {
    const PGPROC *process = &ProcGlobal->allProcs[i];
    int pid = process->pid;
    if (pid == 0 || pid == MyProcPid || !is_there(process, pid))
      continue;
    const char *type = GetBackgroundWorkerTypeByPid(pid);
    if (type == nullptr || strcmp(type, worker_type) != 0)
      continue;
    worker = process;
    worker_pid = pid;
    return;
  }
}

} // namespace

void wake_worker_at_commit() {
  wanted = true;
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
