// The background worker of a database: does what tick() does, by itself. Server's side.
#include "pg/boundary/session.hpp"
#include "pg/maintain/tick.hpp"
#include "pg/maintain/wake.hpp"

using namespace segmentation::pg;

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
      rest(error);
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
