// Working off what is queued: by CALL tick(), or by a worker that does the same again and again. Server's
// side.
#include "pg/boundary/contain.hpp"
#include "pg/boundary/session.hpp"
#include "pg/maintain/ahead.hpp"
#include "pg/maintain/apply.hpp"
#include "pg/maintain/counts.hpp"
#include "pg/maintain/leftover.hpp"
#include "pg/maintain/queue.hpp"
#include "pg/maintain/restored.hpp"
#include "pg/maintain/wake.hpp"
#include "pg/maintain/walk.hpp"

namespace segmentation::pg {

namespace {

constexpr int batch_entries = 500;
constexpr int64 most_counts = 1000;

void note_tick(const ErrorData *error) {
  if (error == nullptr) {
    execute_own("UPDATE segmentation.upkeep AS u SET ticked_at = pg_catalog.clock_timestamp()", {},
                Plan::saved);
  } else {
    Arguments arguments;
    arguments.add(TEXTOID, CStringGetTextDatum(error->message != nullptr ? error->message : ""));
    execute_own("UPDATE segmentation.upkeep AS u SET ticked_at = pg_catalog.clock_timestamp(), error_at = "
                "pg_catalog.clock_timestamp(), error = $1",
                arguments, Plan::saved);
  }
}

/// A batch being done.
struct Doing {
  int entries;
  Working working;
  int done;
  const ErrorData *error;
};

void run_batch(void *argument) {
  auto *doing = static_cast<Doing *>(argument);
  doing->done = do_queue(doing->entries, doing->working, &doing->error);
  if (doing->done == 0 && doing->error == nullptr)
    doing->done = retry_set_aside(doing->entries, doing->working);
}

void run_walk(void *argument) {
  static_cast<Doing *>(argument)->done = walk_on(false).done;
}

void run_leftovers(void *argument) {
  static_cast<Doing *>(argument)->done = delete_leftovers();
}

/// Puts the first entry behind all others: it must not keep them waiting.
void postpone_first() {
  execute_own(
      "WITH first AS (DELETE FROM segmentation.dirty AS d WHERE d.seq = (SELECT pg_catalog.min(f.seq) "
      "FROM segmentation.dirty AS f) "
      "RETURNING d.binding_id, d.value) "
      "INSERT INTO segmentation.dirty (binding_id, value) SELECT f.binding_id, f.value FROM first AS f");
}

/// Does one batch of the queue, or of those set aside, or else of a walk, or of what is left over, in the
/// current transaction; returns how much it did. Where a batch fails as a whole some of its entries are done
/// one by one. Walks commit between batches, so that they are for nobody's own transaction.
int do_batch(Working working, const ErrorData **error) {
  constexpr int most_single = 50;
  Restore restore = restore_state();
  if (restore.goes_on && restore.pid != MyProcPid) { // what it still brings must not meet what we would write
    ereport(NOTICE,
            (errmsg("the queue waits for the restore by the session with PID %d", restore.pid),
             errhint("When it has ended call this again; segmentation.refresh_all() does not wait.")));
    return 0;
  }
  Doing doing = {working == Working::apart ? batch_entries : INT_MAX, working, 0, nullptr};
  const ErrorData *failed = contain(run_batch, &doing);
  *error = failed != nullptr ? failed : doing.error;
  if (failed == nullptr && doing.done == 0 && *error == nullptr && working == Working::apart)
    *error = contain(run_walk, &doing);
  if (failed == nullptr && doing.done == 0 && *error == nullptr)
    *error = contain(run_leftovers, &doing);
  if (failed == nullptr)
    return *error == nullptr ? doing.done : 0;
  doing.entries = 1;
  for (int i = 0; i < most_single; ++i) {
    doing.done = 0;
    if (contain(run_batch, &doing) != nullptr)
      postpone_first();
    else if (doing.done == 0)
      break;
  }
  return 0;
}

} // namespace

} // namespace segmentation::pg

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_tick) {
  auto *call = reinterpret_cast<CallContext *>(fcinfo->context);
  // Inside somebody's transaction all is done in that; else each batch commits, so that nobody waits for
  // long.
  bool commits = call != nullptr && IsA(call, CallContext) && !call->atomic;
  const ErrorData *error = nullptr;
  apply_now(); // what is read below must not be folded in once more at the commit
  for (;;) {
    Session session = open_session(commits);
    // Customers stay locked until the commit, so that one transaction must lock all of its in one order.
    int done = do_batch(commits ? Working::apart : Working::inside, &error);
    if (done == 0) {
      fold_counts(most_counts); // where all who write hold snapshots nobody else does
      forget_meanwhile();
      note_tick(error);
    }
    if (commits)
      SPI_commit();
    close_session(session);
    if (done == 0)
      break;
  }
  if (error != nullptr)
    ereport(WARNING, (errmsg("the queue could not be worked off"), errdetail_internal("%s", error->message)));
  PG_RETURN_VOID();
}

static volatile sig_atomic_t told_to_end = 0;

static void end_when_told(int signal) {
  told_to_end = 1;
  die(signal);
}

/// Who is told to end ends with 1, as who fails, and is started again. This one is done.
static void end_for_good(int code, Datum) {
  if (code == 1 && told_to_end != 0)
    proc_exit(0);
}

/// Keeps the extension until the transaction ends; false where there is none. Its tables are dropped in
/// another order than the work takes them in: who drops it must wait before he has any of them.
static bool hold_extension() {
  Oid extension = get_extension_oid("segmentation", true);
  if (!OidIsValid(extension))
    return false;
  LockDatabaseObject(ExtensionRelationId, extension, 0, AccessShareLock);
  return get_extension_oid("segmentation", true) == extension;
}

extern "C" {
__attribute__((visibility("default"))) void segmentation_worker_main(Datum argument);
}

/// The worker of one database, started by segmentation.start_worker(): ticks when it is woken, and every
/// second, until it is told to stop.
void segmentation_worker_main(Datum argument) {
  Oid owner = InvalidOid;
  memcpy(&owner, MyBgworkerEntry->bgw_extra, sizeof owner);
  pqsignal(SIGTERM, end_when_told);
  pqsignal(SIGHUP, SignalHandlerForConfigReload);
  BackgroundWorkerUnblockSignals();
  BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(argument), owner, 0);
  before_shmem_exit(end_for_good, Datum{0});
  // What a database's settings are for sessions of the shop.
  static constexpr const char *settings[][2] = {{"default_transaction_isolation", "read committed"},
                                                {"default_transaction_read_only", "off"},
                                                {"lock_timeout", "0"},
                                                {"session_replication_role", "origin"}};
  for (const auto &[name, value] : settings)
    (void)set_config_option(name, value, PGC_SUSET, PGC_S_OVERRIDE, GUC_ACTION_SET, true, 0, false);
  TimestampTz noted_at = 0;
  for (;;) {
    CHECK_FOR_INTERRUPTS();
    if (ConfigReloadPending) {
      ConfigReloadPending = false;
      ProcessConfigFile(PGC_SIGHUP);
    }
    SetCurrentStatementStartTimestamp();
    StartTransactionCommand();
    // DROP EXTENSION ends the work.
    if (!hold_extension()) {
      CommitTransactionCommand();
      break;
    }
    pgstat_report_activity(STATE_RUNNING, "segmentation: working off the queue");
    const ErrorData *error = nullptr;
    PushActiveSnapshot(GetTransactionSnapshot());
    Session session = open_session();
    int done = do_batch(Working::apart, &error);
    // It may be woken thousands of times a second.
    if (done == 0 && TimestampDifferenceExceeds(noted_at, GetCurrentTimestamp(), 1000)) {
      fold_counts(most_counts); // where all who write hold snapshots nobody else does
      forget_meanwhile();
      note_tick(error);
      noted_at = GetCurrentTimestamp();
    }
    close_session(session);
    PopActiveSnapshot();
    CommitTransactionCommand();
    pgstat_report_activity(STATE_IDLE, nullptr);
    pgstat_report_stat(false);
    if (done > 0)
      continue;
    (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 1000, PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
  }
  proc_exit(0);
}

SEGMENTATION_FUNCTION(segmentation_start_worker) {
  (void)fcinfo;
  BackgroundWorker worker;
  memset(&worker, 0, sizeof worker);
  strlcpy(worker.bgw_name, worker_type, BGW_MAXLEN);
  strlcpy(worker.bgw_type, worker_type, BGW_MAXLEN);
  worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
  worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
  worker.bgw_restart_time = 5;
  strlcpy(worker.bgw_library_name, "segmentation", BGW_MAXLEN);
  strlcpy(worker.bgw_function_name, "segmentation_worker_main", BGW_MAXLEN);
  worker.bgw_main_arg = ObjectIdGetDatum(MyDatabaseId);
  worker.bgw_notify_pid = MyProcPid;
  Oid owner = extension_owner();
  memcpy(worker.bgw_extra, &owner, sizeof owner);
  BackgroundWorkerHandle *handle;
  if (!RegisterDynamicBackgroundWorker(&worker, &handle))
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_RESOURCES), errmsg("could not start a worker"),
                    errhint("Raise max_worker_processes.")));
  pid_t pid;
  if (WaitForBackgroundWorkerStartup(handle, &pid) != BGWH_STARTED)
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_RESOURCES), errmsg("the worker did not start"),
                    errhint("The server's log says why.")));
  PG_RETURN_INT32(static_cast<int32>(pid));
}
