// Candidates are read without locks; under theirs all of a customer's instants are taken away, and the one
// that she has from then on is written. Server's side.
#include "pg/maintain/clock.hpp"

#include "pg/boundary/contain.hpp"
#include "pg/boundary/run_core.hpp"
#include "pg/changes/deltas.hpp"
#include "pg/maintain/ahead.hpp"
#include "pg/stored/due.hpp"

namespace segmentation::pg {

namespace {

/// Where the next batch begins: whoever was left out stands before it, and so do index entries of rows that
/// are gone, which are not passed again and again.
struct Position {
  TimestampTz at;
  char *key; // nullptr: at the beginning
  Oid key_type;
  bool moves; // somebody has been judged since the beginning, and may have come due again before this place
};

Position position = {0, nullptr, InvalidOid, false};

void move_to_beginning() {
  if (position.key != nullptr)
    pfree(position.key);
  position = {0, nullptr, InvalidOid, false};
}

void move_to(TimestampTz at, Oid key_type, Datum key) {
  char *copy = MemoryContextStrdup(TopMemoryContext, print_value(key_type, key));
  bool moves = position.moves;
  move_to_beginning();
  position = {at, copy, key_type, moves};
}

/// Customers in the order of their instants.
struct Candidates {
  KeyList keys; // as they come
  TimestampTz *instants;
  int count;
  bool is_last; // there are no more
};

void load(void *argument) {
  *static_cast<const Live **>(argument) = load_as_reader();
}

/// Reads who is due. By the rights of the customers' owner, who owns the table.
Candidates read_candidates(const Live *live, int limit) {
  Arguments arguments;
  arguments.add(TIMESTAMPTZOID, TimestampTzGetDatum(GetCurrentTimestamp()));
  arguments.add(INT4OID, Int32GetDatum(limit));
  bool from_beginning = position.key == nullptr || position.key_type != live->key.type;
  if (!from_beginning) {
    arguments.add(TIMESTAMPTZOID, TimestampTzGetDatum(position.at));
    arguments.add(live->key.type,
                  OidInputFunctionCall(live->key.input, position.key, live->key.input_parameter, -1));
  }
  PushActiveSnapshot(GetLatestSnapshot());
  Rows rows =
      query(psprintf("SELECT d.customer_id, d.due_at FROM segmentation.due AS d WHERE d.due_at <= $1%s "
                     "ORDER BY d.due_at, d.customer_id LIMIT $2",
                     from_beginning ? "" : " AND (d.due_at, d.customer_id) > ($3, $4)"),
            arguments, Plan::saved);
  PopActiveSnapshot();
  Candidates found;
  memset(static_cast<void *>(&found), 0, sizeof found);
  found.count = static_cast<int>(rows.count);
  found.is_last = found.count < limit;
  found.instants = static_cast<TimestampTz *>(
      palloc_extended(sizeof(TimestampTz) * static_cast<Size>(found.count + 1), MCXT_ALLOC_HUGE));
  Datum *keys = static_cast<Datum *>(
      palloc_extended(sizeof(Datum) * static_cast<Size>(found.count + 1), MCXT_ALLOC_HUGE));
  bool missing;
  for (int i = 0; i < found.count; ++i) {
    keys[i] = value_of(rows, static_cast<uint64>(i), 1, missing);
    found.instants[i] = DatumGetTimestampTz(value_of(rows, static_cast<uint64>(i), 2, missing));
  }
  add_keys(&found.keys, live->key, keys, found.count);
  if (found.is_last)
    move_to_beginning();
  else
    move_to(found.instants[found.count - 1], live->key.type, keys[found.count - 1]);
  return found;
}

StateRow *find_locked(Batch *batch, const CustomerKey &key) {
  int low = 0, high = batch->count;
  while (low < high) {
    int middle = low + (high - low) / 2;
    int order = compare_keys(batch->rows[middle].key, key);
    if (order == 0)
      return &batch->rows[middle];
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return nullptr;
}

/// Tells the locked customers when they came due: each the earliest of her instants.
void note_instants(Batch *batch, const Candidates &found) {
  for (int i = 0; i < found.count; ++i) {
    StateRow *row = find_locked(batch, found.keys.keys[i]);
    if (row != nullptr && row->came_due == 0)
      row->came_due = found.instants[i];
  }
}

/// Of customers of whom nothing is kept only members and history tell how far they have come: time does not
/// go back for them.
void note_last_changes(Batch *batch) {
  const KeyType &key = batch->live->key;
  Datum *keys = static_cast<Datum *>(
      palloc_extended(sizeof(Datum) * static_cast<Size>(batch->count + 1), MCXT_ALLOC_HUGE));
  int count = 0;
  for (int i = 0; i < batch->count; ++i) {
    if (batch->rows[i].as_of == 0)
      keys[count++] = batch->rows[i].datum;
  }
  if (count == 0)
    return;
  Arguments arguments;
  arguments.add(get_array_type(key.type), make_array(keys, count, key.type));
  Rows rows = query("SELECT c.customer_id, pg_catalog.max(c.at) FROM (SELECT m.customer_id, m.entered_at "
                    "FROM segmentation.membership AS m WHERE m.customer_id = ANY ($1) UNION ALL "
                    "SELECT p.customer_id, p.left_at FROM segmentation.membership_past AS p "
                    "WHERE p.customer_id = ANY ($1)) AS c (customer_id, at) GROUP BY c.customer_id",
                    arguments);
  bool missing;
  for (uint64 i = 0; i < rows.count; ++i) {
    StateRow *row = find_locked(batch, core_key(key, value_of(rows, i, 1, missing)));
    if (row != nullptr)
      row->came_due = Max(row->came_due, DatumGetTimestampTz(value_of(rows, i, 2, missing)));
  }
}

void delete_instants(const Batch &batch) {
  Datum *keys = static_cast<Datum *>(
      palloc_extended(sizeof(Datum) * static_cast<Size>(batch.count + 1), MCXT_ALLOC_HUGE));
  for (int i = 0; i < batch.count; ++i)
    keys[i] = batch.rows[i].datum;
  delete_dues(batch.live, keys, batch.count);
}

/// Nothing of the data has changed: what is kept of the customers is good as far as time lets it be.
const Deltas *no_deltas(const Live *live) {
  auto *deltas = Owned<Deltas>::make();
  size_t feeds = load_program(live)->work->get()->program().feeds().size();
  run_core([=](Failure &) { deltas->set(new Deltas(nullptr, 0, feeds)); });
  return deltas->get();
}

/// When a customer is judged: when she came due, but not before what is known of her.
TimestampTz instant_of(const StateRow &row) {
  return Max(row.came_due, row.as_of);
}

int compare_instants(const void *a, const void *b) {
  const auto *left = static_cast<const StateRow *>(a), *right = static_cast<const StateRow *>(b);
  if (instant_of(*left) != instant_of(*right))
    return instant_of(*left) < instant_of(*right) ? -1 : 1;
  return compare_keys(left->key, right->key);
}

/// Judges each of the locked customers as of her own instant. Many share one, where a day begins.
void write_by_instants(Batch *batch) {
  pg_qsort(batch->rows, static_cast<size_t>(batch->count), sizeof(StateRow), compare_instants);
  MemoryContext memory =
      AllocSetContextCreate(CurrentMemoryContext, "segmentation instant", ALLOCSET_DEFAULT_SIZES);
  for (int first = 0, next; first < batch->count; first = next) {
    for (next = first + 1;
         next < batch->count && instant_of(batch->rows[next]) == instant_of(batch->rows[first]); ++next)
      ;
    CHECK_FOR_INTERRUPTS();
    MemoryContext before = MemoryContextSwitchTo(memory);
    Batch part = *batch;
    part.rows = batch->rows + first;
    part.count = part.room = next - first;
    part.instant = instant_of(batch->rows[first]);
    set_aside(write_batch(&part), batch->live);
    MemoryContextSwitchTo(before);
    MemoryContextReset(memory);
  }
  MemoryContextDelete(memory);
}

/// Returns how many customers were judged. Whom time moves it will move again: what is kept of her spares
/// reading her rows that stay where they are.
int judge_due(const Live *live, Candidates *found, Working working) {
  KeyList keys = copy_keys(found->keys);
  sort_keys(&keys);
  Batch batch = start_batch(live, no_deltas(live));
  batch.cause = Cause::time;
  batch.keeping = working == Working::apart ? Keeping::all : Keeping::none;
  // Whoever builds a segment ahead of the gate counts on instants that are about to be taken away.
  if (is_building_ahead())
    enqueue_keys(live, keys, 0, Book::meanwhile);
  lock_customers(&batch, keys);
  note_instants(&batch, *found);
  PushActiveSnapshot(GetLatestSnapshot());
  note_last_changes(&batch);
  PopActiveSnapshot();
  delete_instants(batch);
  write_by_instants(&batch);
  int judged = batch.count;
  end_batch(&batch);
  return judged;
}

/// What instants were computed by: the zone and its rules.
const char *zone_rules(const Live *live) {
  const ZoneInput &zone = live->schema.zone;
  uint64 digest = hash_bytes_extended(reinterpret_cast<const unsigned char *>(&zone.initial_offset),
                                      sizeof zone.initial_offset, zone.repeats ? 1 : 0);
  for (int i = 0; i < zone.change_count; ++i)
    digest = hash_combine64(hash_combine64(digest, static_cast<uint64>(zone.changes[i].at)),
                            static_cast<uint64>(zone.changes[i].offset_seconds));
  return psprintf("%s " UINT64_FORMAT, zone.name, digest);
}

/// Has everyone judged again where instants were computed by other rules than the zone has by now: they may
/// be too late by these. A zone that was bound anew is not told from one whose rules the server has learnt
/// anew: both may have happened. Tells whether nothing was to be done; what is done may be rolled back.
bool follow_zone(const Live *live) {
  Arguments arguments;
  arguments.add(TEXTOID, CStringGetTextDatum(zone_rules(live)));
  if (query_own("SELECT FROM segmentation.upkeep AS u WHERE u.zone_rules = $1", arguments).count > 0)
    return true;
  // Who has the row, by a tick in his own transaction, is not waited for.
  Rows rows =
      take_own("WITH before AS MATERIALIZED (SELECT f.zone_rules FROM segmentation.upkeep AS f FOR UPDATE "
               "SKIP LOCKED) UPDATE segmentation.upkeep AS u SET zone_rules = $1 FROM before AS b "
               "RETURNING b.zone_rules",
               arguments);
  if (rows.count == 0 || text_value(rows, 0, 1) == nullptr)
    return false;
  ereport(LOG, (errmsg("time zone \"%s\" has other rules than before: all customers will be judged again",
                       live->schema.zone.name)));
  enqueue_everyone();
  return false;
}

} // namespace

TimestampTz next_due() {
  Oid table = due_table();
  if (!OidIsValid(table))
    return due_never;
  Identity caller = become(owner_of(table));
  PushActiveSnapshot(GetLatestSnapshot());
  Rows rows = query("SELECT pg_catalog.min(d.due_at) FROM segmentation.due AS d", {}, Plan::saved);
  PopActiveSnapshot();
  become_again(caller);
  bool missing;
  Datum first = value_of(rows, 0, 1, missing);
  return missing ? due_never : DatumGetTimestampTz(first);
}

int do_due(int limit, Working working, const ErrorData **error) {
  // Once a session: the server reads a zone's rules once.
  static bool zone_is_followed = false;
  // In the middle of a pass what is left of rows that are gone is not passed again.
  if (!OidIsValid(due_table()) ||
      (zone_is_followed && position.key == nullptr && next_due() > GetCurrentTimestamp()))
    return 0;
  const Live *live = nullptr;
  *error = contain(load, &live);
  if (*error != nullptr)
    return 0;
  if (!zone_is_followed) {
    zone_is_followed = follow_zone(live);
    if (next_due() > GetCurrentTimestamp())
      return 0;
  }
  // What the shop's columns compute is run by the rights of the customers' owner, whoever ticks.
  Identity caller = become(owner_of(live->customers));
  live = enter_gate(false);
  bool moved = position.moves;
  Candidates found = read_candidates(live, working == Working::inside ? INT_MAX : limit);
  int judged = found.count > 0 ? judge_due(live, &found, working) : 0;
  become_again(caller);
  bool goes_on = judged > 0 || moved || !found.is_last;
  position.moves = !found.is_last && (judged > 0 || moved);
  return goes_on ? Max(judged, 1) : 0;
}

} // namespace segmentation::pg
