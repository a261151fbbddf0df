// The triggers on bound relations: one reads what a statement changed from its transition tables and notes
// it, one the single row that replication has changed. Server's side.
#include "pg/boundary/contain.hpp"
#include "pg/boundary/quiet.hpp"
#include "pg/boundary/run_core.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/changes/image.hpp"
#include "pg/live/program.hpp"
#include "pg/maintain/ahead.hpp"
#include "pg/maintain/apply.hpp"
#include "pg/maintain/queue.hpp"
#include "pg/maintain/transaction.hpp"

namespace segmentation::pg {

namespace {

constexpr int buffer_bytes = 256 * 1024;
constexpr uint32 buffer_rows = 4096;

struct Planning {
  Relation relation;
  const Live *live;
  const CapturePlan *plan;
};

void load(void *argument) {
  auto *planning = static_cast<Planning *>(argument);
  Session session = open_session();
  planning->live = load_live_if_bound();
  if (OidIsValid(planning->live->customers))
    (void)load_program(planning->live);
  else
    planning->live = nullptr;
  close_session(session);
}

/// Finds what is to be noted. Definitions that cannot be read are no reason to stop the shop: all is noted
/// then.
const CapturePlan *plan_for(Relation relation) {
  const Live *live = kept_live();
  if (const CapturePlan *plan = kept_capture_plan(RelationGetRelid(relation), live))
    return plan;
  Planning planning = {relation, live, nullptr};
  if (live == nullptr || live->program == nullptr) {
    if (contain(load, &planning) != nullptr)
      planning.live = nullptr;
  }
  return capture_plan(relation, planning.live);
}

/// Beyond so many rows of one transaction, a first copy of a table say, judging everyone costs replication
/// less.
constexpr size_t most_replicated = 100000;

/// Logical replication writes as a background worker in the role replica, which fires row triggers that
/// sessions do not, and statements' only where it copies or truncates a table. Whoever takes the role in a
/// session of his own fires the statements' triggers, enabled always, and these tell all.
bool is_replicating() {
  return MyBackendType == B_BG_WORKER && SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA;
}

/// A fault here would stop replication, so what cannot be told has everyone judged.
struct Replicating {
  Relation relation;
  const CapturePlan *plan;
};

void find_plan(void *argument) {
  auto *replicating = static_cast<Replicating *>(argument);
  replicating->plan = plan_for(replicating->relation);
}

/// Returns the plan; nullptr where everyone will be judged instead.
const CapturePlan *replicated_plan(Relation relation) {
  if (!has_lost_rows() && transaction_changes()->get()->news() >= most_replicated)
    lose_rows();
  if (has_lost_rows())
    return nullptr;
  if (const CapturePlan *plan = kept_capture_plan(RelationGetRelid(relation), kept_live()))
    return plan;
  Replicating replicating = {relation, nullptr};
  if (contain(find_plan, &replicating) == nullptr && replicating.plan->serial != 0)
    return replicating.plan;
  // Definitions that cannot be read would be tried anew with each row.
  lose_rows();
  return nullptr;
}

void note_row(Owned<Changes> *changes, const CapturePlan *plan, int sign, TupleTableSlot *slot) {
  StringInfoData image;
  initStringInfo(&image);
  append_image(&image, plan, slot);
  auto end = static_cast<uint32>(image.len);
  int level = GetCurrentTransactionNestLevel();
  const char *bytes = image.data;
  run_core([=](Failure &) { changes->get()->add(plan, level, sign, bytes, &end, 1); });
  pfree(image.data);
}

/// Queues rows for which there is no room.
void queue(const CapturePlan *plan, const char *images, const uint32 *ends, uint32 count) {
  Session session = open_session();
  enqueue_images(plan, images, ends, count);
  if (is_building_ahead())
    enqueue_images(plan, images, ends, count, Book::meanwhile);
  close_session(session);
}

/// Returns how many of the rows were queued.
int64 note(Owned<Changes> *changes, const CapturePlan *plan, int sign, Tuplestorestate *rows,
           TupleTableSlot *slot) {
  if (rows == nullptr || tuplestore_tuple_count(rows) == 0)
    return 0;
  int64 queued = 0;
  StringInfoData images;
  initStringInfo(&images);
  auto *ends = static_cast<uint32 *>(palloc(sizeof(uint32) * buffer_rows));
  uint32 count = 0;
  int level = GetCurrentTransactionNestLevel();
  tuplestore_select_read_pointer(rows, 0);
  tuplestore_rescan(rows);
  bool more = true;
  while (more) {
    more = tuplestore_gettupleslot(rows, true, false, slot);
    if (more) {
      append_image(&images, plan, slot);
      ends[count++] = static_cast<uint32>(images.len);
    }
    if (count == buffer_rows || images.len > buffer_bytes || (!more && count > 0)) {
      CHECK_FOR_INTERRUPTS();
      const char *bytes = images.data;
      bool full = changes->get()->bytes() > static_cast<Size>(capture_memory) * 1024;
      if (full) {
        queue(plan, bytes, ends, count);
        queued += count;
      } else {
        run_core([=](Failure &) { changes->get()->add(plan, level, sign, bytes, ends, count); });
      }
      resetStringInfo(&images);
      count = 0;
    }
  }
  ExecClearTuple(slot);
  pfree(images.data);
  pfree(ends);
  if (queued > 0)
    changes->get()->set_overflowed();
  return queued;
}

void tell_queued(int64 rows) {
  if (rows > 0)
    ereport(
        NOTICE,
        (errmsg("the customers of %lld changed rows will be brought up to date later",
                static_cast<long long>(rows)),
         errdetail("What this transaction has changed takes more than segmentation.capture_memory, %d kB.",
                   capture_memory),
         errhint("The worker does it, or CALL segmentation.tick().")));
}

} // namespace

} // namespace segmentation::pg

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_capture) {
  if (!CALLED_AS_TRIGGER(fcinfo))
    ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                    errmsg("_capture can only be called as a trigger")));
  auto *trigger = reinterpret_cast<TriggerData *>(fcinfo->context);
  if (!TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event) || !TRIGGER_FIRED_AFTER(trigger->tg_event))
    ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                    errmsg("_capture must be fired after a statement")));
  bool truncated = TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event);
  Tuplestorestate *old_rows = trigger->tg_oldtable, *new_rows = trigger->tg_newtable;
  if (!truncated && (old_rows == nullptr || tuplestore_tuple_count(old_rows) == 0) &&
      (new_rows == nullptr || tuplestore_tuple_count(new_rows) == 0))
    return PointerGetDatum(nullptr);
  if (is_quiet() && RelationGetRelid(trigger->tg_relation) == own_relation("by_hand"))
    return PointerGetDatum(nullptr);
  if (is_replicating()) {
    set_replicated();
    if (new_rows != nullptr && tuplestore_tuple_count(new_rows) > static_cast<int64>(most_replicated))
      lose_rows();
  }
  const CapturePlan *plan =
      is_replicated() ? replicated_plan(trigger->tg_relation) : plan_for(trigger->tg_relation);
  if (plan == nullptr || plan->binding_count == 0)
    return PointerGetDatum(nullptr);
  Owned<Changes> *changes = transaction_changes();
  if (truncated) {
    int level = GetCurrentTransactionNestLevel();
    run_core([=](Failure &) { changes->get()->add_truncation(plan, level); });
  } else {
    TupleTableSlot *slot =
        MakeSingleTupleTableSlot(RelationGetDescr(trigger->tg_relation), &TTSOpsMinimalTuple);
    int64 queued = note(changes, plan, -1, old_rows, slot);
    queued += note(changes, plan, 1, new_rows, slot);
    tell_queued(queued);
    ExecDropSingleTupleTableSlot(slot);
  }
  if (maintain_mode() == Maintain::statement)
    apply_now();
  return PointerGetDatum(nullptr);
}

SEGMENTATION_FUNCTION(segmentation_capture_row) {
  if (!CALLED_AS_TRIGGER(fcinfo))
    ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                    errmsg("_capture_row can only be called as a trigger")));
  auto *trigger = reinterpret_cast<TriggerData *>(fcinfo->context);
  if (!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) || !TRIGGER_FIRED_AFTER(trigger->tg_event))
    ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                    errmsg("_capture_row must be fired after a row")));
  if (!is_replicating())
    return PointerGetDatum(nullptr);
  set_replicated();
  const CapturePlan *plan = replicated_plan(trigger->tg_relation);
  if (plan == nullptr || plan->binding_count == 0)
    return PointerGetDatum(nullptr);
  Owned<Changes> *changes = transaction_changes();
  // The old row is the whole one of this server's table, whatever its replica identity.
  bool inserted = TRIGGER_FIRED_BY_INSERT(trigger->tg_event);
  note_row(changes, plan, inserted ? 1 : -1, trigger->tg_trigslot);
  if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
    note_row(changes, plan, 1, trigger->tg_newslot);
  return PointerGetDatum(nullptr);
}
