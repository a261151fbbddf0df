// Statements of our own whose changes need no noting, since whoever runs them sees to the members himself.
// Server's side.
#pragma once

namespace segmentation::pg {

/// From here on, in the transaction of this nesting level, nothing is noted; 0: everything again. Returns
/// what was before. A rollback takes it back.
int set_quiet(int level);
bool is_quiet();

} // namespace segmentation::pg
