// _settings_of: what the views of segments with SHOW, ORDER BY and LIMIT stand on. Server's side.
#include "pg/segment/functions.hpp"
#include "pg/segment/segment_view.hpp"

#include "pg/boundary/run_core.hpp"

namespace segmentation::pg {

namespace {

/// The elements of an integer[], NULLs among them.
struct Ids {
  Datum *values;
  bool *nulls;
  int count;

  bool contain(int32 id) const {
    for (int i = 0; i < count; ++i) {
      if (!nulls[i] && DatumGetInt32(values[i]) == id)
        return true;
    }
    return false;
  }
};

Ids read_ids(ArrayType *array) {
  Ids ids = {nullptr, nullptr, 0};
  deconstruct_array(array, INT4OID, sizeof(int32), true, TYPALIGN_INT, &ids.values, &ids.nulls, &ids.count);
  return ids;
}

Datum *make_datums(size_t count) {
  return static_cast<Datum *>(palloc0(sizeof(Datum) * (count + 1)));
}

/// Returns the types of a query's columns from the second on, without running it.
Datum types_of(const char *query, size_t count) {
  TupleDesc columns = columns_of(query);
  Datum *types = make_datums(count);
  for (size_t i = 0; i < count; ++i)
    types[i] = CStringGetTextDatum(format_type_be(TupleDescAttr(columns, static_cast<int>(i) + 1)->atttypid));
  return make_array(types, static_cast<int>(count), TEXTOID);
}

void put_settings(FunctionCallInfo fcinfo, int32 segment, const core::ViewSettings &settings) {
  size_t shown = settings.names.size();
  Datum *names = make_datums(shown);
  for (size_t i = 0; i < shown; ++i)
    names[i] = CStringGetTextDatum(settings.names[i].c_str());
  size_t ordered = settings.descending.size();
  Datum *descending = make_datums(ordered);
  for (size_t i = 0; i < ordered; ++i)
    descending[i] = BoolGetDatum(settings.descending[i]);
  size_t wrong = settings.left_out.size();
  Datum *left_out = make_datums(wrong);
  Datum *hints = make_datums(wrong);
  bool *no_hint = static_cast<bool *>(palloc0(sizeof(bool) * (wrong + 1)));
  for (size_t i = 0; i < wrong; ++i) {
    left_out[i] = CStringGetTextDatum(settings.left_out[i].text.c_str());
    no_hint[i] = settings.left_out[i].hint.empty();
    if (!no_hint[i])
      hints[i] = CStringGetTextDatum(settings.left_out[i].hint.c_str());
  }
  int sizes[1] = {static_cast<int>(wrong)};
  int bounds[1] = {1};
  Datum values[8] = {
      Int32GetDatum(segment), make_array(names, static_cast<int>(shown), TEXTOID),
      types_of(settings.query.c_str(), shown), CStringGetTextDatum(settings.query.c_str()),
      make_array(descending, static_cast<int>(ordered), BOOLOID),
      // More than a bigint has is no limit to anybody.
      Int64GetDatum(static_cast<int64>(Min(settings.limit.value_or(0), static_cast<uint64>(PG_INT64_MAX)))),
      make_array(left_out, static_cast<int>(wrong), TEXTOID),
      PointerGetDatum(wrong == 0 ? construct_empty_array(TEXTOID)
                                 : construct_md_array(hints, no_hint, 1, sizes, bounds, TEXTOID, -1, false,
                                                      TYPALIGN_INT))};
  bool nulls[8] = {false, false, false, false, false, !settings.limit.has_value(), false, false};
  put_row(fcinfo, values, nulls);
}

} // namespace

} // namespace segmentation::pg

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_settings_of) {
  InitMaterializedSRF(fcinfo, MAT_SRF_BLESS);
  Ids asked = read_ids(PG_GETARG_ARRAYTYPE_P(0));
  if (asked.count == 0)
    return Datum{0};
  Session session = open_session();
  Identity caller = become_reader(); // who only has these views made
  const Live *live = load_live();
  auto *view = Owned<SegmentView>::make();
  for (int i = 0; i < live->schema.segment_count; ++i) {
    const SegmentInput &segment = live->schema.segments[i];
    if (!asked.contain(segment.id) || segment.source == nullptr)
      continue;
    const segmentation::core::ViewSettings *settings = nullptr;
    run_core([=, &settings, &segment](Failure &failure) {
      view->set(SegmentView::make(**live->core, segment.id, segment.source, failure));
      settings = failure.failed ? nullptr : (*view)->settings();
    });
    if (settings != nullptr)
      put_settings(fcinfo, segment.id, *settings);
  }
  become_again(caller);
  close_session(session);
  return Datum{0};
}
