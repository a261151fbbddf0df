// Columns of the bound relations: types as the rule language sees them, computed columns, primary keys.
// Server's side.
#include "pg/live/catalog.hpp"

namespace segmentation::pg {

namespace {

bool is_number(Oid type) {
  switch (type) {
  case INT2OID:
  case INT4OID:
  case INT8OID:
  case NUMERICOID:
  case FLOAT4OID:
  case FLOAT8OID:
  case MONEYOID:
    return true;
  default:
    return false;
  }
}

/// Returns the declared scale of numeric(p, s), or -1.
int32 numeric_scale(int32 modifier) {
  if (modifier < static_cast<int32>(VARHDRSZ))
    return -1;
  int32 scale = (((modifier - static_cast<int32>(VARHDRSZ)) & 0x7ff) ^ 1024) - 1024;
  return Max(scale, 0);
}

void describe_number(ColumnInput &column, Oid type, int32 modifier) {
  column.kind = core::Kind::number;
  switch (type) {
  case INT2OID:
  case INT4OID:
  case INT8OID:
    column.whole = true;
    column.scale = 0;
    break;
  case NUMERICOID:
    column.scale = numeric_scale(modifier);
    column.whole = column.scale == 0;
    column.may_be_special = true;
    break;
  case MONEYOID:
    column.needs_cast = true;
    break;
  default:
    column.needs_cast = true;
    column.may_be_special = true;
  }
}

/// Returns the expression under which a computed column's SQL may read a lookup, or false where it does not
/// mention it.
bool mentions(const char *expression, const char *name) {
  Size length = strlen(name);
  for (const char *at = expression; *at != '\0'; ++at) {
    if (pg_strncasecmp(at, name, length) == 0)
      return true;
  }
  return false;
}

/// Appends the lookups below a relation that any of its computed expressions mentions, with those on the way
/// to them. Returns true where one was needed.
bool append_lookups(StringInfo joins, const RelationInput *relations, int relation_count, int at,
                    const char *const *keys, const char *const *lookup_keys, const char *expressions) {
  bool any = false;
  for (int i = 0; i < relation_count; ++i) {
    const RelationInput &lookup = relations[i];
    if (lookup.role != core::Role::lookup || lookup.of != at)
      continue;
    StringInfoData below;
    initStringInfo(&below);
    bool needed = append_lookups(&below, relations, relation_count, i, keys, lookup_keys, expressions);
    needed = needed || mentions(expressions, lookup.name);
    if (!needed)
      continue;
    any = true;
    // quote_identifier may return its argument or a palloc'd copy: never a shared buffer.
    appendStringInfo(joins, " LEFT JOIN %s AS %s", lookup.from_sql, quote_identifier(lookup.name));
    appendStringInfo(joins, " ON %s.%s = %s.%s", quote_identifier(relations[at].name),
                     quote_identifier(keys[i]), quote_identifier(lookup.name),
                     quote_identifier(lookup_keys[i]));
    appendStringInfoString(joins, below.data);
  }
  return any;
}

/// Returns the SELECT that stands for a relation with computed columns. A bare name in their expressions is
/// the row's column where the row has it, else a lookup's: with lookups joined, the expressions stand one
/// level deeper, where only the row is in sight. The planner flattens that again.
const char *print_computed(const RelationInput &relation, const char *from, const char *list,
                           const char *joins) {
  const char *alias = quote_identifier(relation.name);
  if (*joins == '\0')
    return psprintf("(SELECT %s.*, %s FROM %s AS %s)", alias, list, from, alias);
  return psprintf("(SELECT %s.*, \"computed columns\".* FROM %s AS %s%s "
                  "CROSS JOIN LATERAL (SELECT %s FROM (SELECT %s.*) AS %s) AS \"computed columns\")",
                  alias, from, alias, joins, list, alias, alias);
}

/// Returns which column of a relation has a name by now, as the transaction that last defined it; 0 for
/// computed ones.
uint64 storage_of(Oid relation, const char *name) {
  HeapTuple row = SearchSysCacheAttName(relation, name);
  if (!HeapTupleIsValid(row))
    return 0;
  uint64 storage = static_cast<uint64>(reinterpret_cast<Form_pg_attribute>(GETSTRUCT(row))->attnum) << 32 |
                   HeapTupleHeaderGetRawXmin(row->t_data);
  ReleaseSysCache(row);
  return storage;
}

void take_columns(RelationInput &relation, TupleDesc columns) {
  relation.columns =
      static_cast<ColumnInput *>(palloc0(sizeof(ColumnInput) * static_cast<Size>(Max(columns->natts, 1))));
  relation.column_count = 0;
  for (int i = 0; i < columns->natts; ++i) {
    Form_pg_attribute attribute = TupleDescAttr(columns, i);
    if (attribute->attisdropped)
      continue;
    ColumnInput &column = relation.columns[relation.column_count++];
    column = describe_column(pstrdup(NameStr(attribute->attname)), attribute->atttypid, attribute->atttypmod);
    column.storage = storage_of(relation.relation, NameStr(attribute->attname));
  }
}

int column_index(const RelationInput &relation, const char *name) {
  for (int i = 0; i < relation.column_count; ++i) {
    if (strcmp(relation.columns[i].name, name) == 0)
      return i;
  }
  return -1;
}

void take_primary_key(RelationInput &relation, Relation opened) {
  List *indexes = RelationGetIndexList(opened); // also finds the primary key
  list_free(indexes);
  if (!OidIsValid(opened->rd_pkindex))
    return;
  Relation index = index_open(opened->rd_pkindex, AccessShareLock);
  int count = index->rd_index->indnkeyatts;
  int *keys = static_cast<int *>(palloc(sizeof(int) * static_cast<Size>(count)));
  relation.primary_key = keys;
  for (int i = 0; i < count; ++i) {
    AttrNumber number = index->rd_index->indkey.values[i];
    int column =
        column_index(relation, NameStr(TupleDescAttr(RelationGetDescr(opened), number - 1)->attname));
    if (column >= 0)
      keys[relation.primary_key_count++] = column;
  }
  index_close(index, AccessShareLock);
}

/// Reads the columns of a relation with computed ones from the SELECT that defines them, without running it:
/// as the customers' owner, since already reading a literal of their expressions can run the checks of a
/// domain.
void take_computed(RelationInput &relation, Oid reader) {
  Context context;
  push_context(context, "computed columns of binding \"%s\"", relation.name);
  Identity caller = become(reader);
  take_columns(relation, columns_of(psprintf("SELECT * FROM %s AS x", relation.from_sql)));
  become_again(caller);
  pop_context(context);
}

} // namespace

ColumnInput describe_column(const char *name, Oid type, int32 modifier) {
  ColumnInput column;
  memset(&column, 0, sizeof column);
  column.name = name;
  column.sql = quote_identifier(name);
  column.sql_type = format_type_with_typemod(type, modifier);
  column.scale = -1;
  Oid base = getBaseTypeAndTypmod(type, &modifier);
  column.needs_cast = base != type;
  Oid element = get_element_type(base);
  if (OidIsValid(element))
    element = getBaseType(element);
  if (is_number(base)) {
    describe_number(column, base, modifier);
    return column;
  }
  switch (base) {
  case BOOLOID:
    column.kind = core::Kind::boolean;
    return column;
  case DATEOID:
    column.kind = core::Kind::day;
    return column;
  case TIMESTAMPTZOID:
    column.kind = core::Kind::instant;
    return column;
  case TIMESTAMPOID:
    column.kind = core::Kind::instant;
    column.local_time = true;
    return column;
  case JSONBOID:
    column.kind = core::Kind::json;
    return column;
  case JSONOID:
    column.kind = core::Kind::json;
    column.needs_cast = true;
    return column;
  case TEXTOID:
    column.kind = core::Kind::text;
    return column;
  default:
    break;
  }
  column.needs_cast = true;
  column.kind = core::Kind::text;
  if (!OidIsValid(element))
    return column;
  if (is_number(element)) {
    column.kind = core::Kind::number_list;
    column.needs_cast = base != type || element != NUMERICOID;
  } else if (element != BOOLOID && element != JSONBOID && element != JSONOID) {
    column.kind = core::Kind::text_list;
    column.needs_cast = base != type || element != TEXTOID;
  }
  return column;
}

void load_columns(RelationInput *relations, int relation_count, const ComputedColumn *computed,
                  int computed_count, const char *const *lookup_keys, const char *const *keys) {
  for (int i = 0; i < relation_count; ++i) {
    RelationInput &relation = relations[i];
    if (get_rel_name(relation.relation) == nullptr)
      ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
                      errmsg("the relation of binding \"%s\" no longer exists", relation.name),
                      errhint("Bind it to another relation, or call segmentation.unbind.")));
    relation.from_sql = quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation.relation)),
                                                   get_rel_name(relation.relation));
  }
  // Lookups lie below what they are looked up from, so that going from the last to the first level makes
  // every from_sql before it is joined to; the catalogs' order does not promise that, so levels are taken one
  // by one.
  bool *done = static_cast<bool *>(palloc0(static_cast<Size>(Max(relation_count, 1))));
  for (int finished = 0; finished < relation_count;) {
    int before = finished;
    for (int i = 0; i < relation_count; ++i) {
      bool ready = !done[i];
      for (int j = 0; ready && j < relation_count; ++j)
        ready = !(relations[j].of == i && relations[j].role == core::Role::lookup && !done[j]);
      if (!ready)
        continue;
      RelationInput &relation = relations[i];
      StringInfoData list, expressions;
      initStringInfo(&list);
      initStringInfo(&expressions);
      for (int j = 0; j < computed_count; ++j) {
        if (computed[j].relation != i)
          continue;
        appendStringInfo(&list, ", (%s) AS %s", computed[j].expression, quote_identifier(computed[j].name));
        appendStringInfo(&expressions, "%s ", computed[j].expression);
      }
      Relation opened = relation_open(relation.relation, AccessShareLock);
      relation.storage = static_cast<uint64>(relation.relation) << 32 | opened->rd_rel->relfilenode;
      take_columns(relation, RelationGetDescr(opened));
      // Which of them computed columns read is not known.
      for (int j = 0; j < relation.column_count && list.len > 0; ++j)
        relation.storage = hash_combine64(relation.storage, relation.columns[j].storage);
      if (list.len > 0) {
        StringInfoData joins;
        initStringInfo(&joins);
        (void)append_lookups(&joins, relations, relation_count, i, keys, lookup_keys, expressions.data);
        relation.rows_sql = print_computed(relation, "unnest($1)", list.data + 2, joins.data);
        relation.from_sql = print_computed(relation, relation.from_sql, list.data + 2, joins.data);
        take_computed(relation, owner_of(relations[0].relation));
      }
      take_primary_key(relation, opened);
      // A change of the relation makes what is read here old by itself: no need to keep anybody from it.
      relation_close(opened, AccessShareLock);
      done[i] = true;
      ++finished;
    }
    if (finished == before)
      elog(ERROR, "lookups of binding \"%s\" form a circle", relations[0].name);
  }
}

} // namespace segmentation::pg
