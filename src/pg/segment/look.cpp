// count_matching, estimate_matching, matches and preview: what a rule would say, with nothing stored.
// Server's side.
#include "pg/segment/functions.hpp"
#include "pg/segment/sample.hpp"

#include "pg/boundary/run_core.hpp"

namespace segmentation::pg {

namespace {

/// What preview gathers over the passes.
struct Preview {
  const Live *live;
  int64 members;
  int sample_limit;
  int sample_count;
  Datum *sample;
};

void add_pass(void *argument, const Pass &pass) {
  auto *preview = static_cast<Preview *>(argument);
  uint64 holding = 0;
  uint32 listed = 0;
  uint32 wanted = static_cast<uint32>(preview->sample_limit - preview->sample_count);
  auto *keys = static_cast<CustomerKey *>(palloc(sizeof(CustomerKey) * Max(wanted, 1U)));
  run_core([=, &holding, &listed](Failure &) {
    holding = pass.work->count_holding(0);
    if (wanted > 0) {
      pass.work->sort_by_key();
      pass.work->list_next(0, 0, wanted, keys, listed);
    }
  });
  preview->members += static_cast<int64>(holding);
  for (uint32 i = 0; i < listed; ++i)
    preview->sample[preview->sample_count++] = key_datum(preview->live->key, keys[i]);
  pfree(keys);
}

/// How many are drawn where nothing says until when.
constexpr int64 drawn_wanted = 4000;

/// Returns the sampled customers' rows as a jsonb array, in the caller's memory.
Datum sample_rows(const Live *live, const Preview &preview, const Session &session) {
  Arguments arguments;
  arguments.add(get_array_type(live->key.type),
                make_array(preview.sample, preview.sample_count, live->key.type));
  Rows rows =
      query(psprintf("SELECT COALESCE(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c) ORDER BY c.%s), '[]') "
                     "FROM %s AS c WHERE c.%s = ANY ($1)",
                     live->key_column, live->schema.relations[0].from_sql, live->key_column),
            arguments);
  bool missing;
  Datum value = value_of(rows, 0, 1, missing);
  MemoryContext before = MemoryContextSwitchTo(session.caller);
  value = datumCopy(value, false, -1);
  MemoryContextSwitchTo(before);
  return value;
}

} // namespace

} // namespace segmentation::pg

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_count_matching) {
  Session session = open_session();
  const Live *live = load_live();
  Owned<Work> *work = compile_argument(live, fcinfo, 0);
  Preview preview = {live, 0, 0, 0, nullptr};
  judge_everyone(live, work->get(), transaction_now(), false, nullptr, add_pass, &preview);
  close_session(session);
  PG_RETURN_INT64(preview.members);
}

SEGMENTATION_FUNCTION(segmentation_estimate_matching) {
  InitMaterializedSRF(fcinfo, 0);
  const Interval *budget = PG_GETARG_INTERVAL_P(1);
  int64 time = budget->time + (budget->day + int64{budget->month} * DAYS_PER_MONTH) * USECS_PER_DAY;
  if (time <= 0)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("budget must be more than no time"),
                    errhint("Give an interval such as '200 ms'.")));
  // Loading what is live and compiling count, too; what is left over is for the last batch.
  TimestampTz until = GetCurrentTimestamp() + time / 20 * 17;
  Session session = open_session();
  const Live *live = load_live();
  Owned<Work> *work = compile_argument(live, fcinfo, 0);
  Estimate estimate = estimate_members(live, work->get(), {until, 0}, nullptr, nullptr);
  Datum values[3] = {Int64GetDatum(estimate.members), Int64GetDatum(estimate.low),
                     Int64GetDatum(estimate.high)};
  bool nulls[3] = {false, false, false};
  close_session(session);
  put_row(fcinfo, values, nulls);
  return Datum{0};
}

SEGMENTATION_FUNCTION(segmentation_moves) {
  Session session = open_session();
  Owned<Work> *work = compile_argument(load_live(), fcinfo, 0);
  bool moves = false;
  run_core([=, &moves](Failure &) { moves = work->get()->program().moves(); });
  close_session(session);
  PG_RETURN_BOOL(moves);
}

SEGMENTATION_FUNCTION(segmentation_count_matching_all) {
  Session session = open_session();
  const Live *live = load_live();
  int count;
  Datum *rules;
  bool *nulls;
  ArrayType *array = PG_GETARG_ARRAYTYPE_P(0);
  deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_INT, &rules, &nulls, &count);
  const char **sources = static_cast<const char **>(palloc(sizeof(char *) * static_cast<Size>(count + 1)));
  for (int i = 0; i < count; ++i) {
    if (nulls[i])
      ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("rule %d is null", i + 1)));
    sources[i] = rule_source(rule_value(rules[i]));
  }
  auto *members = static_cast<int64 *>(palloc0(sizeof(int64) * static_cast<Size>(count + 1)));
  if (count > 0) {
    Work *work = compile_rules(live, sources, count, Excerpt::detail)->get();
    judge_everyone(live, work, transaction_now(), false, nullptr, add_members, members);
  }
  Datum *values = static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<Size>(count + 1)));
  for (int i = 0; i < count; ++i)
    values[i] = Int64GetDatum(members[i]);
  MemoryContext before = MemoryContextSwitchTo(session.caller);
  Datum result = make_array(values, count, INT8OID);
  MemoryContextSwitchTo(before);
  close_session(session);
  PG_RETURN_DATUM(result);
}

SEGMENTATION_FUNCTION(segmentation_matches) {
  Session session = open_session();
  const Live *live = load_live();
  Owned<Work> *work = compile_argument(live, fcinfo, 0);
  GivenKeys keys = read_keys(live, PG_GETARG_DATUM(1), argument_type(fcinfo, 1));
  bool holds = false;
  if (keys.count > 0) {
    judge(live, work->get(), customers_of(live, keys), transaction_now());
    Work *judged = work->get();
    CustomerKey key = core_key(live->key, keys.keys[0]);
    run_core([=, &holds](Failure &) {
      std::optional<std::uint32_t> customer = judged->find(key);
      holds = customer && judged->holds(0, *customer);
    });
  }
  close_session(session);
  PG_RETURN_BOOL(holds);
}

SEGMENTATION_FUNCTION(segmentation_matches_of) {
  InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
  Session session = open_session();
  const Live *live = load_live();
  Owned<Work> *work = compile_argument(live, fcinfo, 0);
  GivenKeys keys = read_keys(live, PG_GETARG_DATUM(1), argument_type(fcinfo, 1));
  judge(live, work->get(), customers_of(live, keys), transaction_now());
  Work *judged = work->get();
  for (int i = 0; i < keys.count; ++i) {
    bool holds = false;
    CustomerKey key = core_key(live->key, keys.keys[i]);
    run_core([=, &holds](Failure &) {
      std::optional<std::uint32_t> customer = judged->find(key);
      holds = customer && judged->holds(0, *customer);
      if (holds)
        judged->clear(0, *customer); // a customer named twice is answered once
    });
    bool missing = false;
    if (holds)
      put_row(fcinfo, &keys.given[i], &missing);
  }
  close_session(session);
  return Datum{0};
}

SEGMENTATION_FUNCTION(segmentation_preview) {
  InitMaterializedSRF(fcinfo, 0);
  bool exact = PG_GETARG_BOOL(1);
  int sample_limit = PG_GETARG_INT32(2);
  if (sample_limit < 0 || sample_limit > 10000)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("sample must be between 0 and 10000, not %d", sample_limit)));
  Session session = open_session();
  const Live *live = load_live();
  Owned<Work> *work = compile_argument(live, fcinfo, 0);
  Preview preview = {live, 0, sample_limit, 0, nullptr};
  preview.sample = static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<Size>(sample_limit + 1)));
  Estimate estimate;
  // Drawing some thousand is quicker only where there are many more.
  if (!exact && estimate_customers(live) >= 4 * drawn_wanted) {
    estimate = estimate_members(live, work->get(), {0, drawn_wanted}, add_pass, &preview);
  } else {
    judge_everyone(live, work->get(), transaction_now(), false, nullptr, add_pass, &preview);
    estimate = {preview.members, preview.members, preview.members};
  }
  Datum values[4] = {Int64GetDatum(estimate.members), Int64GetDatum(estimate.low),
                     Int64GetDatum(estimate.high), sample_rows(live, preview, session)};
  bool nulls[4] = {false, false, false, false};
  close_session(session);
  put_row(fcinfo, values, nulls);
  return Datum{0};
}
