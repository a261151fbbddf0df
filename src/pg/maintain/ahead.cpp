// A mark says whether somebody builds. Who commits takes it weakly if it is free, who builds strongly, before
// he takes his snapshot: so a commit is in the snapshot, or has noted what it changed. Server's side.
#include "pg/maintain/ahead.hpp"

#include "pg/boundary/run_core.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/live/program.hpp"
#include "pg/maintain/built.hpp"
#include "pg/maintain/queue.hpp"
#include "pg/stored/due.hpp"
#include "pg/stored/insert.hpp"
#include "pg/stored/member_rows.hpp"
#include "pg/stored/members.hpp"
#include "pg/stored/stored.hpp"

namespace segmentation::pg {

namespace {

struct Definitions {
  const char *shop;     // bindings, attributes, sources
  const char *segments; // the rules of the others; nullptr: none is named
};

/// A segment that was judged before its definition has the gate.
struct Ahead {
  int32 segment;
  const char *rule;
  Definitions by;    // that it was judged by
  Owned<Work> *work; // its verdicts, while they are not written
  Owned<Difference> *difference;
  uint64 customers;     // who were judged
  bool is_done;         // everyone is judged, and nobody has begun to write that
  MemoryContext memory; // of all of it; ends with the transaction at the latest
};
Ahead *ahead = nullptr;

void forget_ahead() {
  if (ahead != nullptr)
    MemoryContextDelete(ahead->memory);
}

bool is_held(Oid relation, LOCKMODE mode) {
  Relation opened = table_open(relation, NoLock);
  bool held = CheckRelationLockedByMe(opened, mode, true);
  table_close(opened, NoLock);
  return held;
}

/// What a rule reads, by the checker.
struct Uses {
  bool is_sound;
  bool segments; // rules of others
  bool members;  // whose changes nobody notes
};

Uses uses_of(const Live *live, const char *rule) {
  Uses uses = {false, false, false};
  run_core([=, &uses](Failure &) {
    Failure unsaid;
    if (auto checked = (*live->core)->check(rule, Excerpt::none, unsaid))
      uses = {true, !checked->segments.empty() || checked->any_kept, !checked->histories.empty()};
  });
  return uses;
}

/// Reads what the meaning of a rule may hang on.
Definitions read_definitions(int32 segment) {
  Arguments arguments;
  arguments.add(INT4OID, Int32GetDatum(segment));
  Rows rows = query_own(
      "SELECT pg_catalog.concat_ws(' ', "
      "(SELECT pg_catalog.string_agg(t::text, ' ' ORDER BY t.id) FROM segmentation.binding AS t), "
      "(SELECT pg_catalog.string_agg(t::text, ' ' ORDER BY t.binding_id, t.name) FROM "
      "segmentation.binding_column AS t), "
      "(SELECT pg_catalog.string_agg(t::text, ' ' ORDER BY t.relation, t.word) FROM "
      "segmentation.column_word AS t), "
      "(SELECT pg_catalog.string_agg(t::text, ' ' ORDER BY t.name) FROM segmentation.attribute_definition "
      "AS t), "
      "(SELECT pg_catalog.string_agg(t::text, ' ' ORDER BY t.name) FROM segmentation.source_definition AS "
      "t)), "
      "(SELECT pg_catalog.concat(pg_catalog.string_agg(pg_catalog.concat_ws(' ', s.id, s.name, "
      "s.by_hand, segmentation.rule_source(s.rule)), ' ' ORDER BY s.id)) FROM segmentation.segment AS s "
      "WHERE s.id <> $1)",
      arguments);
  return {text_value(rows, 0, 1), text_value(rows, 0, 2)};
}

Ahead *make_ahead(int32 segment, const char *rule, const Definitions &by) {
  MemoryContext memory =
      AllocSetContextCreate(TopTransactionContext, "segmentation build", ALLOCSET_DEFAULT_SIZES);
  MemoryContext before = MemoryContextSwitchTo(memory);
  auto *made = static_cast<Ahead *>(palloc0(sizeof(Ahead)));
  made->segment = segment;
  made->rule = pstrdup(rule);
  made->by = {pstrdup(by.shop), by.segments == nullptr ? nullptr : pstrdup(by.segments)};
  made->memory = memory;
  auto *callback = static_cast<MemoryContextCallback *>(palloc0(sizeof(MemoryContextCallback)));
  callback->func = [](void *) { ahead = nullptr; };
  MemoryContextRegisterResetCallback(memory, callback);
  MemoryContextSwitchTo(before);
  return made;
}

bool has_changed(const Definitions &now) {
  return strcmp(now.shop, ahead->by.shop) != 0 ||
         (ahead->by.segments != nullptr && strcmp(now.segments, ahead->by.segments) != 0);
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
  ahead->customers += pass.work->size();
  if (passing->at == 0)
    return; // the verdicts are to stay
  Work *work = pass.work;
  Difference *difference = ahead->difference->get();
  run_core([=](Failure &) {
    difference->start(*work);
    difference->finish(*work);
  });
  (void)insert_joiners(passing->live, work, &ahead->segment, 1, passing->at, reason_rule, nullptr);
  if (passing->moves)
    write_all_dues(passing->live, work);
}

/// Tells whether members may be written before their segment can be seen by triggers, rules and policies on
/// their table.
bool nobody_looks(const Live *live) {
  Relation membership = table_open(own_relation("membership"), RowExclusiveLock);
  bool as_made = membership_is_as_made(membership, live->key.type);
  table_close(membership, NoLock);
  return as_made;
}

Owned<Work> *compile_ahead(const Live *live) {
  auto *work = Owned<Work>::make();
  const Ahead *one = ahead;
  run_core([=](Failure &failure) {
    work->set(Work::make_for(**live->core, one->segment, one->rule, Excerpt::none, failure));
  });
  return work;
}

/// Judges everyone, and writes a new segment's members where nobody looks; false where the verdicts of all
/// are wanted and take several passes, so that they are not at hand.
bool judge_ahead(const Live *live, bool is_new) {
  bool writes = is_new && nobody_looks(live);
  MemoryContext before = MemoryContextSwitchTo(ahead->memory);
  ahead->work = compile_ahead(live);
  ahead->difference = Owned<Difference>::make();
  const Ahead *one = ahead;
  run_core([=](Failure &) { one->difference->set(new Difference({one->segment})); });
  MemoryContextSwitchTo(before);
  if (!writes && estimated_passes(live, ahead->work->get()) > 1)
    return false;
  PushActiveSnapshot(GetLatestSnapshot());
  Passing passing = {live, writes ? GetCurrentTimestamp() : 0, false, 0};
  run_core([one, &passing](Failure &) { passing.moves = (*one->work)->program().moves(); });
  judge_everyone(live, ahead->work->get(), transaction_now(), passing.moves, nullptr, take_pass, &passing);
  PopActiveSnapshot();
  if (writes)
    ahead->work->clear();
  return writes || passing.count == 1;
}

/// Tells whether a segment's rule has a meaning among the others: alone it may have had one before it was
/// defined.
bool is_whole(const Live *live, int32 segment) {
  Failure unsaid;
  int index = find_segment(live, segment);
  return index >= 0 && check_segment(live, index, &unsaid);
}

/// Puts what customers are by now in the place of what they were when everyone was judged: else who did not
/// belong to an altered segment then would leave it and come back.
void judge_meanwhile(const Live *live, Work *everyone, const KeyList &keys) {
  Owned<Work> *owned = compile_ahead(live);
  Work *some = owned->get();
  judge(live, some, customers_of(live, {keys.datums, keys.datums, keys.count}), GetCurrentTimestamp());
  run_core([=](Failure &) {
    for (int i = 0; i < keys.count; ++i) {
      auto before = everyone->find(keys.keys[i]), now = some->find(keys.keys[i]);
      if (before)
        everyone->set(0, *before, now && some->holds(0, *now));
    }
  });
  owned->clear();
}

/// Brings the stored members of a segment whose members are not written yet to what was found, and says of
/// both kinds that they are written. `keys` are those of customers who were changed meanwhile.
void write_ahead(const Live *live, const KeyList &keys, bool changed) {
  Datum ids[1] = {Int32GetDatum(ahead->segment)};
  Datum segments = make_array(ids, 1, INT4OID);
  TimestampTz at = GetCurrentTimestamp();
  Difference *difference = ahead->difference->get();
  if (changed)
    note_rule_change(segments, at);
  if (Work *work = ahead->work->get()) {
    PushActiveSnapshot(GetLatestSnapshot());
    if (keys.count > 0)
      judge_meanwhile(live, work, keys);
    compare_stored(live, {work, {0, 1}}, difference, segments);
    (void)delete_leavers(*live, difference, at);
    (void)insert_joiners(live, work, &ahead->segment, 1, at, changed ? reason_changed : reason_rule, nullptr);
    bool moves = false;
    run_core([work, &moves](Failure &) { moves = work->program().moves(); });
    if (moves)
      write_all_dues(live, work);
    PopActiveSnapshot();
  }
  // Others have committed since the members of a new segment were written.
  ChangeNotes notes = start_notes(live);
  note_end(&notes);
  end_notes(&notes);
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
  Oid mark = own_relation("build_mark");
  bool is_marked = is_held(mark, RowExclusiveLock);
  // What is kept is left over from a subtransaction that was rolled back, unless a function of the shop,
  // which is called while everyone is judged or written, defines something in turn.
  if (!is_marked || (ahead != nullptr && ahead->is_done))
    forget_ahead();
  // Who is about to commit would wait for what this transaction holds, and it for him.
  if (is_marked || is_held(own_relation("segment"), RowExclusiveLock))
    return false;
  // Before all else, so that who waits here holds nobody up; and then without waiting, since whoever changes
  // a table may want to build, too.
  LockRelationOid(mark, ShareRowExclusiveLock);
  CommandCounterIncrement();
  if (!lock_bound_relations(false)) {
    UnlockRelationOid(mark, ShareRowExclusiveLock);
    return false;
  }
  // Not after the definitions are read that it is judged by: a change between must be noticed.
  Definitions by = read_definitions(segment);
  Identity caller = become_reader();
  const Live *live = load_live();
  check_key_type(live);
  Uses uses = uses_of(live, rule);
  bool done = false;
  if (uses.is_sound && !uses.members) {
    delete_notes(); // of those whom this one sees
    if (!uses.segments)
      by.segments = nullptr;
    ahead = make_ahead(segment, rule, by);
    done = judge_ahead(live, is_new);
    ahead->is_done = done;
    if (!done)
      forget_ahead();
  } else {
    UnlockRelationOid(mark, ShareRowExclusiveLock);
  }
  become_again(caller);
  return done;
}

bool catch_up(int32 segment, bool changed) {
  CommandCounterIncrement();
  if (ahead == nullptr || ahead->segment != segment || !ahead->is_done)
    return false;
  ahead->is_done = false;
  Definitions definitions = read_definitions(segment);
  Identity caller = become_reader();
  const Live *live = load_live();
  bool again = has_changed(definitions) || !is_whole(live, segment);
  KeyList keys;
  memset(static_cast<void *>(&keys), 0, sizeof keys);
  if (!again)
    keys = customers_meanwhile(live, &again);
  // Many are judged sooner with all others in one pass, by the new rule alone, than one by one by all rules.
  again |= keys.count > commit_limit && static_cast<uint64>(keys.count) > ahead->customers / 8;
  if (!again) {
    write_ahead(live, keys, changed);
    write_keys(load_live(), &keys, Keeping::none);
  }
  delete_notes();
  become_again(caller);
  forget_ahead();
  return !again;
}

Work *verdicts_ahead(int32 segment) {
  bool kept = ahead != nullptr && ahead->segment == segment && ahead->is_done && ahead->work != nullptr;
  return kept ? ahead->work->get() : nullptr;
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
