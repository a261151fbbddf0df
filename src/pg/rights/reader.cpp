// What definitions ask of the shop's tables and expressions, by the rights of whoever owns them: planning a
// query over a table, or only analysing an expression, can run code of his. Server's side.
#include "pg/boundary/quiet.hpp"
#include "pg/boundary/session.hpp"

using namespace segmentation::pg;

namespace {

/// Returns the query's analysed tree, before rules and policies.
Query *value_of_query(const char *sql) {
  List *statements = pg_parse_query(sql);
  if (list_length(statements) != 1)
    ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR), errmsg("expression is more than one statement")));
  Query *tree = parse_analyze_fixedparams(linitial_node(RawStmt, statements), sql, nullptr, 0, nullptr);
  if (tree->commandType != CMD_SELECT || tree->utilityStmt != nullptr || tree->targetList == NIL)
    ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR), errmsg("expression is not a value")));
  return tree;
}

/// Runs a statement by the rights of the role that is the first argument; returns its first row.
Datum run_as(FunctionCallInfo fcinfo, bool writes, bool quietly = false) {
  const char *sql = text_to_cstring(PG_GETARG_TEXT_PP(1));
  Session session = open_session();
  Identity caller = become(PG_GETARG_OID(0));
  Rows rows;
  if (writes) {
    CommandCounterIncrement();
    PushActiveSnapshot(GetTransactionSnapshot());
    int before = set_quiet(quietly ? GetCurrentTransactionNestLevel() : 0);
    rows = take(sql);
    (void)set_quiet(before);
    PopActiveSnapshot();
  } else {
    rows = query(sql);
  }
  ArrayType *answer = nullptr;
  if (rows.count > 0 && rows.table != nullptr) { // a statement may RETURN nothing
    int count = rows.table->tupdesc->natts;
    auto *values = static_cast<Datum *>(palloc0(sizeof(Datum) * static_cast<Size>(count)));
    auto *nulls = static_cast<bool *>(palloc0(sizeof(bool) * static_cast<Size>(count)));
    for (int i = 0; i < count; ++i) {
      const char *value = text_value(rows, 0, i + 1);
      nulls[i] = value == nullptr;
      if (!nulls[i])
        values[i] = CStringGetTextDatum(value);
    }
    int sizes[1] = {count}, bounds[1] = {1};
    MemoryContext before = MemoryContextSwitchTo(session.caller);
    answer = construct_md_array(values, nulls, 1, sizes, bounds, TEXTOID, -1, false, TYPALIGN_INT);
    MemoryContextSwitchTo(before);
  }
  become_again(caller);
  close_session(session);
  if (answer == nullptr)
    PG_RETURN_NULL();
  PG_RETURN_ARRAYTYPE_P(answer);
}

} // namespace

SEGMENTATION_FUNCTION(segmentation_read_as) {
  return run_as(fcinfo, false);
}

SEGMENTATION_FUNCTION(segmentation_write_as) {
  return run_as(fcinfo, true, PG_GETARG_BOOL(2));
}

SEGMENTATION_FUNCTION(segmentation_analysed) {
  TupleDesc columns = columns_to_return(fcinfo);
  Identity caller = become(PG_GETARG_OID(0));
  Query *tree = value_of_query(text_to_cstring(PG_GETARG_TEXT_PP(1)));
  become_again(caller);
  Node *value = reinterpret_cast<Node *>(linitial_node(TargetEntry, tree->targetList)->expr);
  Datum values[3] = {ObjectIdGetDatum(exprType(value)), ObjectIdGetDatum(exprCollation(value)),
                     CStringGetTextDatum(nodeToString(tree))};
  bool nulls[3] = {false, !OidIsValid(exprCollation(value)), false};
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(columns, values, nulls)));
}
