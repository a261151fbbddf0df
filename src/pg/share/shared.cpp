// Shared lists: what SQL cannot do. A token comes from the server's own source of randomness; whoever brings
// one is looked up and noted by a snapshot that shows all there is by now; rows are streamed by the rights of
// the customers' owner. Server's side.
#include "pg/share/shared.hpp"

#include "pg/boundary/session.hpp"

namespace segmentation::pg {

void forget_shares() {
  execute_own("SELECT segmentation._forget_shares() "
              "WHERE EXISTS (SELECT FROM segmentation.share_use AS u WHERE u.role IS NOT NULL "
              "AND u.used_at < pg_catalog.clock_timestamp() - segmentation._share_retention()) "
              "OR EXISTS (SELECT FROM segmentation.share AS s WHERE LEAST(s.expires_at, s.revoked_at) "
              "< pg_catalog.clock_timestamp() - segmentation._share_retention())",
              {}, Plan::saved);
}

} // namespace segmentation::pg

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_random_bytes) {
  int32 count = PG_GETARG_INT32(0);
  if (count < 1 || count > 1024)
    elog(ERROR, "cannot make %d random bytes", count);
  auto *bytes = static_cast<bytea *>(palloc(static_cast<Size>(count) + VARHDRSZ));
  SET_VARSIZE(bytes, count + VARHDRSZ);
  if (!pg_strong_random(VARDATA(bytes), static_cast<size_t>(count)))
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate random values")));
  PG_RETURN_BYTEA_P(bytes);
}

SEGMENTATION_FUNCTION(segmentation_note_use) {
  Session session = open_session();
  Arguments arguments;
  arguments.add(BYTEAOID, PG_GETARG_DATUM(0));
  arguments.add(BOOLOID, PG_GETARG_DATUM(1));
  arguments.add(NAMEOID, PG_GETARG_DATUM(2));
  // Whoever is in REPEATABLE READ, or long in a transaction, must learn of a revocation, too.
  Rows rows = take_own("INSERT INTO segmentation.share_use (share_id, uses, pages, role, client_address) "
                       "SELECT s.id, (NOT $2)::pg_catalog.int4, $2::pg_catalog.int4, $3, "
                       "pg_catalog.inet_client_addr() "
                       "FROM segmentation.share AS s JOIN segmentation.segment AS g ON g.id = s.segment_id "
                       "WHERE s.hash = $1 AND s.expires_at > pg_catalog.clock_timestamp() "
                       "RETURNING share_id",
                       arguments, segmentation::pg::Plan::saved);
  bool missing = rows.count == 0;
  Datum share = missing ? Datum{0} : value_of(rows, 0, 1, missing);
  close_session(session);
  if (missing)
    PG_RETURN_NULL();
  return share;
}

SEGMENTATION_FUNCTION(segmentation_list_as) {
  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  const char *sql = text_to_cstring(PG_GETARG_TEXT_PP(1));
  Session session = open_session();
  Arguments arguments;
  arguments.add(TEXTARRAYOID, PG_GETARG_DATUM(2));
  arguments.add(TEXTARRAYOID, PG_GETARG_DATUM(3));
  Identity caller = become(PG_GETARG_OID(0));
  DestReceiver *receiver = CreateTuplestoreDestReceiver();
  SetTuplestoreDestReceiverParams(receiver, result->setResult, session.caller, false, result->setDesc,
                                  "a list's columns are not what they should be");
  stream(sql, receiver, arguments);
  receiver->rDestroy(receiver);
  become_again(caller);
  close_session(session);
  return Datum{0};
}

SEGMENTATION_FUNCTION(segmentation_tell_log) {
  // Whatever client_min_messages says: it is not for whoever asks.
  ereport(LOG_SERVER_ONLY, (errmsg_internal("%s", text_to_cstring(PG_GETARG_TEXT_PP(0))), errhidestmt(true),
                            errhidecontext(true)));
  PG_RETURN_VOID();
}
