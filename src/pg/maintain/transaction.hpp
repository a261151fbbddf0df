// What this transaction has changed and not yet brought to the members. Server's side.
#pragma once

#include "pg/boundary/owned.hpp"
#include "pg/maintain/changes.hpp"

namespace segmentation::pg {

/// Returns the transaction's changes; made at the first call, applied when it commits or is prepared.
Owned<Changes> *transaction_changes();
/// While changes are applied, whose level of nesting it tells; 0 otherwise. What the shop's functions change
/// meanwhile is noted, and applied after that.
void set_applying_level(int level);
/// Returns the transaction's changes where some are not applied yet; nullptr also while changes are applied.
Owned<Changes> *changes_to_apply();
/// All that was added up last has reached the members.
void set_applied();

} // namespace segmentation::pg
