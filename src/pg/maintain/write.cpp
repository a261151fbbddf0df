// Verdicts against stored members, and the difference into the tables. Server's side.
#include "pg/maintain/write.hpp"

#include "pg/boundary/run_core.hpp"
#include "pg/maintain/insert.hpp"
#include "pg/maintain/stored.hpp"

namespace segmentation::pg {

namespace {

/// One call's state.
struct Writing {
  const Live *live;
  Owned<Difference> *difference;
  int32 *segments;
  int segment_count;
  Datum segment_array;
  Customers who;
  const Progress *progress;
  int64 rows;
};

/// Builds for everyone take turns, and whoever judges some customers waits for them; until the transaction
/// ends. An object lock of our own making: it meets nobody but us, no vacuum and no DDL.
void take_turn(bool everyone) {
  LockDatabaseObject(RelationRelationId, own_relation("membership"), 0,
                     everyone ? ExclusiveLock : RowExclusiveLock);
}

/// Keeps definitions as they are until the transaction ends: who changes them holds ShareRowExclusiveLock.
void hold_definitions() {
  LockRelationOid(own_relation("segment"), RowExclusiveLock);
}

/// Locks the customers' state rows in the order of their keys, making those that are missing. What is read of
/// these customers from then on must be read by a newer snapshot. Raises 40001 in REPEATABLE READ where
/// another transaction has judged one of them since.
void lock_customers(const Writing &writing) {
  Arguments arguments;
  arguments.add(get_array_type(writing.live->key.type), writing.who.keys);
  execute("INSERT INTO segmentation.state AS s (customer_id) "
          "SELECT k FROM pg_catalog.unnest($1) AS k GROUP BY k ORDER BY k "
          "ON CONFLICT (customer_id) DO UPDATE SET version = s.version WHERE false",
          arguments, writing.who.plan());
}

/// Marks the locked customers as judged, which those who waited must be able to see; rows of customers who
/// are gone go too.
void mark_customers(const Writing &writing) {
  Arguments arguments;
  arguments.add(get_array_type(writing.live->key.type), writing.who.keys);
  execute("UPDATE segmentation.state AS s SET version = s.version + 1, as_of = pg_catalog.clock_timestamp() "
          "WHERE s.customer_id = ANY ($1)",
          arguments, writing.who.plan());
  execute(psprintf("DELETE FROM segmentation.state AS s WHERE s.customer_id = ANY ($1) "
                   "AND NOT EXISTS (SELECT FROM %s AS c WHERE c.%s = s.customer_id)",
                   writing.live->schema.relations[0].from_sql, writing.live->key_column),
          arguments, writing.who.plan());
}

/// Members are stored by the key as it was when the customers were bound.
void check_key_type(const Live *live) {
  Oid membership = own_relation("membership");
  AttrNumber number = get_attnum(membership, "customer_id");
  Oid stored = number == InvalidAttrNumber ? InvalidOid : get_atttype(membership, number);
  if (OidIsValid(stored) && getBaseType(stored) == live->key.type)
    return;
  ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                  errmsg("the customers' key is of type %s now, but members are stored by type %s",
                         format_type_be(live->key.type), format_type_be(stored)),
                  errhint("Drop the segments, bind the customers again with replace => true, and create the "
                          "segments again.")));
}

int index_of_segment(const Live *live, int32 id) {
  for (int i = 0; i < live->schema.segment_count; ++i) {
    if (live->schema.segments[i].id == id)
      return i;
  }
  ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("segment with id %d does not exist", id)));
  pg_unreachable();
}

/// Tells whether a segment's rule still has its meaning. One that lost what it reads keeps its members, with
/// a warning: it must not keep the others from being brought up to date.
bool is_whole(const Live *live, int index) {
  Failure failure;
  const char *rule = live->schema.segments[index].source;
  try_core([=](Failure &inner) { (void)(**live->core).check(rule, Excerpt::none, inner); }, failure);
  if (!failure.failed)
    return true;
  ereport(WARNING, (errmsg("segment \"%s\" was left as it is", live->schema.segments[index].name),
                    errdetail_internal("%s.", failure.message), errhint("Alter the segment or drop it.")));
  return false;
}

/// Finds the segments; returns their indexes in the schema.
int *choose_segments(Writing *writing, const WriteRequest &request) {
  const Live *live = writing->live;
  Datum *ids = nullptr;
  bool *nulls = nullptr;
  int count = live->schema.segment_count;
  if (!request.all_segments)
    deconstruct_array(DatumGetArrayTypeP(request.segments), INT4OID, 4, true, TYPALIGN_INT, &ids, &nulls,
                      &count);
  int *indexes = static_cast<int *>(palloc(sizeof(int) * static_cast<Size>(count + 1)));
  writing->segments = static_cast<int32 *>(palloc(sizeof(int32) * static_cast<Size>(count + 1)));
  Datum *values = static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<Size>(count + 1)));
  for (int i = 0; i < count; ++i) {
    if (nulls != nullptr && nulls[i])
      continue;
    int index = ids == nullptr ? i : index_of_segment(live, DatumGetInt32(ids[i]));
    if (request.all_segments && !is_whole(live, index))
      continue;
    bool known = false;
    for (int j = 0; j < writing->segment_count && ids != nullptr; ++j)
      known = known || indexes[j] == index;
    if (known)
      continue;
    int32 id = live->schema.segments[index].id;
    indexes[writing->segment_count] = index;
    values[writing->segment_count] = Int32GetDatum(id);
    writing->segments[writing->segment_count++] = id;
  }
  writing->segment_array = make_array(values, writing->segment_count, INT4OID);
  return indexes;
}

void write_pass(void *argument, const Pass &pass) {
  auto *writing = static_cast<Writing *>(argument);
  compare_stored(writing->live, pass, writing->difference->get(), writing->segment_array, writing->who);
  writing->rows += static_cast<int64>(delete_leavers(writing->difference->get()));
  writing->rows +=
      static_cast<int64>(insert_joiners(writing->live, pass.work, writing->segments,
                                        static_cast<uint32>(writing->segment_count), writing->progress));
}

/// Several passes see one slice of the customers each: rows of customers who are gone belong to none of them.
void delete_gone(Writing *writing) {
  Arguments arguments;
  arguments.add(INT4ARRAYOID, writing->segment_array);
  writing->rows += static_cast<int64>(
      execute(psprintf("DELETE FROM segmentation.membership AS m WHERE m.segment_id = ANY ($1) "
                       "AND NOT EXISTS (SELECT FROM %s AS c WHERE c.%s = m.customer_id)",
                       writing->live->schema.relations[0].from_sql, writing->live->key_column),
              arguments));
}

void write_counts(Writing *writing) {
  if (writing->who.everyone) {
    Arguments arguments;
    arguments.add(INT4ARRAYOID, writing->segment_array);
    execute("DELETE FROM segmentation.count_delta AS d WHERE d.segment_id = ANY ($1)", arguments);
  }
  Size room = sizeof(Datum) * static_cast<Size>(writing->segment_count + 1);
  Datum *ids = static_cast<Datum *>(palloc(room)), *deltas = static_cast<Datum *>(palloc(room));
  int count = 0;
  for (int i = 0; i < writing->segment_count; ++i) {
    const Difference &difference = **writing->difference;
    size_t rule = static_cast<size_t>(i);
    int64 delta = writing->who.everyone ? difference.total(rule) : difference.delta(rule);
    if (delta == 0)
      continue;
    ids[count] = Int32GetDatum(writing->segments[i]);
    deltas[count++] = Int64GetDatum(delta);
  }
  if (count == 0)
    return;
  Arguments arguments;
  arguments.add(INT4ARRAYOID, make_array(ids, count, INT4OID));
  arguments.add(INT8ARRAYOID, make_array(deltas, count, INT8OID));
  execute("INSERT INTO segmentation.count_delta (segment_id, delta) "
          "SELECT d.segment_id, d.delta FROM unnest($1, $2) AS d (segment_id, delta)",
          arguments, writing->who.plan());
}

} // namespace

int64 write_members(const WriteRequest &request) {
  hold_definitions(); // first: who changes definitions holds them when he begins to build
  take_turn(request.everyone);
  Writing writing;
  memset(&writing, 0, sizeof writing);
  const Live *live = writing.live = load_live();
  check_key_type(live);
  writing.who = {request.everyone, 0, 0};
  if (!request.everyone) {
    writing.who = customers_of(live, read_keys(live, request.customers, request.customers_type));
    lock_customers(writing);
  }
  // What others wrote before our turn came must be seen: a new snapshot, after the locks.
  CommandCounterIncrement();
  PushActiveSnapshot(request.everyone ? GetTransactionSnapshot() : GetLatestSnapshot());
  int *indexes = choose_segments(&writing, request);
  writing.progress = request.progress;
  writing.difference = Owned<Difference>::make();
  auto *owned = Owned<Work>::make();
  const Writing *chosen = &writing;
  run_core([=](Failure &failure) {
    chosen->difference->set(new Difference({chosen->segments, chosen->segments + chosen->segment_count}));
    owned->set(Work::make_for_segments(**live->core, indexes, chosen->segment_count, failure));
  });
  if (writing.segment_count > 0) {
    if (request.everyone) {
      bool several = false;
      struct Visit {
        Writing *writing;
        bool *several;
      } visit = {&writing, &several};
      judge_everyone(
          live, owned->get(), transaction_now(), request.progress,
          [](void *argument, const Pass &pass) {
            auto *both = static_cast<Visit *>(argument);
            *both->several = pass.slice.count > 1;
            write_pass(both->writing, pass);
          },
          &visit);
      if (several)
        delete_gone(&writing);
    } else {
      judge(live, owned->get(), writing.who, transaction_now());
      write_pass(&writing, {owned->get(), {0, 1}});
    }
    write_counts(&writing);
  }
  if (!request.everyone)
    mark_customers(writing);
  PopActiveSnapshot();
  return writing.rows;
}

} // namespace segmentation::pg
