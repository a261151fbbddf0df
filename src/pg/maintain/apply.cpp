// Whom do the changes concern, lock them, look again, write. Server's side.
#include "pg/maintain/apply.hpp"

#include "pg/boundary/contain.hpp"
#include "pg/boundary/run_core.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/changes/deltas.hpp"
#include "pg/changes/touched.hpp"
#include "pg/maintain/ahead.hpp"
#include "pg/maintain/batch.hpp"
#include "pg/maintain/queue.hpp"
#include "pg/maintain/restored.hpp"
#include "pg/maintain/transaction.hpp"
#include "pg/maintain/write.hpp"
#include "pg/stored/moved.hpp"

namespace segmentation::pg {

namespace {

/// One application of changes.
struct Applying {
  NetChanges net;
  const Live *live;
  Touched touched;
  KeyList keys;   // whom to lock: those named and, once they are found, those led to
  bool astray;    // some link led nowhere
  bool alone;     // with the gate
  bool all_noted; // nothing that the transaction changed is still to be noted
};

void load(void *argument) {
  static_cast<Applying *>(argument)->live = load_as_reader();
}

void collect(void *argument) {
  auto *applying = static_cast<Applying *>(argument);
  applying->touched = collect_touched(applying->live, applying->net);
  applying->keys = copy_keys(applying->touched.keys);
}

/// Adds those whom links lead to now to those who are known already.
void find_owners(void *argument) {
  auto *applying = static_cast<Applying *>(argument);
  CommandCounterIncrement();
  PushActiveSnapshot(GetLatestSnapshot());
  Identity caller = become(owner_of(applying->live->customers));
  applying->astray = add_owners(applying->live, applying->touched, &applying->keys);
  become_again(caller);
  PopActiveSnapshot();
}

void enter(void *argument) {
  auto *applying = static_cast<Applying *>(argument);
  applying->live = enter_gate(applying->alone);
  (void)load_program(applying->live);
}

/// Tells whether the live program stands ready, so that reading it cannot fail.
bool is_ready(const Live *live) {
  return live != nullptr && live->program != nullptr;
}

void queue_rest(const Live *live, KeyList *keys) {
  if (keys->count <= commit_limit)
    return;
  enqueue_keys(live, *keys, commit_limit);
  ereport(NOTICE, (errmsg("%d customers will be brought up to date later", keys->count - commit_limit),
                   errdetail("This transaction changed %d, and segmentation.commit_limit is %d.", keys->count,
                             commit_limit),
                   errhint("The worker does it, or CALL segmentation.tick().")));
  keys->count = commit_limit;
}

void tell_everyone_queued() {
  ereport(NOTICE, (errmsg("all customers will be brought up to date later"),
                   errhint("The worker does it, or CALL segmentation.tick().")));
}

void queue_everyone(Applying *applying) {
  applying->touched.link_count = 0;
  applying->touched.keys.count = 0;
  enqueue_touched(applying->live, applying->touched);
  tell_everyone_queued();
}

void rebuild(void *argument) {
  auto *applying = static_cast<Applying *>(argument);
  // A commit that waits while it holds a partition, or that judges more customers than it may, holds others
  // up.
  Arguments arguments;
  arguments.add(INT8OID, Int64GetDatum(commit_limit));
  CommandCounterIncrement();
  PushActiveSnapshot(GetLatestSnapshot());
  Rows rows =
      query(psprintf("SELECT pg_catalog.count(*) > $1 FROM (SELECT FROM %s AS c LIMIT $1 + 1) AS counted",
                     applying->live->schema.relations[0].from_sql),
            arguments);
  PopActiveSnapshot();
  bool missing;
  bool many = DatumGetBool(value_of(rows, 0, 1, missing));
  if (!many) {
    note_all_moved();
    (void)write_everyone();
    return;
  }
  queue_everyone(applying);
}

/// Works out what the rows do to what is kept; nullptr where their plans are older than what is live.
const Deltas *work_out(const Applying *applying) {
  for (int i = 0; i < applying->net.count; ++i) {
    if (applying->net.rows[i].plan->serial != applying->live->serial)
      return nullptr;
  }
  auto *deltas = Owned<Deltas>::make();
  size_t feeds = load_program(applying->live)->work->get()->program().feeds().size();
  run_core([=](Failure &) {
    deltas->set(new Deltas(applying->net.rows, static_cast<size_t>(applying->net.count), feeds));
  });
  return deltas->get();
}

/// Takes the gate alone if that comes free within milliseconds: whoever has just committed gives his locks
/// back one by one.
bool can_be_alone() {
  Oid gate = own_relation("segment");
  for (int tries = 0; tries < 5; ++tries) {
    if (ConditionalLockRelationOid(gate, ShareRowExclusiveLock))
      return true;
    CHECK_FOR_INTERRUPTS();
    pg_usleep(1000);
  }
  return false;
}

/// Tells whether any of the changed rows may be one that forecasts are made of.
bool moves_forecasts(const Applying *applying) {
  for (int i = 0; i < applying->net.count; ++i) {
    const CapturePlan *plan = applying->net.rows[i].plan;
    if (plan->serial != applying->live->serial || plan->in_forecasts)
      return true;
  }
  return false;
}

void write(Applying *applying) {
  Batch batch = start_batch(applying->live, applying->all_noted ? work_out(applying) : nullptr);
  batch.keeping = applying->all_noted ? Keeping::all : Keeping::none;
  int known = -1;
  while (known != batch.count) { // rows above may have gone to other customers while we waited
    known = batch.count;
    lock_customers(&batch, applying->keys);
    if (applying->touched.link_count == 0)
      break;
    if (contain(find_owners, applying) != nullptr) {
      enqueue_touched(applying->live, applying->touched); // whom they lead to by now is not known
      break;
    }
    // What a row leads to went away while we waited, and may come back elsewhere. Waiting for the gate with
    // what we hold could be for ever.
    if (applying->astray && !applying->alone) {
      if (can_be_alone()) {
        applying->alone = true;
        known = -1;
      } else {
        enqueue_touched(applying->live, applying->touched);
      }
    }
    if (applying->keys.count > commit_limit)
      queue_rest(applying->live, &applying->keys);
  }
  if (moves_forecasts(applying))
    note_moved(batch);
  Outcome outcome = write_batch(&batch);
  end_batch(&batch);
  enqueue_keys(applying->live, outcome.failed, 0);
}

/// Passes the gate if nobody has it, for who must not wait; false where definitions are changing.
bool enter_at_once(const Applying *applying) {
  return ConditionalLockRelationOid(own_relation("segment"), RowExclusiveLock) &&
         kept_live() == applying->live;
}

/// Brings the changes to the members or, where that cannot be or is not wanted, to the queue.
void apply_as_owner(Applying *applying, bool to_queue) {
  ErrorData *error = contain(collect, applying);
  bool may_go_astray = false;
  for (int i = 0; i < applying->touched.link_count && error == nullptr; ++i) {
    const RelationInput &relation = applying->live->schema.relations[applying->touched.links[i].relation];
    may_go_astray |= relation.role != core::Role::lookup && !relation.key_is_enforced;
  }
  if (error == nullptr && may_go_astray && !to_queue && !applying->touched.shared) {
    error = contain(find_owners, applying); // only to see whether a link leads nowhere
    applying->keys = copy_keys(applying->touched.keys);
  }
  // Nor must it wait for the gate with a partition, which nobody who has passed it has asked for yet.
  if (error == nullptr && applying->touched.in_partition && !to_queue) {
    queue_everyone(applying);
    return;
  }
  applying->alone = !to_queue && (applying->touched.shared || applying->touched.everyone || applying->astray);
  const Live *live = applying->live;
  if (error == nullptr && is_replicated() && !enter_at_once(applying)) {
    enqueue_rows(applying->net);
    return;
  }
  if (error == nullptr && !is_replicated()) {
    error = contain(enter, applying);
    if (error == nullptr && applying->live != live)
      error = contain(collect, applying);
  }
  if (error == nullptr && to_queue) {
    enqueue_touched(applying->live, applying->touched);
    return;
  }
  if (error == nullptr && applying->touched.everyone) {
    if (contain(rebuild, applying) != nullptr)
      queue_everyone(applying);
    return;
  }
  if (error == nullptr && applying->touched.link_count > 0)
    error = contain(find_owners, applying);
  if (error != nullptr) {
    enqueue_rows(applying->net);
  } else if (applying->keys.count > 0) {
    queue_rest(applying->live, &applying->keys);
    write(applying);
  }
}

/// Does it all, as the customers' owner: an application needs no right on our tables to write into its own.
void apply_rows(Applying *applying, bool to_queue) {
  // This transaction may have dropped the extension.
  Oid schema = get_namespace_oid("segmentation", true);
  if (!OidIsValid(schema) || !OidIsValid(get_relname_relid("definition_version", schema)))
    return;
  // Before anything else: whoever builds a segment beside the writers must see what this transaction has
  // changed, or be told.
  if (is_building_ahead())
    enqueue_rows(applying->net, Book::meanwhile);
  // Who has truncated a table holds it from everybody, and must not wait for another that is held so.
  if (applying->net.truncated_count > 0 && !to_queue && !lock_bound_relations(false)) {
    enqueue_rows(applying->net);
    tell_everyone_queued();
    return;
  }
  applying->live = kept_live();
  // Members, counts and queue may be on their way from a dump, and must not meet what we would write.
  if (may_not_judge(is_ready(applying->live) ? applying->live : nullptr)) {
    if (!note_left())
      enqueue_rows(applying->net);
    return;
  }
  if (!is_ready(applying->live) && contain(load, applying) != nullptr) {
    enqueue_rows(applying->net);
    return;
  }
  Identity caller = become(owner_of(applying->live->customers));
  apply_as_owner(applying, to_queue);
  become_again(caller);
}

/// Returns whether there was anything to apply.
bool apply(bool to_queue, bool all_noted) {
  Owned<Changes> *changes = changes_to_apply();
  if (changes == nullptr)
    return false;
  set_applying_level(GetCurrentTransactionNestLevel());
  Applying applying;
  memset(static_cast<void *>(&applying), 0, sizeof applying);
  applying.all_noted = all_noted && !changes->get()->has_overflowed();
  NetChanges *net = &applying.net;
  run_core([=](Failure &) { *net = changes->get()->sum_up(); });
  MemoryContext memory =
      AllocSetContextCreate(CurrentMemoryContext, "segmentation changes", ALLOCSET_DEFAULT_SIZES);
  MemoryContext before = MemoryContextSwitchTo(memory);
  Session session = open_session();
  MemoryContextSwitchTo(memory);
  bool read_only = XactReadOnly; // a transaction may have become that after it wrote
  XactReadOnly = false;
  apply_rows(&applying, to_queue);
  XactReadOnly = read_only;
  close_session(session);
  MemoryContextSwitchTo(before);
  MemoryContextDelete(memory);
  set_applying_level(0);
  return true;
}

void queue_changes(void *) {
  (void)apply(true, true);
}

void queue_all(void *) {
  Session session = open_session();
  enqueue_everyone();
  if (is_building_ahead())
    enqueue_everyone(Book::meanwhile);
  close_session(session);
}

/// Queues what replication has changed. An error would stop it, here and at each new try: what fails is taken
/// back, and everyone queued instead.
void apply_replicated() {
  ErrorData *error = nullptr;
  bool everyone = has_lost_rows();
  if (!everyone) {
    error = contain(queue_changes, nullptr);
    everyone = error != nullptr;
  }
  if (everyone)
    error = contain(queue_all, nullptr);
  if (error != nullptr)
    ereport(WARNING, (errmsg("replicated changes could not be queued: %s", error->message),
                      errhint("Members may be wrong until SELECT segmentation.refresh_all().")));
  set_applied();
}

} // namespace

void apply_at_commit() {
  if (is_replicated()) {
    apply_replicated();
    return;
  }
  // Triggers of the shop on what we write may change its tables in turn; not for ever.
  for (int rounds = 0; rounds < 10; ++rounds) {
    if (!apply(maintain_mode() == Maintain::background || rounds == 9, true))
      break;
    set_applied();
  }
}

void apply_at_prepare() {
  if (is_replicated()) {
    apply_replicated();
    return;
  }
  // Queueing comes last: it takes the gate in its weak mode, and what is held weakly must not be wanted
  // strongly.
  if (maintain_mode() != Maintain::background)
    (void)apply(false, true);
  if (apply(true, true))
    set_applied();
}

void apply_now() {
  if (!is_replicated() && apply(false, false))
    set_applied();
}

} // namespace segmentation::pg
