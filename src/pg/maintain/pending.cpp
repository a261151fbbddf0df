// flush, and who is not up to date: by this transaction's own changes, or by what is queued. Server's side.
#include "pg/boundary/run_core.hpp"
#include "pg/maintain/apply.hpp"
#include "pg/maintain/queue.hpp"
#include "pg/maintain/transaction.hpp"

namespace segmentation::pg {

namespace {

void return_keys(FunctionCallInfo fcinfo, const Live *live, const KeyList &keys, bool everyone) {
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  bool missing[1] = {false};
  for (int i = 0; i < keys.count; ++i) {
    Datum value[1] = {CStringGetTextDatum(print_value(live->key.type, keys.datums[i]))};
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
  PG_RETURN_BOOL(changes_to_apply() != nullptr);
}

SEGMENTATION_FUNCTION(segmentation_news) {
  InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
  Owned<Changes> *changes = changes_to_apply();
  if (changes == nullptr)
    return Datum{0};
  NetChanges net = {nullptr, 0, nullptr, 0};
  run_core([&net, changes](Failure &) { net = changes->get()->sum_up(); });
  Session session = open_session();
  const Live *live = load_live();
  Touched touched = collect_touched(live, net);
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
