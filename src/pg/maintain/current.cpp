// Members as they are at now(): of customers who have come due, and whom the clock has not reached, not what
// is stored but what their rules say. Server's side.
#include "pg/boundary/run_core.hpp"
#include "pg/live/customers.hpp"
#include "pg/live/judge.hpp"
#include "pg/live/program.hpp"
#include "pg/stored/due.hpp"

namespace segmentation::pg {

namespace {

/// Reads segmentation.due by its owner's rights, at now() as the statement sees it. There are no rows where
/// customers are not bound.
Rows query_due(const char *sql, const Arguments &arguments) {
  Oid table = due_table();
  if (!OidIsValid(table))
    return {nullptr, 0};
  Identity caller = become(owner_of(table));
  Rows rows = query(sql, arguments, Plan::saved);
  become_again(caller);
  return rows;
}

void put(FunctionCallInfo fcinfo, Datum customer, Datum segment) {
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  Datum values[2] = {customer, segment};
  bool missing[2] = {false, false};
  tuplestore_putvalues(result->setResult, result->setDesc, values, missing);
}

/// Puts the segments whose rules hold for the customers.
void put_judged(FunctionCallInfo fcinfo, const Live *live, const GivenKeys &given) {
  const SegmentProgram *program = load_program(live);
  Work *work = program->work->get();
  judge(live, work, customers_of(live, given), transaction_now());
  for (uint32 customer = 0; customer < work->size(); ++customer) {
    Datum key = Datum{0};
    for (int rule = 0; rule < program->segment_count; ++rule) {
      if (!work->holds(static_cast<size_t>(rule), customer))
        continue;
      if (key == Datum{0})
        key = CStringGetTextDatum(print_value(live->key.type, key_datum(live->key, work->key(customer))));
      put(fcinfo, key, Int32GetDatum(program->segments[rule]));
    }
  }
}

/// Puts the segments whose rules lost what they read: their members stay as they are.
void put_broken(FunctionCallInfo fcinfo, const Live *live, const GivenKeys &given) {
  const SegmentProgram *program = load_program(live);
  if (program->segment_count == live->schema.segment_count || given.count == 0)
    return;
  Datum *whole = static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<Size>(program->segment_count + 1)));
  for (int i = 0; i < program->segment_count; ++i)
    whole[i] = Int32GetDatum(program->segments[i]);
  Arguments arguments;
  arguments.add(get_array_type(live->key.type), make_array(given.keys, given.count, live->key.type));
  arguments.add(INT4ARRAYOID, make_array(whole, program->segment_count, INT4OID));
  Rows rows = query("SELECT m.customer_id::text, m.segment_id FROM segmentation.membership AS m "
                    "WHERE m.customer_id = ANY ($1) AND m.segment_id <> ALL ($2)",
                    arguments);
  bool missing;
  for (uint64 row = 0; row < rows.count; ++row)
    put(fcinfo, CStringGetTextDatum(text_value(rows, row, 1)), value_of(rows, row, 2, missing));
}

} // namespace

} // namespace segmentation::pg

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_is_due) {
  Session session = open_session();
  bool due = false;
  if (PG_ARGISNULL(0)) {
    due =
        query_due("SELECT FROM segmentation.due AS d WHERE d.due_at <= pg_catalog.now() LIMIT 1", {}).count >
        0;
  } else {
    const Live *live = load_live_if_bound();
    GivenKeys given = {nullptr, nullptr, 0};
    if (OidIsValid(live->customers))
      given = read_keys(live, PG_GETARG_DATUM(0), TEXTOID);
    for (int i = 0; i < given.count; ++i) {
      Arguments arguments;
      arguments.add(live->key.type, given.keys[i]);
      due |= query_due("SELECT FROM segmentation.due AS d WHERE d.customer_id = $1 AND d.due_at <= "
                       "pg_catalog.now() LIMIT 1",
                       arguments)
                 .count > 0;
    }
  }
  close_session(session);
  PG_RETURN_BOOL(due);
}

SEGMENTATION_FUNCTION(segmentation_due_customers) {
  InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  Session session = open_session();
  Rows rows = query_due("SELECT DISTINCT d.customer_id::pg_catalog.text FROM segmentation.due AS d WHERE "
                        "d.due_at <= pg_catalog.now()",
                        {});
  for (uint64 row = 0; row < rows.count; ++row) {
    Datum value[1] = {CStringGetTextDatum(text_value(rows, row, 1))};
    bool missing[1] = {false};
    tuplestore_putvalues(result->setResult, result->setDesc, value, missing);
  }
  close_session(session);
  return Datum{0};
}

SEGMENTATION_FUNCTION(segmentation_judged) {
  InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
  Session session = open_session();
  // Who may read members need not be able to read what they are judged by.
  Identity caller = become_reader();
  const Live *live = load_live();
  GivenKeys given = read_keys(live, PG_GETARG_DATUM(0), TEXTARRAYOID);
  // Where no clock has run for a day they may be everyone.
  constexpr int chunk = 10000;
  MemoryContext memory =
      AllocSetContextCreate(CurrentMemoryContext, "segmentation judged", ALLOCSET_DEFAULT_SIZES);
  for (int first = 0; first < given.count; first += chunk) {
    CHECK_FOR_INTERRUPTS();
    MemoryContext before = MemoryContextSwitchTo(memory);
    GivenKeys part = {given.keys + first, given.given + first, Min(chunk, given.count - first)};
    put_judged(fcinfo, live, part);
    put_broken(fcinfo, live, part);
    MemoryContextSwitchTo(before);
    MemoryContextReset(memory);
  }
  MemoryContextDelete(memory);
  become_again(caller);
  close_session(session);
  return Datum{0};
}

SEGMENTATION_FUNCTION(segmentation_due_state) {
  TupleDesc columns = columns_to_return(fcinfo);
  constexpr int count = 4;
  Datum values[count] = {Datum{0}, Datum{0}, Datum{0}, Datum{0}};
  bool nulls[count] = {true, true, true, true};
  Session session = open_session();
  Rows rows =
      query_due("SELECT pg_catalog.count(*) FILTER (WHERE d.due_at <= pg_catalog.clock_timestamp()), "
                "pg_catalog.count(*) FILTER (WHERE d.due_at <= pg_catalog.clock_timestamp() + '1 hour'), "
                "pg_catalog.count(*), (SELECT pg_catalog.min(f.due_at) FROM segmentation.due AS f) "
                "FROM segmentation.due AS d WHERE d.due_at <= pg_catalog.clock_timestamp() + '1 day'",
                {});
  for (int i = 0; i < count && rows.count > 0; ++i)
    values[i] = value_of(rows, 0, i + 1, nulls[i]);
  Datum row = row_for_caller(session, columns, values, nulls);
  close_session(session);
  PG_RETURN_DATUM(row);
}
