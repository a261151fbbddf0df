// Judging some locked customers: what is kept of them, folded on with the rows that changed, and read where
// that does not do. Server's side.
#pragma once

#include "pg/changes/changes.hpp"
#include "pg/maintain/batch.hpp"

namespace segmentation::pg {

/// A part of a batch.
struct Part {
  Batch *batch;
  int first;
  int count;
};

/// Judges the part's customers; the program's upkeep holds the answers. The active snapshot must be newer
/// than their locks. Returns what kept them from being judged, nullptr where nothing did.
const ErrorData *judge_part(const Part &part);

/// Judges once more with the memberships of some of the part's customers, told by index, read anew. The
/// active snapshot must see what was written of them.
const ErrorData *judge_again(const Part &part, const bool *concerned);

} // namespace segmentation::pg
