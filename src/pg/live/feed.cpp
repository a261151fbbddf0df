// One pass over the bound tables: customers first, unless rows alone say who they are, then every source that
// some rule needs. Server's side.
#include "pg/live/feed.hpp"

#include "pg/boundary/run_core.hpp"
#include "pg/live/receiver.hpp"

namespace segmentation::pg {

namespace {

/// A feed's statement and name, as plain pointers into the program.
struct FeedText {
  const char *sql;
  const char *name;
};

FeedText feed_text(const Live *live, Work *work, size_t feed, bool everyone, bool horizons) {
  FeedText text;
  run_core([=, &text](Failure &) {
    const core::Feed &source = work->program().feeds()[feed];
    const std::string &all = horizons ? source.select_until : source.select_all;
    text.sql = everyone ? all.c_str() : source.select_keyed.c_str();
    text.name = live->schema.relations[source.relation].name;
  });
  return text;
}

} // namespace

bool run_feeds(const Live *live, Work *work, const Customers &who, core::Instant now, bool horizons,
               core::Slice slice, Size memory_limit, const Progress *progress, TimestampTz until) {
  size_t feed = 0, feeds = 0;
  run_core([=, &feed, &feeds](Failure &) {
    const bool rows_suffice = who.everyone && work->program().rows_suffice();
    work->start(now, horizons, slice, rows_suffice ? core::Roll::rows : core::Roll::customers_feed);
    feed = rows_suffice ? 1 : 0;
    feeds = work->program().feeds().size();
  });
  for (; feed < feeds; ++feed) {
    FeedText text = feed_text(live, work, feed, who.everyone, horizons);
    FeedReceiver *receiver = make_receiver(&work->population(), feed, text.name);
    receiver->memory_limit = memory_limit;
    receiver->until = until;
    receiver->progress = progress;
    Context context;
    push_context(context, "reading rows of \"%s\"", text.name);
    Arguments arguments;
    if (!who.everyone)
      arguments.add(get_array_type(live->key.type), who.keys);
    stream(text.sql, &receiver->base, arguments, who.plan());
    if (!receiver->outgrown)
      flush_batch(receiver);
    pop_context(context);
    bool outgrown = receiver->outgrown;
    MemoryContextDelete(receiver->cells);
    if (outgrown)
      return false;
  }
  return true;
}

void run_feed(core::Population *population, size_t feed, const char *name, const char *sql, Oid array_type,
              Datum array, Plan plan) {
  FeedReceiver *receiver = make_receiver(population, feed, name);
  Context context;
  push_context(context, "reading rows of \"%s\"", name);
  Arguments arguments;
  arguments.add(array_type, array);
  stream(sql, &receiver->base, arguments, plan);
  flush_batch(receiver);
  pop_context(context);
  MemoryContextDelete(receiver->cells);
  pfree(receiver->readings);
  pfree(receiver);
}

void evaluate_all(Work *work) {
  constexpr uint32 range = 8192;
  uint32 size = work->size();
  for (uint32 first = 0; first < size; first += range) {
    CHECK_FOR_INTERRUPTS();
    run_core([=](Failure &) { work->evaluate(first, Min(range, size - first)); });
  }
}

} // namespace segmentation::pg
