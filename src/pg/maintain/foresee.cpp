// Who would come and go by another rule, counted before anything is written. Server's side.
#include "pg/boundary/run_core.hpp"
#include "pg/maintain/ahead.hpp"
#include "pg/maintain/batch.hpp"
#include "pg/stored/stored.hpp"

namespace segmentation::pg {

namespace {

struct Foreseen {
  const Live *live;
  Owned<Difference> *difference;
  Datum segments;
  int64 entering, leaving;
};

void count_pass(void *argument, const Pass &pass) {
  auto *foreseen = static_cast<Foreseen *>(argument);
  compare_stored(foreseen->live, pass, foreseen->difference->get(), foreseen->segments);
  run_core([=](Failure &) {
    foreseen->entering += static_cast<int64>(pass.work->count_holding(0));
    foreseen->leaving += static_cast<int64>((*foreseen->difference)->leavers().size());
  });
}

/// Compares verdicts that are still needed: they are put back as they were.
void count_kept(Foreseen *foreseen, Work *work) {
  auto *verdicts = Owned<std::vector<std::uint64_t>>::make();
  run_core([=](Failure &) { verdicts->set(new std::vector<std::uint64_t>(work->save())); });
  count_pass(foreseen, {work, {0, 1}});
  run_core([=](Failure &) { work->restore(std::move(**verdicts)); });
  verdicts->clear();
}

/// Compiles the rule that a segment is to have; nothing where it does not check, which others will say.
Owned<Work> *compile_next(const Live *live, int32 segment, const char *rule) {
  auto *work = Owned<Work>::make();
  run_core([=](Failure &) {
    Failure unsaid;
    work->set(Work::make_for(**live->core, segment, rule, Excerpt::none, unsaid));
  });
  return work;
}

/// False where it cannot be told now: the rule does not check, or a bound relation is locked.
bool foresee(Foreseen *foreseen, int32 segment, const char *rule) {
  Datum ids[1] = {Int32GetDatum(segment)};
  foreseen->segments = make_array(ids, 1, INT4OID);
  foreseen->difference = Owned<Difference>::make();
  run_core([=](Failure &) { foreseen->difference->set(new Difference({segment})); });
  if (Work *kept = verdicts_ahead(segment)) {
    count_kept(foreseen, kept);
    return true;
  }
  Owned<Work> *work = compile_next(foreseen->live, segment, rule);
  if (work->get() == nullptr || !lock_bound_relations(false))
    return false;
  judge_everyone(foreseen->live, work->get(), transaction_now(), false, nullptr, count_pass, foreseen);
  work->clear();
  return true;
}

} // namespace

} // namespace segmentation::pg

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_foresee) {
  TupleDesc columns = columns_to_return(fcinfo);
  Session session = open_session();
  CommandCounterIncrement();
  Identity caller = become_reader();
  Foreseen foreseen;
  memset(static_cast<void *>(&foreseen), 0, sizeof foreseen);
  foreseen.live = load_live();
  check_key_type(foreseen.live);
  PushActiveSnapshot(GetLatestSnapshot());
  bool known = foresee(&foreseen, PG_GETARG_INT32(0), text_to_cstring(PG_GETARG_TEXT_PP(1)));
  PopActiveSnapshot();
  become_again(caller);
  Datum values[2] = {Int64GetDatum(foreseen.entering), Int64GetDatum(foreseen.leaving)};
  bool nulls[2] = {!known, !known};
  Datum row = row_for_caller(session, columns, values, nulls);
  close_session(session);
  PG_RETURN_DATUM(row);
}
