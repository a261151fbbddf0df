// Slices by memory. Server's side.
#include "pg/live/judge.hpp"

#include "pg/boundary/run_core.hpp"
#include "pg/boundary/settings.hpp"

namespace segmentation::pg {

namespace {

constexpr uint32 slice_limit = 4096;

/// Returns the planner's idea of how many customers there are; 0 where it has none.
double estimated_customers(const Live *live) {
  Arguments arguments;
  arguments.add(OIDOID, ObjectIdGetDatum(live->customers));
  Rows rows =
      query("SELECT pg_catalog.sum(GREATEST(c.reltuples, 0))::float8 "
            "FROM pg_catalog.pg_class AS c WHERE c.oid = $1 OR c.oid IN "
            "(SELECT t.relid FROM pg_catalog.pg_partition_tree($1::pg_catalog.regclass) AS t WHERE t.isleaf)",
            arguments);
  bool missing;
  Datum value = value_of(rows, 0, 1, missing);
  return missing ? 0 : DatumGetFloat8(value);
}

} // namespace

uint32 estimated_passes(const Live *live, Work *work) {
  size_t customer_bytes = 0;
  run_core([=, &customer_bytes](Failure &) {
    customer_bytes = work->program().state_bytes() + work->rule_count() / 4 + 8;
  });
  Size limit = static_cast<Size>(build_memory) * 1024;
  double wanted =
      estimated_customers(live) * static_cast<double>(customer_bytes) / static_cast<double>(limit);
  return static_cast<uint32>(Min(Max(wanted + 1, 1.0), static_cast<double>(slice_limit)));
}

void judge_everyone(const Live *live, Work *work, core::Instant now, bool horizons, const Progress *progress,
                    void (*visit)(void *argument, const Pass &pass), void *argument) {
  Size limit = static_cast<Size>(build_memory) * 1024;
  uint32 count = estimated_passes(live, work);
  for (uint32 index = 0; index < count;) {
    // The estimate may be off, and texts and sets take what they take: as long as nothing is handed on, more
    // slices can be made.
    bool may_restart = index == 0 && count < slice_limit;
    if (!run_feeds(live, work, {true, 0, 0}, now, horizons, {index, count}, may_restart ? limit : 0,
                   progress)) {
      count *= 2;
      continue;
    }
    evaluate_all(work);
    visit(argument, {work, {index, count}});
    ++index;
  }
}

void judge(const Live *live, Work *work, const Customers &who, core::Instant now) {
  (void)run_feeds(live, work, who, now, false, {0, 1}, 0, nullptr);
  evaluate_all(work);
}

void add_members(void *members, const Pass &pass) {
  run_core([&](Failure &) {
    for (std::size_t rule = 0; rule < pass.work->rule_count(); ++rule)
      static_cast<int64 *>(members)[rule] += static_cast<int64>(pass.work->count_holding(rule));
  });
}

Owned<Work> *compile_rules(const Live *live, const char *const *rules, int count, Excerpt excerpt) {
  auto *work = Owned<Work>::make();
  run_core([=](Failure &failure) { work->set(Work::make(**live->core, rules, count, excerpt, failure)); });
  return work;
}

} // namespace segmentation::pg
