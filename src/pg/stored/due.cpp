// Adding straight into the table and its indexes, as commits do; the rest by statements. Server's side.
#include "pg/stored/due.hpp"

#include "pg/boundary/fault.hpp"
#include "pg/boundary/run_core.hpp"
#include "pg/stored/own_table.hpp"

namespace segmentation::pg {

Oid due_table() {
  return get_relname_relid("due", get_namespace_oid("segmentation", false));
}

DueList start_dues(const Live *live) {
  return {live, CurrentMemoryContext, nullptr, nullptr, 0, 0};
}

namespace {

Datum *grow(const DueList &list, Datum *values) {
  Size size = sizeof(Datum) * static_cast<Size>(list.room);
  return static_cast<Datum *>(values == nullptr ? MemoryContextAllocHuge(list.memory, size)
                                                : repalloc_huge(values, size));
}

} // namespace

void add_due(DueList *list, Datum key, TimestampTz at) {
  if (list->count == list->room) {
    list->room = Max(list->room * 2, 64);
    list->keys = grow(*list, list->keys);
    list->instants = grow(*list, list->instants);
  }
  list->keys[list->count] = key;
  list->instants[list->count++] = TimestampTzGetDatum(at);
}

namespace {

enum Column { customer_id, due_at, column_count };

bool is_as_made(OwnTable *due, Oid key_type) {
  const OwnColumn columns[column_count] = {{"customer_id", key_type}, {"due_at", TIMESTAMPTZOID}};
  return is_as_made(due->table, columns, column_count) && has_plain_indexes(due);
}

void insert_directly(OwnTable *due, const DueList &list) {
  for (int i = 0; i < list.count; ++i) {
    fault_in_server();
    TupleTableSlot *row = start_row(due);
    row->tts_values[customer_id] = list.keys[i];
    row->tts_values[due_at] = list.instants[i];
    row->tts_isnull[customer_id] = row->tts_isnull[due_at] = false;
    (void)insert_row(due);
  }
}

/// A list as arguments $1 and $2.
Arguments arguments_of(const DueList &list) {
  Arguments arguments;
  Oid key = list.live->key.type;
  arguments.add(get_array_type(key), make_array(list.keys, list.count, key));
  arguments.add(get_array_type(TIMESTAMPTZOID), make_array(list.instants, list.count, TIMESTAMPTZOID));
  return arguments;
}

} // namespace

void write_dues(const DueList &list) {
  if (list.count == 0)
    return;
  Oid table = own_relation("due");
  Identity caller = become(owner_of(table));
  OwnTable *due = open_own(table, RowExclusiveLock);
  bool as_made = is_as_made(due, list.live->key.type);
  if (as_made)
    insert_directly(due, list);
  close_own(due);
  if (!as_made)
    execute("INSERT INTO segmentation.due (customer_id, due_at) SELECT d.customer_id, d.due_at "
            "FROM unnest($1, $2) AS d (customer_id, due_at)",
            arguments_of(list));
  become_again(caller);
}

namespace {

constexpr uint32 chunk = 10000;

/// Takes the next customers, in the order of their keys; returns the next position.
uint32 next_dues(Work *work, uint32 from, Work::Due *dues, uint32 *count) {
  uint32 next = 0;
  CHECK_FOR_INTERRUPTS();
  run_core([=, &next](Failure &) { next = work->list_dues(from, chunk, dues, *count); });
  return next;
}

} // namespace

void write_all_dues(const Live *live, Work *work) {
  uint32 size = work->size();
  run_core([=](Failure &) { work->sort_by_key(); });
  auto *dues = static_cast<Work::Due *>(palloc(sizeof(Work::Due) * chunk));
  MemoryContext memory =
      AllocSetContextCreate(CurrentMemoryContext, "segmentation dues", ALLOCSET_DEFAULT_SIZES);
  MemoryContext before = MemoryContextSwitchTo(memory);
  for (uint32 from = 0; from < size;) {
    uint32 count = 0;
    from = next_dues(work, from, dues, &count);
    DueList list = start_dues(live);
    for (uint32 i = 0; i < count; ++i)
      add_due(&list, key_datum(live->key, dues[i].customer), dues[i].at);
    if (count > 0)
      execute("INSERT INTO segmentation.due (customer_id, due_at) SELECT d.customer_id, d.due_at "
              "FROM unnest($1, $2) AS d (customer_id, due_at) WHERE NOT EXISTS (SELECT FROM segmentation.due "
              "AS e WHERE e.customer_id = d.customer_id AND e.due_at <= d.due_at)",
              arguments_of(list));
    MemoryContextReset(memory);
  }
  MemoryContextSwitchTo(before);
  MemoryContextDelete(memory);
  pfree(dues);
}

void look_up_dues(const Live *live, StateRow *rows, int count) {
  Size room = static_cast<Size>(count + 1);
  Datum *keys = static_cast<Datum *>(palloc_extended(sizeof(Datum) * room, MCXT_ALLOC_HUGE));
  int *places = static_cast<int *>(palloc_extended(sizeof(int) * room, MCXT_ALLOC_HUGE));
  int unknown = 0;
  for (int i = 0; i < count; ++i) {
    if (rows[i].due_at != due_unknown)
      continue;
    keys[unknown] = rows[i].datum;
    places[unknown++] = i;
    rows[i].due_at = due_never;
  }
  if (unknown == 0)
    return;
  Arguments arguments;
  arguments.add(get_array_type(live->key.type), make_array(keys, unknown, live->key.type));
  Identity caller = become(owner_of(own_relation("due")));
  CommandCounterIncrement();
  PushActiveSnapshot(GetLatestSnapshot());
  Rows found =
      query("SELECT k.place, (SELECT d.due_at FROM segmentation.due AS d WHERE d.customer_id = k.key "
            "ORDER BY d.due_at LIMIT 1) FROM unnest($1) WITH ORDINALITY AS k (key, place)",
            arguments, unknown <= 100 ? Plan::saved : Plan::once);
  PopActiveSnapshot();
  become_again(caller);
  for (uint64 row = 0; row < found.count; ++row) {
    bool missing;
    int64 place = DatumGetInt64(value_of(found, row, 1, missing)) - 1;
    Datum at = value_of(found, row, 2, missing);
    if (!missing)
      rows[places[place]].due_at = DatumGetTimestampTz(at);
  }
}

void delete_dues(const Live *live, Datum *keys, int count) {
  if (keys != nullptr && count == 0)
    return;
  Identity caller = become(owner_of(own_relation("due")));
  Arguments arguments;
  if (keys != nullptr)
    arguments.add(get_array_type(live->key.type), make_array(keys, count, live->key.type));
  CommandCounterIncrement();
  PushActiveSnapshot(GetLatestSnapshot());
  execute(keys == nullptr ? "DELETE FROM segmentation.due"
                          : "DELETE FROM segmentation.due AS d WHERE d.customer_id = ANY ($1)",
          arguments, count <= 100 && keys != nullptr ? Plan::saved : Plan::once);
  PopActiveSnapshot();
  become_again(caller);
}

} // namespace segmentation::pg
