// flush, and who is not up to date: by this transaction's own changes, or by what is queued. Server's side.
#include "pg/boundary/run_core.hpp"
#include "pg/maintain/apply.hpp"
#include "pg/maintain/queue.hpp"
#include "pg/maintain/transaction.hpp"

namespace segmentation::pg {

namespace {

void return_keys(FunctionCallInfo fcinfo, const Live *live, const KeyList &keys, bool everyone) {
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  Oid output;
  bool is_varlena;
  getTypeOutputInfo(live->key.type, &output, &is_varlena);
  bool missing[1] = {false};
  for (int i = 0; i < keys.count; ++i) {
    Datum value[1] = {CStringGetTextDatum(OidOutputFunctionCall(output, keys.datums[i]))};
    tuplestore_putvalues(result->setResult, result->setDesc, value, missing);
  }
  missing[0] = true;
  Datum none[1] = {Datum{0}};
  if (everyone)
    tuplestore_putvalues(result->setResult, result->setDesc, none, missing);
}

} // namespace

} // namespace segmentation::pg

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_flush) {
  (void)fcinfo;
  apply_now();
  PG_RETURN_VOID();
}

SEGMENTATION_FUNCTION(segmentation_has_news) {
  (void)fcinfo;
  Owned<Changes> *changes = noted_changes();
  PG_RETURN_BOOL(changes != nullptr && changes->get()->has_news() && applying_level() == 0);
}

SEGMENTATION_FUNCTION(segmentation_news) {
  InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
  Owned<Changes> *changes = noted_changes();
  if (changes == nullptr || !changes->get()->has_news() || applying_level() > 0)
    return Datum{0};
  const NetRow *rows = nullptr;
  const CapturePlan *const *truncated = nullptr;
  int count = 0, truncated_count = 0;
  run_core([&, changes](Failure &) {
    const std::vector<NetRow> &all = changes->get()->sum_up();
    rows = all.data();
    count = static_cast<int>(all.size());
    truncated = changes->get()->truncations().data();
    truncated_count = static_cast<int>(changes->get()->truncations().size());
  });
  Session session = open_session();
  const Live *live = load_live();
  Touched touched = collect_touched(live, rows, count, truncated, truncated_count);
  (void)add_owners(live, touched, &touched.keys);
  return_keys(fcinfo, live, touched.keys, touched.everyone);
  close_session(session);
  return Datum{0};
}

SEGMENTATION_FUNCTION(segmentation_queued) {
  InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
  Session session = open_session();
  const Live *live = load_live_if_bound();
  if (OidIsValid(live->customers)) {
    bool everyone = false;
    KeyList keys = queued_customers(live, &everyone);
    return_keys(fcinfo, live, keys, everyone);
  }
  close_session(session);
  return Datum{0};
}
