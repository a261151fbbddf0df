// _rows_of: the rows of a query as they are asked for, some hundred in memory at a time. A cursor would do
// the same but for ending before a cursor WITH HOLD that reads from it. Server's side.
#include "pg/segment/functions.hpp"

namespace segmentation::pg {

namespace {

/// A query that has been started, and the rows of it that come next.
struct Flow {
  static constexpr int batch = 500;
  DestReceiver base; // the executor knows no more of it
  QueryDesc *query;
  ExprContext *caller; // which ends the query where not all rows are wanted
  MemoryContext cells; // of the rows at hand
  Datum *rows;
  bool *missing;
  int count;
  int next;
  bool ended; // it must not be asked again then
};

bool receive(TupleTableSlot *slot, DestReceiver *self) {
  auto *flow = reinterpret_cast<Flow *>(self);
  MemoryContext before = MemoryContextSwitchTo(flow->cells);
  Datum value = slot_getattr(slot, 1, &flow->missing[flow->count]);
  flow->rows[flow->count] = flow->missing[flow->count] ? Datum{0} : datumCopy(value, false, -1);
  ++flow->count;
  MemoryContextSwitchTo(before);
  return true;
}

void ignore_start(DestReceiver *, int, TupleDesc) {
}
void ignore(DestReceiver *) {
}

/// Plans a query by its caller's rights. Raises unless it is one SELECT of a text[].
PlannedStmt *plan_rows(const char *sql) {
  List *statements = pg_parse_query(sql);
  List *queries = NIL;
  if (list_length(statements) == 1)
    queries =
        pg_analyze_and_rewrite_fixedparams(linitial_node(RawStmt, statements), sql, nullptr, 0, nullptr);
  Query *query = list_length(queries) == 1 ? linitial_node(Query, queries) : nullptr;
  if (query == nullptr || query->commandType != CMD_SELECT || query->hasModifyingCTE ||
      query->rowMarks != NIL || query->targetList == NIL ||
      exprType(reinterpret_cast<Node *>(linitial_node(TargetEntry, query->targetList)->expr)) != TEXTARRAYOID)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("query is not one SELECT of a text[]")));
  return pg_plan_query(query, sql, 0, nullptr);
}

void end_flow(Datum argument) {
  auto *flow = reinterpret_cast<Flow *>(DatumGetPointer(argument));
  PushActiveSnapshot(flow->query->snapshot);
  ExecutorFinish(flow->query);
  ExecutorEnd(flow->query);
  PopActiveSnapshot();
  FreeQueryDesc(flow->query);
}

Flow *start_flow(const char *sql, ExprContext *caller) {
  auto *flow = static_cast<Flow *>(palloc0(sizeof(Flow)));
  flow->base.receiveSlot = receive;
  flow->base.rStartup = ignore_start;
  flow->base.rShutdown = ignore;
  flow->base.rDestroy = ignore;
  flow->base.mydest = DestNone;
  flow->cells = AllocSetContextCreate(CurrentMemoryContext, "segmentation rows", ALLOCSET_DEFAULT_SIZES);
  flow->rows = static_cast<Datum *>(palloc(sizeof(Datum) * Flow::batch));
  flow->missing = static_cast<bool *>(palloc(sizeof(bool) * Flow::batch));
  int settings = pin();
  flow->query = CreateQueryDesc(plan_rows(sql), sql, GetActiveSnapshot(), InvalidSnapshot, &flow->base,
                                nullptr, nullptr, 0);
  ExecutorStart(flow->query, EXEC_FLAG_SKIP_TRIGGERS);
  unpin(settings);
  flow->caller = caller;
  RegisterExprContextCallback(caller, end_flow, PointerGetDatum(flow));
  return flow;
}

/// Takes the next rows.
void fill(Flow *flow) {
  MemoryContextReset(flow->cells);
  flow->count = flow->next = 0;
  int settings = pin();
  PushActiveSnapshot(flow->query->snapshot);
  segmentation_run_for(flow->query, Flow::batch);
  PopActiveSnapshot();
  unpin(settings);
  flow->ended = flow->count < Flow::batch;
}

} // namespace

} // namespace segmentation::pg

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_rows_of) {
  if (SRF_IS_FIRSTCALL()) {
    FuncCallContext *call = SRF_FIRSTCALL_INIT();
    MemoryContext before = MemoryContextSwitchTo(call->multi_call_memory_ctx);
    check_encoding();
    call->user_fctx = start_flow(text_to_cstring(PG_GETARG_TEXT_PP(0)),
                                 reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo)->econtext);
    MemoryContextSwitchTo(before);
  }
  FuncCallContext *call = SRF_PERCALL_SETUP();
  auto *flow = static_cast<Flow *>(call->user_fctx);
  if (flow->next == flow->count && !flow->ended)
    fill(flow);
  if (flow->next < flow->count) {
    int row = flow->next++;
    if (flow->missing[row])
      SRF_RETURN_NEXT_NULL(call);
    SRF_RETURN_NEXT(call, flow->rows[row]);
  }
  UnregisterExprContextCallback(flow->caller, end_flow, PointerGetDatum(flow));
  end_flow(PointerGetDatum(flow));
  SRF_RETURN_DONE(call);
}

SEGMENTATION_FUNCTION(segmentation_types_of) {
  Session session = open_session();
  TupleDesc columns = columns_of(text_to_cstring(PG_GETARG_TEXT_PP(0)));
  MemoryContextSwitchTo(session.caller);
  Datum *types = static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<Size>(columns->natts + 1)));
  for (int i = 0; i < columns->natts; ++i)
    types[i] = CStringGetTextDatum(format_type_be(TupleDescAttr(columns, i)->atttypid));
  Datum result = make_array(types, columns->natts, TEXTOID);
  close_session(session);
  PG_RETURN_DATUM(result);
}
