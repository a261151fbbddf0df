// The trigger on bound relations: reads what a statement changed from its transition tables and notes it.
// Server's side.
#include "pg/boundary/contain.hpp"
#include "pg/boundary/run_core.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/live/program.hpp"
#include "pg/maintain/apply.hpp"
#include "pg/maintain/image.hpp"
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

/// Queues rows for which there is no room.
void queue(const CapturePlan *plan, const char *images, const uint32 *ends, uint32 count) {
  Session session = open_session();
  enqueue_images(plan, images, ends, count);
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
  const CapturePlan *plan = plan_for(trigger->tg_relation);
  if (plan->binding_count == 0)
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
