// Running a feed's SELECT and handing its rows to the core, batch by batch. Server's side.
#pragma once

#include "core/value/calendar.hpp"
#include "pg/live/live.hpp"

namespace segmentation::pg {

/// Whom to judge: everyone, or the customers of an array of the key's own type.
struct Customers {
  bool everyone;
  Datum keys;
  int count; // of keys
  /// A few are looked up by index whoever they are; for many the planner should know how many.
  Plan plan() const { return !everyone && count <= 100 ? Plan::saved : Plan::once; }
};

/// Told how far a build is, every now and then.
struct Progress {
  void (*tell)(void *argument, const char *step, uint64 rows, const char *done);
  void *argument;
};

/// Runs all feeds of the work's program and folds their rows into a new population.
/// False where the population outgrew `memory_limit` bytes (0: no limit), or it was `until` (0: as long as it
/// takes), before all was read.
bool run_feeds(const Live *live, Work *work, const Customers &who, core::Instant now, bool horizons,
               core::Slice slice, Size memory_limit, const Progress *progress, TimestampTz until = 0);

/// Runs a feed's SELECT for the keys or parents in its array $1 and folds the rows into a population.
void run_feed(core::Population *population, size_t feed, const char *name, const char *sql, Oid array_type,
              Datum array, Plan plan);

/// Judges the whole population by all rules, in ranges.
void evaluate_all(Work *work);

/// Returns the instant that this transaction judges at: its now().
inline core::Instant transaction_now() {
  return GetCurrentTransactionStartTimestamp();
}

} // namespace segmentation::pg
