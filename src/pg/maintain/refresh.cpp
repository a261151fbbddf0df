// refresh, refresh_all and _write_members. Server's side.
#include "pg/boundary/session.hpp"
#include "pg/live/customers.hpp"
#include "pg/maintain/batch.hpp"
#include "pg/maintain/leftover.hpp"
#include "pg/maintain/progress.hpp"
#include "pg/maintain/write.hpp"
#include "pg/stored/moved.hpp"

using namespace segmentation::pg;

namespace {

void lock_view(Oid view, bool at_once) {
  if (!at_once)
    LockRelationOid(view, AccessExclusiveLock);
  else if (!ConditionalLockRelationOid(view, AccessExclusiveLock))
    ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
                    errmsg("could not obtain lock on view \"%s\" of a segment", get_rel_name(view)),
                    errhint("Change this segment in a transaction of its own, or first.")));
}

} // namespace

SEGMENTATION_FUNCTION(segmentation_write_members) {
  Session session = open_session();
  WriteRequest request;
  memset(&request, 0, sizeof request);
  request.all_segments = PG_ARGISNULL(0);
  request.segments = request.all_segments ? Datum{0} : PG_GETARG_DATUM(0);
  request.changed = PG_GETARG_BOOL(1);
  Identity caller = become_reader();
  int64 rows = write_members(request);
  become_again(caller);
  close_session(session);
  PG_RETURN_INT64(rows);
}

SEGMENTATION_FUNCTION(segmentation_delete_members) {
  Session session = open_session();
  delete_members(PG_GETARG_DATUM(0));
  close_session(session);
  PG_RETURN_VOID();
}

SEGMENTATION_FUNCTION(segmentation_lock_before_gate) {
  Session session = open_session();
  (void)lock_bound_relations(true);
  if (!PG_ARGISNULL(0)) {
    Oid view = get_relname_relid(NameStr(*PG_GETARG_NAME(0)), get_namespace_oid("segments", false));
    if (OidIsValid(view) && get_rel_relkind(view) == RELKIND_VIEW)
      lock_view(view, PG_GETARG_BOOL(1));
  }
  close_session(session);
  PG_RETURN_VOID();
}

SEGMENTATION_FUNCTION(segmentation_try_lock_views) {
  Datum *views;
  int count;
  deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), OIDOID, sizeof(Oid), true, TYPALIGN_INT, &views, nullptr,
                    &count);
  int locked = 0;
  while (locked < count && ConditionalLockRelationOid(DatumGetObjectId(views[locked]), AccessExclusiveLock))
    ++locked;
  for (int i = 0; i < locked && locked < count; ++i)
    UnlockRelationOid(DatumGetObjectId(views[i]), AccessExclusiveLock);
  PG_RETURN_BOOL(locked == count);
}

SEGMENTATION_FUNCTION(segmentation_refresh) {
  Session session = open_session();
  Identity caller = become_reader();
  int64 rows = refresh_customers(PG_GETARG_DATUM(0), argument_type(fcinfo, 0));
  become_again(caller);
  close_session(session);
  PG_RETURN_INT64(rows);
}

SEGMENTATION_FUNCTION(segmentation_refresh_all) {
  (void)fcinfo;
  Session session = open_session();
  Teller teller;
  start_telling(&teller, "SELECT segmentation.refresh_all()");
  execute_own("SELECT segmentation._mend_capture()"); // before the gate: it locks relations
  Identity caller = become_reader();
  note_all_moved();
  int64 rows = write_everyone(&teller.progress);
  become_again(caller);
  stop_telling(&teller);
  close_session(session);
  PG_RETURN_INT64(rows);
}
