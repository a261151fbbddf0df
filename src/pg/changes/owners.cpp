// One SELECT from where a binding's rows are found up to the customers. Server's side.
#include "pg/changes/owners.hpp"

namespace segmentation::pg {

namespace {

const RelationInput &at(const Live *live, int relation) {
  return live->schema.relations[relation];
}

const char *column_of(const Live *live, int relation, int column) {
  return psprintf("%s.%s", quote_identifier(at(live, relation).name), at(live, relation).columns[column].sql);
}

bool is_integer(const char *type) {
  return strcmp(type, "smallint") == 0 || strcmp(type, "integer") == 0 || strcmp(type, "bigint") == 0;
}

/// Returns a SELECT of the keys of a tree's rows below those that `seed` says: by `t`, rows of the tree as
/// they are by now. Of a row that moved the new place says who is below it: what it left changed there
/// itself, or is as before.
const char *below(const Live *live, int tree, const char *seed) {
  const RelationInput &one = at(live, tree);
  const char *key = one.columns[one.lookup_key].sql, *parent = one.columns[one.parent].sql;
  return psprintf("(WITH RECURSIVE below (k) AS (SELECT t.%s FROM %s AS t WHERE %s "
                  "UNION SELECT t.%s FROM below JOIN %s AS t ON t.%s = below.k) SELECT below.k FROM below)",
                  key, one.from_sql, seed, key, one.from_sql, parent);
}

} // namespace

Way way_to(const Live *live, int relation) {
  const RelationInput &one = at(live, relation);
  if (one.role == core::Role::customers)
    return {relation, column_of(live, relation, one.key)};
  if (one.role == core::Role::lookup)
    return {one.of, column_of(live, one.of, one.key)};
  return {one.of, column_of(live, one.of, one.of_key)};
}

bool links_are_keys(const Live *live, int relation) {
  const RelationInput &one = at(live, relation);
  const RelationInput &customers = at(live, 0);
  if (one.role == core::Role::customers)
    return true;
  if (one.role == core::Role::lookup || one.of != 0 || one.of_key != customers.key)
    return false;
  const char *carried = one.columns[one.key].sql_type, *own = customers.columns[customers.key].sql_type;
  return strcmp(carried, own) == 0 || (is_integer(carried) && is_integer(own));
}

bool is_shared(const Live *live, int relation) {
  for (; relation >= 0; relation = at(live, relation).of) {
    if (at(live, relation).role == core::Role::lookup)
      return true;
  }
  return false;
}

Owners owners_of(const Live *live, int relation, Datum *links, int count, Oid type) {
  Way way = way_to(live, relation);
  StringInfoData from;
  initStringInfo(&from);
  int here = way.relation;
  appendStringInfo(&from, "%s AS %s", at(live, here).from_sql, quote_identifier(at(live, here).name));
  const char *condition = psprintf("%s = ANY ($1)", way.column);
  if (at(live, relation).parent >= 0)
    condition = psprintf(
        "(%s OR %s = ANY (ARRAY%s))", condition, way.column,
        below(live, relation,
              psprintf("t.%s = ANY ($1)", at(live, relation).columns[at(live, relation).parent].sql)));
  // Lookups that computed columns of a tree read change its rows.
  bool inside = at(live, relation).in_computed;
  const char *key = nullptr;
  while (key == nullptr) {
    const RelationInput &one = at(live, here);
    if (here == 0) {
      key = column_of(live, 0, one.key);
      break;
    }
    const RelationInput &above = at(live, one.of);
    // A row that carries the customers' key names her; whether she exists is seen when she is judged.
    if (links_are_keys(live, here) &&
        strcmp(one.columns[one.key].sql_type, at(live, 0).columns[at(live, 0).key].sql_type) == 0) {
      key = column_of(live, here, one.key);
      break;
    }
    const char *own = one.role == core::Role::lookup ? column_of(live, here, one.lookup_key)
                                                     : column_of(live, here, one.key);
    const char *theirs = one.role == core::Role::lookup ? column_of(live, one.of, one.key)
                                                        : column_of(live, one.of, one.of_key);
    if (inside && one.parent >= 0) {
      appendStringInfo(&from, " CROSS JOIN LATERAL %s AS \"below %d\"",
                       below(live, here, psprintf("t.%s = %s", one.columns[one.lookup_key].sql, own)), here);
      own = psprintf("\"below %d\".k", here);
    }
    inside &= one.in_computed;
    appendStringInfo(&from, " JOIN %s AS %s ON %s = %s", above.from_sql, quote_identifier(above.name), theirs,
                     own);
    here = one.of;
  }
  Arguments arguments;
  arguments.add(get_array_type(type), make_array(links, count, type));
  // What many share is told by customer, anything else by link: there a link leads to one row at most.
  bool by_link = live->schema.relations[relation].role != core::Role::lookup;
  Rows rows = query(psprintf("SELECT DISTINCT %s%s%s FROM %s WHERE %s", key, by_link ? ", " : "",
                             by_link ? way.column : "", from.data, condition),
                    arguments, count <= 100 ? Plan::saved : Plan::once);
  Owners owners = {nullptr, 0, static_cast<int>(rows.count)};
  owners.keys = static_cast<Datum *>(
      palloc_extended(sizeof(Datum) * static_cast<Size>(rows.count + 1), MCXT_ALLOC_HUGE));
  for (uint64 row = 0; row < rows.count; ++row) {
    bool missing;
    Datum owner = value_of(rows, row, 1, missing);
    if (!missing)
      owners.keys[owners.count++] = datumCopy(owner, live->key.by_value, live->key.length);
  }
  return owners;
}

} // namespace segmentation::pg
