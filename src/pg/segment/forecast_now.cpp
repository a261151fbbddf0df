// What view forecasts shows of customers whom anything has touched since the last refresh: computed from
// their purchases, by the rights of the customers' owner. Server's side.
#include "pg/segment/functions.hpp"
#include "pg/segment/texts.hpp"

#include "pg/boundary/run_core.hpp"

namespace segmentation::pg {

namespace {

/// The queries of one version of the definitions.
struct Queries {
  uint64 serial; // 0: none are kept
  MemoryContext memory;
  const char *customers; // the keys of all; nullptr where it is not known which rows are purchases
  const char *one;       // a row of the view, without its key, for the customer in $1
};
Queries kept = {0, nullptr, nullptr, nullptr};

/// $1 the customer, $2 the model, $3 the day after the last that counts.
constexpr const char *one_customer =
    "SELECT f.frequency, f.recency, f.age, f.monetary, f.probability_alive, f.predicted_purchases, "
    "f.predicted_spend, f.predicted_spend_tier, f.recency_score, f.frequency_score, f.monetary_score, "
    "f.rfm_group, COALESCE(t.orders, 0) AS orders, COALESCE(t.spend, 0) AS spend, t.last AS last_order, "
    "f.observed_until "
    "FROM (SELECT sum(d.orders)::bigint AS orders, count(*) AS days, min(d.day) AS first, max(d.day) AS "
    "last, "
    "sum(d.value) AS spend, (array_agg(d.value ORDER BY d.day))[1] AS first_value "
    "FROM (SELECT p.day, count(*) AS orders, COALESCE(sum(p.value), 0) AS value FROM (%1$s) AS p "
    "WHERE p.customer = $1 AND p.day >= '4713-01-01 BC' AND p.day < $3 GROUP BY p.day) AS d) AS t, "
    "segmentation._forecast_row($2, t.orders, t.days, t.first, t.last, t.spend, t.first_value) AS f "
    "WHERE EXISTS (SELECT FROM (%2$s) AS c (key) WHERE c.key = $1)";

const Queries &queries_of(const Live *live) {
  if (kept.serial == live->serial)
    return kept;
  auto *texts = Owned<Texts>::make();
  const char *customers = nullptr, *rows = nullptr;
  run_core([=, &customers, &rows](Failure &failure) {
    texts->set(Texts::purchases_of(**live->core, failure));
    if (failure.failed || (*texts)->strings().size() != 2)
      return;
    customers = (*texts)->strings()[0].c_str();
    rows = (*texts)->strings()[1].c_str();
  });
  kept.serial = 0;
  if (kept.memory == nullptr)
    kept.memory = AllocSetContextCreate(CacheMemoryContext, "segmentation forecasts", ALLOCSET_SMALL_SIZES);
  MemoryContextReset(kept.memory);
  MemoryContext before = MemoryContextSwitchTo(kept.memory);
  kept.customers = kept.one = nullptr;
  if (rows != nullptr) {
    kept.customers = pstrdup(customers);
    kept.one = psprintf(one_customer, rows, customers);
  }
  kept.serial = live->serial;
  MemoryContextSwitchTo(before);
  texts->clear();
  return kept;
}

/// These functions are everybody's, since a view's reader calls them: for who may read the view.
void require_reader() {
  Oid view = get_relname_relid("forecasts", get_namespace_oid("segmentation", false));
  if (!OidIsValid(view) || pg_class_aclcheck(view, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                    errmsg("permission denied for view forecasts of schema segmentation"),
                    errhint("Whoever reads it by way of another view needs a right on it of his own: SELECT "
                            "segmentation.grant_access(..., 'read').")));
}

/// What is returned is of the argument's type, and the server would take keys of another for it.
void require_key_type(const Live *live, Oid type) {
  if (getBaseType(type) != live->key.type)
    ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                    errmsg("the customers' key is of type %s, not %s", format_type_be(live->key.type),
                           format_type_be(type))));
}

/// Returns the model that the statement at hand sees, as it sees the stored rows; nullptr where there is
/// none.
const char *model_seen() {
  Identity caller = become(extension_owner());
  Rows rows = query("SELECT f.model FROM segmentation.forecast_in_force AS f", {}, Plan::saved);
  become_again(caller);
  return rows.count > 0 ? text_value(rows, 0, 1) : nullptr;
}

/// Returns the day after the last whose purchases count.
DateADT end_of_purchases(const char *model) {
  core::Day last = core::day_infinity - 1;
  run_core([=, &last](Failure &) {
    if (auto parsed = core::ForecastModel::parse(model))
      last = parsed->last_day();
  });
  return last >= core::day_infinity - 1 ? DATEVAL_NOEND : last + 1;
}

} // namespace

} // namespace segmentation::pg

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_forecast_now) {
  TupleDesc columns = columns_to_return(fcinfo);
  require_reader();
  Session session = open_session();
  Identity caller = become_reader();
  const Live *live = load_live();
  const Queries &queries = queries_of(live);
  GivenKeys given = read_keys(live, PG_GETARG_DATUM(0), argument_type(fcinfo, 0));
  const char *model = model_seen();
  Datum row = Datum{0};
  if (model != nullptr && queries.one != nullptr && given.count == 1) {
    Arguments arguments;
    arguments.add(live->key.type, given.keys[0]);
    arguments.add(TEXTOID, CStringGetTextDatum(model));
    arguments.add(DATEOID, DateADTGetDatum(end_of_purchases(model)));
    Rows rows = query(queries.one, arguments, segmentation::pg::Plan::saved);
    if (rows.count > 0) {
      TupleDesc found = rows.table->tupdesc;
      auto *values = static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<Size>(found->natts)));
      auto *nulls = static_cast<bool *>(palloc(sizeof(bool) * static_cast<Size>(found->natts)));
      heap_deform_tuple(rows.table->vals[0], found, values, nulls);
      row = row_for_caller(session, columns, values, nulls);
    }
  }
  become_again(caller);
  close_session(session);
  if (row == Datum{0})
    PG_RETURN_NULL();
  PG_RETURN_DATUM(row);
}

SEGMENTATION_FUNCTION(segmentation_forecast_customers) {
  InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
  require_reader();
  Session session = open_session();
  Identity caller = become_reader();
  const Live *live = load_live();
  require_key_type(live, argument_type(fcinfo, 0));
  const Queries &queries = queries_of(live);
  if (queries.customers != nullptr) {
    Rows rows = query(queries.customers);
    for (uint64 i = 0; i < rows.count; ++i) {
      Datum values[1];
      bool nulls[1];
      values[0] = value_of(rows, i, 1, nulls[0]);
      put_row(fcinfo, values, nulls);
    }
  }
  become_again(caller);
  close_session(session);
  return Datum{0};
}
