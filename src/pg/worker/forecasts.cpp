// Refreshing forecasts when that is due. That nobody else is at it is told by the lock that refreshing takes
// anyway. A refresh and the note that it is over are one transaction, so that one which is broken off, by a
// crash or by whoever needs the database, is due as before; a transaction before it counts the tries, for
// one that breaks the server must not do so for ever. Server's side.
#include "pg/worker/forecasts.hpp"

#include "pg/boundary/contain.hpp"
#include "pg/boundary/session.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/maintain/restored.hpp"
#include "pg/maintain/wake.hpp"
#include "pg/worker/worker.hpp"

namespace segmentation::pg {

namespace {

constexpr int most_tries = 3;
constexpr long until_next_start = 10000; // ms

using Contain = ErrorData *(void (*body)(void *argument), void *argument);

bool is_due() {
  Rows rows = query_own("SELECT segmentation._refresh_is_due()", {}, Plan::saved);
  bool missing;
  return DatumGetBool(value_of(rows, 0, 1, missing));
}

/// Takes the lock of a refresh until the transaction ends, if nobody has it.
bool lock_refresh() {
  return ConditionalLockRelationOid(own_relation("forecast_model"), ShareRowExclusiveLock);
}

/// Whether a refresh is due and can begin: nobody is at it, and no restore brings what it would read. Has its
/// lock then.
bool can_begin() {
  if (!is_due())
    return false;
  Restore restore = restore_state();
  return (!restore.goes_on || restore.pid == MyProcPid) && lock_refresh() && is_due();
}

/// Notes that a try begins; returns its number. Once noted it is not due to others for a while.
int note_begin() {
  Rows rows = take_own("UPDATE segmentation.forecast_timing AS t SET tries = t.tries + 1, "
                       "started_at = pg_catalog.clock_timestamp() RETURNING t.tries");
  return rows.count == 0 ? 0 : int_value(rows, 0, 1);
}

/// Whether nobody has taken the try over since it was noted, or changed what is to be done when.
bool is_still_ours(int number) {
  Arguments arguments;
  arguments.add(INT4OID, Int32GetDatum(number));
  return lock_refresh() &&
         query_own("SELECT FROM segmentation.forecast_timing AS t WHERE t.tries = $1", arguments).count > 0;
}

void run_refresh(void *) {
  execute_own("SELECT segmentation._refresh_forecasts(NULL, t.horizon, t.holdout, t.high_percentile, "
              "t.low_percentile) FROM segmentation.forecast_timing AS t");
}

void note_end(const char *error) {
  Arguments arguments;
  arguments.add(TEXTOID, error != nullptr ? CStringGetTextDatum(error) : Datum{0});
  if (error == nullptr)
    arguments.nulls[0] = 'n';
  execute_own("SELECT segmentation._end_refresh($1)", arguments);
}

bool refresh_when_due(Working working, Contain *contain) {
  if (!can_begin())
    return false;
  int number = note_begin();
  if (number > most_tries) {
    const char *error = "the refresh was broken off each time that it was tried";
    note_end(error);
    ereport(WARNING,
            (errmsg("forecasts could not be refreshed: %s", error),
             errhint("The server's log says more. It is tried again at the next time of the schedule.")));
    return true;
  }
  if (working == Working::apart) {
    SPI_commit();
    if (!is_still_ours(number))
      return true;
  }
  const ErrorData *error = contain(run_refresh, nullptr);
  note_end(error != nullptr ? error->message : nullptr);
  if (error != nullptr)
    ereport(WARNING,
            (errcode(error->sqlerrcode), errmsg("forecasts could not be refreshed: %s", error->message),
             error->detail != nullptr ? errdetail_internal("%s", error->detail) : 0,
             error->hint != nullptr ? errhint("%s", error->hint) : 0));
  return true;
}

/// Keeps why a refresh that is due cannot begin; the log has it once.
void note_shortage() {
  static bool told = false;
  const char *error = "no process could be had for it: raise max_worker_processes; it is tried again";
  Arguments arguments;
  arguments.add(TEXTOID, CStringGetTextDatum(error));
  execute_own("UPDATE segmentation.forecast_timing AS t SET error_at = pg_catalog.clock_timestamp(), "
              "last_error = $1",
              arguments);
  if (!told)
    ereport(WARNING,
            (errcode(ERRCODE_INSUFFICIENT_RESOURCES), errmsg("forecasts could not be refreshed: %s", error)));
  told = true;
}

BackgroundWorkerHandle *start() {
  BackgroundWorker process = background_worker(forecasts_type, "segmentation_forecasts_main");
  process.bgw_restart_time = BGW_NEVER_RESTART;
  process.bgw_main_arg = ObjectIdGetDatum(MyDatabaseId);
  BackgroundWorkerHandle *handle = nullptr;
  MemoryContext before = MemoryContextSwitchTo(TopMemoryContext);
  bool started = RegisterDynamicBackgroundWorker(&process, &handle);
  MemoryContextSwitchTo(before);
  return started ? handle : nullptr;
}

} // namespace

bool refresh_when_due(Working working) {
  return refresh_when_due(working, contain);
}

void start_due_refresh() {
  static BackgroundWorkerHandle *process = nullptr;
  static TimestampTz started_at = 0;
  pid_t pid;
  if (process != nullptr && GetBackgroundWorkerPid(process, &pid) != BGWH_STOPPED)
    return;
  if (!is_due()) {
    started_at = 0;
    return;
  }
  TimestampTz now = GetCurrentTimestamp();
  bool is_soon = now >= started_at && !TimestampDifferenceExceeds(started_at, now, until_next_start);
  if (is_soon || !can_begin())
    return;
  UnlockRelationOid(own_relation("forecast_model"), ShareRowExclusiveLock); // the process wants it
  started_at = now;
  if (process != nullptr)
    pfree(process);
  process = start();
  if (process == nullptr)
    note_shortage();
}

} // namespace segmentation::pg

using namespace segmentation::pg;

extern "C" {
__attribute__((visibility("default"))) void segmentation_forecasts_main(Datum argument);
}

/// Makes one refresh, if it is still due, and ends.
void segmentation_forecasts_main(Datum argument) {
  (void)enter_database(DatumGetObjectId(argument));
  // Who needs the database without us has it, or another one is about to end.
  LOCKTAG lock = forecasts_lock(MyDatabaseId);
  if (LockAcquire(&lock, worker_lock_of_worker, true, true) == LOCKACQUIRE_NOT_AVAIL)
    proc_exit(0);
  pgstat_report_activity(STATE_RUNNING, "segmentation: refreshing forecasts");
  SetCurrentStatementStartTimestamp();
  StartTransactionCommand();
  Session session = open_session(true);
  (void)refresh_when_due(Working::apart, contain_all);
  close_session(session);
  CommitTransactionCommand();
  proc_exit(0);
}
