// Loads segmentation.binding, binding_column, attribute_definition and segment. Server's side.
#include "pg/live/catalog.hpp"

#include "pg/live/rule_value.hpp"
#include "pg/live/zone.hpp"

namespace segmentation::pg {

namespace {

/// Runs a query over the definitions, which are for whoever may call our functions: by the rights of their
/// schema's owner.
Rows read_definitions(const char *sql) {
  Identity caller = become(extension_owner());
  Rows rows = query(sql);
  become_again(caller);
  return rows;
}

template <typename T> T *make_list(uint64 count) {
  return static_cast<T *>(palloc0(sizeof(T) * static_cast<Size>(Max(count, 1))));
}

core::Role role_of(const char *text) {
  if (strcmp(text, "customers") == 0)
    return core::Role::customers;
  if (strcmp(text, "lookup") == 0)
    return core::Role::lookup;
  return strcmp(text, "set") == 0 ? core::Role::set : core::Role::source;
}

core::NamedSegment::Form form_of(const char *kind) {
  using Form = core::NamedSegment::Form;
  return strcmp(kind, "rule") == 0 ? Form::rule : strcmp(kind, "tag") == 0 ? Form::tag : Form::group;
}

/// Returns the index of a column by its exact name, a computed one before others, -1 where no name is given;
/// raises where there is no such column, or none that can be read.
int find_column(const RelationInput &relation, const char *name) {
  if (name == nullptr)
    return -1;
  for (int i = relation.column_count - 1; i >= 0; --i) { // computed ones come last
    if (strcmp(relation.columns[i].name, name) != 0)
      continue;
    if (relation.columns[i].is_virtual)
      ereport(
          ERROR,
          (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
           errmsg("column \"%s\" of binding \"%s\" is generated when it is read", name, relation.name),
           errhint(
               "Make it STORED, or give its expression to segmentation.bind_column and name that column.")));
    return i;
  }
  ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
                  errmsg("column \"%s\" of binding \"%s\" does not exist", name, relation.name),
                  errhint("Bind the relation again with replace => true.")));
  pg_unreachable();
}

/// The names that a binding gives to columns, before the columns are known.
struct Names {
  const char **key, **of_key, **lookup_key, **date, **value, **field, **parent;
  bool *by_hand;
};

// A foreign key that holds at every moment: validated, checked at once, its triggers enabled, and neither of
// its relations written by logical replication, which checks none.
constexpr const char *binding_query =
    "SELECT b.id, b.name, b.role, b.relation::oid, b.of_id, b.key::text, b.of_key::text, "
    "b.lookup_key::text, b.date::text, b.value::text, b.condition, b.timezone, "
    "EXISTS (SELECT FROM pg_catalog.pg_constraint AS k "
    "JOIN pg_catalog.pg_attribute AS own ON own.attrelid = k.conrelid AND own.attname = b.key "
    "JOIN pg_catalog.pg_attribute AS other ON other.attrelid = k.confrelid AND other.attname = b.of_key "
    "WHERE k.contype = 'f' AND k.convalidated AND NOT k.condeferrable "
    "AND k.conrelid = b.relation AND k.confrelid = p.relation "
    "AND k.conkey = ARRAY[own.attnum] AND k.confkey = ARRAY[other.attnum] "
    "AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger AS t "
    "WHERE t.tgconstraint = k.oid AND t.tgenabled <> 'O') "
    "AND NOT EXISTS (SELECT FROM pg_catalog.pg_subscription_rel AS s, "
    "LATERAL (SELECT s.srrelid UNION SELECT a.relid FROM pg_catalog.pg_partition_ancestors(s.srrelid) AS a "
    "UNION SELECT t.relid FROM pg_catalog.pg_partition_tree(s.srrelid) AS t) AS written (oid) "
    "WHERE written.oid IN (k.conrelid, k.confrelid))), b.field::text, b.parent::text, b.by_hand "
    "FROM segmentation.binding AS b LEFT JOIN segmentation.binding AS p ON p.id = b.of_id "
    "ORDER BY b.role <> 'customers', b.id";

/// Appends the built-in source memberships, rows of the view that bind_customers makes. Returns how many
/// relations there are then.
int append_memberships(RelationInput *relations, int count, Names &names) {
  Oid view = get_relname_relid("memberships", get_namespace_oid("segmentation", false));
  if (count == 0 || relations[0].role != core::Role::customers || !OidIsValid(view))
    return count;
  RelationInput &relation = relations[count];
  relation.name = "memberships";
  relation.role = core::Role::source;
  relation.relation = view;
  relation.of = 0;
  names.key[count] = "customer_id";
  names.of_key[count] = names.key[0];
  names.date[count] = "entered_at";
  return count + 1;
}

ColumnInput of_path(const ColumnInput &column, const char *sql) {
  ColumnInput own = column;
  own.sql = sql;
  own.words = nullptr; // a list: nothing stands behind its name
  own.word_count = 0;
  return own;
}

/// Appends for each lookup that is a tree the set `lookup.path`, which the printer of SQL makes of it, or for
/// one behind a set of links the set `links.path`: what leads to it, and a name. Returns how many relations
/// there are then.
int append_paths(RelationInput *relations, int count) {
  int all = count;
  for (int i = 0; i < count; ++i) {
    const RelationInput &tree = relations[i];
    if (tree.parent < 0)
      continue;
    const RelationInput &above = relations[tree.of];
    bool is_linked = above.role == core::Role::set;
    RelationInput &path = relations[all++];
    path = tree;
    path.role = core::Role::set;
    path.name = psprintf("%s.path", is_linked ? above.name : tree.name);
    path.of = is_linked ? above.of : i;
    path.of_key = is_linked ? above.of_key : tree.lookup_key;
    path.key = 0;
    path.value = 1;
    path.lookup_key = path.parent = -1;
    path.tree = i;
    path.primary_key_count = 0;
    path.condition = nullptr;
    path.columns = make_list<ColumnInput>(2);
    path.column_count = 2;
    path.columns[0] = of_path(is_linked ? above.columns[above.key] : tree.columns[tree.lookup_key], "key");
    path.columns[1] = of_path(tree.columns[tree.value], "value");
  }
  return all;
}

void load_bindings(SchemaInput &schema) {
  Rows rows = read_definitions(binding_query);
  int count = static_cast<int>(rows.count);
  uint64 room = 2 * rows.count + 1;
  RelationInput *relations = make_list<RelationInput>(room);
  schema.relations = relations;
  schema.zone.name = "UTC";
  Names names = {make_list<const char *>(room), make_list<const char *>(room), make_list<const char *>(room),
                 make_list<const char *>(room), make_list<const char *>(room), make_list<const char *>(room),
                 make_list<const char *>(room), make_list<bool>(room)};
  int32 *of_ids = make_list<int32>(room);
  for (int i = 0; i < count; ++i) {
    uint64 row = static_cast<uint64>(i);
    bool missing;
    relations[i].id = int_value(rows, row, 1);
    relations[i].name = text_value(rows, row, 2);
    relations[i].role = role_of(text_value(rows, row, 3));
    relations[i].relation = DatumGetObjectId(value_of(rows, row, 4, missing));
    of_ids[i] = int_value(rows, row, 5);
    names.key[i] = text_value(rows, row, 6);
    names.of_key[i] = text_value(rows, row, 7);
    names.lookup_key[i] = text_value(rows, row, 8);
    names.date[i] = text_value(rows, row, 9);
    names.value[i] = text_value(rows, row, 10);
    relations[i].condition = text_value(rows, row, 11);
    relations[i].key_is_enforced = DatumGetBool(value_of(rows, row, 13, missing));
    names.field[i] = text_value(rows, row, 14);
    names.parent[i] = text_value(rows, row, 15);
    names.by_hand[i] = DatumGetBool(value_of(rows, row, 16, missing));
    if (relations[i].role == core::Role::customers)
      schema.zone = load_zone(text_value(rows, row, 12));
  }
  for (int i = 0; i < count; ++i) {
    relations[i].of = -1;
    for (int j = 0; j < count; ++j) {
      if (relations[i].role != core::Role::customers && relations[j].id == of_ids[i])
        relations[i].of = j;
    }
  }
  count = append_memberships(relations, count, names);
  rows = read_definitions(
      "SELECT c.binding_id, c.name, c.expression FROM segmentation.binding_column AS c ORDER BY 1, 2");
  ComputedColumn *computed = make_list<ComputedColumn>(rows.count);
  for (uint64 row = 0; row < rows.count; ++row) {
    computed[row].relation = -1;
    for (int i = 0; i < count; ++i) {
      if (relations[i].id == int_value(rows, row, 1))
        computed[row].relation = i;
    }
    computed[row].name = text_value(rows, row, 2);
    computed[row].expression = text_value(rows, row, 3);
  }
  Rows old = read_definitions("SELECT w.relation::oid, w.word::text, w.column_name::text "
                              "FROM segmentation.column_word AS w ORDER BY 1, 2");
  WordInput *words = make_list<WordInput>(old.count);
  for (uint64 row = 0; row < old.count; ++row) {
    bool missing;
    words[row] = {DatumGetObjectId(value_of(old, row, 1, missing)), text_value(old, row, 2),
                  text_value(old, row, 3)};
  }
  load_columns(relations, count, computed, static_cast<int>(rows.count), words, static_cast<int>(old.count),
               names.lookup_key, names.key);
  for (int i = 0; i < count; ++i) {
    RelationInput &relation = relations[i];
    bool hangs = relation.of >= 0;
    relation.key = find_column(
        relation.role == core::Role::lookup && hangs ? relations[relation.of] : relation, names.key[i]);
    relation.of_key = hangs ? find_column(relations[relation.of], names.of_key[i]) : -1;
    relation.lookup_key = find_column(relation, names.lookup_key[i]);
    relation.date = find_column(relation, names.date[i]);
    relation.value = find_column(relation, names.value[i]);
    relation.field = find_column(relation, names.field[i]);
    relation.parent = find_column(relation, names.parent[i]);
    relation.tree = -1;
    relation.segment = relation.id == 0 ? find_column(relation, "segment") : -1;
    relation.hand = find_column(relation, names.by_hand[i] ? "segment_id" : nullptr);
    relation.standing = find_column(relation, names.by_hand[i] ? "standing" : nullptr);
  }
  schema.relation_count = append_paths(relations, count);
}

void load_sources(SchemaInput &schema) {
  Rows rows =
      read_definitions("SELECT s.name, s.source, s.condition FROM segmentation.source_definition AS s "
                       "ORDER BY pg_catalog.lower(s.name)");
  schema.sources = make_list<SourceInput>(rows.count);
  schema.source_count = static_cast<int>(rows.count);
  for (uint64 row = 0; row < rows.count; ++row)
    schema.sources[row] = {text_value(rows, row, 1), text_value(rows, row, 2), nullptr, 0,
                           text_value(rows, row, 3)};
  rows = read_definitions("SELECT p.key, p.value, s.name FROM segmentation.source_definition AS s, "
                          "pg_catalog.jsonb_each_text(s.parameters) AS p(key, value) "
                          "ORDER BY s.name, p.key");
  ParameterInput *parameters = make_list<ParameterInput>(rows.count);
  for (uint64 row = 0; row < rows.count; ++row) {
    parameters[row] = {text_value(rows, row, 1), text_value(rows, row, 2)};
    const char *owner = text_value(rows, row, 3);
    for (int i = 0; i < schema.source_count; ++i) {
      SourceInput &source = schema.sources[i];
      if (strcmp(source.name, owner) != 0)
        continue;
      if (source.parameter_count++ == 0)
        source.parameters = &parameters[row];
    }
  }
}

void load_version(SchemaInput &schema) {
  Rows rows = read_definitions("SELECT v.version, v.shrunk, v.epoch, v.restoring_pid IS NOT NULL, "
                               "NOT EXISTS (SELECT FROM segmentation.change_keeping AS k WHERE k.kept = '0') "
                               "FROM segmentation.definition_version AS v");
  if (rows.count == 0)
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("table segmentation.definition_version has lost its row")));
  bool missing;
  schema.version = DatumGetInt64(value_of(rows, 0, 1, missing));
  schema.shrunk = DatumGetInt64(value_of(rows, 0, 2, missing));
  uint64 epoch = static_cast<uint64>(DatumGetInt64(value_of(rows, 0, 3, missing)));
  schema.stamp = hash_combine64(hash_combine64(GetSystemIdentifier(), MyDatabaseId), epoch);
  schema.is_restored = DatumGetBool(value_of(rows, 0, 4, missing));
  schema.keeps_changes = DatumGetBool(value_of(rows, 0, 5, missing));
}

} // namespace

SchemaInput load_catalog() {
  SchemaInput schema;
  memset(&schema, 0, sizeof schema);
  load_bindings(schema);
  Rows rows = read_definitions("SELECT a.name, a.expression FROM segmentation.attribute_definition AS a "
                               "ORDER BY pg_catalog.lower(a.name)");
  schema.attributes = make_list<AttributeInput>(rows.count);
  schema.attribute_count = static_cast<int>(rows.count);
  for (uint64 row = 0; row < rows.count; ++row)
    schema.attributes[row] = {text_value(rows, row, 1), text_value(rows, row, 2)};
  load_sources(schema);
  rows = read_definitions("SELECT f.model FROM segmentation.forecast_in_force AS f");
  schema.forecast = rows.count > 0 ? text_value(rows, 0, 1) : nullptr;
  load_version(schema);
  bool missing;
  // Drafts are judged and written like the segments that they will be.
  rows = read_definitions(
      "SELECT s.id, s.name, s.rule, s.built, false, s.kind, s.by_hand, s.id FROM segmentation.segment AS s "
      "WHERE NOT s.archived "
      "UNION ALL SELECT a.draft_id, s.name, a.rule, 0, true, s.kind, s.by_hand, s.id "
      "FROM segmentation.alteration AS a JOIN segmentation.segment AS s ON s.id = a.segment_id "
      "ORDER BY 1");
  schema.segments = make_list<SegmentInput>(rows.count);
  schema.segment_count = static_cast<int>(rows.count);
  for (uint64 row = 0; row < rows.count; ++row) {
    SegmentInput &segment = schema.segments[row];
    segment.id = int_value(rows, row, 1);
    segment.name = text_value(rows, row, 2);
    Datum rule = value_of(rows, row, 3, missing);
    segment.source = missing ? nullptr : rule_source(rule_value(rule));
    segment.built = DatumGetInt64(value_of(rows, row, 4, missing));
    segment.is_draft = DatumGetBool(value_of(rows, row, 5, missing));
    segment.form = form_of(text_value(rows, row, 6));
    segment.by_hand = DatumGetBool(value_of(rows, row, 7, missing));
    segment.spoken = int_value(rows, row, 8);
  }
  rows = read_definitions(
      "SELECT s.id, s.name, s.by_hand FROM segmentation.segment AS s WHERE s.archived ORDER BY 1");
  schema.archived = make_list<ArchivedInput>(rows.count);
  schema.archived_count = static_cast<int>(rows.count);
  for (uint64 row = 0; row < rows.count; ++row)
    schema.archived[row] = {int_value(rows, row, 1), text_value(rows, row, 2),
                            DatumGetBool(value_of(rows, row, 3, missing))};
  return schema;
}

} // namespace segmentation::pg
