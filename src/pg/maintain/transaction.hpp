// What this transaction has changed and not yet brought to the members. Server's side.
#pragma once

#include "pg/boundary/owned.hpp"
#include "pg/changes/changes.hpp"

namespace segmentation::pg {

/// Returns the transaction's changes; made at the first call, applied when it commits or is prepared.
Owned<Changes> *transaction_changes();
/// While changes are applied, whose level of nesting it tells; 0 otherwise. What the shop's functions change
/// meanwhile is noted, and applied after that.
void set_applying_level(int level);
/// Returns the transaction's changes where some are not applied yet; nullptr also while changes are applied.
Owned<Changes> *changes_to_apply();
/// This transaction's changes were made by replication: they are only queued, so that it waits for nobody's
/// locks and what would fail does not stop it.
void set_replicated();
bool is_replicated();
/// Some of this transaction's changes are not noted, or no more shall be: everyone will be queued. Not taken
/// back by ROLLBACK TO.
void lose_rows();
bool has_lost_rows();
/// All that was added up last has reached the members.
void set_applied();

} // namespace segmentation::pg
