// Members who come and go, straight into the tables. Server's side.
#pragma once

#include "pg/stored/change_notes.hpp"
#include "pg/stored/counts.hpp"
#include "pg/stored/members.hpp"

namespace segmentation::pg {

/// Tells whether segmentation.membership is as we make it, so that rows may be put straight into it by the
/// current user.
bool membership_is_as_made(Relation membership, Oid key_type);

/// Writes the changes into membership and membership_past, adds to the counts and notes who has come and
/// gone; false, with nothing written, where one of the tables is not as we make it. By the rights in force,
/// which must be their owner's. Who has come or gone already is passed over.
bool write_member_rows(const MemberChanges &changes, TimestampTz recorded_at, const char *left_reason,
                       SegmentCounts *counts, ChangeNotes *notes);

} // namespace segmentation::pg
