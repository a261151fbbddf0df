// Giving changes of members their positions. Server's side.
#pragma once

#include "pg/maintain/queue.hpp"

namespace segmentation::pg {

/// Puts all committed changes that have no position yet behind those that have one, and takes away what has
/// been kept long enough, unless somebody else is doing that. In a transaction of its own, to which nothing
/// may be added, listeners on channel segmentation are told at its commit; in somebody's its own changes are
/// left for later. A session must be open.
void number_changes(Working working);

} // namespace segmentation::pg
