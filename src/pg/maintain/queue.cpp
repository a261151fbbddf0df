// Appending to the queue, and working it off: entries are taken away and what they come to is written in one
// transaction, so that a crash loses neither. Server's side.
#include "pg/maintain/queue.hpp"

#include "pg/boundary/contain.hpp"
#include "pg/changes/image.hpp"
#include "pg/changes/owners.hpp"
#include "pg/maintain/restored.hpp"
#include "pg/maintain/wake.hpp"
#include "pg/maintain/walk.hpp"
#include "pg/maintain/write.hpp"
#include "pg/stored/moved.hpp"

namespace segmentation::pg {

namespace {

/// Entries on their way into the queue.
struct Entries {
  Datum *bindings;
  Datum *values;
  bool *missing;
  int count;
  int room;
};

Entries make_entries(int room) {
  Size size = static_cast<Size>(room + 1);
  return {static_cast<Datum *>(palloc_extended(sizeof(Datum) * size, MCXT_ALLOC_HUGE)),
          static_cast<Datum *>(palloc_extended(sizeof(Datum) * size, MCXT_ALLOC_HUGE)),
          static_cast<bool *>(palloc_extended(sizeof(bool) * size, MCXT_ALLOC_HUGE)), 0, room};
}

void add_entry(Entries *entries, int32 binding, const char *value) {
  Assert(entries->count <= entries->room);
  entries->bindings[entries->count] = Int32GetDatum(binding);
  entries->missing[entries->count] = value == nullptr;
  entries->values[entries->count++] = value == nullptr ? Datum{0} : CStringGetTextDatum(value);
}

const char *table_of(Book book) {
  return book == Book::queue ? "segmentation.dirty" : "segmentation.meanwhile";
}

void append(const Entries &entries, Book book = Book::queue) {
  if (entries.count == 0)
    return;
  bool everyone = false;
  for (int i = 0; i < entries.count; ++i)
    everyone |= entries.missing[i];
  if (everyone && book == Book::queue)
    note_all_moved();
  int dimensions[1] = {entries.count}, bounds[1] = {1};
  ArrayType *values = construct_md_array(entries.values, entries.missing, 1, dimensions, bounds, TEXTOID, -1,
                                         false, TYPALIGN_INT);
  Arguments arguments;
  arguments.add(INT4ARRAYOID, make_array(entries.bindings, entries.count, INT4OID));
  arguments.add(TEXTARRAYOID, PointerGetDatum(values));
  execute_own(psprintf("INSERT INTO %s (binding_id, value) SELECT DISTINCT d.binding_id, d.value "
                       "FROM unnest($1, $2) AS d (binding_id, value)",
                       table_of(book)),
              arguments, Plan::saved);
  if (book == Book::queue)
    wake_worker_at_commit();
}

} // namespace

void enqueue_everyone(Book book) {
  if (book == Book::queue)
    note_all_moved();
  execute_own(psprintf("INSERT INTO %s (binding_id) SELECT b.id FROM segmentation.binding AS b WHERE "
                       "b.role = 'customers'",
                       table_of(book)));
  if (book == Book::queue)
    wake_worker_at_commit();
}

void enqueue_keys(const Live *live, const KeyList &keys, int from, Book book) {
  Entries entries = make_entries(keys.count - from);
  for (int i = from; i < keys.count; ++i)
    add_entry(&entries, live->schema.relations[0].id, print_value(live->key.type, keys.datums[i]));
  append(entries, book);
}

void enqueue_touched(const Live *live, const Touched &touched) {
  int room = 1;
  for (int i = 0; i < touched.link_count; ++i)
    room += touched.links[i].count;
  Entries entries = make_entries(room);
  if (touched.everyone)
    add_entry(&entries, live->schema.relations[0].id, nullptr);
  for (int i = 0; i < touched.link_count; ++i) {
    const Links &links = touched.links[i];
    for (int j = 0; j < links.count; ++j)
      add_entry(&entries, live->schema.relations[links.relation].id,
                print_value(links.type, links.values[j]));
  }
  append(entries);
  enqueue_keys(live, touched.keys, 0);
}

namespace {

/// Adds a row by each of its relation's bindings.
void add_row(Entries *entries, const CapturePlan *plan, const char *image) {
  for (int b = 0; b < plan->binding_count; ++b) {
    const CapturedBinding &binding = plan->bindings[b];
    Datum value;
    if (binding.link < 0)
      add_entry(entries, binding.id, nullptr);
    else if (image_value(plan, image, binding.link, &value))
      add_entry(entries, binding.id, print_value(plan->attributes[binding.link].type, value));
  }
}

} // namespace

void enqueue_rows(const NetChanges &net, Book book) {
  int room = net.truncated_count;
  for (int i = 0; i < net.count; ++i)
    room += net.rows[i].plan->binding_count;
  Entries entries = make_entries(room);
  for (int i = 0; i < net.truncated_count; ++i) {
    if (net.truncated[i]->binding_count > 0)
      add_entry(&entries, net.truncated[i]->bindings[0].id, nullptr);
  }
  for (int i = 0; i < net.count; ++i)
    add_row(&entries, net.rows[i].plan, net.rows[i].image);
  append(entries, book);
}

void enqueue_images(const CapturePlan *plan, const char *images, const uint32 *ends, uint32 count,
                    Book book) {
  Entries entries = make_entries(static_cast<int>(count) * plan->binding_count);
  for (uint32 i = 0; i < count; ++i)
    add_row(&entries, plan, images + (i == 0 ? 0 : ends[i - 1]));
  append(entries, book);
}

namespace {

/// Entries of the queue as Touched: values of bindings that are no more, or do not read as their key, are
/// nobody's.
struct Reading {
  const Live *live;
  Oid type;
  char **texts;
  int count;
  Datum *values;
};

int relation_of(const Live *live, int32 binding) {
  for (int i = 0; i < live->schema.relation_count; ++i) {
    if (live->schema.relations[i].id == binding)
      return i;
  }
  return -1;
}

/// Returns the type of the values that lead to a binding's rows.
Oid link_type(const Live *live, int relation) {
  const RelationInput &one = live->schema.relations[relation];
  const ColumnInput &column = one.columns[one.role == core::Role::lookup ? one.lookup_key : one.key];
  AttrNumber number = get_attnum(one.relation, column.name);
  return number == InvalidAttrNumber ? InvalidOid : getBaseType(get_atttype(one.relation, number));
}

Touched touched_of(const Live *live, const Rows &rows) {
  Touched touched;
  memset(&touched, 0, sizeof touched);
  int relations = live->schema.relation_count;
  touched.links = static_cast<Links *>(palloc0(sizeof(Links) * static_cast<Size>(relations + 1)));
  for (int r = 0; r < relations; ++r) {
    Links links = {r, link_type(live, r), nullptr, 0};
    links.values = static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<Size>(rows.count + 1)));
    Oid input = InvalidOid, parameter = InvalidOid;
    if (OidIsValid(links.type))
      getTypeInputInfo(links.type, &input, &parameter);
    for (uint64 row = 0; row < rows.count; ++row) {
      if (relation_of(live, int_value(rows, row, 1)) != r)
        continue;
      char *value = text_value(rows, row, 2);
      if (value == nullptr || !OidIsValid(links.type))
        touched.everyone = true;
      else
        links.values[links.count++] = OidInputFunctionCall(input, value, parameter, -1);
    }
    if (links.count == 0)
      continue;
    touched.everyone |= moves_rows(live, r);
    if (links_are_keys(live, r)) {
      GivenKeys given =
          read_keys(live, make_array(links.values, links.count, links.type), get_array_type(links.type));
      add_keys(&touched.keys, live->key, given.keys, given.count);
      continue;
    }
    touched.shared |= is_shared(live, r);
    touched.links[touched.link_count++] = links;
  }
  sort_keys(&touched.keys);
  return touched;
}

} // namespace

void set_aside(const Outcome &outcome, const Live *live) {
  if (outcome.failed.count == 0)
    return;
  Datum *keys = static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<Size>(outcome.failed.count)));
  for (int i = 0; i < outcome.failed.count; ++i)
    keys[i] = CStringGetTextDatum(print_value(live->key.type, outcome.failed.datums[i]));
  Arguments arguments;
  arguments.add(TEXTARRAYOID, make_array(keys, outcome.failed.count, TEXTOID));
  arguments.add(TEXTOID, CStringGetTextDatum(unpack_sql_state(outcome.error->sqlerrcode)));
  arguments.add(TEXTOID,
                CStringGetTextDatum(outcome.error->message != nullptr ? outcome.error->message : ""));
  execute_own(
      "INSERT INTO segmentation.set_aside AS a (customer_id, sqlstate, message, retry_at) "
      "SELECT k, $2, $3, pg_catalog.clock_timestamp() + '1 minute' FROM pg_catalog.unnest($1) AS k GROUP "
      "BY k ORDER BY k "
      "ON CONFLICT (customer_id) DO UPDATE SET attempts = a.attempts + 1, sqlstate = excluded.sqlstate, "
      "message = excluded.message, tried_at = pg_catalog.clock_timestamp(), "
      "retry_at = pg_catalog.clock_timestamp() + '1 minute'::interval * LEAST(60, a.attempts + 1)",
      arguments);
}

namespace {

struct Preparing {
  const Live *live;
  Rows rows;
  Touched touched;
};

void prepare(void *argument) {
  static_cast<Preparing *>(argument)->live = load_as_reader();
}

void read_entries(void *argument) {
  auto *preparing = static_cast<Preparing *>(argument);
  preparing->touched = touched_of(preparing->live, preparing->rows);
}

void find_owners(void *argument) {
  auto *preparing = static_cast<Preparing *>(argument);
  CommandCounterIncrement();
  PushActiveSnapshot(GetLatestSnapshot());
  (void)add_owners(preparing->live, preparing->touched, &preparing->touched.keys);
  PopActiveSnapshot();
}

/// Brings a list's customers, and those whom links lead to, up to date; who cannot be judged is set aside.
/// `moved`: rows that are theirs have changed.
void write_touched(const Live *live, const Touched &touched, KeyList *keys, Keeping keeping, bool moved) {
  Batch batch = start_batch(live);
  batch.keeping = keeping;
  int known = -1;
  while (known != batch.count) { // rows below them may have found other customers while we waited
    known = batch.count;
    lock_customers(&batch, *keys);
    if (touched.link_count == 0)
      break;
    Preparing again = {live, {nullptr, 0}, touched};
    again.touched.keys = copy_keys(*keys);
    if (contain(find_owners, &again) != nullptr)
      break;
    *keys = again.touched.keys;
  }
  if (moved)
    note_moved(batch);
  Outcome outcome = write_batch(&batch);
  end_batch(&batch);
  set_aside(outcome, live);
}

Keeping keeping_of(Working working) {
  return working == Working::apart ? Keeping::all : Keeping::none;
}

} // namespace

void write_keys(const Live *live, KeyList *keys, Keeping keeping) {
  Touched touched;
  memset(&touched, 0, sizeof touched);
  write_touched(live, touched, keys, keeping, false);
}

int do_queue(int limit, Working working, const ErrorData **error) {
  Preparing preparing;
  memset(static_cast<void *>(&preparing), 0, sizeof preparing);
  *error = contain(prepare, &preparing);
  if (*error != nullptr)
    return 0;
  bool restored = restore_state().pid != 0;
  Arguments arguments;
  arguments.add(INT4OID, Int32GetDatum(limit));
  // MATERIALIZED, so that it is run once: run again, it would take more entries than it tells.
  preparing.rows =
      take_own("WITH next AS MATERIALIZED (SELECT d.seq FROM segmentation.dirty AS d ORDER BY d.seq LIMIT $1 "
               "FOR UPDATE SKIP LOCKED) "
               "DELETE FROM segmentation.dirty AS d USING next WHERE d.seq = next.seq "
               "RETURNING d.binding_id, d.value",
               arguments);
  int count = static_cast<int>(preparing.rows.count);
  if (count == 0 && !restored)
    return 0;
  // What the shop's columns compute is run by the rights of the customers' owner, whoever ticks.
  Identity caller = become(owner_of(preparing.live->customers));
  *error = contain(read_entries, &preparing); // only to see whether they must be alone
  bool all_now = (preparing.touched.everyone || restored) && working == Working::inside;
  if (*error == nullptr) {
    preparing.live = enter_gate(preparing.touched.shared || all_now || restored);
    *error = contain(read_entries, &preparing);
  }
  if (*error == nullptr)
    *error = contain(find_owners, &preparing);
  if (*error != nullptr)
    ThrowErrorData(const_cast<ErrorData *>(*error)); // the entries stay
  if (restored)
    note_all_moved();
  if (all_now)
    write_everyone();
  else
    write_touched(preparing.live, preparing.touched, &preparing.touched.keys, keeping_of(working), true);
  become_again(caller);
  if (restored && !all_now)
    end_restore(); // with the gate alone: no commit is left that did not judge, and the next ones do
  if ((preparing.touched.everyone || restored) && !all_now)
    request_walk_for_everyone();
  return Max(count, 1);
}

int retry_set_aside(int limit, Working working) {
  Preparing preparing;
  memset(static_cast<void *>(&preparing), 0, sizeof preparing);
  if (contain(prepare, &preparing) != nullptr)
    return 0;
  Arguments arguments;
  arguments.add(INT4OID, Int32GetDatum(limit));
  Rows rows =
      take_own("WITH next AS MATERIALIZED (SELECT a.customer_id FROM segmentation.set_aside AS a "
               "WHERE a.retry_at <= pg_catalog.clock_timestamp() ORDER BY a.retry_at, a.customer_id LIMIT $1 "
               "FOR UPDATE SKIP LOCKED) "
               "UPDATE segmentation.set_aside AS a SET retry_at = 'infinity' FROM next "
               "WHERE a.customer_id = next.customer_id RETURNING a.customer_id",
               arguments);
  int count = static_cast<int>(rows.count);
  if (count == 0)
    return 0;
  Identity caller = become(owner_of(preparing.live->customers));
  preparing.live = enter_gate(false);
  Datum *texts = static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<Size>(count)));
  for (int i = 0; i < count; ++i)
    texts[i] = CStringGetTextDatum(text_value(rows, static_cast<uint64>(i), 1));
  GivenKeys given = read_keys(preparing.live, make_array(texts, count, TEXTOID), get_array_type(TEXTOID));
  add_keys(&preparing.touched.keys, preparing.live->key, given.keys, given.count);
  sort_keys(&preparing.touched.keys);
  write_keys(preparing.live, &preparing.touched.keys, keeping_of(working));
  become_again(caller);
  execute_own("DELETE FROM segmentation.set_aside AS a WHERE a.retry_at = 'infinity'");
  return count;
}

KeyList customers_meanwhile(const Live *live, bool *everyone) {
  Rows rows = query_own("SELECT DISTINCT m.binding_id, m.value FROM segmentation.meanwhile AS m");
  Touched touched = touched_of(live, rows);
  PushActiveSnapshot(GetLatestSnapshot());
  if (!touched.everyone)
    (void)add_owners(live, touched, &touched.keys);
  PopActiveSnapshot();
  *everyone = touched.everyone;
  return touched.keys;
}

KeyList queued_customers(const Live *live, bool *everyone) {
  Identity caller = become(extension_owner());
  Rows rows = query(
      "SELECT d.binding_id, d.value FROM segmentation.dirty AS d "
      "UNION ALL SELECT b.id, NULL FROM segmentation.definition_version AS v, segmentation.binding AS b "
      "WHERE v.restored_at IS NOT NULL AND b.role = 'customers' "
      "UNION ALL SELECT b.id, a.customer_id FROM segmentation.set_aside AS a, segmentation.binding AS b "
      "WHERE b.role = 'customers'");
  become_again(caller);
  Touched touched = touched_of(live, rows);
  (void)add_owners(live, touched, &touched.keys);
  *everyone = touched.everyone;
  return touched.keys;
}

} // namespace segmentation::pg
