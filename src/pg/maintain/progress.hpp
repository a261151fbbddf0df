// Telling how far a long build is: lines for the person at psql, and the session's activity for everyone
// else. Server's side.
#pragma once

#include "pg/live/feed.hpp"

namespace segmentation::pg {

/// A build that tells. `progress` is what run_feeds takes.
struct Teller {
  Progress progress;
  const char *call;    // SQL of the call, for the activity line
  TimestampTz line_at; // when the last line went to the client
  TimestampTz activity_at;
  SegmentationQueryId query_id;
};

void start_telling(Teller *teller, const char *call);
/// Gives the session's activity its own text back.
void stop_telling(Teller *teller);

} // namespace segmentation::pg
