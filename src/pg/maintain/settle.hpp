// From judged customers to what is stored of them. Server's side.
#pragma once

#include "pg/maintain/judging.hpp"

namespace segmentation::pg {

/// Judges a part's customers and writes what differs: turn by turn where rules read the members of other
/// segments, so that each is judged by members that are right. Adds the member rows to `written`. Returns
/// what kept them from being judged, nullptr where nothing did. The active snapshot must be newer than their
/// locks; it is replaced by newer ones.
const ErrorData *settle_part(const Part &part, uint64 *written);

} // namespace segmentation::pg
