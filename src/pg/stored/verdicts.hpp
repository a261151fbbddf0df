// In which segments a customer is, as kept in her state row: a bit for each segment, by id. Server's side.
#pragma once

#include "pg/live/live.hpp"

namespace segmentation::pg {

/// Reads what pack_verdicts made into `member`, a byte for each segment of the schema, in its order.
void unpack_verdicts(const Live *live, const struct varlena *packed, uint8 *member);
/// Returns the bytes in the current memory context; nullptr where the ids lie too far apart: then members are
/// read instead.
struct varlena *pack_verdicts(const Live *live, const uint8 *member);

} // namespace segmentation::pg
