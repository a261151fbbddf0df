// CALL build_segment: walks in the foreground. Server's side.
#include "pg/maintain/apply.hpp"
#include "pg/maintain/progress.hpp"
#include "pg/maintain/restored.hpp"
#include "pg/maintain/walk.hpp"

namespace segmentation::pg {

namespace {

/// How a segment stands.
struct Standing {
  bool exists;
  bool is_building;
  bool is_awaiting;  // a walk
  const char *error; // why it could not take its next rule; nullptr: nothing was wrong
};

Standing standing_of(const char *name) {
  Arguments arguments;
  arguments.add(TEXTOID, CStringGetTextDatum(name));
  Rows rows = query_own(
      "SELECT s.status = 'building' OR a.segment_id IS NOT NULL AND a.error IS NULL, "
      "EXISTS (SELECT FROM segmentation.walk AS w WHERE w.id IN (s.walk_id, a.walk_id)), a.error "
      "FROM segmentation.segment AS s LEFT JOIN segmentation.alteration AS a ON a.segment_id = s.id "
      "WHERE segmentation._fold(s.name) = segmentation._fold($1)",
      arguments);
  if (rows.count == 0)
    return {false, false, false, nullptr};
  bool missing;
  return {true, DatumGetBool(value_of(rows, 0, 1, missing)), DatumGetBool(value_of(rows, 0, 2, missing)),
          text_value(rows, 0, 3)};
}

/// Raises while what a restore still brings would meet what we would write.
void refuse_in_restore() {
  Restore restore = restore_state();
  if (restore.goes_on && restore.pid != MyProcPid)
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("the session with PID %d is restoring segments", restore.pid),
                    errhint("When it has ended call this again.")));
}

} // namespace

} // namespace segmentation::pg

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_build_segment) {
  auto *call = reinterpret_cast<CallContext *>(fcinfo->context);
  if (call == nullptr || !IsA(call, CallContext) || call->atomic)
    ereport(ERROR, (errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
                    errmsg("build_segment cannot run inside a transaction block"),
                    errdetail("It commits after each batch of customers.")));
  if (PG_ARGISNULL(0))
    ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("segment name must not be null"),
                    errhint("View segmentation.builds has the segments that are being built.")));
  const char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
  Teller teller;
  start_telling(&teller, "CALL segmentation.build_segment(...)");
  for (bool first = true;; first = false) {
    Session session = open_session(true);
    refuse_in_restore();
    Standing standing = standing_of(name);
    if (!standing.exists)
      ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("segment \"%s\" does not exist", name),
                      errhint("View segmentation.builds has the segments that are being built.")));
    if (standing.error != nullptr)
      ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                      errmsg("segment \"%s\" cannot take its next rule: %s", name, standing.error),
                      errhint("Alter it again.")));
    if (standing.is_building && !standing.is_awaiting)
      ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                      errmsg("segment \"%s\" waits for a walk that does not exist", name),
                      errhint("Alter it again.")));
    if (standing.is_building) {
      WalkStep step = walk_on(true);
      teller.progress.tell(teller.progress.argument, "customers", static_cast<uint64>(step.judged), "judged");
    } else if (first) {
      ereport(NOTICE, (errmsg("segment \"%s\" is not being built", name)));
    }
    SPI_commit();
    close_session(session);
    if (!standing.is_building)
      break;
  }
  stop_telling(&teller);
  PG_RETURN_VOID();
}
