// What is queued, what has come due, and walks: a batch a transaction; CALL tick() does it all. Server's
// side.
#include "pg/worker/tick.hpp"

#include "pg/boundary/contain.hpp"
#include "pg/maintain/ahead.hpp"
#include "pg/maintain/apply.hpp"
#include "pg/maintain/clock.hpp"
#include "pg/maintain/leftover.hpp"
#include "pg/maintain/restored.hpp"
#include "pg/maintain/walk.hpp"
#include "pg/share/shared.hpp"
#include "pg/stored/counts.hpp"
#include "pg/worker/forecasts.hpp"
#include "pg/worker/numbering.hpp"

namespace segmentation::pg {

namespace {

constexpr int batch_entries = 500;
/// Writers wait for a batch that has their customer, and nearly all it costs is by customer.
constexpr int batch_due = 100;
constexpr int64 most_counts = 1000;

/// A batch being done.
struct Doing {
  int entries;
  Working working;
  int done;
  const ErrorData *error;
};

/// What was done since it was noted.
struct Tally {
  int64 due;    // customers
  int64 queued; // entries
};

Tally tally = {0, 0};

void run_entries(void *argument) {
  auto *doing = static_cast<Doing *>(argument);
  doing->done = do_queue(doing->entries, doing->working, &doing->error);
  if (doing->done == 0 && doing->error == nullptr)
    doing->done = retry_set_aside(doing->entries, doing->working);
}

void run_clock(void *argument) {
  auto *doing = static_cast<Doing *>(argument);
  doing->done = do_due(doing->entries, doing->working, &doing->error);
}

void run_walk(void *argument) {
  static_cast<Doing *>(argument)->done = walk_on(false).done;
}

void run_numbering(void *argument) {
  number_changes(static_cast<Doing *>(argument)->working);
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

/// Does a batch of the queue, or of those set aside; returns how much it did. Where it fails as a whole some
/// of its entries are done one by one.
int do_entries(Working working, const ErrorData **error) {
  constexpr int most_single = 50;
  Doing doing = {working == Working::apart ? batch_entries : INT_MAX, working, 0, nullptr};
  const ErrorData *failed = contain(run_entries, &doing);
  *error = failed != nullptr ? failed : doing.error;
  if (failed == nullptr && *error == nullptr)
    tally.queued += doing.done;
  if (failed == nullptr)
    return *error == nullptr ? doing.done : 0;
  doing.entries = 1;
  for (int i = 0; i < most_single; ++i) {
    doing.done = 0;
    if (contain(run_entries, &doing) != nullptr)
      postpone_first();
    else if (doing.done == 0)
      break;
  }
  return 0;
}

int do_clock(Working working, const ErrorData **error) {
  Doing doing = {batch_due, working, 0, nullptr};
  const ErrorData *failed = contain(run_clock, &doing);
  *error = failed != nullptr ? failed : doing.error;
  if (*error != nullptr)
    return 0;
  tally.due += doing.done;
  return doing.done;
}

} // namespace

int do_batch(Working working, const ErrorData **error) {
  Restore restore = restore_state();
  if (restore.goes_on && restore.pid != MyProcPid) { // what it still brings must not meet what we would write
    ereport(NOTICE,
            (errmsg("the queue waits for the restore by the session with PID %d", restore.pid),
             errhint("When it has ended call this again; segmentation.refresh_all() does not wait.")));
    return 0;
  }
  // By turns, so that neither keeps the other waiting. In somebody's transaction the queue comes first: the
  // clock waits for no customer, so that it may hold those already.
  static bool clock_first = false;
  clock_first = !clock_first && working == Working::apart;
  const ErrorData *first_error = nullptr;
  int done = clock_first ? do_clock(working, &first_error) : do_entries(working, &first_error);
  if (done == 0)
    done = clock_first ? do_entries(working, error) : do_clock(working, error);
  if (first_error != nullptr)
    *error = first_error;
  Doing walking = {0, working, done, nullptr};
  if (done == 0 && *error == nullptr && working == Working::apart)
    *error = contain(run_walk, &walking);
  if (walking.done == 0 && *error == nullptr)
    *error = contain(run_leftovers, &walking);
  return walking.done;
}

void put_in_order(Working working, const ErrorData **error) {
  Doing doing = {0, working, 0, nullptr};
  const ErrorData *failed = contain(run_numbering, &doing);
  if (failed != nullptr)
    *error = failed;
}

void note_work(const ErrorData *error) {
  Arguments arguments;
  arguments.add(INT8OID, Int64GetDatum(tally.due));
  arguments.add(INT8OID, Int64GetDatum(tally.queued));
  arguments.add(BOOLOID, BoolGetDatum(error != nullptr));
  arguments.add(TEXTOID,
                CStringGetTextDatum(error != nullptr && error->message != nullptr ? error->message : ""));
  // Whoever ticks inside a transaction of his own has the row until that ends: he is not waited for, since
  // others wait for the customers of this batch.
  uint64 noted =
      execute_own("WITH free AS MATERIALIZED (SELECT FROM segmentation.upkeep AS f FOR UPDATE SKIP LOCKED) "
                  "UPDATE segmentation.upkeep AS u SET ticked_at = pg_catalog.clock_timestamp(), "
                  "latest_at = GREATEST(u.latest_at, pg_catalog.clock_timestamp()), "
                  "due_judged = u.due_judged + $1, queue_done = u.queue_done + $2, "
                  "per_second = ($1 + $2) / GREATEST(EXTRACT(epoch FROM pg_catalog.clock_timestamp() - "
                  "COALESCE(u.ticked_at, pg_catalog.clock_timestamp())), 1), "
                  "error_at = CASE WHEN $3 THEN pg_catalog.clock_timestamp() ELSE u.error_at END, "
                  "error = CASE WHEN $3 THEN $4 ELSE u.error END FROM free",
                  arguments, Plan::saved);
  if (noted > 0)
    tally = {0, 0};
}

void rest(const ErrorData *error) {
  fold_counts(most_counts); // where all who write hold snapshots nobody else does
  forget_meanwhile();
  forget_shares();
  note_work(error);
}

} // namespace segmentation::pg

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_tick) {
  auto *call = reinterpret_cast<CallContext *>(fcinfo->context);
  // Inside somebody's transaction all is done in that; else each batch commits, so that nobody waits for
  // long.
  PreventCommandDuringRecovery("segmentation.tick()");
  bool commits = call != nullptr && IsA(call, CallContext) && !call->atomic;
  const char *problem = nullptr; // of the last batch; errors themselves end with their session
  apply_now();                   // what is read below must not be folded in once more at the commit
  TimestampTz noted_at = GetCurrentTimestamp();
  for (;;) {
    Session session = open_session(commits);
    const ErrorData *error = nullptr;
    // Customers stay locked until the commit, so that one transaction must lock all of its in one order.
    Working working = commits ? Working::apart : Working::inside;
    int done = do_batch(working, &error);
    bool is_time = TimestampDifferenceExceeds(noted_at, GetCurrentTimestamp(), 1000);
    if (done == 0 || is_time)
      put_in_order(working, &error);
    if (done == 0)
      rest(error);
    else if (is_time)
      note_work(error);
    if (is_time)
      noted_at = GetCurrentTimestamp();
    bool refreshes = false;
    if (done == 0) {
      if (commits)
        SPI_commit();
      refreshes = refresh_when_due(working);
    }
    if (commits)
      SPI_commit();
    problem = error != nullptr ? MemoryContextStrdup(session.caller, error->message) : nullptr;
    close_session(session);
    if (done == 0 && !refreshes)
      break;
  }
  if (problem != nullptr)
    ereport(WARNING, (errmsg("the queue could not be worked off"), errdetail_internal("%s", problem)));
  PG_RETURN_VOID();
}
