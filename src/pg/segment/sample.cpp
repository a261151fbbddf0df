// A customer is drawn by drawing a place: a page of the table and a place on the page, of as many as a page
// can have at most. Where a customer stands she is drawn, else nobody is. So each is as likely as any other,
// whatever pages hold, and draws are independent: neighbours, who came together and are alike, are no more
// likely to be drawn together than strangers (as they would be by TABLESAMPLE SYSTEM), and what is not drawn
// is not read (as BERNOULLI would). In a partitioned table a place is in one partition, drawn like the rest:
// those who stand at the same place of several are often alike (neighbours, where partitions go by a hash).
// How many customers there are is counted on some pages of their own; pages differ little. Server's side.
#include "pg/segment/sample.hpp"

#include "core/value/interval.hpp"
#include "pg/boundary/run_core.hpp"
#include "pg/live/customers.hpp"

#include <cmath>
#include <utility>

namespace segmentation::pg {

namespace {

constexpr int64 most_places = MaxHeapTuplesPerPage;
constexpr int most_pages = 64, fewest_pages = 4, few_pages = 256;
/// A batch is judged by saved plans, which look customers up by index.
constexpr int64 first_batch = 4, most_batch = 100;
constexpr int64 most_drawn = 20000;

/// How many customers there may be.
struct Headcount {
  double mean, low, high; // of all
  double on_page;
};

struct Sampler {
  const Live *live;
  Work *work;
  const char *table;
  int64 pages;  // of the largest partition: a page number stands for that page of each
  Datum *parts; // the partitions that have pages, or the table
  int part_count;
  TimestampTz started;
  SampleEnd end;
  Headcount head;
  void (*visit)(void *argument, const Pass &pass);
  void *argument;
  int64 judged, holding;
};

int64 since(TimestampTz instant) {
  return GetCurrentTimestamp() - instant;
}

/// What is left of the time, in microseconds.
int64 time_left(const Sampler &sampler) {
  return sampler.end.until == 0 ? PG_INT64_MAX : sampler.end.until - GetCurrentTimestamp();
}

void find_pages(Sampler *sampler) {
  Arguments arguments;
  arguments.add(REGCLASSOID, ObjectIdGetDatum(sampler->live->customers));
  Rows rows = query("SELECT s.relid, s.size / pg_catalog.current_setting('block_size')::bigint FROM (SELECT "
                    "r.relid, pg_catalog.pg_relation_size(r.relid) FROM (SELECT $1 UNION SELECT t.relid FROM "
                    "pg_catalog.pg_partition_tree($1) AS t WHERE t.isleaf) AS r (relid)) AS s (relid, size) "
                    "WHERE s.size > 0",
                    arguments, Plan::saved);
  sampler->parts = static_cast<Datum *>(palloc(sizeof(Datum) * (rows.count + 1)));
  sampler->part_count = static_cast<int>(rows.count);
  for (uint64 row = 0; row < rows.count; ++row) {
    bool missing;
    sampler->parts[row] = value_of(rows, row, 1, missing);
    sampler->pages = Max(sampler->pages, DatumGetInt64(value_of(rows, row, 2, missing)));
  }
}

Datum place(int64 page, int64 offset) {
  auto *tid = static_cast<ItemPointer>(palloc(sizeof(ItemPointerData)));
  ItemPointerSet(tid, static_cast<BlockNumber>(page), static_cast<OffsetNumber>(offset));
  return PointerGetDatum(tid);
}

int64 any_below(int64 limit) {
  return static_cast<int64>(pg_prng_uint64_range(&pg_global_prng_state, 0, static_cast<uint64>(limit - 1)));
}

/// Counts the customers on a page, or on all.
double count_on(const Sampler &sampler, int64 page, bool all) {
  Arguments arguments;
  const char *there = "";
  if (!all) {
    arguments.add(TIDOID, place(page, 0));
    arguments.add(TIDOID, place(page, static_cast<int64>(MaxOffsetNumber)));
    there = " WHERE c.ctid >= $1 AND c.ctid <= $2";
  }
  Rows rows = query(psprintf("SELECT pg_catalog.count(*) FROM %s AS c%s", sampler.table, there), arguments,
                    Plan::saved);
  bool missing;
  double count = static_cast<double>(DatumGetInt64(value_of(rows, 0, 1, missing)));
  SPI_freetuptable(rows.table);
  return count;
}

/// Counts the customers on some pages, on all where these are few; stops at an eighth of the time.
Headcount count_heads(const Sampler &sampler) {
  double pages = static_cast<double>(sampler.pages), sum = 0, squares = 0;
  // The last page of a small table is not like the others, and much of it.
  if (sampler.pages * sampler.part_count <= few_pages) {
    double all = sampler.pages == 0 ? 0 : count_on(sampler, 0, true);
    return {all, all, all, all / Max(pages, 1)};
  }
  int64 count = 0;
  int64 most = Min(sampler.pages, int64{most_pages});
  int64 order[most_pages];
  for (int64 i = 0; i < most; ++i)
    order[i] = most == sampler.pages ? i : any_below(sampler.pages);
  for (; count < most; ++count) {
    if (count >= fewest_pages && time_left(sampler) < (sampler.end.until - sampler.started) / 8 * 7)
      break;
    std::swap(order[count], order[count + any_below(most - count)]);
    double found = count_on(sampler, order[count], false);
    sum += found;
    squares += found * found;
  }
  double seen = static_cast<double>(count), mean = sum / seen;
  if (sum == 0 && count < sampler.pages) // almost empty: what is on the others is not known
    return {0, 0, core::share_of(0, count).high * pages * static_cast<double>(most_places), 0};
  double variance = count < 2 ? 0 : Max(squares - sum * mean, 0.0) / (seen - 1);
  double error = std::sqrt(variance / seen * Max(1 - seen / pages, 0.0)) * core::errors_of_mean(count);
  return {mean * pages, Max(mean - error, 0.0) * pages, (mean + error) * pages, mean};
}

/// Draws about so many customers.
GivenKeys draw(const Sampler &sampler, int64 wanted) {
  double each = Max(sampler.head.on_page, 0.01) / static_cast<double>(most_places * sampler.part_count);
  int count = static_cast<int>(Min(std::ceil(static_cast<double>(wanted) / each), double{most_drawn}));
  Datum *places = static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<Size>(count)));
  Datum *parts = static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<Size>(count)));
  for (int i = 0; i < count; ++i) {
    places[i] = place(any_below(sampler.pages), 1 + any_below(most_places));
    parts[i] = sampler.parts[any_below(sampler.part_count)];
  }
  Arguments arguments;
  arguments.add(get_array_type(TIDOID), make_array(places, count, TIDOID));
  const char *in_part = "";
  if (sampler.part_count > 1) {
    arguments.add(OIDARRAYOID, make_array(parts, count, OIDOID));
    in_part = " AND (c.tableoid, c.ctid) IN (SELECT p.part, p.place FROM ROWS FROM "
              "(pg_catalog.unnest($2), pg_catalog.unnest($1)) AS p (part, place))";
  }
  Rows rows = query(psprintf("SELECT c.%s FROM %s AS c WHERE c.ctid = ANY ($1)%s", sampler.live->key_column,
                             sampler.table, in_part),
                    arguments, Plan::saved);
  GivenKeys drawn = {static_cast<Datum *>(palloc(sizeof(Datum) * (rows.count + 1))), nullptr, 0};
  for (uint64 row = 0; row < rows.count; ++row) {
    bool missing;
    drawn.keys[drawn.count] = value_of(rows, row, 1, missing);
    drawn.count += missing ? 0 : 1;
  }
  return drawn;
}

uint64 count_holding(Work *work) {
  uint64 holding = 0;
  run_core([=, &holding](Failure &) { holding = work->count_holding(0); });
  return holding;
}

/// Judges all of those drawn: whom to leave out must not depend on how long she takes.
void judge_drawn(Sampler &sampler, const GivenKeys &drawn) {
  for (int first = 0; first < drawn.count; first += static_cast<int>(most_batch)) {
    CHECK_FOR_INTERRUPTS();
    GivenKeys part = {drawn.keys + first, nullptr, Min(static_cast<int>(most_batch), drawn.count - first)};
    judge(sampler.live, sampler.work, customers_of(sampler.live, part), transaction_now());
    sampler.holding += static_cast<int64>(count_holding(sampler.work));
    sampler.judged += part.count;
    if (sampler.visit != nullptr)
      sampler.visit(sampler.argument, {sampler.work, {0, 1}});
  }
}

/// Judges everyone, if that is done by an instant.
bool judge_all(Sampler &sampler, TimestampTz until) {
  if (!run_feeds(sampler.live, sampler.work, {true, 0, 0}, transaction_now(), false, {0, 1}, 0, nullptr,
                 until))
    return false;
  evaluate_all(sampler.work);
  sampler.holding = static_cast<int64>(count_holding(sampler.work));
  return true;
}

Estimate exactly(const Sampler &sampler) {
  return {sampler.holding, sampler.holding, sampler.holding};
}

Estimate of_sample(const Sampler &sampler) {
  core::Share share = core::share_of(sampler.holding, sampler.judged);
  double holding = static_cast<double>(sampler.holding), judged = static_cast<double>(sampler.judged);
  double members = sampler.judged == 0 ? 0 : holding / judged * sampler.head.mean;
  return {static_cast<int64>(std::llround(members)),
          static_cast<int64>(std::floor(share.low * sampler.head.low)),
          static_cast<int64>(std::ceil(share.high * sampler.head.high))};
}

Sampler start(const Live *live, Work *work, SampleEnd end) {
  Sampler sampler;
  memset(static_cast<void *>(&sampler), 0, sizeof sampler);
  sampler.live = live;
  sampler.work = work;
  sampler.end = end;
  sampler.started = GetCurrentTimestamp();
  sampler.table = quote_qualified_identifier(get_namespace_name(get_rel_namespace(live->customers)),
                                             get_rel_name(live->customers));
  find_pages(&sampler);
  sampler.head = count_heads(sampler);
  return sampler;
}

} // namespace

Estimate estimate_members(const Live *live, Work *work, SampleEnd end,
                          void (*visit)(void *argument, const Pass &pass), void *argument) {
  Sampler sampler = start(live, work, end);
  sampler.visit = visit;
  sampler.argument = argument;
  if (sampler.pages == 0)
    return {0, 0, 0};
  MemoryContext batch_memory =
      AllocSetContextCreate(CurrentMemoryContext, "segmentation sample", ALLOCSET_DEFAULT_SIZES);
  int64 wanted = first_batch;
  bool tried = false;
  TimestampTz began = GetCurrentTimestamp();
  for (;;) {
    MemoryContext before = MemoryContextSwitchTo(batch_memory);
    judge_drawn(sampler, draw(sampler, wanted));
    MemoryContextSwitchTo(before);
    MemoryContextReset(batch_memory);
    if (end.wanted > 0 && sampler.judged >= end.wanted)
      break;
    int64 left = time_left(sampler);
    if (left <= 0)
      break;
    wanted = Min(2 * wanted, most_batch);
    if (end.until == 0)
      continue;
    double each = static_cast<double>(since(began)) / static_cast<double>(Max(sampler.judged, int64{1}));
    // Reading everyone in one pass takes a fraction of what looking each up does.
    if (!tried && sampler.judged >= most_batch / 2 &&
        sampler.head.high * each / 4 < static_cast<double>(left) / 2) {
      tried = true;
      if (judge_all(sampler, GetCurrentTimestamp() + left / 2)) {
        MemoryContextDelete(batch_memory);
        return exactly(sampler);
      }
      began += left / 2; // which was for nothing
      left = time_left(sampler);
    }
    // The last batch should end in time, too.
    wanted = Min(wanted, static_cast<int64>(static_cast<double>(left) * 0.5 / each));
    if (wanted < 1)
      break;
  }
  MemoryContextDelete(batch_memory);
  return of_sample(sampler);
}

int64 estimate_customers(const Live *live) {
  return static_cast<int64>(start(live, nullptr, {0, 0}).head.mean);
}

} // namespace segmentation::pg
