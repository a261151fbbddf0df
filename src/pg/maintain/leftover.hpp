// What is stored of segments that are gone. Server's side.
#pragma once

#include "pg/boundary/session.hpp"

namespace segmentation::pg {

/// Takes all that is stored of members of these segments (an integer[]) away, by the latest snapshot; or
/// leaves it to the worker or tick() where it is more than segmentation.commit_limit, with a NOTICE. The
/// segments must be nobody's any more. A session must be open, as for all here.
void delete_members(Datum segments);

/// Deletes some of what is left over in the current transaction; returns how much it did, 0 where nothing is
/// left.
int delete_leftovers();

} // namespace segmentation::pg
