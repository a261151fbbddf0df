// What forecasts are computed by: the models of the core as functions of SQL, on plain values, and the query
// of the purchases that they are fitted on. Server's side.
#include "core/forecast/fit.hpp"

#include "pg/segment/functions.hpp"
#include "pg/segment/texts.hpp"

#include "pg/boundary/run_core.hpp"

namespace segmentation::pg {

namespace {

namespace core = segmentation::core;

/// An array of numbers without NULLs.
struct Numbers {
  Datum *values;
  int count;
};

Numbers read_numbers(FunctionCallInfo fcinfo, int argument, Oid type) {
  ArrayType *array = DatumGetArrayTypeP(fcinfo->args[argument].value);
  Numbers numbers;
  bool *nulls;
  deconstruct_array(array, type, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &numbers.values, &nulls,
                    &numbers.count);
  for (int i = 0; i < numbers.count; ++i) {
    if (nulls[i])
      ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a history must not be null")));
  }
  return numbers;
}

void require_length(const Numbers &numbers, int count) {
  if (numbers.count != count)
    ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR), errmsg("histories must be of one length")));
}

/// Whether this statement or session is to end, which a fit looks at as it goes.
bool is_to_end() noexcept {
  return QueryCancelPending || ProcDiePending;
}

const char *name_of(core::FitOutcome outcome) {
  switch (outcome) {
  case core::FitOutcome::converged:
    return "converged";
  case core::FitOutcome::unbounded:
    return "unbounded";
  case core::FitOutcome::stopped:
    CHECK_FOR_INTERRUPTS(); // tells who stopped it
    ereport(ERROR, (errcode(ERRCODE_QUERY_CANCELED), errmsg("fitting was stopped")));
  case core::FitOutcome::failed:
    break;
  }
  return "failed";
}

/// Makes the row of a fit: how it went, the parameters and the log-likelihood.
Datum fit_row(FunctionCallInfo fcinfo, core::FitOutcome outcome, const double *parameters, int count,
              double log_likelihood) {
  TupleDesc columns = columns_to_return(fcinfo);
  Assert(columns->natts == count + 2);
  Datum values[6] = {CStringGetTextDatum(name_of(outcome))};
  bool nulls[6] = {};
  for (int i = 0; i < count; ++i)
    values[i + 1] = Float8GetDatum(parameters[i]);
  values[count + 1] = Float8GetDatum(log_likelihood);
  return HeapTupleGetDatum(heap_form_tuple(columns, values, nulls));
}

core::BgNbd bg_nbd(FunctionCallInfo fcinfo) {
  return {PG_GETARG_FLOAT8(0), PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2), PG_GETARG_FLOAT8(3)};
}

core::PurchaseHistory history(FunctionCallInfo fcinfo) {
  return {PG_GETARG_INT64(4), PG_GETARG_FLOAT8(5), PG_GETARG_FLOAT8(6)};
}

} // namespace

} // namespace segmentation::pg

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_fit_bg_nbd) {
  Numbers frequencies = read_numbers(fcinfo, 0, INT8OID), recencies = read_numbers(fcinfo, 1, FLOAT8OID),
          ages = read_numbers(fcinfo, 2, FLOAT8OID), customers = read_numbers(fcinfo, 3, INT8OID);
  int count = frequencies.count;
  require_length(recencies, count);
  require_length(ages, count);
  require_length(customers, count);
  auto *groups = static_cast<core::HistoryGroup *>(
      palloc_extended(sizeof(core::HistoryGroup) * static_cast<Size>(count + 1), MCXT_ALLOC_HUGE));
  for (int i = 0; i < count; ++i)
    groups[i] = {{DatumGetInt64(frequencies.values[i]), DatumGetFloat8(recencies.values[i]),
                  DatumGetFloat8(ages.values[i])},
                 DatumGetInt64(customers.values[i])};
  core::BgNbdFit fit = core::fit_bg_nbd({groups, static_cast<Size>(count)}, is_to_end);
  double parameters[4] = {fit.model.r, fit.model.alpha, fit.model.a, fit.model.b};
  return fit_row(fcinfo, fit.outcome, parameters, 4, fit.log_likelihood);
}

SEGMENTATION_FUNCTION(segmentation_fit_gamma_gamma) {
  Numbers purchases = read_numbers(fcinfo, 0, INT8OID), means = read_numbers(fcinfo, 1, FLOAT8OID),
          customers = read_numbers(fcinfo, 2, INT8OID);
  int count = purchases.count;
  require_length(means, count);
  require_length(customers, count);
  auto *groups = static_cast<core::ValueGroup *>(
      palloc_extended(sizeof(core::ValueGroup) * static_cast<Size>(count + 1), MCXT_ALLOC_HUGE));
  for (int i = 0; i < count; ++i)
    groups[i] = {DatumGetInt64(purchases.values[i]), DatumGetFloat8(means.values[i]),
                 DatumGetInt64(customers.values[i])};
  core::GammaGammaFit fit = core::fit_gamma_gamma({groups, static_cast<Size>(count)}, is_to_end);
  double parameters[3] = {fit.model.p, fit.model.q, fit.model.gamma};
  return fit_row(fcinfo, fit.outcome, parameters, 3, fit.log_likelihood);
}

SEGMENTATION_FUNCTION(segmentation_probability_alive) {
  PG_RETURN_FLOAT8(core::probability_alive(bg_nbd(fcinfo), history(fcinfo)));
}

SEGMENTATION_FUNCTION(segmentation_expected_purchases) {
  PG_RETURN_FLOAT8(core::expected_purchases(bg_nbd(fcinfo), history(fcinfo), PG_GETARG_FLOAT8(7)));
}

SEGMENTATION_FUNCTION(segmentation_expected_new_purchases) {
  PG_RETURN_FLOAT8(core::expected_purchases(bg_nbd(fcinfo), PG_GETARG_FLOAT8(4)));
}

SEGMENTATION_FUNCTION(segmentation_expected_value) {
  PG_RETURN_FLOAT8(core::expected_value({PG_GETARG_FLOAT8(0), PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2)},
                                        PG_GETARG_INT64(3), PG_GETARG_FLOAT8(4)));
}

SEGMENTATION_FUNCTION(segmentation_purchases_sql) {
  Session session = open_session();
  const Live *live = load_live();
  const char *attribute = text_to_cstring(PG_GETARG_TEXT_PP(0));
  auto *texts = Owned<Texts>::make();
  size_t count = 0;
  run_core([=, &count](Failure &failure) {
    texts->set(Texts::summed_rows_of(**live->core, attribute, failure));
    count = failure.failed ? 0 : (*texts)->strings().size();
  });
  MemoryContext before = MemoryContextSwitchTo(session.caller);
  const char *queries[2] = {};
  for (size_t i = 0; i < count; ++i)
    queries[i] = pstrdup((*texts)->strings()[i].c_str());
  Datum result = text_array(queries, static_cast<int>(count));
  MemoryContextSwitchTo(before);
  close_session(session);
  PG_RETURN_DATUM(result);
}
