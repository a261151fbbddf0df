// Rows go straight into the table and its indexes, as COPY's do; where the table has triggers, policies or
// another shape than ours, by INSERT. Server's side.
#include "pg/stored/insert.hpp"

#include "pg/boundary/fault.hpp"
#include "pg/boundary/run_core.hpp"
#include "pg/stored/member_rows.hpp"
#include "pg/stored/members.hpp"
#include "pg/stored/own_table.hpp"

namespace segmentation::pg {

namespace {

constexpr uint32 batch_rows = 1000;

/// Takes the next members, in the order of their keys; returns the next position.
uint32 next_members(Work *work, uint32 rule, uint32 from, CustomerKey *keys, uint32 *count) {
  uint32 next = 0;
  CHECK_FOR_INTERRUPTS();
  fault_in_server();
  run_core([=, &next](Failure &) { next = work->list_next(rule, from, batch_rows, keys, *count); });
  return next;
}

void check_right(Relation membership) {
  AclResult result = pg_class_aclcheck(RelationGetRelid(membership), GetUserId(), ACL_INSERT);
  if (result != ACLCHECK_OK)
    aclcheck_error(result, OBJECT_TABLE, RelationGetRelationName(membership));
}

/// The table opened for direct inserts.
struct Target {
  OwnTable *own;
  TupleTableSlot *slots[batch_rows];
  CommandId command;
  MemoryContext values;
};

void open_target(Target *target, OwnTable *membership) {
  target->own = membership;
  open_indexes(membership, false);
  target->command = GetCurrentCommandId(true);
  target->values =
      AllocSetContextCreate(CurrentMemoryContext, "segmentation members", ALLOCSET_DEFAULT_SIZES);
}

void close_target(Target *target) {
  for (TupleTableSlot *slot : target->slots) {
    if (slot != nullptr)
      ExecDropSingleTupleTableSlot(slot);
  }
  MemoryContextDelete(target->values);
}

void put_batch(Target *target, const KeyType &key, int32 segment, const CustomerKey *keys, uint32 count,
               TimestampTz at) {
  for (uint32 i = 0; i < count && target->slots[count - 1] == nullptr; ++i) {
    if (target->slots[i] == nullptr)
      target->slots[i] = MakeSingleTupleTableSlot(RelationGetDescr(target->own->table), &TTSOpsVirtual);
  }
  MemoryContext before = MemoryContextSwitchTo(target->values);
  for (uint32 i = 0; i < count; ++i) {
    TupleTableSlot *slot = target->slots[i];
    ExecClearTuple(slot);
    slot->tts_values[0] = Int32GetDatum(segment);
    slot->tts_values[1] = key_datum(key, keys[i]);
    slot->tts_values[2] = TimestampTzGetDatum(at);
    slot->tts_isnull[0] = slot->tts_isnull[1] = slot->tts_isnull[2] = false;
    slot->tts_isnull[3] = true; // recorded then
    ExecStoreVirtualTuple(slot);
  }
  table_multi_insert(target->own->table, target->slots, static_cast<int>(count), target->command, 0, nullptr);
  MemoryContextSwitchTo(before);
  for (uint32 i = 0; i < count; ++i) {
    segmentation_insert_index_entries(target->own->target, target->slots[i], target->own->executor);
    ResetPerTupleExprContext(target->own->executor);
  }
  MemoryContextReset(target->values);
}

/// What both ways of inserting need.
struct Joiners {
  const Live *live;
  Work *work;
  const int32 *segments;
  uint32 segment_count;
  const Progress *progress;
  TimestampTz at;
  const char *reason;
  CustomerKey *keys; // room for a batch
  ChangeNotes notes;
};

/// Notes a batch for who follows changes. In a group or tag is who was put into it.
void note_batch(Joiners *joiners, int32 segment, uint32 count) {
  const Live *live = joiners->live;
  int index = find_segment(live, segment);
  bool by_hand = index >= 0 && live->schema.segments[index].source == nullptr;
  for (uint32 i = 0; i < count && joiners->notes.are_kept; ++i)
    note_change(&joiners->notes, segment, true, joiners->at, by_hand ? reason_hand : joiners->reason,
                joiners->keys[i]);
}

void tell(const Joiners &joiners, uint64 inserted) {
  if (joiners.progress != nullptr)
    joiners.progress->tell(joiners.progress->argument, "membership", inserted, "rows written");
}

uint64 insert_directly(Joiners *all, OwnTable *membership) {
  const Joiners &joiners = *all;
  auto *target = static_cast<Target *>(palloc0(sizeof(Target)));
  open_target(target, membership);
  uint64 inserted = 0;
  uint32 size = joiners.work->size();
  for (uint32 rule = 0; rule < joiners.segment_count; ++rule) {
    for (uint32 from = 0; from < size;) {
      uint32 count = 0;
      from = next_members(joiners.work, rule, from, joiners.keys, &count);
      if (count > 0)
        put_batch(target, joiners.live->key, joiners.segments[rule], joiners.keys, count, joiners.at);
      note_batch(all, joiners.segments[rule], count);
      inserted += count;
      tell(joiners, inserted);
    }
  }
  close_target(target);
  return inserted;
}

uint64 insert_by_statement(Joiners *all) {
  const Joiners &joiners = *all;
  const KeyType &key = joiners.live->key;
  Datum *values = static_cast<Datum *>(palloc(sizeof(Datum) * batch_rows));
  MemoryContext chunk =
      AllocSetContextCreate(CurrentMemoryContext, "segmentation members", ALLOCSET_DEFAULT_SIZES);
  uint64 inserted = 0;
  uint32 size = joiners.work->size();
  for (uint32 rule = 0; rule < joiners.segment_count; ++rule) {
    for (uint32 from = 0; from < size;) {
      uint32 count = 0;
      from = next_members(joiners.work, rule, from, joiners.keys, &count);
      if (count == 0)
        continue;
      MemoryContext before = MemoryContextSwitchTo(chunk);
      for (uint32 i = 0; i < count; ++i)
        values[i] = key_datum(key, joiners.keys[i]);
      Arguments arguments;
      arguments.add(INT4OID, Int32GetDatum(joiners.segments[rule]));
      arguments.add(get_array_type(key.type), make_array(values, static_cast<int>(count), key.type));
      arguments.add(TIMESTAMPTZOID, TimestampTzGetDatum(joiners.at));
      inserted += execute("INSERT INTO segmentation.membership (segment_id, customer_id, entered_at) "
                          "SELECT $1, k, $3 FROM unnest($2) AS k",
                          arguments);
      MemoryContextSwitchTo(before);
      note_batch(all, joiners.segments[rule], count);
      MemoryContextReset(chunk);
      tell(joiners, inserted);
    }
  }
  MemoryContextDelete(chunk);
  return inserted;
}

} // namespace

uint64 insert_joiners(const Live *live, Work *work, const int32 *segments, uint32 segment_count,
                      TimestampTz at, const char *reason, const Progress *progress) {
  bool any = false;
  run_core([=, &any](Failure &) {
    for (uint32 rule = 0; rule < segment_count && !any; ++rule)
      any = work->count_holding(rule) > 0;
    if (any)
      work->sort_by_key();
  });
  if (!any)
    return 0;
  Joiners joiners = {live, work, segments, segment_count, progress, at, reason, nullptr, start_notes(live)};
  joiners.keys = static_cast<CustomerKey *>(palloc(sizeof(CustomerKey) * batch_rows));
  OwnTable *membership = open_own(own_relation("membership"), RowExclusiveLock);
  bool direct = membership_is_as_made(membership->table, live->key.type);
  if (direct)
    check_right(membership->table);
  uint64 inserted = direct ? insert_directly(&joiners, membership) : insert_by_statement(&joiners);
  close_own(membership); // what was inserted can be seen from here on
  end_notes(&joiners.notes);
  return inserted;
}

} // namespace segmentation::pg
