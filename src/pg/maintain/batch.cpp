// Lock, judge, write. Server's side.
#include "pg/maintain/batch.hpp"

#include "pg/boundary/run_core.hpp"
#include "pg/maintain/judging.hpp"
#include "pg/maintain/members.hpp"
#include "pg/maintain/verdicts.hpp"

namespace segmentation::pg {

namespace {

/// So many failures are told apart customer by customer; then the rest is taken to fail, too.
constexpr int most_failures = 16;

int compare_oids(const void *a, const void *b) {
  return oid_cmp(a, b);
}

void lock_relations(const Live *live) {
  int count = live->schema.relation_count;
  Oid *relations = static_cast<Oid *>(palloc(sizeof(Oid) * static_cast<Size>(count + 1)));
  for (int i = 0; i < count; ++i)
    relations[i] = live->schema.relations[i].relation;
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
  Identity caller = become(extension_owner());
  PushActiveSnapshot(GetLatestSnapshot());
  Rows rows = query("SELECT DISTINCT b.relation::oid FROM segmentation.binding AS b ORDER BY 1");
  PopActiveSnapshot();
  become_again(caller);
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
  batch.table = open_state();
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
    lock_state(batch->table, row);
    ++batch->count;
  }
  if (known > 0 && batch->count > known)
    pg_qsort(
        batch->rows, static_cast<size_t>(batch->count), sizeof(StateRow), [](const void *a, const void *b) {
          return compare_keys(static_cast<const StateRow *>(a)->key, static_cast<const StateRow *>(b)->key);
        });
}

namespace {

/// Fills in, for customers whose verdicts are not kept, in which segments they are stored.
void read_members(const Part &part, uint8 *const *members) {
  const Live *live = part.batch->live;
  Datum *keys =
      static_cast<Datum *>(palloc_extended(sizeof(Datum) * static_cast<Size>(part.count), MCXT_ALLOC_HUGE));
  int *places =
      static_cast<int *>(palloc_extended(sizeof(int) * static_cast<Size>(part.count), MCXT_ALLOC_HUGE));
  int count = 0;
  for (int i = 0; i < part.count; ++i) {
    if (members[i] == nullptr)
      continue;
    keys[count] = part.batch->rows[part.first + i].datum;
    places[count++] = i;
  }
  if (count == 0)
    return;
  Arguments arguments;
  arguments.add(get_array_type(live->key.type), make_array(keys, count, live->key.type));
  Identity caller = become(extension_owner());
  Rows rows = query("SELECT m.customer_id, m.segment_id FROM segmentation.membership AS m "
                    "WHERE m.customer_id = ANY ($1)",
                    arguments, count <= 100 ? Plan::saved : Plan::once);
  become_again(caller);
  for (uint64 row = 0; row < rows.count; ++row) {
    bool missing;
    CustomerKey key = core_key(live->key, value_of(rows, row, 1, missing));
    int low = 0, high = count - 1;
    while (low < high) {
      int middle = low + (high - low) / 2;
      if (compare_keys(part.batch->rows[part.first + places[middle]].key, key) < 0)
        low = middle + 1;
      else
        high = middle;
    }
    int32 segment = int_value(rows, row, 2);
    for (int i = 0; i < live->schema.segment_count; ++i) {
      if (live->schema.segments[i].id == segment)
        members[places[low]][i] = 1;
    }
  }
}

/// Writes what the verdicts of a part say.
uint64 write_part(const Part &part) {
  Batch *batch = part.batch;
  const Live *live = batch->live;
  const SegmentProgram *program = batch->program;
  int segments = live->schema.segment_count;
  uint8 **unknown = static_cast<uint8 **>(
      palloc_extended(sizeof(uint8 *) * static_cast<Size>(part.count), MCXT_ALLOC_HUGE));
  bool any_unknown = false;
  for (int i = 0; i < part.count; ++i) {
    const StateRow &row = batch->rows[part.first + i];
    // What is told by other means than this transaction's rows may tell of what the verdicts do not know.
    bool known = batch->deltas != nullptr && row.verdicts != nullptr && row.definitions >= program->built;
    unknown[i] = known ? nullptr : static_cast<uint8 *>(palloc0(static_cast<Size>(segments + 1)));
    any_unknown |= !known;
  }
  if (any_unknown)
    read_members(part, unknown);
  Upkeep *upkeep = program->upkeep->get();
  MemberChanges changes = start_changes(live), farewells = start_changes(live);
  uint8 *scratch = static_cast<uint8 *>(palloc(static_cast<Size>(segments + 1)));
  uint8 *judged = static_cast<uint8 *>(palloc(static_cast<Size>(segments + 1)));
  Datum *gone =
      static_cast<Datum *>(palloc_extended(sizeof(Datum) * static_cast<Size>(part.count), MCXT_ALLOC_HUGE));
  int gone_count = 0;
  for (int i = 0; i < part.count; ++i) {
    StateRow *row = &batch->rows[part.first + i];
    uint8 *member = unknown[i] != nullptr ? unknown[i] : scratch;
    if (unknown[i] == nullptr)
      unpack_verdicts(live, row->verdicts, member);
    bool exists = false;
    const std::string *image = nullptr;
    run_core([=, &exists, &image](Failure &) {
      std::optional<uint32> customer = upkeep->find(row->key);
      exists = customer.has_value();
      for (int rule = 0; exists && rule < program->segment_count; ++rule)
        judged[rule] = upkeep->holds(static_cast<size_t>(rule), *customer);
      if (exists && batch->keeps)
        image = &upkeep->image(*customer);
    });
    int rule = 0;
    for (int s = 0; s < segments; ++s) {
      bool is_whole = rule < program->segment_count && program->segments[rule] == live->schema.segments[s].id;
      if (!exists) {
        if (member[s] != 0)
          add_leaver(&farewells, live->schema.segments[s].id, row->datum);
      } else if (is_whole && judged[rule] != member[s]) {
        if (judged[rule] != 0)
          add_joiner(&changes, live->schema.segments[s].id, row->datum);
        else
          add_leaver(&changes, live->schema.segments[s].id, row->datum);
        member[s] = judged[rule];
      }
      rule += is_whole ? 1 : 0;
    }
    if (!exists) {
      gone[gone_count++] = row->datum;
      delete_state(batch->table, *row);
      continue;
    }
    row->as_of = batch->instant;
    row->definitions = live->schema.version;
    row->verdicts = pack_verdicts(live, member);
    row->measures = image == nullptr ? nullptr
                                     : reinterpret_cast<struct varlena *>(cstring_to_text_with_len(
                                           image->data(), static_cast<int>(image->size())));
    write_state(batch->table, row);
  }
  uint64 written = write_changes(changes, batch->instant, reason_rule);
  written += write_changes(farewells, batch->instant, reason_deleted);
  forget_customers(live, gone, gone_count);
  return written;
}

/// What is kept of customers who could not be judged lacks what this transaction changed.
void forget_measures(const Part &part) {
  for (int i = 0; i < part.count; ++i) {
    StateRow *row = &part.batch->rows[part.first + i];
    if (row->measures == nullptr)
      continue;
    row->measures = nullptr;
    write_state(part.batch->table, row);
  }
}

void do_part(const Part &part, Outcome *outcome) {
  const ErrorData *error = outcome->failed.count < most_failures ? judge_part(part) : outcome->error;
  if (error == nullptr) {
    outcome->written += write_part(part);
    return;
  }
  if (part.count == 1 || outcome->failed.count >= most_failures) {
    for (int i = 0; i < part.count; ++i)
      add_keys(&outcome->failed, part.batch->live->key, &part.batch->rows[part.first + i].datum, 1);
    outcome->error = error;
    forget_measures(part);
    return;
  }
  do_part({part.batch, part.first, part.count / 2}, outcome);
  do_part({part.batch, part.first + part.count / 2, part.count - part.count / 2}, outcome);
}

} // namespace

Outcome write_batch(Batch *batch) {
  Outcome outcome;
  memset(&outcome, 0, sizeof outcome);
  batch->instant = GetCurrentTimestamp();
  for (int i = 0; i < batch->count; ++i)
    batch->instant = Max(batch->instant, batch->rows[i].as_of);
  // What others wrote before we had the locks must be seen.
  CommandCounterIncrement();
  PushActiveSnapshot(GetLatestSnapshot());
  if (batch->count > 0)
    do_part({batch, 0, batch->count}, &outcome);
  PopActiveSnapshot();
  return outcome;
}

void end_batch(Batch *batch) {
  close_state(batch->table);
}

} // namespace segmentation::pg
