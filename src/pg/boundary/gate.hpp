// Calling one of our own functions for somebody else. Server's side.
#pragma once

#include "pg/boundary/session.hpp"

namespace segmentation::pg {

/// Calls a function by the rights of the extension's owner; who asked for it is `caller()` meanwhile.
Datum call_as_owner(FunctionCallInfo call);

/// Likewise for whoever is to learn nothing of how it is done: of an error he gets what it says, not where
/// it arose, which has the statements behind the call.
Datum call_as_owner_quietly(FunctionCallInfo call);

/// Returns the role that came through the gate last, or else the present one.
Oid caller();

} // namespace segmentation::pg
