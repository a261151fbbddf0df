// What is said of segments whose members were written for everyone. Server's side.
#pragma once

#include "pg/boundary/session.hpp"
#include "pg/stored/difference.hpp"

namespace segmentation::pg {

/// Notes that members of these segments (an integer[]) come and go at an instant because their rules have
/// another meaning.
void note_rule_change(Datum segments, TimestampTz at);
/// Has the segments' counts be the totals of a difference, whose rules are theirs.
void write_counts(const int32 *segments, int count, const Difference &difference);
/// Has nobody trust the verdicts that were kept before everyone's members were written.
void mark_built(Datum segments);

} // namespace segmentation::pg
