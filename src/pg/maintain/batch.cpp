// Lock, then settle; who fails is told apart from the others. Server's side.
#include "pg/maintain/batch.hpp"

#include "pg/maintain/settle.hpp"
#include "pg/stored/moved.hpp"

namespace segmentation::pg {

namespace {

/// So many failures are told apart customer by customer; then the rest is taken to fail, too.
constexpr int most_failures = 16;

int compare_oids(const void *a, const void *b) {
  return oid_cmp(a, b);
}

void lock_relations(const Live *live) {
  Oid *relations =
      static_cast<Oid *>(palloc(sizeof(Oid) * static_cast<Size>(live->schema.relation_count + 1)));
  int count = 0;
  for (int i = 0; i < live->schema.relation_count; ++i) {
    // What is built in, definitions alone take away: behind the gate.
    if (live->schema.relations[i].id != 0)
      relations[count++] = live->schema.relations[i].relation;
  }
  pg_qsort(relations, static_cast<size_t>(count), sizeof(Oid), compare_oids);
  for (int i = 0; i < count; ++i) {
    if (i == 0 || relations[i] != relations[i - 1])
      LockRelationOid(relations[i], AccessShareLock);
  }
  pfree(relations);
}

} // namespace

const Live *enter_gate(bool alone) {
  Oid gate = own_relation("segment");
  for (;;) {
    const Live *live = load_live();
    uint64 serial = live->serial;
    lock_relations(live);
    LockRelationOid(gate, alone ? ShareRowExclusiveLock : RowExclusiveLock);
    // Somebody may have changed definitions while we waited.
    live = load_live();
    if (live->serial == serial)
      return live;
  }
}

bool lock_bound_relations(bool wait) {
  Rows rows = query_own("SELECT DISTINCT b.relation::oid FROM segmentation.binding AS b ORDER BY 1");
  for (uint64 row = 0; row < rows.count; ++row) {
    bool missing;
    Oid relation = DatumGetObjectId(value_of(rows, row, 1, missing));
    if (wait)
      LockRelationOid(relation, AccessShareLock);
    else if (!ConditionalLockRelationOid(relation, AccessShareLock))
      return false;
  }
  return true;
}

Batch start_batch(const Live *live, const Deltas *deltas) {
  Batch batch;
  memset(&batch, 0, sizeof batch);
  batch.live = live;
  batch.program = load_program(live);
  batch.table = open_state(live);
  batch.deltas = deltas;
  return batch;
}

void lock_customers(Batch *batch, const KeyList &keys) {
  int known = batch->count;
  if (batch->count + keys.count > batch->room) {
    int room = batch->count + keys.count;
    auto *rows = static_cast<StateRow *>(
        palloc_extended(sizeof(StateRow) * static_cast<Size>(room), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO));
    if (batch->count > 0)
      memcpy(static_cast<void *>(rows), batch->rows, sizeof(StateRow) * static_cast<Size>(batch->count));
    batch->rows = rows;
    batch->room = room;
  }
  int at = 0; // in the rows that were locked before, which are sorted like the keys
  for (int i = 0; i < keys.count; ++i) {
    while (at < known && compare_keys(batch->rows[at].key, keys.keys[i]) < 0)
      ++at;
    if (at < known && compare_keys(batch->rows[at].key, keys.keys[i]) == 0)
      continue;
    StateRow *row = &batch->rows[batch->count];
    row->key = keys.keys[i];
    row->datum = keys.datums[i];
    if (lock_state(batch->table, row, batch->cause == Cause::time))
      ++batch->count;
  }
  if (known > 0 && batch->count > known)
    pg_qsort(
        batch->rows, static_cast<size_t>(batch->count), sizeof(StateRow), [](const void *a, const void *b) {
          return compare_keys(static_cast<const StateRow *>(a)->key, static_cast<const StateRow *>(b)->key);
        });
}

void note_moved(const Batch &batch) {
  if (batch.live->schema.forecast == nullptr)
    return;
  auto *keys = static_cast<Datum *>(
      palloc_extended(sizeof(Datum) * static_cast<Size>(batch.count + 1), MCXT_ALLOC_HUGE));
  for (int i = 0; i < batch.count; ++i)
    keys[i] = batch.rows[i].datum;
  note_moved(batch.live, keys, batch.count);
  pfree(keys);
}

namespace {

/// What is kept of customers who could not be judged lacks what this transaction changed.
void forget_measures(const Part &part) {
  for (int i = 0; i < part.count; ++i) {
    StateRow *row = &part.batch->rows[part.first + i];
    if (row->measures == nullptr && row->due_at == due_unknown)
      continue;
    row->measures = nullptr;
    row->due_at = due_unknown; // the clock may have taken it away
    write_state(part.batch->table, row);
  }
}

void do_part(const Part &part, Outcome *outcome) {
  // What others wrote before we had the locks must be seen, and what we wrote of these customers ourselves.
  CommandCounterIncrement();
  PushActiveSnapshot(GetLatestSnapshot());
  const ErrorData *error =
      outcome->failed.count < most_failures ? settle_part(part, &outcome->written) : outcome->error;
  if (error == nullptr) {
    PopActiveSnapshot();
    return;
  }
  if (part.count == 1 || outcome->failed.count >= most_failures) {
    for (int i = 0; i < part.count; ++i)
      add_keys(&outcome->failed, part.batch->live->key, &part.batch->rows[part.first + i].datum, 1);
    outcome->error = error;
    forget_measures(part);
    PopActiveSnapshot();
    return;
  }
  PopActiveSnapshot();
  do_part({part.batch, part.first, part.count / 2}, outcome);
  do_part({part.batch, part.first + part.count / 2, part.count - part.count / 2}, outcome);
}

} // namespace

Outcome write_batch(Batch *batch) {
  Outcome outcome;
  memset(&outcome, 0, sizeof outcome);
  batch->recorded_at = GetCurrentTimestamp();
  if (batch->cause != Cause::time)
    batch->instant = batch->recorded_at;
  for (int i = 0; i < batch->count; ++i)
    batch->instant = Max(batch->instant, batch->rows[i].as_of);
  batch->recorded_at = Max(batch->recorded_at, batch->instant);
  if (batch->count > 0)
    do_part({batch, 0, batch->count}, &outcome);
  return outcome;
}

void end_batch(Batch *batch) {
  close_state(batch->table);
}

} // namespace segmentation::pg
