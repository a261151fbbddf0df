// One batch a transaction, by what all segments' rules mean once the gate was passed: whoever defines
// something adds a walk, or joins one that nobody has begun, while nobody else is behind the gate. Server's
// side.
#include "pg/maintain/walk.hpp"

#include "pg/boundary/settings.hpp"
#include "pg/maintain/queue.hpp"

namespace segmentation::pg {

namespace {

/// The walk at hand; its row is locked.
struct Walk {
  int32 id;
  bool everyone;
  char *position; // the key that was judged last; nullptr: none
  int64 judged;
  bool is_done;
};

/// Takes the first walk; false where there is none, or somebody else has it.
bool take_walk(bool waits, Walk *walk) {
  Rows rows = take_own(
      psprintf("SELECT w.id, w.everyone, w.position, w.judged, w.is_done FROM segmentation.walk AS w "
               "ORDER BY w.id LIMIT 1 FOR UPDATE%s",
               waits ? "" : " SKIP LOCKED"));
  if (rows.count == 0)
    return false;
  bool missing;
  *walk = {int_value(rows, 0, 1), DatumGetBool(value_of(rows, 0, 2, missing)), text_value(rows, 0, 3),
           DatumGetInt64(value_of(rows, 0, 4, missing)), DatumGetBool(value_of(rows, 0, 5, missing))};
  return true;
}

Arguments walk_argument(const Walk &walk) {
  Arguments arguments;
  arguments.add(INT4OID, Int32GetDatum(walk.id));
  return arguments;
}

/// Tells whether any segment waits for the walk. The gate must be passed, so that none is joining it.
bool is_awaited(const Walk &walk) {
  CommandCounterIncrement();
  Rows rows = query_own("SELECT FROM segmentation.segment AS s WHERE s.walk_id = $1 UNION ALL "
                        "SELECT FROM segmentation.alteration AS a WHERE a.walk_id = $1 AND a.error IS NULL",
                        walk_argument(walk));
  return rows.count > 0;
}

void end_walk(const Walk &walk) {
  // What was missed before it began it has read.
  if (walk.everyone)
    execute_own("DELETE FROM segmentation.interruption AS i USING segmentation.walk AS w WHERE w.id = $1 AND "
                "i.until <= "
                "w.started_at",
                walk_argument(walk));
  execute_own("DELETE FROM segmentation.walk AS w WHERE w.id = $1", walk_argument(walk));
}

/// The argument that a batch begins behind, of the key's type.
Datum position_of(const Live *live, const Walk &walk) {
  return OidInputFunctionCall(live->key.input, walk.position, live->key.input_parameter, -1);
}

/// Adds the next customers of the shop's; tells in `last` the one that the batch ends with, and whether there
/// are more.
bool add_next(const Live *live, const Walk &walk, KeyList *keys, Datum *last) {
  Arguments arguments;
  if (walk.position != nullptr)
    arguments.add(live->key.type, position_of(live, walk));
  Rows rows = query(psprintf("SELECT c.%1$s FROM %2$s AS c%3$s ORDER BY c.%1$s LIMIT %4$d", live->key_column,
                             live->schema.relations[0].from_sql,
                             walk.position == nullptr ? "" : psprintf(" WHERE c.%s > $1", live->key_column),
                             build_batch),
                    arguments, Plan::saved);
  int count = static_cast<int>(rows.count);
  Datum *values = static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<Size>(count + 1)));
  bool missing;
  for (int i = 0; i < count; ++i)
    values[i] = value_of(rows, static_cast<uint64>(i), 1, missing);
  add_keys(keys, live->key, values, count);
  if (count > 0)
    *last = values[count - 1];
  return count == build_batch;
}

/// Adds members of the same stretch of keys, some of whom may be nobody's by now without anyone having noted
/// it.
void add_members(const Live *live, const Walk &walk, bool more, Datum last, KeyList *keys) {
  Arguments arguments;
  const char *from = "", *to = "";
  if (walk.position != nullptr) {
    arguments.add(live->key.type, position_of(live, walk));
    from = " AND m.customer_id > $1";
  }
  if (more) {
    arguments.add(live->key.type, last);
    to = psprintf(" AND m.customer_id <= $%d", arguments.count);
  }
  Rows rows = query(
      psprintf("SELECT DISTINCT m.customer_id FROM segmentation.membership AS m WHERE true%s%s", from, to),
      arguments);
  Datum *values = static_cast<Datum *>(palloc_extended(sizeof(Datum) * (rows.count + 1), MCXT_ALLOC_HUGE));
  bool missing;
  for (uint64 i = 0; i < rows.count; ++i)
    values[i] = value_of(rows, i, 1, missing);
  add_keys(keys, live->key, values, static_cast<int>(rows.count));
}

void note_progress(const Walk &walk, int judged, bool more, const char *position) {
  Arguments arguments = walk_argument(walk);
  arguments.add(INT8OID, Int64GetDatum(judged));
  arguments.add(BOOLOID, BoolGetDatum(!more));
  arguments.add(TEXTOID, CStringGetTextDatum(position == nullptr ? "" : position));
  execute_own(
      "UPDATE segmentation.walk AS w SET position = NULLIF($4, ''), judged = w.judged + $2, is_done = $3, "
      "started_at = COALESCE(w.started_at, pg_catalog.now()), moved_at = "
      "pg_catalog.clock_timestamp() WHERE w.id = $1",
      arguments, Plan::saved);
}

/// Judges the next customers; returns how many.
int judge_next(const Live *live, const Walk &walk) {
  // What the shop's columns compute is run by the rights of the customers' owner, whoever walks.
  Identity caller = become(owner_of(live->customers));
  PushActiveSnapshot(GetLatestSnapshot());
  KeyList keys;
  memset(&keys, 0, sizeof keys);
  Datum last = Datum{0};
  bool more = add_next(live, walk, &keys, &last);
  int count = keys.count;
  const char *position = count > 0 ? print_value(live->key.type, last) : walk.position;
  if (walk.everyone)
    add_members(live, walk, more, last, &keys);
  PopActiveSnapshot();
  sort_keys(&keys);
  write_keys(live, &keys, Keeping::known);
  become_again(caller);
  note_progress(walk, count, more, position);
  return count;
}

/// Makes the next segment live that is complete; false where there is none.
bool finish_next(const Walk &walk) {
  Rows rows = take_own("SELECT segmentation._finish_one($1)", walk_argument(walk));
  bool missing;
  return DatumGetBool(value_of(rows, 0, 1, missing));
}

} // namespace

void request_walk_for_everyone() {
  // One that is not begun cannot be begun by anybody else before this transaction ends.
  execute_own("WITH next AS MATERIALIZED (SELECT w.id FROM segmentation.walk AS w WHERE w.started_at IS NULL "
              "ORDER BY "
              "w.id LIMIT 1 FOR UPDATE SKIP LOCKED), "
              "joined AS (UPDATE segmentation.walk AS w SET everyone = true FROM next WHERE w.id = next.id "
              "RETURNING w.id) "
              "INSERT INTO segmentation.walk (everyone) SELECT true WHERE NOT EXISTS (SELECT FROM joined)");
  execute_own(
      "UPDATE segmentation.definition_version AS v SET version = v.version + 1, shrunk = v.version + 1");
  execute_own("UPDATE segmentation.segment AS s SET built = s.built WHERE false"); // tells every session
}

WalkStep walk_on(bool waits) {
  Walk walk;
  if (!take_walk(waits, &walk))
    return {0, 0};
  if (walk.is_done) {
    if (!finish_next(walk) || !is_awaited(walk))
      end_walk(walk);
    return {1, walk.judged};
  }
  Identity caller = become_reader(); // row security may hide rows from whoever walks
  const Live *live = enter_gate(false);
  become_again(caller);
  if (!walk.everyone && !is_awaited(walk)) {
    end_walk(walk);
    return {1, walk.judged};
  }
  return {1, walk.judged + judge_next(live, walk)};
}

} // namespace segmentation::pg
