// From given columns to rows of a table's type: as an INSERT would make them, but for what only writing tells
// (sequences, triggers). Server's side.
#include "pg/boundary/contain.hpp"
#include "pg/segment/basket.hpp"

namespace segmentation::pg {

namespace {

/// Returns what a column's default or generated expression is, with all names qualified; nullptr for none.
const char **default_texts(Oid relation, int columns) {
  const char **texts = static_cast<const char **>(palloc0(sizeof(char *) * static_cast<Size>(columns + 1)));
  Arguments arguments;
  arguments.add(OIDOID, ObjectIdGetDatum(relation));
  Rows rows = query("SELECT d.adnum::integer, pg_catalog.pg_get_expr(d.adbin, d.adrelid) FROM "
                    "pg_catalog.pg_attrdef AS d WHERE d.adrelid = $1",
                    arguments, Plan::saved);
  for (uint64 row = 0; row < rows.count; ++row)
    texts[int_value(rows, row, 1)] = text_value(rows, row, 2);
  return texts;
}

/// A source's date is now, if nothing else says when it is.
const char *now_for(const Live *live, Oid relation, const Form_pg_attribute column) {
  bool is_date = false;
  for (int i = 0; i < live->schema.relation_count && !is_date; ++i) {
    const RelationInput &one = live->schema.relations[i];
    is_date = one.relation == relation && one.date >= 0 && !one.columns[one.date].is_computed &&
              one.columns[one.date].number == column->attnum;
  }
  const char *local =
      psprintf("(pg_catalog.now() AT TIME ZONE %s)", quote_literal_cstr(live->schema.zone.name));
  switch (is_date ? getBaseType(column->atttypid) : InvalidOid) {
  case TIMESTAMPTZOID:
    return "pg_catalog.now()";
  case TIMESTAMPOID:
    return local;
  case DATEOID:
    return psprintf("%s::date", local);
  default:
    return nullptr;
  }
}

/// Returns the SELECT that makes an array of rows of the jsonb objects in $1.
const char *print_conversion(const Live *live, Oid oid) {
  Relation relation = relation_open(oid, AccessShareLock);
  TupleDesc columns = RelationGetDescr(relation);
  const char **texts = default_texts(oid, columns->natts);
  StringInfoData base, made;
  initStringInfo(&base);
  initStringInfo(&made);
  for (int i = 0; i < columns->natts; ++i) {
    Form_pg_attribute column = TupleDescAttr(columns, i);
    if (column->attisdropped)
      continue;
    const char *text = nullptr, *name = quote_identifier(NameStr(column->attname));
    if (column->attgenerated == '\0') {
      // What is another value each time would write a sequence, or is no value that people mean.
      Node *expression = build_column_default(relation, column->attnum);
      if (expression != nullptr && !contain_volatile_functions(expression))
        text = texts[column->attnum];
      if (text == nullptr)
        text = now_for(live, oid, column);
    }
    appendStringInfo(&base, "%s%s", base.len > 0 ? ", " : "", text == nullptr ? "NULL" : text);
    appendStringInfo(&made, made.len > 0 ? ", " : "");
    if (column->attgenerated == ATTRIBUTE_GENERATED_STORED)
      appendStringInfo(&made, "(%s)", texts[column->attnum]);
    else
      appendStringInfo(&made, "made.%s", name);
  }
  const char *type = quote_qualified_identifier(get_namespace_name(RelationGetNamespace(relation)),
                                                RelationGetRelationName(relation));
  relation_close(relation, NoLock);
  // Our statements run in UTC; texts that are times, and defaults, mean the caller's zone, as in his INSERT.
  return psprintf("SELECT pg_catalog.array_agg(ROW(%s)::%s ORDER BY given.\"place of it\") FROM "
                  "(SELECT pg_catalog.set_config('timezone', $2, true)) AS zone (\"zone of it\"), "
                  "pg_catalog.unnest($1) WITH ORDINALITY AS given (\"row given\", \"place of it\"), LATERAL "
                  "pg_catalog.jsonb_populate_record(CASE WHEN zone.\"zone of it\" IS NOT NULL THEN "
                  "ROW(%s)::%s END, given.\"row given\") AS made",
                  made.data, type, base.data, type);
}

Datum json_of(const GivenField *fields, int count) {
  JsonbParseState *state = nullptr;
  (void)pushJsonbValue(&state, WJB_BEGIN_OBJECT, nullptr);
  for (int i = 0; i < count; ++i) {
    JsonbValue name, value = fields[i].value;
    name.type = jbvString;
    name.val.string.val = const_cast<char *>(fields[i].column);
    name.val.string.len = static_cast<int>(strlen(fields[i].column));
    (void)pushJsonbValue(&state, WJB_KEY, &name);
    (void)pushJsonbValue(&state, WJB_VALUE, &value);
  }
  return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, nullptr)));
}

struct Conversion {
  const char *sql;
  Datum *objects;
  int count;
  const char *zone;
  Datum array;
};

void convert(void *argument) {
  auto *conversion = static_cast<Conversion *>(argument);
  Arguments arguments;
  arguments.add(JSONBARRAYOID, make_array(conversion->objects, conversion->count, JSONBOID));
  arguments.add(TEXTOID, CStringGetTextDatum(conversion->zone));
  Rows rows = query(conversion->sql, arguments, Plan::saved);
  bool missing;
  conversion->array = value_of(rows, 0, 1, missing);
}

/// Finds the column that is at fault, one by one, and says so.
void raise_for_column(const Conversion &failed, const GivenTable &table, ErrorData *error) {
  for (int row = 0; row < table.count; ++row) {
    for (int i = 0; i < table.rows[row].count; ++i) {
      const GivenField &field = table.rows[row].fields[i];
      Datum object = json_of(&field, 1);
      Conversion conversion = {failed.sql, &object, 1, failed.zone, Datum{0}};
      if (const ErrorData *found = contain(convert, &conversion))
        ereport(ERROR, (errcode(found->sqlerrcode),
                        errmsg("%s.%s: %s", table.rows[row].path, field.written, found->message),
                        found->hint != nullptr ? errhint("%s", found->hint) : 0));
    }
  }
  ThrowErrorData(error); // of columns together: of one that is generated
}

} // namespace

void convert_rows(const Live *live, GivenTable *table) {
  Conversion conversion = {print_conversion(live, table->relation),
                           static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<Size>(table->count))),
                           table->count, pg_get_timezone_name(session_timezone), Datum{0}};
  for (int i = 0; i < table->count; ++i)
    conversion.objects[i] = json_of(table->rows[i].fields, table->rows[i].count);
  if (ErrorData *error = contain(convert, &conversion))
    raise_for_column(conversion, *table, error);
  table->array = conversion.array;
}

} // namespace segmentation::pg
