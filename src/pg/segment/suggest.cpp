// suggest. Server's side.
#include "pg/segment/functions.hpp"
#include "pg/segment/suggested.hpp"

#include "pg/boundary/run_core.hpp"

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_suggest) {
  InitMaterializedSRF(fcinfo, 0);
  Session session = open_session();
  const Live *live = load_live_if_bound();
  if (OidIsValid(live->customers)) {
    const char *prefix = text_to_cstring(PG_GETARG_TEXT_PP(0));
    auto *suggested = Owned<Suggested>::make();
    run_core([=](Failure &) { suggested->set(Suggested::at_end_of(**live->core, prefix)); });
    size_t count = (*suggested)->rows().size();
    for (size_t i = 0; i < count; ++i) {
      const SuggestedRow &row = (*suggested)->rows()[i];
      Datum values[9];
      bool nulls[9];
      set_text(values, nulls, 0, row.completion);
      set_text(values, nulls, 1, row.kind);
      set_text(values, nulls, 2, row.type);
      values[3] = Int32GetDatum((*suggested)->replace_from());
      nulls[3] = false;
      values[4] = ObjectIdGetDatum(row.relation);
      nulls[4] = row.completion != nullptr;
      set_text(values, nulls, 5, row.column);
      nulls[6] = nulls[4];
      values[6] = nulls[6] ? Datum{0} : text_array(row.path, row.path_count);
      set_text(values, nulls, 7, row.wanted);
      set_text(values, nulls, 8, row.typed);
      put_row(fcinfo, values, nulls);
    }
  }
  close_session(session);
  return Datum{0};
}
