// A DestReceiver that writes slots into a core batch. Server's side.
#pragma once

#include "pg/live/feed.hpp"

namespace segmentation::pg {

/// How a result column is read.
enum class Reading : uint8 {
  int16,
  int32,
  int64,
  numeric,
  boolean,
  day,
  instant,
  text,
  text_array,
  number_array,
  other
};

struct FeedReceiver {
  DestReceiver base; // first: the server knows only this
  core::Population *population;
  core::Batch *batch;
  size_t feed;
  int columns;         // without the key
  Reading *readings;   // of the key, then of the columns
  MemoryContext cells; // what the batch's cells point to; emptied after each fold
  Size memory_limit;
  TimestampTz until; // 0: as long as it takes
  bool outgrown;     // either of these
  uint64 rows;
  uint32 batches;
  const Progress *progress;
  const char *name;
};

/// Returns a receiver for a feed, in the current memory context.
FeedReceiver *make_receiver(core::Population *population, size_t feed, const char *name);

/// Returns how values of a type are read; Reading::other for those that only SQL turns into what the core
/// reads.
Reading reading_of(Oid type);
/// Tells whether values that are read so are what a feed's column holds.
bool is_reading_of(Reading reading, core::Kind kind);
/// Puts a value into a batch's row; what texts and lists point to is in the current memory context.
void read_cell(core::BatchColumn &column, uint32 row, Datum value, Reading reading);

/// Hands the rows that wait in the batch to the core.
void flush_batch(FeedReceiver *receiver);

} // namespace segmentation::pg
