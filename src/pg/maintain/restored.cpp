// Server's side.
#include "pg/maintain/restored.hpp"

namespace segmentation::pg {

Restore restore_state() {
  Identity caller = become(extension_owner()); // who may see all sessions
  CommandCounterIncrement();
  PushActiveSnapshot(GetLatestSnapshot());
  Rows rows = query(
      "SELECT v.restoring_pid, EXISTS (SELECT FROM pg_catalog.pg_stat_get_activity(v.restoring_pid) AS a "
      "WHERE a.backend_start = v.restoring_since), NOT v.judging "
      "FROM segmentation.definition_version AS v WHERE v.restoring_pid IS NOT NULL");
  PopActiveSnapshot();
  become_again(caller);
  if (rows.count == 0)
    return {0, false, false};
  bool missing;
  return {int_value(rows, 0, 1), DatumGetBool(value_of(rows, 0, 2, missing)),
          DatumGetBool(value_of(rows, 0, 3, missing))};
}

bool may_not_judge(const Live *live) {
  static uint64 known_over = 0; // serial of the definitions
  if (live != nullptr && (!live->schema.is_restored || live->serial == known_over))
    return false;
  Restore restore = restore_state();
  bool may_judge = !restore.goes_on && !restore.left;
  if (may_judge && live != nullptr)
    known_over = live->serial;
  return !may_judge;
}

bool note_left() {
  LockRelationOid(own_relation("segment"), RowExclusiveLock);
  return restore_state().left ||
         execute_own("UPDATE segmentation.definition_version AS v SET judging = false "
                     "WHERE v.restoring_pid IS NOT NULL") > 0;
}

void end_restore() {
  if (execute_own("UPDATE segmentation.definition_version AS v "
                  "SET restoring_pid = NULL, restoring_since = NULL, restored_at = NULL, judging = true "
                  "WHERE v.restoring_pid IS NOT NULL") > 0)
    execute_own("UPDATE segmentation.segment AS s SET name = s.name WHERE false"); // sessions have kept it
}

} // namespace segmentation::pg
