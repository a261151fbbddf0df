// explain: why a customer is in, why she is not. Server's side.
#include "pg/segment/functions.hpp"
#include "pg/segment/texts.hpp"

#include "pg/boundary/run_core.hpp"

namespace segmentation::pg {

namespace {

/// Returns the rule of the segment of a name, or the text itself, which is a rule then.
const char *rule_of(const Live *live, text *given) {
  Arguments arguments;
  arguments.add(TEXTOID, PointerGetDatum(given));
  Rows rows = query(
      "SELECT s.id FROM segmentation.segment AS s WHERE segmentation._fold(s.name) = segmentation._fold($1)",
      arguments);
  for (int i = 0; rows.count > 0 && i < live->schema.segment_count; ++i) {
    if (live->schema.segments[i].id == int_value(rows, 0, 1))
      return live->schema.segments[i].source;
  }
  return text_to_cstring(given);
}

void explain(FunctionCallInfo fcinfo, bool by_text) {
  InitMaterializedSRF(fcinfo, 0);
  Session session = open_session();
  const Live *live = load_live();
  const char *rule =
      by_text ? rule_of(live, PG_GETARG_TEXT_PP(0)) : rule_source(rule_value(PG_GETARG_DATUM(0)));
  Work *work = compile_rules(live, &rule, 1, Excerpt::detail)->get();
  GivenKeys keys = read_keys(live, PG_GETARG_DATUM(1), argument_type(fcinfo, 1));
  auto *texts = Owned<Texts>::make();
  const ExplainedLine *lines = nullptr;
  size_t count = 0;
  if (keys.count > 0) {
    (void)run_feeds(live, work, customers_of(live, keys), transaction_now(), true, {0, 1}, 0, nullptr);
    CustomerKey key = core_key(live->key, keys.keys[0]);
    run_core([=, &lines, &count](Failure &) {
      std::optional<std::uint32_t> customer = work->find(key);
      if (!customer)
        return;
      texts->set(Texts::explanation(*work, *customer, rule));
      lines = (*texts)->lines().data();
      count = (*texts)->lines().size();
    });
  }
  if (lines == nullptr)
    ereport(ERROR, (errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
                    errmsg("customer \"%s\" does not exist",
                           print_value(argument_type(fcinfo, 1), PG_GETARG_DATUM(1)))));
  for (size_t i = 0; i < count; ++i) {
    const ExplainedLine &line = lines[i];
    Datum values[7] = {Int32GetDatum(line.depth),
                       CStringGetTextDatum(line.condition),
                       line.actual == nullptr ? Datum{0} : CStringGetTextDatum(line.actual),
                       BoolGetDatum(line.holds),
                       line.missing == nullptr ? Datum{0} : CStringGetTextDatum(line.missing),
                       Int64GetDatum(line.rows),
                       TimestampTzGetDatum(line.until)};
    bool nulls[7] = {false,
                     false,
                     line.actual == nullptr,
                     false,
                     line.missing == nullptr,
                     !line.has_rows,
                     line.until == segmentation::core::instant_infinity};
    put_row(fcinfo, values, nulls);
  }
  close_session(session);
}

} // namespace

} // namespace segmentation::pg

SEGMENTATION_FUNCTION(segmentation_explain) {
  segmentation::pg::explain(fcinfo, true);
  return Datum{0};
}

SEGMENTATION_FUNCTION(segmentation_explain_rule) {
  segmentation::pg::explain(fcinfo, false);
  return Datum{0};
}
