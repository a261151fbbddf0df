// The background worker of a database: does what tick() does, by itself. Server's side.
#include "pg/worker/worker.hpp"

#include "pg/boundary/session.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/maintain/clock.hpp"
#include "pg/maintain/wake.hpp"
#include "pg/worker/forecasts.hpp"
#include "pg/worker/tick.hpp"

namespace segmentation::pg {

bool preloaded = false;

namespace {

constexpr int restart_seconds = 5;
constexpr long nap = 1000; // ms

volatile sig_atomic_t told_to_end = 0;
// Who ends with 1, as who fails or is told to end, is started again; who ends with 0 is done. There is no use
// in trying again to connect to a database that is gone.
volatile sig_atomic_t ends_for_good = 1;

void end_when_told(int signal) {
  told_to_end = 1;
  // Without a launcher only its user can have started it, and so he can end it.
  if (signal == make_room_signal || !preloaded)
    ends_for_good = 1;
  die(signal);
}

void end_for_good(int code, Datum) {
  if (code == 1 && ends_for_good != 0)
    proc_exit(0);
}

/// What a database or a role has set is for sessions of the shop.
void set_settings() {
  static constexpr const char *settings[][2] = {{"role", "none"},
                                                {"search_path", "pg_catalog, pg_temp"},
                                                {"default_transaction_isolation", "read committed"},
                                                {"default_transaction_read_only", "off"},
                                                {"default_transaction_deferrable", "off"},
                                                {"row_security", "on"},
                                                {"session_replication_role", "origin"},
                                                {"statement_timeout", "0"},
                                                {"lock_timeout", "0"},
                                                {"idle_in_transaction_session_timeout", "0"},
                                                {"idle_session_timeout", "0"},
                                                SEGMENTATION_LATER_TIMEOUTS};
  for (const auto &[name, value] : settings)
    (void)set_config_option(name, value, PGC_SUSET, PGC_S_OVERRIDE, GUC_ACTION_SET, true, 0, false);
}

/// Whoever may make databases may copy one that is a template, but not have its worker end for that.
bool may_stay() {
  HeapTuple row = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(MyDatabaseId));
  bool may = HeapTupleIsValid(row) && takes_worker(reinterpret_cast<Form_pg_database>(GETSTRUCT(row)));
  if (HeapTupleIsValid(row))
    ReleaseSysCache(row);
  return may;
}

/// Ends here where the database has nothing to do; returns the extension.
Oid take_up_work() {
  StartTransactionCommand();
  Oid extension = get_extension_oid("segmentation", true);
  if (!OidIsValid(extension) || GetDatabaseEncoding() != PG_UTF8 || !may_stay())
    proc_exit(0);
  Oid owner = extension_owner();
  SetSessionAuthorization(owner, superuser_arg(owner));
  CommitTransactionCommand();
  return extension;
}

/// Ends here where another one works.
void be_the_only_one() {
  constexpr int tries = 20;
  constexpr long between = 100; // ms
  LOCKTAG lock = worker_lock(MyDatabaseId);
  for (int i = 0; LockAcquire(&lock, worker_lock_of_worker, true, true) == LOCKACQUIRE_NOT_AVAIL; ++i) {
    if (i == tries)
      proc_exit(0);
    // The other one may be about to end, and the launcher only looks.
    (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, between, PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
  }
}

/// Returns how long to sleep unless woken, in ms: until somebody comes due. Whoever has not been judged by
/// then, since a writer has her, comes again a little later.
long until_next_due() {
  constexpr long soonest = 100;
  TimestampTz next = next_due(), now = GetCurrentTimestamp();
  if (next <= now)
    return soonest;
  return next == due_never ? nap : Min(TimestampDifferenceMilliseconds(now, next) + 1, nap);
}

/// One transaction of work; returns how long there is nothing more to do, in ms.
long work(TimestampTz *noted_at) {
  pgstat_report_activity(STATE_RUNNING, "segmentation: working off the queue");
  const ErrorData *error = nullptr;
  PushActiveSnapshot(GetTransactionSnapshot());
  Session session = open_session();
  int done = do_batch(Working::apart, &error);
  // It may be woken thousands of times a second.
  if (TimestampDifferenceExceeds(*noted_at, GetCurrentTimestamp(), 1000)) {
    put_in_order(Working::apart, &error);
    if (done == 0)
      rest(error);
    else
      note_work(error);
    start_due_refresh();
    *noted_at = GetCurrentTimestamp();
  }
  long pause = done > 0 ? 0 : until_next_due();
  close_session(session);
  PopActiveSnapshot();
  return pause;
}

LOCKTAG process_lock(Oid database, uint32 process) {
  LOCKTAG lock;
  constexpr uint32 ours = 0x5e67e117;
  constexpr uint16 beside_sql = 3; // SQL's own advisory locks have 1 and 2
  SET_LOCKTAG_ADVISORY(lock, database, ours, process, beside_sql);
  return lock;
}

} // namespace

bool takes_worker(Form_pg_database row) {
#ifdef DATCONNLIMIT_INVALID_DB
  if (row->datconnlimit == DATCONNLIMIT_INVALID_DB) // its DROP was interrupted
    return false;
#endif
  return row->datallowconn && !row->datistemplate;
}

LOCKTAG worker_lock(Oid database) {
  return process_lock(database, 0);
}

LOCKTAG forecasts_lock(Oid database) {
  return process_lock(database, 1);
}

Oid enter_database(Oid database) {
  listen_to_signals();
  BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
  if (!has_been_told())
    ends_for_good = 0;
  if (!run_worker)
    proc_exit(0);
  set_settings();
  return take_up_work();
}

BackgroundWorker background_worker(const char *type, const char *function) {
  BackgroundWorker worker;
  memset(&worker, 0, sizeof worker);
  strlcpy(worker.bgw_name, type, BGW_MAXLEN);
  strlcpy(worker.bgw_type, type, BGW_MAXLEN);
  worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
  worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
  worker.bgw_restart_time = restart_seconds;
  strlcpy(worker.bgw_library_name, "segmentation", BGW_MAXLEN);
  strlcpy(worker.bgw_function_name, function, BGW_MAXLEN);
  return worker;
}

bool register_worker(Oid database, BackgroundWorkerHandle **handle) {
  BackgroundWorker worker = background_worker(worker_type, "segmentation_worker_main");
  worker.bgw_main_arg = ObjectIdGetDatum(database);
  worker.bgw_notify_pid = handle != nullptr ? MyProcPid : 0;
  return RegisterDynamicBackgroundWorker(&worker, handle);
}

void listen_to_signals() {
  pqsignal(SIGTERM, end_when_told);
  pqsignal(make_room_signal, end_when_told);
  pqsignal(SIGHUP, SignalHandlerForConfigReload);
  BackgroundWorkerUnblockSignals();
}

bool has_been_told() {
  return told_to_end != 0;
}

} // namespace segmentation::pg

using namespace segmentation::pg;

extern "C" {
__attribute__((visibility("default"))) void segmentation_worker_main(Datum argument);
}

/// Ticks when it is woken, and every second, until it is told to stop.
void segmentation_worker_main(Datum argument) {
  before_shmem_exit(end_for_good, Datum{0});
  Oid extension = enter_database(DatumGetObjectId(argument));
  be_the_only_one();
  TimestampTz noted_at = 0;
  for (;;) {
    if (has_been_told())
      proc_exit(1);
    CHECK_FOR_INTERRUPTS();
    if (ConfigReloadPending) {
      ConfigReloadPending = false;
      ProcessConfigFile(PGC_SIGHUP);
      if (!run_worker)
        proc_exit(0);
    }
    SetCurrentStatementStartTimestamp();
    StartTransactionCommand();
    Oid present = get_extension_oid("segmentation", true);
    // DROP EXTENSION ends the work. Where it has been made again, what this process knows is of the old one;
    // where workers come by themselves another one has come already.
    if (present != extension)
      proc_exit(OidIsValid(present) && !preloaded ? 1 : 0);
    if (!may_stay())
      proc_exit(0);
    long pause = work(&noted_at);
    CommitTransactionCommand();
    pgstat_report_activity(STATE_IDLE, nullptr);
    pgstat_report_stat(false);
    if (pause == 0)
      continue;
    (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, pause, PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
  }
}

/// Returns the process of the worker of this database; 0 where there is none.
static int32 worker_pid() {
  Session session = open_session();
  Rows rows = query_own("SELECT segmentation._worker()");
  int32 pid = int_value(rows, 0, 1);
  close_session(session);
  return pid;
}

SEGMENTATION_FUNCTION(segmentation_start_worker) {
  (void)fcinfo;
  PreventCommandDuringRecovery("segmentation.start_worker()"); // it would not start before the promotion
  if (!run_worker)
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("segmentation.worker is off"),
                    errhint("Set it in postgresql.conf, or by ALTER SYSTEM, and reload.")));
  int32 pid = worker_pid();
  if (pid != 0)
    PG_RETURN_INT32(pid);
  BackgroundWorkerHandle *handle;
  if (!register_worker(MyDatabaseId, &handle))
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_RESOURCES), errmsg("could not start a worker"),
                    errhint("Raise max_worker_processes.")));
  pid_t started;
  BgwHandleStatus status = WaitForBackgroundWorkerStartup(handle, &started);
  // Another one may be faster, or just about to end.
  while (status == BGWH_STARTED && (pid = worker_pid()) == 0) {
    (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 10, PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
    status = GetBackgroundWorkerPid(handle, &started);
  }
  if (pid == 0)
    ereport(
        ERROR,
        (errcode(ERRCODE_INSUFFICIENT_RESOURCES), errmsg("the worker did not start"),
         errdetail("It ends at once in a template, and where CREATE EXTENSION has not been committed yet."),
         errhint("The server's log says more.")));
  PG_RETURN_INT32(pid);
}
