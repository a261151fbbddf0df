// Writing members in bulk. Server's side.
#pragma once

#include "pg/live/judge.hpp"

namespace segmentation::pg {

/// Inserts everyone for whom a rule of the pass still holds into membership: rule by rule, in the order of
/// the keys, entered at an instant for a reason. `segments` are the rules' segments. Returns the number of
/// rows. `progress` may be nullptr.
uint64 insert_joiners(const Live *live, Work *work, const int32 *segments, uint32 segment_count,
                      TimestampTz at, const char *reason, const Progress *progress);

} // namespace segmentation::pg
