// check_rule, to_sql, _check_bindings and _rule_uses: what rules mean, without judging anyone. Server's side.
#include "pg/segment/functions.hpp"
#include "pg/segment/texts.hpp"

#include "pg/boundary/run_core.hpp"

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_check_rule) {
  InitMaterializedSRF(fcinfo, 0);
  Session session = open_session();
  const Live *live = load_live_if_bound();
  const char *rule = text_to_cstring(PG_GETARG_TEXT_PP(0));
  auto *texts = Owned<Texts>::make();
  const Mistake *mistakes = nullptr;
  size_t count = 0;
  run_core([=, &mistakes, &count](Failure &) {
    texts->set(Texts::mistakes_of(OidIsValid(live->customers) ? live->core->get() : nullptr, rule));
    mistakes = (*texts)->mistakes().data();
    count = (*texts)->mistakes().size();
  });
  for (size_t i = 0; i < count; ++i) {
    const Mistake &mistake = mistakes[i];
    Datum values[6] = {CStringGetTextDatum(mistake.sqlstate), Int32GetDatum(mistake.line),
                       Int32GetDatum(mistake.column),         Int32GetDatum(mistake.length),
                       CStringGetTextDatum(mistake.message),  Datum{0}};
    bool nulls[6] = {false, false, false, false, false, mistake.hint == nullptr};
    if (mistake.hint != nullptr)
      values[5] = CStringGetTextDatum(mistake.hint);
    put_row(fcinfo, values, nulls);
  }
  close_session(session);
  return Datum{0};
}

namespace {

/// Returns the SQL of a rule, or with nullptr of a segment by its index, as a text of the caller's.
text *print_sql(const Session &session, const Live *live, const char *rule, int segment) {
  auto *texts = Owned<Texts>::make();
  const char *sql = nullptr;
  run_core([=, &sql](Failure &failure) {
    texts->set(rule != nullptr ? Texts::sql_of(**live->core, rule, failure)
                               : Texts::sql_of_segment(**live->core, segment, failure));
    sql = failure.failed ? nullptr : (*texts)->strings().front().c_str();
  });
  MemoryContext before = MemoryContextSwitchTo(session.caller);
  text *result = cstring_to_text(sql);
  MemoryContextSwitchTo(before);
  return result;
}

} // namespace

SEGMENTATION_FUNCTION(segmentation_to_sql) {
  Session session = open_session();
  const Live *live = load_live();
  text *sql = print_sql(session, live, rule_source(rule_value(PG_GETARG_DATUM(0))), -1);
  close_session(session);
  PG_RETURN_TEXT_P(sql);
}

SEGMENTATION_FUNCTION(segmentation_segment_sql) {
  Session session = open_session();
  const Live *live = load_live();
  text *sql = print_sql(session, live, nullptr, require_segment(live, PG_GETARG_INT32(0)));
  close_session(session);
  PG_RETURN_TEXT_P(sql);
}

SEGMENTATION_FUNCTION(segmentation_marks) {
  Session session = open_session();
  Arguments arguments;
  arguments.add(INT4OID, PG_GETARG_DATUM(0));
  Rows rows =
      query_own("SELECT COALESCE(pg_catalog.array_agg(u.used_by ORDER BY u.used_by COLLATE \"C\"), '{}') "
                "FROM segmentation.segment_use AS u WHERE u.segment_id = $1",
                arguments);
  bool missing;
  MemoryContext before = MemoryContextSwitchTo(session.caller);
  Datum marks = PointerGetDatum(DatumGetArrayTypePCopy(value_of(rows, 0, 1, missing)));
  MemoryContextSwitchTo(before);
  close_session(session);
  PG_RETURN_DATUM(marks);
}

SEGMENTATION_FUNCTION(segmentation_segments_named) {
  Session session = open_session();
  const Live *live = load_live();
  const char *rule = rule_source(rule_value(PG_GETARG_DATUM(0)));
  auto *ids = static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<Size>(live->schema.segment_count + 2)));
  int count = 0;
  run_core([=, &count](Failure &failure) {
    if (auto checked = (*live->core)->check(rule, Excerpt::detail, failure)) {
      for (int named : checked->segments)
        ids[count++] = Int32GetDatum(live->schema.segments[named].id);
      if (checked->any_kept)
        ids[count++] = Int32GetDatum(0);
    }
  });
  MemoryContext before = MemoryContextSwitchTo(session.caller);
  Datum result = make_array(ids, count, INT4OID);
  MemoryContextSwitchTo(before);
  close_session(session);
  PG_RETURN_DATUM(result);
}

SEGMENTATION_FUNCTION(segmentation_check_bindings) {
  (void)fcinfo;
  Session session = open_session();
  const Live *live = load_live_if_bound();
  if (OidIsValid(live->customers))
    run_core([=](Failure &failure) { (*live->core)->check_everything(failure); });
  close_session(session);
  PG_RETURN_VOID();
}

SEGMENTATION_FUNCTION(segmentation_rule_uses) {
  Session session = open_session();
  const Live *live = load_live();
  const char *rule = rule_source(rule_value(PG_GETARG_DATUM(0)));
  auto *texts = Owned<Texts>::make();
  size_t count = 0;
  run_core([=, &count](Failure &failure) {
    texts->set(Texts::uses_of(**live->core, rule, failure));
    count = failure.failed ? 0 : (*texts)->strings().size();
  });
  Datum *names = static_cast<Datum *>(palloc(sizeof(Datum) * (count + 1)));
  for (size_t i = 0; i < count; ++i)
    names[i] = CStringGetTextDatum((*texts)->strings()[i].c_str());
  MemoryContext before = MemoryContextSwitchTo(session.caller);
  Datum result = make_array(names, static_cast<int>(count), TEXTOID);
  MemoryContextSwitchTo(before);
  close_session(session);
  PG_RETURN_DATUM(result);
}
