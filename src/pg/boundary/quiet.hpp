// Statements of our own whose changes of segmentation.by_hand need no noting, since whoever runs them sees to
// the members himself. Server's side.
#pragma once

namespace segmentation::pg {

/// From here on, in the transaction of this nesting level, that is not noted; 0: it is again. Returns what
/// was before. A rollback takes it back.
int set_quiet(int level);
bool is_quiet();

} // namespace segmentation::pg
