// What the models say of one customer, for SQL: one column as a text, which printed rules call, and all of
// them as a row. Server's side.
#include "core/forecast/forecast.hpp"

#include "pg/segment/functions.hpp"

#include "pg/boundary/run_core.hpp"

namespace segmentation::pg {

namespace {

namespace core = segmentation::core;

/// A customer's totals as they came; `days` is 0 for who has never bought.
struct Totals {
  int64 orders, days;
  DateADT first, last;
  const char *spend, *first_value;
};

/// Reads the six arguments that begin at `at`.
Totals read_totals(FunctionCallInfo fcinfo, int at) {
  Totals totals = {0, 0, 0, 0, "0", "0"};
  for (int i = at; i < at + 6; ++i) {
    if (PG_ARGISNULL(i))
      return totals;
  }
  totals.orders = PG_GETARG_INT64(at);
  totals.days = PG_GETARG_INT64(at + 1);
  totals.first = PG_GETARG_DATEADT(at + 2);
  totals.last = PG_GETARG_DATEADT(at + 3);
  totals.spend = DatumGetCString(DirectFunctionCall1(numeric_out, PG_GETARG_DATUM(at + 4)));
  totals.first_value = DatumGetCString(DirectFunctionCall1(numeric_out, PG_GETARG_DATUM(at + 5)));
  return totals;
}

core::PurchaseTotals to_core(const Totals &totals) {
  return {totals.orders,
          totals.days,
          totals.first,
          totals.last,
          core::Decimal::parse(totals.spend).value_or(core::Decimal()),
          core::Decimal::parse(totals.first_value).value_or(core::Decimal())};
}

/// Returns the model that an argument prints.
const core::ForecastModel *read_model(FunctionCallInfo fcinfo, int argument) {
  text *given = PG_GETARG_TEXT_PP(argument);
  std::string_view printed(VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given));
  // Nearly always the same for each row.
  auto *known = static_cast<Owned<core::ForecastModel> *>(fcinfo->flinfo->fn_extra);
  if (known == nullptr) {
    MemoryContext before = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
    fcinfo->flinfo->fn_extra = known = Owned<core::ForecastModel>::make();
    MemoryContextSwitchTo(before);
  }
  if (known->get() != nullptr && known->get()->printed == printed)
    return known->get();
  run_core([=](Failure &) {
    std::optional<core::ForecastModel> model = core::ForecastModel::parse(printed);
    known->set(model ? new core::ForecastModel(*std::move(model)) : nullptr);
  });
  if (known->get() == nullptr)
    ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION), errmsg("this is no model of forecasts")));
  return known->get();
}

/// Puts a number into a row, or NULL.
void set_number(Datum *values, bool *nulls, int at, std::optional<double> number) {
  nulls[at] = !number;
  values[at] = number ? Float8GetDatum(*number) : Datum{0};
}

void set_integer(Datum *values, bool *nulls, int at, std::optional<int64> number) {
  nulls[at] = !number;
  values[at] = number ? Int32GetDatum(static_cast<int32>(*number)) : Datum{0};
}

/// What is told of a customer, as plain values.
struct Told {
  std::optional<int64> frequency, recency_score, frequency_score, monetary_score;
  std::optional<double> recency, age, monetary, alive;
  double purchases, spend;
  std::string_view tier, group;
  core::Day observed_until;
};

} // namespace

} // namespace segmentation::pg

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_forecast) {
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
    PG_RETURN_NULL();
  text *name = PG_GETARG_TEXT_PP(0);
  std::optional<core::ForecastColumn> column =
      core::forecast_column({VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name)});
  if (!column)
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN), errmsg("forecasts have no such column")));
  const core::ForecastModel *model = read_model(fcinfo, 1);
  Totals totals = read_totals(fcinfo, 2);
  char digits[64];
  const char *value = nullptr;
  auto *long_text = Owned<std::string>::make();
  bool is_day = false;
  DateADT day = 0;
  run_core([=, &value, &is_day, &day, &digits](Failure &) {
    const core::ForecastValue found = core::forecast_value(*model, to_core(totals), *column);
    std::string printed;
    switch (found.form) {
    case core::ForecastValue::Form::missing:
      return;
    case core::ForecastValue::Form::day:
      is_day = true;
      day = static_cast<DateADT>(found.integer);
      return;
    case core::ForecastValue::Form::integer:
      printed = std::to_string(found.integer);
      break;
    case core::ForecastValue::Form::decimal:
      printed = found.decimal.to_string();
      break;
    case core::ForecastValue::Form::text:
      printed = found.text;
      break;
    }
    if (printed.size() < sizeof digits) {
      printed.copy(digits, printed.size());
      digits[printed.size()] = '\0';
      value = digits;
    } else {
      long_text->set(new std::string(std::move(printed)));
      value = (*long_text)->c_str();
    }
  });
  if (is_day)
    value = DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(day)));
  if (value == nullptr)
    PG_RETURN_NULL();
  PG_RETURN_TEXT_P(cstring_to_text(value));
}

SEGMENTATION_FUNCTION(segmentation_forecast_row) {
  TupleDesc columns = columns_to_return(fcinfo);
  if (PG_ARGISNULL(0))
    PG_RETURN_NULL();
  const core::ForecastModel *model = read_model(fcinfo, 0);
  Totals totals = read_totals(fcinfo, 1);
  Told told = {};
  Told *out = &told;
  run_core([=](Failure &) {
    const core::PurchaseTotals summed = to_core(totals);
    const core::Forecast forecast(*model, summed);
    out->frequency = forecast.frequency();
    out->recency = forecast.recency();
    out->age = forecast.age();
    out->monetary = forecast.monetary();
    out->alive = forecast.probability_alive();
    out->purchases = forecast.predicted_purchases();
    out->spend = forecast.predicted_spend();
    out->tier = forecast.predicted_spend_tier();
    out->recency_score = forecast.recency_score();
    out->frequency_score = forecast.frequency_score();
    out->monetary_score = forecast.monetary_score();
    out->group = forecast.rfm_group();
    out->observed_until = forecast.observed_until();
  });
  Datum values[13];
  bool nulls[13] = {};
  set_integer(values, nulls, 0, told.frequency);
  set_number(values, nulls, 1, told.recency);
  set_number(values, nulls, 2, told.age);
  set_number(values, nulls, 3, told.monetary);
  set_number(values, nulls, 4, told.alive);
  values[5] = Float8GetDatum(told.purchases);
  values[6] = Float8GetDatum(told.spend);
  values[7] = PointerGetDatum(cstring_to_text_with_len(told.tier.data(), static_cast<int>(told.tier.size())));
  set_integer(values, nulls, 8, told.recency_score);
  set_integer(values, nulls, 9, told.frequency_score);
  set_integer(values, nulls, 10, told.monetary_score);
  values[11] =
      PointerGetDatum(cstring_to_text_with_len(told.group.data(), static_cast<int>(told.group.size())));
  values[12] = DateADTGetDatum(told.observed_until);
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(columns, values, nulls)));
}

SEGMENTATION_FUNCTION(segmentation_rfm_group) {
  std::string_view group = "PROSPECTS";
  if (!PG_ARGISNULL(0) && !PG_ARGISNULL(1) && !PG_ARGISNULL(2)) {
    int32 scores[3];
    for (int i = 0; i < 3; ++i) {
      scores[i] = PG_GETARG_INT32(i);
      if (scores[i] < 1 || scores[i] > 5)
        PG_RETURN_NULL();
    }
    group = core::rfm_group(scores[0], scores[1], scores[2]);
  }
  PG_RETURN_TEXT_P(cstring_to_text_with_len(group.data(), static_cast<int>(group.size())));
}
