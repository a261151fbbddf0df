// The launcher: one process of the server, of no database, that starts a worker in each. A database without
// the extension costs one start: its worker ends at once, and the launcher remembers whom it has tried, and
// who was seen at work. So it needs nothing in shared memory, and what it has missed it sees at its next
// look. Server's side.
#include "pg/worker/launcher.hpp"

#include "pg/boundary/settings.hpp"
#include "pg/maintain/wake.hpp"
#include "pg/worker/worker.hpp"

namespace segmentation::pg {

namespace {

constexpr long between_looks = 10000; // ms
constexpr long until_next_look = 1000;
constexpr long until_locks_are_free = 100;

/// A database whose worker has been started.
struct Known {
  Oid database;
  bool at_work; // when it was looked at last
};

/// A list in TopMemoryContext.
struct Databases {
  Known *list;
  int count;
};

/// Returns the databases that take a worker.
Databases list_databases() {
  int room = 16;
  Databases databases = {static_cast<Known *>(MemoryContextAlloc(TopMemoryContext, room * sizeof(Known))), 0};
  StartTransactionCommand();
  Relation catalog = table_open(DatabaseRelationId, AccessShareLock);
  TableScanDesc scan = table_beginscan_catalog(catalog, 0, nullptr);
  while (HeapTuple row = heap_getnext(scan, ForwardScanDirection)) {
    auto *database = reinterpret_cast<Form_pg_database>(GETSTRUCT(row));
    if (!takes_worker(database))
      continue;
    if (databases.count == room)
      databases.list = static_cast<Known *>(repalloc(databases.list, (room *= 2) * sizeof(Known)));
    databases.list[databases.count++] = {database->oid, false};
  }
  table_endscan(scan);
  table_close(catalog, AccessShareLock);
  CommitTransactionCommand();
  return databases;
}

const Known *find(const Databases &databases, Oid database) {
  for (int i = 0; i < databases.count; ++i)
    if (databases.list[i].database == database)
      return &databases.list[i];
  return nullptr;
}

void forget(Databases *databases) {
  if (databases->list != nullptr)
    pfree(databases->list);
  *databases = {nullptr, 0};
}

/// Whether a worker is at work, or somebody needs the database without one.
bool is_taken(Oid database) {
  LOCKTAG lock = worker_lock(database);
  if (LockAcquire(&lock, worker_lock_of_look, true, true) == LOCKACQUIRE_NOT_AVAIL)
    return true;
  LockRelease(&lock, worker_lock_of_look, true);
  return false;
}

/// Starts a worker and waits until it has a process: one after the other they need few places at a time.
bool start(Oid database) {
  BackgroundWorkerHandle *handle;
  if (!register_worker(database, &handle))
    return false;
  pid_t pid;
  if (WaitForBackgroundWorkerStartup(handle, &pid) == BGWH_POSTMASTER_DIED)
    proc_exit(1);
  pfree(handle);
  return true;
}

/// Starts workers in databases that are new, and where one has gone that was at work; returns whether there
/// was room for all.
bool look(Databases *known) {
  static bool told_of_shortage = false;
  Databases now = list_databases();
  int started = 0, kept = 0, missed = 0;
  for (int i = 0; i < now.count; ++i) {
    Known database = now.list[i];
    const Known *before = find(*known, database.database);
    database.at_work = is_taken(database.database);
    if (!database.at_work && (before == nullptr || before->at_work)) {
      if (missed > 0 || !start(database.database)) {
        ++missed;
        if (before == nullptr)
          continue; // it stays new
        database.at_work = true;
      } else {
        ++started;
      }
    }
    now.list[kept++] = database;
  }
  now.count = kept;
  forget(known);
  *known = now;
  if (missed > 0 && started == 0 && !told_of_shortage) {
    told_of_shortage = true;
    ereport(LOG, (errcode(ERRCODE_INSUFFICIENT_RESOURCES),
                  errmsg("segmentation could not start a worker in each database: %d to go", missed),
                  errhint("Raise max_worker_processes. It is tried again.")));
  } else if (missed == 0) {
    told_of_shortage = false;
  }
  return missed == 0 && started == 0;
}

} // namespace

void register_launcher() {
  preloaded = true;
  BackgroundWorker launcher = background_worker(launcher_type, "segmentation_launcher_main");
  RegisterBackgroundWorker(&launcher);
}

} // namespace segmentation::pg

using namespace segmentation::pg;

extern "C" {
__attribute__((visibility("default"))) void segmentation_launcher_main(Datum argument);
}

void segmentation_launcher_main(Datum) {
  listen_to_signals();
  BackgroundWorkerInitializeConnection(nullptr, nullptr, 0);
  Databases known = {nullptr, 0};
  for (;;) {
    if (has_been_told())
      proc_exit(1);
    CHECK_FOR_INTERRUPTS();
    if (ConfigReloadPending) {
      ConfigReloadPending = false;
      ProcessConfigFile(PGC_SIGHUP);
    }
    bool settled = true;
    if (run_worker)
      settled = look(&known);
    else
      forget(&known);
    int events = WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
                           settled ? between_looks : until_next_look, PG_WAIT_EXTENSION);
    // Whoever wakes us has ended his transaction, but may still have its locks.
    if ((events & WL_LATCH_SET) != 0)
      (void)WaitLatch(MyLatch, WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, until_locks_are_free, PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
  }
}
