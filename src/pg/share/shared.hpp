// Upkeep of shared lists. Server's side.
#pragma once

namespace segmentation::pg {

/// Adds up old uses of shared lists, and deletes those that ended long ago.
void forget_shares();

} // namespace segmentation::pg
