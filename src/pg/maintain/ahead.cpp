// A mark says whether somebody builds. Who commits takes it weakly if it is free, who builds strongly, before
// he takes his snapshot: so a commit is in the snapshot, or has noted what it changed. Server's side.
#include "pg/maintain/ahead.hpp"

#include "pg/boundary/run_core.hpp"
#include "pg/live/program.hpp"
#include "pg/maintain/built.hpp"
#include "pg/maintain/queue.hpp"
#include "pg/stored/due.hpp"
#include "pg/stored/insert.hpp"
#include "pg/stored/stored.hpp"

namespace segmentation::pg {

namespace {

/// A segment that was judged before its definition has the gate.
struct Ahead {
  int32 segment;
  const char *rule;
  const char *definitions; // that it was judged by
  Owned<Work> *work;       // its verdicts, while they are not written
  Owned<Difference> *difference;
  MemoryContext memory; // of all of it; ends with the transaction at the latest
};
Ahead *ahead = nullptr;

void forget_ahead() {
  if (ahead != nullptr)
    MemoryContextDelete(ahead->memory);
}

Ahead *make_ahead(int32 segment, const char *rule, const char *definitions) {
  MemoryContext memory =
      AllocSetContextCreate(TopTransactionContext, "segmentation build", ALLOCSET_DEFAULT_SIZES);
  MemoryContext before = MemoryContextSwitchTo(memory);
  auto *made = static_cast<Ahead *>(palloc0(sizeof(Ahead)));
  made->segment = segment;
  made->rule = pstrdup(rule);
  made->definitions = pstrdup(definitions);
  made->memory = memory;
  auto *callback = static_cast<MemoryContextCallback *>(palloc0(sizeof(MemoryContextCallback)));
  callback->func = [](void *) { ahead = nullptr; };
  MemoryContextRegisterResetCallback(memory, callback);
  MemoryContextSwitchTo(before);
  return made;
}

bool is_held(Oid relation, LOCKMODE mode) {
  Relation opened = table_open(relation, NoLock);
  bool held = CheckRelationLockedByMe(opened, mode, true);
  table_close(opened, NoLock);
  return held;
}

/// Returns what the meaning of a rule hangs on, other segments' rules among it where it may name them;
/// nullptr where it may read members, whose changes nobody notes.
const char *definitions_of(int32 segment, const char *rule) {
  Arguments arguments;
  arguments.add(TEXTOID, CStringGetTextDatum(rule));
  arguments.add(INT4OID, Int32GetDatum(segment));
  Rows rows = query_own(
      "WITH d AS (SELECT pg_catalog.concat_ws(' ', "
      "(SELECT pg_catalog.string_agg(t::text, ' ' ORDER BY t.id) FROM segmentation.binding AS t), "
      "(SELECT pg_catalog.string_agg(t::text, ' ' ORDER BY t.binding_id, t.name) FROM "
      "segmentation.binding_column AS t), "
      "(SELECT pg_catalog.string_agg(t::text, ' ' ORDER BY t.relation, t.word) FROM "
      "segmentation.column_word AS t), "
      "(SELECT pg_catalog.string_agg(t::text, ' ' ORDER BY t.name) FROM segmentation.attribute_definition "
      "AS t), "
      "(SELECT pg_catalog.string_agg(t::text, ' ' ORDER BY t.name) FROM segmentation.source_definition AS t)"
      ") AS shop), "
      "s AS (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ', s.id, s.name, "
      "segmentation.rule_source(s.rule)), ' ' ORDER BY s.id) AS segments FROM segmentation.segment AS s "
      "WHERE s.id <> $2) "
      "SELECT CASE WHEN d.shop || $1 ~* 'memberships' OR s.segments ~* 'memberships' AND d.shop || $1 ~* "
      "'segments' THEN NULL WHEN d.shop || $1 ~* 'segments' THEN pg_catalog.concat_ws(' ', d.shop, "
      "s.segments) ELSE d.shop END FROM d, s",
      arguments);
  return text_value(rows, 0, 1);
}

bool is_sound(const Live *live, const char *rule) {
  bool sound = false;
  run_core([=, &sound](Failure &) {
    Failure unsaid;
    sound = (*live->core)->check(rule, Excerpt::none, unsaid).has_value();
  });
  return sound;
}

/// A new segment's passes on their way.
struct Passing {
  const Live *live;
  TimestampTz at;
  bool moves; // time alone may change verdicts
  uint32 count;
};

void take_pass(void *argument, const Pass &pass) {
  auto *passing = static_cast<Passing *>(argument);
  passing->count = pass.slice.count;
  if (passing->at == 0)
    return; // the verdicts are to stay
  Work *work = pass.work;
  Difference *difference = ahead->difference->get();
  run_core([=](Failure &) {
    difference->start(*work);
    difference->finish(*work);
  });
  (void)insert_joiners(passing->live, work, &ahead->segment, 1, passing->at, nullptr);
  if (passing->moves)
    write_all_dues(passing->live, work);
}

/// Judges everyone; false where that takes several passes, so that the verdicts of all are not at hand.
bool judge_ahead(const Live *live, bool is_new) {
  MemoryContext before = MemoryContextSwitchTo(ahead->memory);
  ahead->work = compile_rules(live, &ahead->rule, 1, Excerpt::none);
  ahead->difference = Owned<Difference>::make();
  const Ahead *one = ahead;
  run_core([=](Failure &) { one->difference->set(new Difference({one->segment})); });
  MemoryContextSwitchTo(before);
  if (!is_new && estimated_passes(live, ahead->work->get()) > 1)
    return false;
  PushActiveSnapshot(GetLatestSnapshot());
  Passing passing = {live, is_new ? GetCurrentTimestamp() : 0, false, 0};
  run_core([one, &passing](Failure &) { passing.moves = (*one->work)->program().moves(); });
  judge_everyone(live, ahead->work->get(), transaction_now(), passing.moves, nullptr, take_pass, &passing);
  PopActiveSnapshot();
  if (is_new)
    ahead->work->clear();
  return is_new || passing.count == 1;
}

/// Tells whether a segment's rule has a meaning among the others: alone it may have had one before it was
/// defined.
bool is_whole(const Live *live, int32 segment) {
  Failure unsaid;
  for (int i = 0; i < live->schema.segment_count; ++i) {
    if (live->schema.segments[i].id == segment)
      return check_segment(live, i, &unsaid);
  }
  return false;
}

/// Brings the stored members of a segment that is not new to what was found, and says of both kinds that they
/// are written.
void write_ahead(const Live *live, bool changed) {
  Datum ids[1] = {Int32GetDatum(ahead->segment)};
  Datum segments = make_array(ids, 1, INT4OID);
  TimestampTz at = GetCurrentTimestamp();
  Difference *difference = ahead->difference->get();
  if (changed)
    note_rule_change(segments, at);
  if (Work *work = ahead->work->get()) {
    PushActiveSnapshot(GetLatestSnapshot());
    compare_stored(live, {work, {0, 1}}, difference, segments);
    (void)delete_leavers(*live, difference, at);
    (void)insert_joiners(live, work, &ahead->segment, 1, at, nullptr);
    bool moves = false;
    run_core([work, &moves](Failure &) { moves = work->program().moves(); });
    if (moves)
      write_all_dues(live, work);
    PopActiveSnapshot();
  }
  write_counts(&ahead->segment, 1, *difference);
  mark_built(segments);
  CommandCounterIncrement();
}

/// Deletes what was noted, as far as it is committed.
void delete_notes() {
  (void)execute_own("DELETE FROM segmentation.meanwhile", {}, Plan::saved);
}

} // namespace

bool is_building_ahead() {
  return !ConditionalLockRelationOid(own_relation("build_mark"), RowExclusiveLock);
}

bool build_ahead(int32 segment, const char *rule, bool is_new) {
  forget_ahead();
  Oid mark = own_relation("build_mark");
  // Who is about to commit would wait for what this transaction holds, and it for him.
  if (is_held(mark, RowExclusiveLock) || is_held(own_relation("segment"), RowExclusiveLock) ||
      definitions_of(segment, rule) == nullptr)
    return false;
  // Before all else, so that who waits here holds nobody up; and then without waiting, since whoever changes
  // a table may want to build, too.
  LockRelationOid(mark, ShareRowExclusiveLock);
  CommandCounterIncrement();
  if (!lock_bound_relations(false)) {
    UnlockRelationOid(mark, ShareRowExclusiveLock);
    return false;
  }
  const char *definitions = definitions_of(segment, rule);
  Identity caller = become_reader();
  const Live *live = load_live();
  check_key_type(live);
  bool done = false;
  if (definitions != nullptr && is_sound(live, rule)) {
    delete_notes(); // of those whom this one sees
    ahead = make_ahead(segment, rule, definitions);
    done = judge_ahead(live, is_new);
    if (!done)
      forget_ahead();
  }
  become_again(caller);
  return done;
}

bool catch_up(int32 segment, bool changed) {
  CommandCounterIncrement();
  if (ahead == nullptr || ahead->segment != segment)
    return false;
  const char *definitions = definitions_of(segment, ahead->rule);
  Identity caller = become_reader();
  const Live *live = load_live();
  bool again =
      definitions == nullptr || strcmp(definitions, ahead->definitions) != 0 || !is_whole(live, segment);
  KeyList keys;
  if (!again)
    keys = customers_meanwhile(live, &again);
  if (!again) {
    write_ahead(live, changed);
    write_keys(load_live(), &keys, Keeping::none);
  }
  delete_notes();
  become_again(caller);
  forget_ahead();
  return !again;
}

void forget_meanwhile() {
  // Nobody is building then, and who wants to begin waits.
  if (ConditionalLockRelationOid(own_relation("build_mark"), ShareUpdateExclusiveLock))
    delete_notes();
}

} // namespace segmentation::pg

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_build_ahead) {
  Session session = open_session();
  bool done = build_ahead(PG_GETARG_INT32(0), text_to_cstring(PG_GETARG_TEXT_PP(1)), PG_GETARG_BOOL(2));
  close_session(session);
  PG_RETURN_BOOL(done);
}

SEGMENTATION_FUNCTION(segmentation_catch_up) {
  Session session = open_session();
  bool done = catch_up(PG_GETARG_INT32(0), PG_GETARG_BOOL(1));
  close_session(session);
  PG_RETURN_BOOL(done);
}

SEGMENTATION_FUNCTION(segmentation_is_building_ahead) {
  (void)fcinfo;
  PG_RETURN_BOOL(is_building_ahead());
}
