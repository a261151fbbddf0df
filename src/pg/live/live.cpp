// Loads what is live: catalogs, then the core's own checks; and keeps it for the next call. Server's side.
#include "pg/live/live.hpp"

#include "pg/boundary/run_core.hpp"
#include "pg/live/catalog.hpp"

namespace segmentation::pg {

namespace {

KeyType describe_key(Oid customers, const char *column) {
  KeyType key;
  AttrNumber number = get_attnum(customers, column);
  Oid declared = number == InvalidAttrNumber ? InvalidOid : get_atttype(customers, number);
  if (!OidIsValid(declared))
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
                    errmsg("key column \"%s\" of the customers does not exist", column)));
  key.type = getBaseType(declared);
  key.integer = key.type == INT2OID || key.type == INT4OID || key.type == INT8OID;
  get_typlenbyvalalign(key.type, &key.length, &key.by_value, &key.alignment);
  getTypeInputInfo(key.type, &key.input, &key.input_parameter);
  return key;
}

/// The tables whose rows say what is bound and defined. A trigger on each (sql/20_catalog.sql) sends a
/// relcache invalidation for it when rows change.
constexpr const char *definition_tables[] = {
    "binding", "binding_column", "column_word",    "attribute_definition", "source_definition",
    "segment", "alteration",     "change_keeping", "forecast_in_force"};
constexpr int definition_table_count = static_cast<int>(std::size(definition_tables));

/// What the session has loaded last, and every relation whose change makes it old.
struct Kept {
  const Live *live; // null: nothing is kept
  MemoryContext context;
  const Oid *relations;
  int relation_count;
  bool is_valid;
  uint64 changes; // of any relation, ever
};
Kept kept = {nullptr, nullptr, nullptr, 0, false, 0};

void relation_changed(Datum, Oid relation) {
  ++kept.changes;
  bool concerned = !OidIsValid(relation);
  for (int i = 0; i < kept.relation_count && !concerned; ++i)
    concerned = kept.relations[i] == relation;
  if (concerned)
    kept.is_valid = false;
}

/// Whether foreign keys hold depends on which relations are subscribed to.
void subscriptions_changed(Datum, int, uint32) {
  ++kept.changes;
  kept.is_valid = false;
}

/// Lists the relations whose change makes `live` old, in the current memory context.
const Oid *relations_of(const Live *live, int *count) {
  Oid schema = get_namespace_oid("segmentation", false);
  auto *relations = static_cast<Oid *>(
      palloc(sizeof(Oid) * static_cast<Size>(definition_table_count + live->schema.relation_count)));
  *count = 0;
  for (const char *name : definition_tables)
    relations[(*count)++] = get_relname_relid(name, schema);
  for (int i = 0; i < live->schema.relation_count; ++i)
    relations[(*count)++] = live->schema.relations[i].relation;
  return relations;
}

const Live *load() {
  static uint64 serial = 0;
  Live *live = static_cast<Live *>(palloc0(sizeof(Live)));
  live->serial = ++serial;
  live->context = CurrentMemoryContext;
  live->schema = load_catalog();
  bool bound = live->schema.relation_count > 0 && live->schema.relations[0].role == core::Role::customers;
  if (bound) {
    const RelationInput &customers = live->schema.relations[0];
    live->customers = customers.relation;
    live->key_column = customers.columns[customers.key].sql;
    live->key = describe_key(customers.relation, customers.columns[customers.key].name);
  }
  live->core = Owned<LiveCore>::make();
  run_core([live](Failure &failure) {
    live->core->set(LiveCore::make(live->schema, live->key.integer, failure));
  });
  return live;
}

/// Waits for whoever changes a bound relation and has begun: definitions of before are not for columns of
/// after.
void wait_for_migrations() {
  Rows rows = query_own("SELECT DISTINCT b.relation::oid FROM segmentation.binding AS b ORDER BY 1");
  for (uint64 row = 0; row < rows.count; ++row) {
    bool missing;
    Oid relation = DatumGetObjectId(value_of(rows, row, 1, missing));
    LockRelationOid(relation, AccessShareLock);
    UnlockRelationOid(relation, AccessShareLock);
  }
}

// Rows that a policy hides would be missing from every answer, and members would be taken for gone.
void refuse_hidden_rows(const Live *live) {
  for (int i = 0; i < live->schema.relation_count; ++i) {
    const RelationInput &relation = live->schema.relations[i];
    if (check_enable_rls(relation.relation, InvalidOid, true) == RLS_ENABLED)
      ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                      errmsg("row security may hide rows of \"%s\" from role \"%s\"", relation.name,
                             GetUserNameFromId(GetUserId(), false)),
                      errhint("Use a role that row security does not apply to: the table's owner, or one "
                              "with BYPASSRLS.")));
  }
}

} // namespace

const Live *load_live_if_bound() {
  static bool listening = false;
  if (!listening) {
    CacheRegisterRelcacheCallback(relation_changed, Datum{0});
    CacheRegisterSyscacheCallback(SUBSCRIPTIONRELMAP, subscriptions_changed, Datum{0});
    listening = true;
  }
  // A transaction that holds its locks already would not hear of changes by itself.
  AcceptInvalidationMessages();
  if (kept.is_valid)
    return kept.live;
  const Live *live;
  const Oid *relations;
  MemoryContext context;
  int count;
  uint64 changes;
  int tries = 0;
  do {
    wait_for_migrations();
    changes = kept.changes;
    // What is kept serves later transactions too, so it is what all see by now, whatever this one's snapshot.
    PushActiveSnapshot(GetLatestSnapshot());
    // Where it cannot be kept it lasts as long as the transaction: some caller further up may be in a shorter
    // context.
    context = AllocSetContextCreate(TopTransactionContext, "segmentation live", ALLOCSET_DEFAULT_SIZES);
    MemoryContext before = MemoryContextSwitchTo(context);
    live = load();
    relations = relations_of(live, &count);
    MemoryContextSwitchTo(before);
    PopActiveSnapshot();
    // Where something changed meanwhile it may be half of before.
  } while (changes != kept.changes && ++tries < 3);
  if (changes != kept.changes)
    return live; // good for this call
  // A caller further up may still use the old one.
  if (kept.live != nullptr)
    MemoryContextSetParent(kept.context, TopTransactionContext);
  MemoryContextSetParent(context, CacheMemoryContext);
  kept = {live, context, relations, count, true, changes};
  return live;
}

const Live *kept_live() {
  AcceptInvalidationMessages();
  return kept.is_valid && OidIsValid(kept.live->customers) ? kept.live : nullptr;
}

int find_segment(const Live *live, int32 id) {
  for (int i = 0; i < live->schema.segment_count; ++i) {
    if (live->schema.segments[i].id == id)
      return i;
  }
  return -1;
}

int require_segment(const Live *live, int32 id) {
  int index = find_segment(live, id);
  for (int i = 0; index < 0 && i < live->schema.archived_count; ++i) {
    if (live->schema.archived[i].id == id)
      ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                      errmsg("segment \"%s\" is archived", live->schema.archived[i].name),
                      errhint("segmentation.describe_segment(%s, archived => false) brings it back.",
                              quote_literal_cstr(live->schema.archived[i].name))));
  }
  if (index < 0)
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("segment with id %d does not exist", id)));
  return index;
}

namespace {

const Live *load_bound() {
  const Live *live = load_live_if_bound();
  if (!OidIsValid(live->customers))
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("customers are not bound"),
                    errhint("Call segmentation.bind_customers first.")));
  return live;
}

} // namespace

const Live *load_live() {
  const Live *live = load_bound();
  refuse_hidden_rows(live); // by the caller's rights, whoever it was that had all this read
  return live;
}

Identity become_reader() {
  return become(owner_of(load_bound()->customers));
}

Datum key_datum(const KeyType &key, const CustomerKey &customer) {
  switch (key.type) {
  case INT2OID:
    return Int16GetDatum(static_cast<int16>(customer.integer));
  case INT4OID:
    return Int32GetDatum(static_cast<int32>(customer.integer));
  case INT8OID:
    return Int64GetDatum(customer.integer);
  case TEXTOID:
  case VARCHAROID:
    return PointerGetDatum(cstring_to_text_with_len(customer.text, static_cast<int>(customer.size)));
  default:
    return OidInputFunctionCall(key.input, pnstrdup(customer.text, customer.size), key.input_parameter, -1);
  }
}

} // namespace segmentation::pg

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_definitions_changed) {
  if (!CALLED_AS_TRIGGER(fcinfo))
    ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                    errmsg("_definitions_changed can only be called as a trigger")));
  CacheInvalidateRelcache(reinterpret_cast<TriggerData *>(fcinfo->context)->tg_relation);
  return PointerGetDatum(nullptr);
}
