// count_matching, matches and preview: what a rule would say, with nothing stored. Server's side.
#include "pg/segment/functions.hpp"

#include "pg/boundary/run_core.hpp"

#include <cmath>

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

int64 count_customers(const Live *live) {
  Rows rows = query(psprintf("SELECT pg_catalog.count(*) FROM %s", live->schema.relations[0].from_sql));
  bool missing;
  return DatumGetInt64(value_of(rows, 0, 1, missing));
}

/// The 95 % interval of a share of `hits` in `trials` (Wilson, 1927).
struct Interval {
  double low, high;
};
Interval wilson(double hits, double trials) {
  constexpr double z = 1.959964;
  if (trials <= 0)
    return {0, 1};
  double share = hits / trials;
  double centre = share + z * z / (2 * trials);
  double spread = z * std::sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials));
  double scale = 1 + z * z / trials;
  return {Max((centre - spread) / scale, 0.0), Min((centre + spread) / scale, 1.0)};
}

/// Judges some thousand customers drawn by chance; false where there are too few customers for that to be
/// quicker.
bool estimate(const Live *live, Work *work, Preview *preview, int64 *low, int64 *high) {
  constexpr double drawn_wanted = 4000;
  double customers = static_cast<double>(count_customers(live));
  if (customers < 4 * drawn_wanted)
    return false;
  Rows rows =
      query(psprintf("SELECT c.%s FROM %s AS c TABLESAMPLE BERNOULLI (%.10f)", live->key_column,
                     quote_qualified_identifier(get_namespace_name(get_rel_namespace(live->customers)),
                                                get_rel_name(live->customers)),
                     100 * drawn_wanted / customers));
  GivenKeys drawn = {static_cast<Datum *>(palloc(sizeof(Datum) * (rows.count + 1))), nullptr, 0};
  for (uint64 row = 0; row < rows.count; ++row) {
    bool missing;
    drawn.keys[drawn.count] = value_of(rows, row, 1, missing);
    drawn.count += missing ? 0 : 1;
  }
  judge(live, work, customers_of(live, drawn), transaction_now());
  add_pass(preview, {work, {0, 1}});
  Interval interval = wilson(static_cast<double>(preview->members), drawn.count);
  *low = static_cast<int64>(std::floor(interval.low * customers));
  *high = static_cast<int64>(std::ceil(interval.high * customers));
  preview->members =
      drawn.count == 0
          ? 0
          : static_cast<int64>(std::llround(static_cast<double>(preview->members) / drawn.count * customers));
  return true;
}

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
  int64 low, high;
  if (exact || !estimate(live, work->get(), &preview, &low, &high)) {
    judge_everyone(live, work->get(), transaction_now(), false, nullptr, add_pass, &preview);
    low = high = preview.members;
  }
  Datum values[4] = {Int64GetDatum(preview.members), Int64GetDatum(low), Int64GetDatum(high),
                     sample_rows(live, preview, session)};
  bool nulls[4] = {false, false, false, false};
  close_session(session);
  put_row(fcinfo, values, nulls);
  return Datum{0};
}
