// How many members segments have: differences, appended by whoever writes members. Server's side.
#pragma once

#include "pg/boundary/session.hpp"

namespace segmentation::pg {

/// How many came to a segment less how many went.
struct SegmentCount {
  int32 segment;
  int64 delta;
};

/// Counts on their way, in the current memory context.
struct SegmentCounts {
  SegmentCount *counts;
  int count, room;
};

/// Adds to a segment's count. Cheapest where calls for one segment follow each other.
void add_count(SegmentCounts *counts, int32 segment, int64 delta);

/// Appends what is not 0, as one row; sorts the counts.
void append_counts(SegmentCounts *counts);

/// Appends what makes the counts of some segments, an int4[], 0. The caller must be alone with the gate, so
/// that nobody's count is still on its way. A session must be open.
void clear_counts(Datum segments);

/// Adds up what was appended if there are more than `most` rows of it, unless somebody else is doing that or
/// a snapshot is held that may not see all of it: counts stay as they are in every snapshot. Holds
/// ShareUpdateExclusiveLock on segmentation.count_delta from then on. A session must be open.
void fold_counts(int64 most);

} // namespace segmentation::pg
