// All segments' rules as one compiled program, kept as long as the definitions. Server's side.
#pragma once

#include "pg/live/live.hpp"
#include "pg/live/upkeep.hpp"

namespace segmentation::pg {

struct SegmentProgram {
  int32 *segments; // ids, ascending, of the segments whose rules are whole; the program's rules are in this
                   // order
  int segment_count;
  int *turns;    // by rule, see Work::turn
  bool *is_read; // by rule
  int turn_count;
  bool moves;  // time alone may change a verdict
  int64 built; // the latest version at which everyone's members of some segment were written
  Owned<Work> *work;
  Owned<Upkeep> *upkeep;
};

/// Returns the program of all segments' rules; compiled at its first use, valid as long as `live`. A segment
/// whose rule lost what it reads is left out.
const SegmentProgram *load_program(const Live *live);

/// Returns what is live, with its program ready, read by the rights of the customers' owner, whoever asks.
const Live *load_as_reader();

/// Tells whether a segment's rule still has its meaning; `failure` says what is wrong otherwise.
bool check_segment(const Live *live, int index, Failure *failure);

/// Raises 55000 where members are stored by another type than the key's: they are stored by the key as it was
/// when the customers were bound.
void check_key_type(const Live *live);

} // namespace segmentation::pg
