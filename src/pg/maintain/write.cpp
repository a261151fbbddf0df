// Verdicts against stored members, and the difference into the tables. Server's side.
#include "pg/maintain/write.hpp"

#include "pg/boundary/run_core.hpp"
#include "pg/maintain/ahead.hpp"
#include "pg/maintain/apply.hpp"
#include "pg/maintain/batch.hpp"
#include "pg/maintain/built.hpp"
#include "pg/maintain/queue.hpp"
#include "pg/maintain/restored.hpp"
#include "pg/stored/counts.hpp"
#include "pg/stored/due.hpp"
#include "pg/stored/insert.hpp"
#include "pg/stored/members.hpp"
#include "pg/stored/stored.hpp"

namespace segmentation::pg {

namespace {

/// One call's state.
struct Writing {
  const Live *live;
  Owned<Difference> *difference;
  int32 *segments;
  int segment_count;
  Datum segment_array;
  const Progress *progress;
  TimestampTz
      at; // when members come and go by this: after the gate was passed, so after whoever passed it before
  const char *reason;
  bool moves; // time alone may change what is written
  int64 rows;
};

/// Tells whether a segment's rule still has its meaning. One that lost what it reads keeps its members, with
/// a warning: it must not keep the others from being brought up to date.
bool is_whole(const Live *live, int index) {
  Failure failure;
  if (check_segment(live, index, &failure))
    return true;
  ereport(WARNING, (errmsg("segment \"%s\" was left as it is", live->schema.segments[index].name),
                    errdetail_internal("%s.", failure.message), errhint("Alter the segment or drop it.")));
  return false;
}

/// Warns of segments whose rules lost what they read.
void warn_of_broken(const Live *live) {
  if (load_program(live)->segment_count == live->schema.segment_count)
    return;
  for (int i = 0; i < live->schema.segment_count; ++i)
    (void)is_whole(live, i);
}

/// Finds the segments; returns their indexes in the schema.
int *choose_segments(const Live *live, const WriteRequest &request, int *chosen) {
  Datum *ids = nullptr;
  bool *nulls = nullptr;
  int count = live->schema.segment_count;
  if (!request.all_segments)
    deconstruct_array(DatumGetArrayTypeP(request.segments), INT4OID, 4, true, TYPALIGN_INT, &ids, &nulls,
                      &count);
  int *indexes = static_cast<int *>(palloc(sizeof(int) * static_cast<Size>(count + 1)));
  *chosen = 0;
  for (int i = 0; i < count; ++i) {
    if (nulls != nullptr && nulls[i])
      continue;
    int index = ids == nullptr ? i : require_segment(live, DatumGetInt32(ids[i]));
    if (request.all_segments && !is_whole(live, index))
      continue;
    bool known = false;
    for (int j = 0; j < *chosen && ids != nullptr; ++j)
      known = known || indexes[j] == index;
    if (!known)
      indexes[(*chosen)++] = index;
  }
  return indexes;
}

void write_pass(void *argument, const Pass &pass) {
  auto *writing = static_cast<Writing *>(argument);
  compare_stored(writing->live, pass, writing->difference->get(), writing->segment_array);
  writing->rows +=
      static_cast<int64>(delete_leavers(*writing->live, writing->difference->get(), writing->at));
  writing->rows += static_cast<int64>(insert_joiners(writing->live, pass.work, writing->segments,
                                                     static_cast<uint32>(writing->segment_count), writing->at,
                                                     writing->reason, writing->progress));
  if (writing->moves)
    write_all_dues(writing->live, pass.work);
}

/// Writes the members of some of the segments, which are given as indexes into the schema.
void write_some(Writing *writing, const WriteRequest &request, const int *indexes, int count) {
  const Live *live = writing->live;
  writing->segment_count = count;
  Datum *values = static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<Size>(count + 1)));
  for (int i = 0; i < count; ++i) {
    writing->segments[i] = live->schema.segments[indexes[i]].id;
    values[i] = Int32GetDatum(writing->segments[i]);
  }
  writing->segment_array = make_array(values, count, INT4OID);
  writing->difference = Owned<Difference>::make();
  auto *owned = Owned<Work>::make();
  run_core([=](Failure &failure) {
    writing->difference->set(new Difference({writing->segments, writing->segments + count}));
    owned->set(Work::make_for_segments(**live->core, indexes, count, failure));
    writing->moves = owned->get() != nullptr && owned->get()->program().moves();
  });
  // What others wrote before our turn came must be seen, and what we wrote of segments whose members these
  // read.
  CommandCounterIncrement();
  PushActiveSnapshot(GetLatestSnapshot());
  writing->at = GetCurrentTimestamp();
  writing->reason = request.changed ? reason_changed : reason_rule;
  if (request.changed)
    note_rule_change(writing->segment_array, writing->at);
  judge_everyone(live, owned->get(), transaction_now(), writing->moves, request.progress, write_pass,
                 writing);
  write_counts(writing->segments, count, **writing->difference);
  mark_built(writing->segment_array);
  PopActiveSnapshot();
  CommandCounterIncrement();
  owned->clear();
  writing->difference->clear();
}

/// Finds the turn of each of the segments, among them alone; returns how many there are.
int find_turns(const Live *live, const int *indexes, int count, int *turns) {
  int turn_count = 1;
  auto *owned = Owned<Work>::make();
  run_core([=, &turn_count](Failure &failure) {
    Work *work = Work::make_for_segments(**live->core, indexes, count, failure);
    owned->set(work);
    for (int i = 0; i < count && work != nullptr; ++i)
      turns[i] = work->turn(static_cast<size_t>(i));
    turn_count = work != nullptr ? work->turn_count() : 1;
  });
  owned->clear();
  return turn_count;
}

} // namespace

int64 write_members(const WriteRequest &request) {
  Writing writing;
  memset(&writing, 0, sizeof writing);
  const Live *live = writing.live = load_live();
  check_key_type(live);
  writing.progress = request.progress;
  int count;
  int *indexes = choose_segments(live, request, &count);
  Size room = sizeof(int) * static_cast<Size>(count + 1);
  int *turns = static_cast<int *>(palloc0(room)), *some = static_cast<int *>(palloc(room));
  writing.segments = static_cast<int32 *>(palloc(room));
  int turn_count = count > 1 ? find_turns(live, indexes, count, turns) : 1;
  for (int turn = 0; turn < turn_count && count > 0; ++turn) {
    int some_count = 0;
    for (int i = 0; i < count; ++i) {
      if (turns[i] == turn)
        some[some_count++] = indexes[i];
    }
    write_some(&writing, request, some, some_count);
  }
  return writing.rows;
}

int64 write_everyone(const Progress *progress) {
  delete_dues(enter_gate(true), nullptr, 0); // all that there are will be found anew
  if (is_building_ahead())                   // and does not know of the segment that is being built
    enqueue_everyone(Book::meanwhile);
  // Who was judged when the clock showed more than it does now would be judged as of then until it gets
  // there.
  Identity caller = become(owner_of(own_relation("state")));
  CommandCounterIncrement();
  PushActiveSnapshot(GetLatestSnapshot());
  execute("DELETE FROM segmentation.state AS s WHERE s.as_of > pg_catalog.clock_timestamp()");
  PopActiveSnapshot();
  become_again(caller);
  execute_own("UPDATE segmentation.upkeep AS u SET latest_at = pg_catalog.clock_timestamp() "
              "WHERE u.latest_at > pg_catalog.clock_timestamp()");
  // All that these have left out is there to be read by now; an interruption that lasts stays.
  execute_own("DELETE FROM segmentation.interruption AS i WHERE i.until IS NOT NULL");
  // What is kept of measures is not trusted either: who refreshes everyone has a reason.
  execute_own("UPDATE segmentation.definition_version AS v SET version = GREATEST(v.version, n.built) + 1, "
              "shrunk = GREATEST(v.version, n.built) + 1 "
              "FROM (SELECT pg_catalog.max(s.built) AS built FROM segmentation.segment AS s) AS n");
  end_restore();
  CommandCounterIncrement();
  WriteRequest request;
  memset(&request, 0, sizeof request);
  request.all_segments = true;
  request.progress = progress;
  int64 written = write_members(request);
  forget_all_gone(load_live());
  return written;
}

int64 refresh_customers(Datum customers, Oid type) {
  apply_now(); // what is read below must not be folded in once more at the commit
  const Live *live = enter_gate(false);
  warn_of_broken(live);
  GivenKeys given = read_keys(live, customers, type);
  KeyList keys;
  memset(&keys, 0, sizeof keys);
  add_keys(&keys, live->key, given.keys, given.count);
  sort_keys(&keys);
  Batch batch = start_batch(live);
  lock_customers(&batch, keys);
  note_moved(batch);
  Outcome outcome = write_batch(&batch);
  end_batch(&batch);
  if (outcome.error != nullptr)
    ThrowErrorData(const_cast<ErrorData *>(outcome.error));
  return static_cast<int64>(outcome.written);
}

} // namespace segmentation::pg
