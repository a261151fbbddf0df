// Plans for capturing, kept by relation as long as the definitions. Server's side.
#include "pg/changes/capture_plan.hpp"

#include "pg/boundary/run_core.hpp"
#include "pg/changes/owners.hpp"
#include "pg/changes/purchases.hpp"
#include "pg/live/program.hpp"
#include "pg/live/receiver.hpp"

namespace segmentation::pg {

int attribute_of(const CapturePlan *plan, const char *name) {
  for (int i = 0; i < plan->attribute_count; ++i) {
    if (strcmp(plan->attributes[i].name, name) == 0)
      return i;
  }
  return -1;
}

int attribute_numbered(const CapturePlan *plan, AttrNumber number) {
  for (int i = 0; i < plan->attribute_count; ++i) {
    if (plan->attributes[i].bound_number == number)
      return i;
  }
  return -1;
}

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
    AttrNumber number = plan->bound == plan->relation ? attribute->attnum : get_attnum(plan->bound, name);
    plan->attributes[plan->attribute_count] = {
        attribute->attnum,   number,       getBaseType(attribute->atttypid), attribute->attlen,
        attribute->attbyval, pstrdup(name)};
    return plan->attribute_count++;
  }
  return -1;
}

/// Returns, by column of the feed, the attribute of a relation's rows that it delivers as it is, -1 for
/// columns of the other relation; nullptr where one needs more than the rows of the two.
const int *plain_columns(const CapturePlan *plan, const Live *live, const core::Feed &feed, int relation,
                         int other) {
  int *columns = static_cast<int *>(palloc(sizeof(int) * (feed.columns.size() + 1)));
  for (size_t i = 0; i < feed.columns.size(); ++i) {
    const core::FeedColumn &column = feed.columns[i];
    columns[i] = -1;
    if (!column.column.json_path.empty())
      return nullptr;
    if (column.column.relation != relation) {
      if (column.column.relation != other)
        return nullptr;
      continue;
    }
    const ColumnInput &input = live->schema.relations[relation].columns[column.column.column];
    columns[i] = input.local_time ? -1 : attribute_of(plan, input.name);
    if (columns[i] < 0 || !is_reading_of(reading_of(plan->attributes[columns[i]].type), column.type))
      return nullptr;
  }
  return columns;
}

/// Finds the one binding through which a feed reads the relation: its index in the schema; -1 for none, -2
/// for several.
int binding_read_by(const Live *live, const core::Feed &feed, Oid bound) {
  int found = -1;
  for (const core::FeedReads &read : feed.reads) {
    if (live->schema.relations[read.relation].relation == bound)
      found = found == -1 ? read.relation : -2;
  }
  return found;
}

bool is_read(const core::Feed &feed, int relation) {
  for (const core::FeedReads &read : feed.reads) {
    if (read.relation == relation)
      return true;
  }
  return false;
}

/// True where a feed reads computed columns that may read the relation, a lookup of theirs.
bool is_in_computed(const Live *live, const core::Feed &feed, Oid bound) {
  const RelationInput *relations = live->schema.relations;
  for (int i = 0; i < live->schema.relation_count; ++i) {
    if (relations[i].relation != bound)
      continue;
    for (int at = i; relations[at].in_computed; at = relations[at].of) {
      if (is_read(feed, relations[at].of))
        return true;
    }
  }
  return false;
}

int link_of(const CapturePlan *plan, int32 binding) {
  for (int i = 0; i < plan->binding_count; ++i) {
    if (plan->bindings[i].id == binding)
      return plan->bindings[i].link;
  }
  return -1;
}

/// Notes the attributes that a feed reads: all where they cannot be told.
void add_reads(CapturePlan *plan, Relation relation, const Live *live, const core::Feed &feed,
               FeedEffect *effect) {
  int *reads =
      static_cast<int *>(palloc(sizeof(int) * static_cast<Size>(RelationGetDescr(relation)->natts + 1)));
  bool all = is_in_computed(live, feed, plan->bound);
  for (const core::FeedReads &read : feed.reads) {
    const RelationInput &input = live->schema.relations[read.relation];
    if (input.relation != plan->bound)
      continue;
    all |= input.from_sql[0] == '('; // what its computed columns read is not known
    for (int column : read.columns) {
      int attribute = add_attribute(plan, relation, input.columns[column].name);
      bool known = attribute < 0;
      for (int i = 0; i < effect->read_count && !known; ++i)
        known = reads[i] == attribute;
      if (!known)
        reads[effect->read_count++] = attribute;
    }
  }
  TupleDesc columns = RelationGetDescr(relation);
  for (int i = 0; i < columns->natts && all; ++i) {
    if (!TupleDescAttr(columns, i)->attisdropped)
      (void)add_attribute(plan, relation, NameStr(TupleDescAttr(columns, i)->attname));
  }
  if (all) {
    effect->read_count = plan->attribute_count;
    for (int i = 0; i < plan->attribute_count; ++i)
      reads[i] = i;
  }
  effect->reads = reads;
}

/// Notes the attributes that forecasts read: between refreshes a customer's own move with her purchases, also
/// where no rule asks for them.
void add_forecast_reads(CapturePlan *plan, Relation relation, const Live *live) {
  if (live->schema.forecast == nullptr)
    return;
  auto *purchases = Owned<core::Feed>::make();
  run_core([=](Failure &) { purchases->set(purchase_reads(**live->core)); });
  plan->in_forecasts = true; // whatever rows are purchases, if that is not known
  if (purchases->get() != nullptr) {
    FeedEffect unused = {Effect::none, -1, -1, nullptr, 0, nullptr};
    plan->in_forecasts = binding_read_by(live, **purchases, plan->bound) != -1 ||
                         is_in_computed(live, **purchases, plan->bound);
    if (plan->in_forecasts)
      add_reads(plan, relation, live, **purchases, &unused);
  }
  purchases->clear();
}

FeedEffect effect_on(CapturePlan *plan, Relation relation, const Live *live, const core::Feed &feed) {
  FeedEffect effect = {Effect::none, -1, -1, nullptr, 0, nullptr};
  int at = binding_read_by(live, feed, plan->bound);
  bool in_computed = is_in_computed(live, feed, plan->bound);
  if (at == -1 && !in_computed)
    return effect;
  add_reads(plan, relation, live, feed, &effect);
  effect.effect = Effect::stale;
  // A lookup's row is whose it leads to, also where it is one of the feed's own rows besides.
  if (at < 0 || in_computed)
    return effect;
  const RelationInput &read = live->schema.relations[at];
  const RelationInput &own = live->schema.relations[feed.relation];
  int link = link_of(plan, read.id);
  if (links_are_keys(live, at))
    effect.key = link;
  if (link < 0 || feed.relation == 0)
    return effect;
  if (at == feed.relation && effect.key >= 0) {
    effect.columns = plain_columns(plan, live, feed, at, -1);
    if (effect.columns != nullptr)
      effect.effect = Effect::fold;
  } else if (at == feed.relation && own.role != core::Role::lookup && own.of > 0 &&
             live->schema.relations[own.of].role == core::Role::source && links_are_keys(live, own.of)) {
    effect.effect = Effect::child;
    effect.parent = link;
    effect.columns = plain_columns(plan, live, feed, at, own.of);
  } else if (own.of == at && own.role != core::Role::lookup && read.role == core::Role::source &&
             effect.key >= 0) {
    effect.parent = attribute_of(plan, read.columns[own.of_key].name);
    if (effect.parent >= 0)
      effect.effect = Effect::parent;
    effect.columns = plain_columns(plan, live, feed, at, feed.relation);
  }
  return effect;
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
  if (live != nullptr && OidIsValid(plan->bound)) {
    const std::vector<core::Feed> &feeds = load_program(live)->work->get()->program().feeds();
    plan->effects = static_cast<FeedEffect *>(palloc0(sizeof(FeedEffect) * (feeds.size() + 1)));
    for (size_t feed = 0; feed < feeds.size(); ++feed)
      plan->effects[feed] = effect_on(plan, relation, live, feeds[feed]);
    add_forecast_reads(plan, relation, live);
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
