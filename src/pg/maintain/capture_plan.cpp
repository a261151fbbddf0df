// Plans for capturing, kept by relation as long as the definitions. Server's side.
#include "pg/maintain/capture_plan.hpp"

#include "pg/boundary/run_core.hpp"
#include "pg/live/program.hpp"

namespace segmentation::pg {

namespace {

struct KeptPlan {
  Oid relation; // the key
  CapturePlan *plan;
};
HTAB *kept_plans = nullptr;

/// Returns the relation's ancestors, itself first, as an oid[].
Datum line_of(Relation relation) {
  List *ancestors =
      relation->rd_rel->relispartition ? get_partition_ancestors(RelationGetRelid(relation)) : NIL;
  Datum *oids = static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<Size>(list_length(ancestors) + 1)));
  int count = 0;
  oids[count++] = ObjectIdGetDatum(RelationGetRelid(relation));
  ListCell *cell;
  foreach (cell, ancestors)
    oids[count++] = ObjectIdGetDatum(lfirst_oid(cell));
  return make_array(oids, count, OIDOID);
}

/// Tells which columns of the bound relation the program reads; all where there is no telling.
bool is_read(const Live *live, const SegmentProgram *program, Oid bound, const char *name) {
  bool read = false;
  run_core([=, &read](Failure &) {
    for (int r = 0; r < live->schema.relation_count && !read; ++r) {
      const RelationInput &relation = live->schema.relations[r];
      if (relation.relation != bound)
        continue;
      // What a computed column reads is not known.
      read = relation.from_sql[0] == '(' || program->work->get()->reads(r, name);
    }
  });
  return read;
}

int add_attribute(CapturePlan *plan, Relation relation, const char *name) {
  TupleDesc columns = RelationGetDescr(relation);
  for (int i = 0; i < plan->attribute_count; ++i) {
    if (strcmp(plan->attributes[i].name, name) == 0)
      return i;
  }
  for (int i = 0; i < columns->natts; ++i) {
    Form_pg_attribute attribute = TupleDescAttr(columns, i);
    if (attribute->attisdropped || strcmp(NameStr(attribute->attname), name) != 0)
      continue;
    plan->attributes[plan->attribute_count] = {attribute->attnum, getBaseType(attribute->atttypid),
                                               attribute->attlen, attribute->attbyval, pstrdup(name)};
    return plan->attribute_count++;
  }
  return -1;
}

CapturePlan *make_plan(Relation relation, const Live *live) {
  Session session = open_session();
  Identity caller = become(extension_owner());
  PushActiveSnapshot(GetLatestSnapshot());
  Arguments arguments;
  arguments.add(get_array_type(OIDOID), line_of(relation));
  Rows rows =
      query("SELECT b.id, CASE b.role WHEN 'lookup' THEN b.lookup_key ELSE b.key END::text, b.relation::oid "
            "FROM segmentation.binding AS b WHERE b.relation = ANY ($1) ORDER BY b.id",
            arguments);
  MemoryContext context =
      AllocSetContextCreate(TopTransactionContext, "segmentation capture", ALLOCSET_SMALL_SIZES);
  MemoryContext before = MemoryContextSwitchTo(context);
  auto *plan = static_cast<CapturePlan *>(palloc0(sizeof(CapturePlan)));
  plan->context = context;
  plan->relation = RelationGetRelid(relation);
  plan->serial = live != nullptr ? live->serial : 0;
  TupleDesc columns = RelationGetDescr(relation);
  plan->attributes = static_cast<CapturedAttribute *>(
      palloc0(sizeof(CapturedAttribute) * static_cast<Size>(columns->natts + 1)));
  plan->bindings =
      static_cast<CapturedBinding *>(palloc0(sizeof(CapturedBinding) * static_cast<Size>(rows.count + 1)));
  for (uint64 row = 0; row < rows.count; ++row) {
    bool missing;
    plan->bound = DatumGetObjectId(value_of(rows, row, 3, missing));
    plan->bindings[plan->binding_count++] = {int_value(rows, row, 1),
                                             add_attribute(plan, relation, text_value(rows, row, 2))};
  }
  const SegmentProgram *program = live != nullptr ? load_program(live) : nullptr;
  for (int i = 0; i < columns->natts && OidIsValid(plan->bound); ++i) {
    Form_pg_attribute attribute = TupleDescAttr(columns, i);
    if (!attribute->attisdropped &&
        (program == nullptr || is_read(live, program, plan->bound, NameStr(attribute->attname))))
      (void)add_attribute(plan, relation, NameStr(attribute->attname));
  }
  MemoryContextSwitchTo(before);
  PopActiveSnapshot();
  become_again(caller);
  close_session(session);
  return plan;
}

} // namespace

const CapturePlan *kept_capture_plan(Oid relation, const Live *live) {
  if (kept_plans == nullptr || live == nullptr)
    return nullptr;
  auto *known = static_cast<KeptPlan *>(hash_search(kept_plans, &relation, HASH_FIND, nullptr));
  return known != nullptr && known->plan->serial == live->serial ? known->plan : nullptr;
}

const CapturePlan *capture_plan(Relation relation, const Live *live) {
  Oid oid = RelationGetRelid(relation);
  if (const CapturePlan *known = kept_capture_plan(oid, live))
    return known;
  CapturePlan *plan = make_plan(relation, live);
  if (live == nullptr)
    return plan;
  if (kept_plans == nullptr) {
    HASHCTL control;
    memset(&control, 0, sizeof control);
    control.keysize = sizeof(Oid);
    control.entrysize = sizeof(KeptPlan);
    kept_plans = hash_create("segmentation capture plans", 16, &control, HASH_ELEM | HASH_BLOBS);
  }
  bool found;
  auto *kept = static_cast<KeptPlan *>(hash_search(kept_plans, &oid, HASH_ENTER, &found));
  // Changes noted by the old one may still stand in this transaction.
  if (found)
    MemoryContextSetParent(kept->plan->context, TopTransactionContext);
  MemoryContextSetParent(plan->context, CacheMemoryContext);
  kept->plan = plan;
  return plan;
}

} // namespace segmentation::pg
