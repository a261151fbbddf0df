// Keeping an error from its caller: what a rule, a computed column or one of our limits can cause must not
// stop the shop's transaction. Server's side.
#pragma once

#include "pg/boundary/server.hpp"

namespace segmentation::pg {

/// Runs body(argument) in a subtransaction. Returns nullptr where it went well; else what was raised, in the
/// current memory context, after everything that the body did has been taken back. What is no fault of rules
/// or data is raised on: cancels and timeouts, deadlocks, serialization failures, a server out of memory or
/// disk, a broken one.
ErrorData *contain(void (*body)(void *argument), void *argument);
/// Likewise, for a process of ours that was told to do just this: raises on only deadlocks and serialization
/// failures, which another try may be spared.
ErrorData *contain_all(void (*body)(void *argument), void *argument);

} // namespace segmentation::pg
