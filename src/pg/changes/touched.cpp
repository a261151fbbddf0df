// From images to keys and links. Server's side.
#include "pg/changes/touched.hpp"

#include "pg/changes/core_rows.hpp"
#include "pg/changes/image.hpp"
#include "pg/changes/owners.hpp"

namespace segmentation::pg {

namespace {

/// A value among the changed rows, and the row.
struct Place {
  CustomerKey key;
  int row;
};

int compare_places(const void *a, const void *b) {
  return compare_keys(static_cast<const Place *>(a)->key, static_cast<const Place *>(b)->key);
}

struct Collecting {
  const Live *live;
  const NetRow *rows;
  int count;
  bool *wanted; // by row
  bool *absent; // by row: not there for rules, nor what is below it
  Touched touched;
};

int binding_of(const CapturePlan *plan, int32 id) {
  for (int i = 0; i < plan->binding_count; ++i) {
    if (plan->bindings[i].id == id)
      return i;
  }
  return -1;
}

int depth_of(const Live *live, int relation) {
  int depth = 0;
  for (; live->schema.relations[relation].of >= 0; relation = live->schema.relations[relation].of)
    ++depth;
  return depth;
}

/// Lists the changed rows of the relation above by the values that a link refers to, sorted.
Place *list_parents(Collecting &collecting, int relation, int *count) {
  const SchemaInput &schema = collecting.live->schema;
  const RelationInput &one = schema.relations[relation];
  *count = 0;
  if (one.role == core::Role::lookup || one.role == core::Role::customers)
    return nullptr;
  const RelationInput &parent = schema.relations[one.of];
  AttrNumber number = parent.columns[one.of_key].number; // 0 of a computed one is no row's
  auto *places = static_cast<Place *>(palloc(sizeof(Place) * static_cast<Size>(collecting.count + 1)));
  for (int i = 0; i < collecting.count; ++i) {
    const NetRow &row = collecting.rows[i];
    int attribute =
        row.plan->bound == parent.relation && number > 0 ? attribute_numbered(row.plan, number) : -1;
    Datum value;
    if (attribute >= 0 && image_value(row.plan, row.image, attribute, &value))
      places[(*count)++] = {comparable(row.plan->attributes[attribute], value), i};
  }
  pg_qsort(places, static_cast<size_t>(*count), sizeof(Place), compare_places);
  return places;
}

/// Marks the changed rows above that a link leads to; false where there is none.
bool want_parents(Collecting &collecting, const Place *parents, int count, const CustomerKey &link) {
  int low = 0, high = count;
  while (low < high) {
    int middle = low + (high - low) / 2;
    if (compare_keys(parents[middle].key, link) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  bool any = false;
  for (; low < count && compare_keys(parents[low].key, link) == 0; ++low) {
    if (!collecting.absent[parents[low].row])
      collecting.wanted[parents[low].row] = true;
    any = true;
  }
  return any;
}

/// Makes the row again that an image is of, of the bound relation's own type; `retyped` where a column has
/// been given another type since, so that it cannot be made.
Datum make_row(TupleDesc columns, const NetRow &row, bool *retyped) {
  Datum *values = static_cast<Datum *>(palloc0(sizeof(Datum) * static_cast<Size>(columns->natts)));
  bool *missing = static_cast<bool *>(palloc(static_cast<Size>(columns->natts)));
  for (int i = 0; i < columns->natts; ++i) {
    Form_pg_attribute column = TupleDescAttr(columns, i);
    int attribute = column->attisdropped ? -1 : attribute_numbered(row.plan, column->attnum);
    *retyped |= attribute >= 0 && row.plan->attributes[attribute].type != getBaseType(column->atttypid);
    missing[i] = attribute < 0 || *retyped || !image_value(row.plan, row.image, attribute, &values[i]);
  }
  return HeapTupleGetDatum(heap_form_tuple(columns, values, missing));
}

/// Computes the links of rows whose link is a computed column. They were captured whole, since what that
/// reads is not known.
Links compute_links(const Live *live, int relation, const NetRow *const *rows, int count, bool *retyped) {
  const RelationInput &one = live->schema.relations[relation];
  const ColumnInput &column = one.columns[one.role == core::Role::lookup ? one.lookup_key : one.key];
  Relation opened = table_open(one.relation, AccessShareLock);
  Oid type = opened->rd_rel->reltype;
  Datum *values =
      static_cast<Datum *>(palloc_extended(sizeof(Datum) * static_cast<Size>(count), MCXT_ALLOC_HUGE));
  for (int i = 0; i < count; ++i)
    values[i] = make_row(RelationGetDescr(opened), *rows[i], retyped);
  table_close(opened, AccessShareLock);
  if (*retyped)
    return {relation, InvalidOid, values, 0};
  Arguments arguments;
  arguments.add(get_array_type(type), make_array(values, count, type));
  CommandCounterIncrement();
  PushActiveSnapshot(GetLatestSnapshot());
  Rows found = query(psprintf("SELECT DISTINCT r.%s FROM %s AS r WHERE r.%s IS NOT NULL", column.sql,
                              one.rows_sql, column.sql),
                     arguments);
  PopActiveSnapshot();
  Links links = {relation, InvalidOid, values, 0};
  int16 length;
  bool by_value;
  for (uint64 row = 0; row < found.count; ++row) {
    bool missing;
    links.type = getBaseType(SPI_gettypeid(found.table->tupdesc, 1));
    get_typlenbyval(links.type, &length, &by_value);
    links.values[links.count++] = datumCopy(value_of(found, row, 1, missing), by_value, length);
  }
  return links;
}

/// Collects from the rows of one binding.
void collect_binding(Collecting &collecting, int relation) {
  const Live *live = collecting.live;
  const RelationInput &one = live->schema.relations[relation];
  if (one.tree >= 0)
    return; // its rows are those of the tree
  bool moves = moves_rows(live, relation);
  bool keys = links_are_keys(live, relation);
  Links links = {relation, InvalidOid, nullptr, 0};
  KeyList distinct;
  memset(&distinct, 0, sizeof distinct);
  int parent_count = 0;
  Place *parents = nullptr;
  bool parents_listed = false;
  auto *computed = static_cast<const NetRow **>(
      palloc_extended(sizeof(const NetRow *) * static_cast<Size>(collecting.count + 1), MCXT_ALLOC_HUGE));
  int computed_count = 0;
  for (int i = 0; i < collecting.count; ++i) {
    const NetRow &row = collecting.rows[i];
    if (!collecting.wanted[i] || row.plan->bound != one.relation)
      continue;
    int binding = binding_of(row.plan, one.id);
    if (binding < 0)
      continue;
    collecting.touched.everyone |= moves;
    if (row.plan->bindings[binding].link < 0) {
      computed[computed_count++] = &row;
      continue;
    }
    int attribute = row.plan->bindings[binding].link;
    Datum value;
    if (!image_value(row.plan, row.image, attribute, &value))
      continue; // nobody's
    const CapturedAttribute &captured = row.plan->attributes[attribute];
    if (!keys && !parents_listed) {
      parents = list_parents(collecting, relation, &parent_count);
      parents_listed = true;
    }
    if (!keys && want_parents(collecting, parents, parent_count, comparable(captured, value)))
      continue;
    links.type = captured.type;
    if (links.values == nullptr)
      links.values = static_cast<Datum *>(
          palloc_extended(sizeof(Datum) * static_cast<Size>(collecting.count), MCXT_ALLOC_HUGE));
    links.values[links.count++] = value;
  }
  if (computed_count > 0)
    links = compute_links(live, relation, computed, computed_count, &collecting.touched.everyone);
  if (links.count == 0)
    return;
  if (keys) {
    GivenKeys given =
        read_keys(live, make_array(links.values, links.count, links.type), get_array_type(links.type));
    add_keys(&collecting.touched.keys, live->key, given.keys, given.count);
    return;
  }
  collecting.touched.links[collecting.touched.link_count++] = links;
  collecting.touched.shared |= is_shared(live, relation);
}

/// Leaves each value of a link once.
void make_distinct(Links *links) {
  CapturedAttribute attribute;
  memset(&attribute, 0, sizeof attribute);
  attribute.type = links->type;
  char alignment;
  get_typlenbyvalalign(links->type, &attribute.length, &attribute.by_value, &alignment);
  auto *places =
      static_cast<Place *>(palloc_extended(sizeof(Place) * static_cast<Size>(links->count), MCXT_ALLOC_HUGE));
  for (int i = 0; i < links->count; ++i)
    places[i] = {comparable(attribute, links->values[i]), i};
  pg_qsort(places, static_cast<size_t>(links->count), sizeof(Place), compare_places);
  Datum *values =
      static_cast<Datum *>(palloc_extended(sizeof(Datum) * static_cast<Size>(links->count), MCXT_ALLOC_HUGE));
  int kept = 0;
  for (int i = 0; i < links->count; ++i) {
    if (i == 0 || compare_keys(places[i - 1].key, places[i].key) != 0)
      values[kept++] = links->values[places[i].row];
  }
  links->values = values;
  links->count = kept;
  pfree(places);
}

} // namespace

bool moves_rows(const Live *live, int lookup) {
  const RelationInput *relations = live->schema.relations;
  for (int at = lookup; relations[at].in_computed; at = relations[at].of) {
    int above = relations[at].of;
    for (int i = 0; i < live->schema.relation_count; ++i) {
      const RelationInput &one = relations[i];
      int link = one.of != above ? -1 : one.role == core::Role::lookup ? one.key : one.of_key;
      int own = i != above ? -1 : one.role == core::Role::lookup ? one.lookup_key : one.key;
      for (int column : {link, own}) {
        if (column >= 0 && relations[above].columns[column].storage == 0)
          return true;
      }
    }
  }
  return false;
}

Touched collect_touched(const Live *live, const NetChanges &net) {
  const NetRow *rows = net.rows;
  int count = net.count;
  Collecting collecting;
  memset(static_cast<void *>(&collecting), 0, sizeof collecting);
  collecting.live = live;
  collecting.rows = rows;
  collecting.count = count;
  int relations = live->schema.relation_count;
  collecting.touched.links = static_cast<Links *>(palloc0(sizeof(Links) * static_cast<Size>(relations + 1)));
  collecting.wanted = static_cast<bool *>(palloc0(static_cast<Size>(count + 1)));
  bool *hidden = static_cast<bool *>(palloc0(static_cast<Size>(count + 1)));
  collecting.absent = static_cast<bool *>(palloc0(static_cast<Size>(count + 1)));
  sift_rows(live, rows, count, hidden, collecting.absent);
  for (int i = 0; i < count; ++i)
    collecting.wanted[i] = rows[i].plan->serial != live->serial || (rows[i].count != 0 && !hidden[i]);
  for (int i = 0; i < net.truncated_count; ++i) {
    if (!OidIsValid(net.truncated[i]->bound))
      continue;
    collecting.touched.everyone = true;
    collecting.touched.in_partition |= net.truncated[i]->relation != net.truncated[i]->bound;
  }
  // The lowest first: they may want rows above them.
  int deepest = 0;
  for (int r = 0; r < relations; ++r)
    deepest = Max(deepest, depth_of(live, r));
  for (int depth = deepest; depth >= 0; --depth) {
    for (int r = 0; r < relations; ++r) {
      if (depth_of(live, r) == depth)
        collect_binding(collecting, r);
    }
  }
  sort_keys(&collecting.touched.keys);
  for (int i = 0; i < collecting.touched.link_count; ++i) {
    if (collecting.touched.links[i].count > 1)
      make_distinct(&collecting.touched.links[i]);
  }
  return collecting.touched;
}

bool add_owners(const Live *live, const Touched &touched, KeyList *list) {
  bool astray = false;
  for (int i = 0; i < touched.link_count; ++i) {
    const Links &links = touched.links[i];
    const RelationInput &relation = live->schema.relations[links.relation];
    Owners owners = owners_of(live, links.relation, links.values, links.count, links.type);
    add_keys(list, live->key, owners.keys, owners.count);
    if (relation.role != core::Role::lookup && !relation.key_is_enforced)
      astray |= owners.given_count < links.count;
  }
  sort_keys(list);
  return astray;
}

} // namespace segmentation::pg
