// Reading stored membership and taking rows out of it. Server's side.
#pragma once

#include "pg/live/judge.hpp"
#include "pg/maintain/difference.hpp"

namespace segmentation::pg {

/// Compares the stored rows of the segments (an integer[]) and customers with the pass's verdicts.
void compare_stored(const Live *live, const Pass &pass, Difference *difference, Datum segments,
                    const Customers &who);

/// Deletes the leavers of the last comparison; returns their number.
uint64 delete_leavers(const Difference *difference);

} // namespace segmentation::pg
