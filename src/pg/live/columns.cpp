// Columns of the bound relations: types as the rule language sees them, computed columns, primary keys.
// Server's side.
#include "pg/live/catalog.hpp"
#include "pg/live/words.hpp"

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

/// Tells whether a computed column's SQL may read a lookup. A quote in its name stands twice there.
bool mentions(const char *expression, const char *name) {
  StringInfoData written;
  initStringInfo(&written);
  for (const char *at = name; *at != '\0'; ++at) {
    if (*at == '"')
      appendStringInfoChar(&written, '"');
    appendStringInfoChar(&written, *at);
  }
  for (const char *at = expression; *at != '\0'; ++at) {
    if (pg_strncasecmp(at, written.data, static_cast<size_t>(written.len)) == 0)
      return true;
  }
  return false;
}

/// How SQL reads a column that a binding names: a computed one rather than another that has its name by now.
const char *sql_of(const RelationInput &relation, const char *name) {
  for (int i = 0; i < relation.column_count; ++i) {
    if (relation.columns[i].is_computed && strcmp(relation.columns[i].name, name) == 0)
      return relation.columns[i].sql;
  }
  return quote_identifier(name);
}

/// Appends the lookups below a relation that any of its computed expressions mentions, with those on the way
/// to them, and to `renamed` what renames those whose columns have words besides their names. Returns true
/// where one was needed.
bool append_lookups(StringInfo joins, StringInfo renamed, RelationInput *relations, int relation_count,
                    int at, const char *const *keys, const char *const *lookup_keys,
                    const char *expressions) {
  bool any = false;
  for (int i = 0; i < relation_count; ++i) {
    RelationInput &lookup = relations[i];
    if (lookup.role != core::Role::lookup || lookup.of != at)
      continue;
    StringInfoData below;
    initStringInfo(&below);
    bool needed =
        append_lookups(&below, renamed, relations, relation_count, i, keys, lookup_keys, expressions);
    needed = needed || mentions(expressions, lookup.name);
    if (!needed)
      continue;
    any = lookup.in_computed = true;
    // quote_identifier may return its argument or a palloc'd copy: never a shared buffer.
    appendStringInfo(joins, " LEFT JOIN %s AS %s", lookup.from_sql, quote_identifier(lookup.name));
    appendStringInfo(joins, " ON %s.%s = %s.%s", quote_identifier(relations[at].name),
                     sql_of(relations[at], keys[i]), quote_identifier(lookup.name),
                     sql_of(lookup, lookup_keys[i]));
    appendStringInfoString(joins, below.data);
    if (const char *words = print_words(lookup))
      appendStringInfo(renamed, "%s(SELECT %s) AS %s", renamed->len > 0 ? ", " : "", words,
                       quote_identifier(lookup.name));
  }
  return any;
}

/// Returns the SELECT that stands for a relation with computed columns. A bare name in their expressions is
/// the row's column where the row has it, else a lookup's: with lookups joined, the expressions stand one
/// level deeper, where only the row is in sight, and where columns have words besides their names, below what
/// renames them. The planner flattens that again.
const char *print_computed(const RelationInput &relation, const char *from, const char *list,
                           const char *joins, const char *renamed) {
  const char *alias = quote_identifier(relation.name);
  const char *words = print_words(relation);
  if (*joins == '\0' && words == nullptr)
    return psprintf("(SELECT %s.*, %s FROM %s AS %s)", alias, list, from, alias);
  const char *computed = psprintf("(SELECT %s FROM (SELECT %s) AS %s) AS \"computed columns\"", list,
                                  words != nullptr ? words : psprintf("%s.*", alias), alias);
  if (*renamed != '\0')
    computed =
        psprintf("(SELECT \"computed columns\".* FROM %s CROSS JOIN LATERAL %s) AS \"computed columns\"",
                 renamed, computed);
  return psprintf("(SELECT %s.*, \"computed columns\".* FROM %s AS %s%s CROSS JOIN LATERAL %s)", alias, from,
                  alias, joins, computed);
}

/// Returns how a computed column is called in SQL: by its name, or by another where the table has got a
/// column of that name since.
const char *output_name(const RelationInput &relation, const char *name) {
  for (int i = 0; i < relation.column_count; ++i) {
    if (strcmp(relation.columns[i].name, name) != 0)
      continue;
    char sum[33];
    const char *fault = nullptr;
    if (!pg_md5_hash(name, strlen(name), sum, &fault))
      elog(ERROR, "could not compute a name: %s", fault);
    return psprintf("~%s", sum);
  }
  return name;
}

/// Notes how a relation keeps a column: which it is by now, as the transaction that last defined it, or that
/// it is none of its own but computed.
void take_storage(ColumnInput &column, Oid relation) {
  HeapTuple row = SearchSysCacheAttName(relation, column.name);
  if (!HeapTupleIsValid(row))
    return;
  auto *attribute = reinterpret_cast<Form_pg_attribute>(GETSTRUCT(row));
  column.storage = static_cast<uint64>(attribute->attnum) << 32 | HeapTupleHeaderGetRawXmin(row->t_data);
  column.is_virtual = segmentation_is_virtual(attribute);
  ReleaseSysCache(row);
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
    take_storage(column, relation.relation);
    column.number = attribute->attnum;
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

/// Adds the computed columns of a relation, in the order of its SELECT, which is not run: types are read from
/// it, as the customers' owner, since already reading a literal of their expressions can run the checks of a
/// domain.
void add_computed(RelationInput &relation, int at, const ComputedColumn *computed, int computed_count,
                  Oid reader) {
  Context context;
  push_context(context, "computed columns of binding \"%s\"", relation.name);
  Identity caller = become(reader);
  TupleDesc row = columns_of(psprintf("SELECT * FROM %s AS x", relation.from_sql));
  become_again(caller);
  pop_context(context);
  ColumnInput *columns =
      static_cast<ColumnInput *>(palloc0(sizeof(ColumnInput) * static_cast<Size>(row->natts + 1)));
  memcpy(columns, relation.columns, sizeof(ColumnInput) * static_cast<Size>(relation.column_count));
  relation.columns = columns;
  int next = relation.column_count;
  for (int i = 0; i < computed_count && next < row->natts; ++i) {
    if (computed[i].relation != at)
      continue;
    Form_pg_attribute attribute = TupleDescAttr(row, next);
    ColumnInput &column = columns[next++];
    column = describe_column(computed[i].name, attribute->atttypid, attribute->atttypmod);
    column.sql = quote_identifier(pstrdup(NameStr(attribute->attname)));
    column.is_computed = true;
  }
  relation.column_count = next;
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
  const Oid held = get_element_type(base); // perhaps a domain
  const Oid element = OidIsValid(held) ? getBaseType(held) : InvalidOid;
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
    column.needs_cast = base != type || held != NUMERICOID;
  } else if (element != BOOLOID && element != JSONBOID && element != JSONOID) {
    column.kind = core::Kind::text_list;
    column.needs_cast = base != type || held != TEXTOID;
  }
  return column;
}

void load_columns(RelationInput *relations, int relation_count, const ComputedColumn *computed,
                  int computed_count, const WordInput *words, int word_count, const char *const *lookup_keys,
                  const char *const *keys) {
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
      Relation opened = relation_open(relation.relation, AccessShareLock);
      relation.storage = static_cast<uint64>(relation.relation) << 32 | opened->rd_rel->relfilenode;
      take_columns(relation, RelationGetDescr(opened));
      give_words(relation, words, word_count);
      StringInfoData list, expressions;
      initStringInfo(&list);
      initStringInfo(&expressions);
      for (int j = 0; j < computed_count; ++j) {
        if (computed[j].relation != i)
          continue;
        appendStringInfo(&list, ", (%s) AS %s", computed[j].expression,
                         quote_identifier(output_name(relation, computed[j].name)));
        appendStringInfo(&expressions, "%s ", computed[j].expression);
      }
      // Which of them computed columns read is not known.
      for (int j = 0; j < relation.column_count && list.len > 0; ++j)
        relation.storage = hash_combine64(relation.storage, relation.columns[j].storage);
      if (list.len > 0) {
        StringInfoData joins, renamed;
        initStringInfo(&joins);
        initStringInfo(&renamed);
        (void)append_lookups(&joins, &renamed, relations, relation_count, i, keys, lookup_keys,
                             expressions.data);
        relation.rows_sql = print_computed(relation, "unnest($1)", list.data + 2, joins.data, renamed.data);
        relation.from_sql =
            print_computed(relation, relation.from_sql, list.data + 2, joins.data, renamed.data);
        add_computed(relation, i, computed, computed_count, owner_of(relations[0].relation));
        give_words(relation, words, word_count);
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
