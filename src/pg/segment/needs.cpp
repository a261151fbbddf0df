// _rule_needs, _needed_by_now and _columns_of_query: which columns definitions read, and which ones a query
// does. Server's side.
#include "pg/segment/functions.hpp"

#include "pg/boundary/run_core.hpp"

namespace segmentation::pg {

namespace {

/// A query and the one around it.
struct Scope {
  Query *query;
  Scope *outer;
};

/// What has been read so far.
struct Reading {
  Scope *scope;
  bool conditions; // not only what values are made of, also what decides which rows there are
  FunctionCallInfo result;
  List *wanted; // target entries that were followed already
};

bool read_node(Node *node, void *argument);

void read_in(Reading *reading, Scope *scope, Node *node) {
  Scope *before = reading->scope;
  reading->scope = scope;
  (void)read_node(node, reading);
  reading->scope = before;
}

Scope *inside(Query *query, Scope *outer) {
  auto *scope = static_cast<Scope *>(palloc(sizeof(Scope)));
  *scope = {query, outer};
  return scope;
}

Scope *outwards(Scope *scope, Index levels) {
  for (; levels > 0; --levels)
    scope = scope->outer;
  return scope;
}

/// Reads one column of a query's result, 0: all. What rows are grouped or sorted by decides which there are.
void read_target(Reading *reading, Scope *scope, AttrNumber wanted) {
  Query *query = scope->query;
  ListCell *cell;
  foreach (cell, query->targetList) {
    auto *target = lfirst_node(TargetEntry, cell);
    if (wanted != 0 && query->setOperations == nullptr && target->resno != wanted &&
        !(reading->conditions && target->ressortgroupref != 0))
      continue;
    if (list_member_ptr(reading->wanted, target))
      continue;
    reading->wanted = lappend(reading->wanted, target);
    read_in(reading, scope, reinterpret_cast<Node *>(target->expr));
  }
}

/// Reads what decides a query's rows, and those of the queries in its FROM.
void read_conditions(Reading *reading, Scope *scope) {
  Query *query = scope->query;
  read_in(reading, scope, reinterpret_cast<Node *>(query->jointree));
  read_in(reading, scope, query->havingQual);
  read_in(reading, scope, query->limitOffset);
  read_in(reading, scope, query->limitCount);
  ListCell *cell;
  foreach (cell, query->rtable) {
    auto *entry = lfirst_node(RangeTblEntry, cell);
    if (entry->rtekind == RTE_SUBQUERY)
      read_conditions(reading, inside(entry->subquery, scope));
    else if (entry->rtekind == RTE_FUNCTION)
      read_in(reading, scope, reinterpret_cast<Node *>(entry->functions));
    else if (entry->rtekind == RTE_VALUES)
      read_in(reading, scope, reinterpret_cast<Node *>(entry->values_lists));
  }
  foreach (cell, query->cteList) {
    auto *common = lfirst_node(CommonTableExpr, cell);
    read_conditions(reading, inside(castNode(Query, common->ctequery), scope));
  }
}

void read_cte(Reading *reading, Scope *scope, const RangeTblEntry *entry, AttrNumber wanted) {
  scope = outwards(scope, entry->ctelevelsup);
  ListCell *cell;
  foreach (cell, scope->query->cteList) {
    auto *common = lfirst_node(CommonTableExpr, cell);
    if (strcmp(common->ctename, entry->ctename) == 0)
      read_target(reading, inside(castNode(Query, common->ctequery), scope), wanted);
  }
}

void add_column(const Reading *reading, Oid relation, AttrNumber number) {
  HeapTuple column = SearchSysCacheAttNum(relation, number);
  if (!HeapTupleIsValid(column))
    return; // dropped
  ReleaseSysCache(column);
  if (number < 0)
    return; // the system's own
  Datum values[2] = {ObjectIdGetDatum(relation), Int16GetDatum(number)};
  bool nulls[2] = {false, false};
  put_row(reading->result, values, nulls);
}

void add_row(const Reading *reading, Oid relation) {
  for (AttrNumber number = 1;
       SearchSysCacheExists2(ATTNUM, ObjectIdGetDatum(relation), Int16GetDatum(number)); ++number)
    add_column(reading, relation, number);
}

void read_variable(Reading *reading, const Var *variable) {
  Scope *scope = outwards(reading->scope, variable->varlevelsup);
  RangeTblEntry *entry = rt_fetch(variable->varno, scope->query->rtable);
  switch (entry->rtekind) {
  case RTE_RELATION:
    if (variable->varattno != 0)
      add_column(reading, entry->relid, variable->varattno);
    else
      add_row(reading, entry->relid);
    return;
  case RTE_SUBQUERY:
    return read_target(reading, inside(entry->subquery, scope), variable->varattno);
  case RTE_JOIN:
    if (variable->varattno != 0)
      read_in(reading, scope, static_cast<Node *>(list_nth(entry->joinaliasvars, variable->varattno - 1)));
    else
      read_in(reading, scope, reinterpret_cast<Node *>(entry->joinaliasvars));
    return;
  case RTE_CTE:
    return read_cte(reading, scope, entry, variable->varattno);
  default:
    read_in(reading, scope, segmentation_grouped_expression(entry, variable->varattno));
  }
}

bool read_node(Node *node, void *argument) {
  auto *reading = static_cast<Reading *>(argument);
  if (node == nullptr)
    return false;
  check_stack_depth();
  if (IsA(node, Var)) {
    read_variable(reading, reinterpret_cast<Var *>(node));
    return false;
  }
  if (IsA(node, Query)) {
    Scope *scope = inside(reinterpret_cast<Query *>(node), reading->scope);
    read_conditions(reading, scope);
    read_target(reading, scope, 0);
    return false;
  }
  return segmentation_walk_expression(node, read_node, argument);
}

} // namespace

} // namespace segmentation::pg

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_columns_of_query) {
  InitMaterializedSRF(fcinfo, 0);
  Session session = open_session();
  // As the customers' owner: reading a literal can run the checks of a domain.
  Identity caller = become(PG_GETARG_OID(0));
  Query *query = analyse(text_to_cstring(PG_GETARG_TEXT_PP(1)));
  become_again(caller);
  Reading reading = {nullptr, PG_GETARG_BOOL(2), fcinfo, NIL};
  Scope *scope = inside(query, nullptr);
  if (reading.conditions)
    read_conditions(&reading, scope);
  read_target(&reading, scope, 0);
  close_session(session);
  return Datum{0};
}

SEGMENTATION_FUNCTION(segmentation_rule_needs) {
  InitMaterializedSRF(fcinfo, 0);
  Session session = open_session();
  const Live *live = load_live_if_bound();
  auto *needs = Owned<std::vector<Need>>::make();
  const Need *list = nullptr;
  size_t count = 0;
  if (OidIsValid(live->customers))
    run_core([=, &list, &count](Failure &) {
      needs->set(new std::vector<Need>((*live->core)->needs()));
      list = (*needs)->data();
      count = (*needs)->size();
    });
  for (size_t i = 0; i < count; ++i) {
    const Need &need = list[i];
    bool known = need.relation >= 0;
    Datum values[4] = {CStringGetTextDatum(need.kind), CStringGetTextDatum(need.name), Datum{0}, Datum{0}};
    bool nulls[4] = {false, false, !known, !known};
    if (known) {
      const RelationInput &relation = live->schema.relations[need.relation];
      values[2] = Int32GetDatum(relation.id);
      values[3] = CStringGetTextDatum(relation.columns[need.column].name);
    }
    put_row(fcinfo, values, nulls);
  }
  close_session(session);
  return Datum{0};
}

// Without a session: any DROP comes here, in databases whose encoding rules cannot be written in, too.
SEGMENTATION_FUNCTION(segmentation_needed_by_now) {
  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  Relation needed = table_open(own_relation("needed"), AccessShareLock);
  // In REPEATABLE READ, too, DDL finds the table as it is by now, and so must who judges it.
  Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
  TupleTableSlot *slot = table_slot_create(needed, nullptr);
  TableScanDesc scan = table_beginscan(needed, snapshot, 0, nullptr);
  while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
    tuplestore_puttupleslot(result->setResult, slot);
  table_endscan(scan);
  ExecDropSingleTupleTableSlot(slot);
  UnregisterSnapshot(snapshot);
  table_close(needed, AccessShareLock);
  return Datum{0};
}
