// diff_segment, count_diff: whom another rule would bring into a segment, and whom it would make leave.
// Server's side.
#include "pg/segment/functions.hpp"

#include "pg/boundary/run_core.hpp"
#include "pg/live/program.hpp"
#include "pg/stored/stored.hpp"

namespace segmentation::pg {

namespace {

constexpr size_t chunk = 1000;

struct Diff {
  const Live *live;
  Owned<Difference> *difference;
  Datum segments;       // the one
  FunctionCallInfo put; // nullptr: only counted
  MemoryContext rows;   // of a chunk
  int64 enters, leaves;
};

void put(const Diff &diff, Datum key, const char *change) {
  Datum values[2] = {CStringGetTextDatum(print_value(diff.live->key.type, key)), CStringGetTextDatum(change)};
  bool nulls[2] = {false, false};
  put_row(diff.put, values, nulls);
}

void put_leavers(const Diff &diff) {
  const RowPlace *places = (*diff.difference)->leavers().data();
  size_t count = (*diff.difference)->leavers().size();
  for (size_t first = 0; first < count; first += chunk) {
    CHECK_FOR_INTERRUPTS();
    MemoryContext before = MemoryContextSwitchTo(diff.rows);
    size_t part = Min(chunk, count - first);
    auto *tids = static_cast<ItemPointerData *>(palloc(sizeof(ItemPointerData) * part));
    Datum *values = static_cast<Datum *>(palloc(sizeof(Datum) * part));
    for (size_t i = 0; i < part; ++i) {
      ItemPointerSet(&tids[i], places[first + i].block, places[first + i].offset);
      values[i] = PointerGetDatum(&tids[i]);
    }
    Arguments arguments;
    arguments.add(get_array_type(TIDOID), make_array(values, static_cast<int>(part), TIDOID));
    Rows rows =
        query("SELECT m.customer_id FROM segmentation.membership AS m WHERE m.ctid = ANY ($1)", arguments);
    bool missing;
    for (uint64 row = 0; row < rows.count; ++row)
      put(diff, value_of(rows, row, 1, missing), "leaves");
    SPI_freetuptable(rows.table);
    MemoryContextSwitchTo(before);
    MemoryContextReset(diff.rows);
  }
}

void put_joiners(const Diff &diff, Work *work) {
  auto *keys = static_cast<CustomerKey *>(palloc(sizeof(CustomerKey) * chunk));
  run_core([=](Failure &) { work->sort_by_key(); });
  for (uint32 at = 0, size = work->size(); at < size;) {
    CHECK_FOR_INTERRUPTS();
    uint32 count = 0;
    run_core([=, &at, &count](Failure &) { at = work->list_next(0, at, chunk, keys, count); });
    MemoryContext before = MemoryContextSwitchTo(diff.rows);
    for (uint32 i = 0; i < count; ++i)
      put(diff, key_datum(diff.live->key, keys[i]), "enters");
    MemoryContextSwitchTo(before);
    MemoryContextReset(diff.rows);
  }
  pfree(keys);
}

void take_pass(void *argument, const Pass &pass) {
  auto *diff = static_cast<Diff *>(argument);
  compare_stored(diff->live, pass, diff->difference->get(), diff->segments);
  uint64 enters = 0, leaves = 0;
  run_core([=, &enters, &leaves](Failure &) {
    enters = pass.work->count_holding(0); // who is a member already is not in the verdicts any more
    leaves = (*diff->difference)->leavers().size();
  });
  diff->enters += static_cast<int64>(enters);
  diff->leaves += static_cast<int64>(leaves);
  if (diff->put == nullptr)
    return;
  put_leavers(*diff);
  put_joiners(*diff, pass.work);
}

/// Judges everyone by the rule that a segment, given by its id, might have.
Diff compare(FunctionCallInfo fcinfo, bool rows) {
  Session session = open_session();
  const Live *live = load_live();
  check_key_type(live);
  int32 segment = PG_GETARG_INT32(0);
  const char *rule = rule_source(rule_value(PG_GETARG_DATUM(1)));
  Datum id = Int32GetDatum(segment);
  Diff diff = {live,
               Owned<Difference>::make(),
               make_array(&id, 1, INT4OID),
               rows ? fcinfo : nullptr,
               AllocSetContextCreate(CurrentMemoryContext, "segmentation diff", ALLOCSET_DEFAULT_SIZES),
               0,
               0};
  Diff *one = &diff;
  auto *work = Owned<Work>::make();
  run_core([=](Failure &failure) {
    one->difference->set(new Difference({segment}));
    work->set(Work::make_for(**live->core, segment, rule, Excerpt::detail, failure));
  });
  judge_everyone(live, work->get(), transaction_now(), false, nullptr, take_pass, &diff);
  close_session(session);
  return diff;
}

} // namespace

} // namespace segmentation::pg

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_diff_segment) {
  InitMaterializedSRF(fcinfo, 0);
  (void)compare(fcinfo, true);
  return Datum{0};
}

SEGMENTATION_FUNCTION(segmentation_count_diff) {
  InitMaterializedSRF(fcinfo, 0);
  Diff diff = compare(fcinfo, false);
  Datum values[2] = {Int64GetDatum(diff.enters), Int64GetDatum(diff.leaves)};
  bool nulls[2] = {false, false};
  put_row(fcinfo, values, nulls);
  return Datum{0};
}
