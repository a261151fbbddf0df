// From the caller's words to rows and their links. Server's side.
#include "pg/segment/basket.hpp"

namespace segmentation::pg {

namespace {

const RelationInput &relation_at(const Basket &basket, int relation) {
  return basket.live->schema.relations[relation];
}

/// Tells whether rows of a relation can be given: a source or set of the shop's own.
bool can_be_given(const RelationInput &one) {
  return (one.role == core::Role::source || one.role == core::Role::set) && one.id != 0 && one.hand < 0 &&
         one.tree < 0;
}

bool is_called(const char *name, const char *given, bool exactly) {
  return exactly ? strcmp(name, given) == 0 : pg_strcasecmp(name, given) == 0;
}

/// Finds a source or set that hangs on a relation; -1 for none.
int find_below(const Basket &basket, int of, const char *name) {
  for (bool exactly : {true, false}) {
    for (int i = 0; i < basket.live->schema.relation_count; ++i) {
      const RelationInput &one = relation_at(basket, i);
      if (one.of == of && can_be_given(one) && is_called(one.name, name, exactly))
        return i;
    }
  }
  return -1;
}

/// Finds a column by what rules call it, or else by its own name; -1 for none.
int find_column(const RelationInput &relation, const char *name) {
  for (bool exactly : {true, false}) {
    for (int i = 0; i < relation.column_count; ++i) {
      for (int word = 0; word < relation.columns[i].word_count; ++word) {
        if (is_called(relation.columns[i].words[word], name, exactly))
          return i;
      }
    }
    for (int i = 0; i < relation.column_count; ++i) {
      if (is_called(relation.columns[i].name, name, exactly))
        return i;
    }
  }
  return -1;
}

const char *join_names(StringInfo list, const char *name) {
  appendStringInfo(list, "%s\"%s\"", list->len > 0 ? ", " : "", name);
  return list->data;
}

void refuse_source(const Basket &basket, int of, const char *name, const char *path) {
  StringInfoData known;
  initStringInfo(&known);
  const char *elsewhere = nullptr;
  for (int i = 0; i < basket.live->schema.relation_count; ++i) {
    const RelationInput &one = relation_at(basket, i);
    if (!can_be_given(one))
      continue;
    if (one.of == of)
      (void)join_names(&known, one.name);
    else if (pg_strcasecmp(one.name, name) == 0)
      elsewhere = relation_at(basket, one.of).name;
  }
  ereport(ERROR,
          (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s: source \"%s\" is unknown here", path, name),
           elsewhere != nullptr ? errhint("Its rows stand inside rows of \"%s\".", elsewhere)
           : known.len > 0      ? errhint("Known here are %s.", known.data)
                                : errhint("No rows hang on these.")));
}

void refuse_column(const Basket &basket, int relation, const char *name, const char *path) {
  const RelationInput &one = relation_at(basket, relation);
  StringInfoData known;
  initStringInfo(&known);
  for (int i = 0; i < one.column_count; ++i) {
    if (one.columns[i].word_count > 0 && !one.columns[i].is_computed)
      (void)join_names(&known, one.columns[i].words[0]);
  }
  for (int i = 0; i < basket.live->schema.relation_count; ++i) {
    if (relation_at(basket, i).of == relation && can_be_given(relation_at(basket, i)))
      (void)join_names(&known, relation_at(basket, i).name);
  }
  ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
                  errmsg("%s: column \"%s\" of \"%s\" does not exist", path, name, one.name),
                  errhint("Known here are %s.", known.data)));
}

void refuse_computed(const RelationInput &one, const ColumnInput &column, const char *path) {
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                  errmsg("%s: column \"%s\" of \"%s\" is computed", path, column.name, one.name),
                  errhint("Give the columns that it is computed from.")));
}

JsonbValue text_of(const char *value) {
  JsonbValue json;
  memset(&json, 0, sizeof json);
  json.type = jbvString;
  json.val.string.val = const_cast<char *>(value);
  json.val.string.len = static_cast<int>(strlen(value));
  return json;
}

JsonbValue number_of(int64 value) {
  JsonbValue json;
  memset(&json, 0, sizeof json);
  json.type = jbvNumeric;
  json.val.numeric = DatumGetNumeric(DirectFunctionCall1(int8_numeric, Int64GetDatum(value)));
  return json;
}

/// Makes a key that no row has, later than those that rows have; false for types of which none is known.
bool make_key(Oid relation, AttrNumber number, int place, JsonbValue *key) {
  constexpr int64 room = 1000000, small_room = 1000;
  Oid type, collation;
  int32 modifier;
  get_atttypetypmodcoll(relation, number, &type, &modifier, &collation);
  switch (type = getBaseType(type)) {
  case INT8OID:
    *key = number_of(PG_INT64_MAX - room + place % room);
    return true;
  case INT4OID:
    *key = number_of(PG_INT32_MAX - room + place % room);
    return true;
  case INT2OID:
    *key = number_of(PG_INT16_MAX - small_room + place % small_room);
    return true;
  case UUIDOID:
  case TEXTOID:
  case VARCHAROID: {
    bool fits = type != VARCHAROID || modifier < 0 || modifier - VARHDRSZ >= 36;
    *key = text_of(fits ? print_value(UUIDOID, DirectFunctionCall1(gen_random_uuid, Datum{0}))
                        : psprintf("~%d", place));
    return true;
  }
  default:
    return false;
  }
}

GivenTable *table_of(Basket *basket, Oid relation) {
  for (int i = 0; i < basket->table_count; ++i) {
    if (basket->tables[i].relation == relation)
      return &basket->tables[i];
  }
  GivenTable *table = &basket->tables[basket->table_count++];
  table->relation = relation;
  table->type = get_rel_type_id(relation);
  table->room = 8;
  table->rows = static_cast<GivenRow *>(palloc(sizeof(GivenRow) * 8));
  return table;
}

int add_row(GivenTable *table, const char *path) {
  if (table->count == table->room) {
    table->room *= 2;
    table->rows = static_cast<GivenRow *>(
        repalloc_huge(table->rows, sizeof(GivenRow) * static_cast<Size>(table->room)));
  }
  table->rows[table->count] = {path, static_cast<GivenField *>(palloc(sizeof(GivenField) * 8)), 0, 8};
  return table->count++;
}

const JsonbValue *field_of(const GivenRow &row, const char *column) {
  for (int i = 0; i < row.count; ++i) {
    if (strcmp(row.fields[i].column, column) == 0)
      return &row.fields[i].value;
  }
  return nullptr;
}

void set_field(GivenRow *row, const char *column, const char *written, const JsonbValue &value) {
  for (int i = 0; i < row->count; ++i) {
    if (strcmp(row->fields[i].column, column) == 0) {
      row->fields[i].value = value;
      return;
    }
  }
  if (row->count == row->room) {
    row->room *= 2;
    row->fields =
        static_cast<GivenField *>(repalloc(row->fields, sizeof(GivenField) * static_cast<Size>(row->room)));
  }
  row->fields[row->count++] = {column, written, value};
}

bool is_array(const JsonbValue &value) {
  return value.type == jbvBinary && JsonContainerIsArray(value.val.binary.data);
}
bool is_object(const JsonbValue &value) {
  return value.type == jbvBinary && JsonContainerIsObject(value.val.binary.data);
}

void take_rows(Basket *basket, int relation, const JsonbValue &rows, const char *path, GivenTable *parents,
               int parent);

/// Returns the value of the customers' column that rows of a source refer to.
JsonbValue customer_value(Basket *basket, int column) {
  const RelationInput &customers = relation_at(*basket, 0);
  GivenTable *table = basket->is_guest ? table_of(basket, customers.relation) : nullptr;
  if (table != nullptr) {
    const char *name = customers.columns[column].name;
    const JsonbValue *known = field_of(table->rows[0], name);
    JsonbValue made;
    if (known == nullptr && (customers.columns[column].is_computed ||
                             !make_key(customers.relation, customers.columns[column].number, 0, &made)))
      ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                      errmsg("a guest has no \"%s\", by which rows belong to a customer", name)));
    if (known == nullptr)
      set_field(&table->rows[0], name, name, made);
    return *field_of(table->rows[0], name);
  }
  Arguments arguments;
  arguments.add(basket->live->key.type, basket->key);
  Rows found = query(psprintf("SELECT pg_catalog.to_jsonb(c.%s) FROM %s AS c WHERE c.%s = $1",
                              customers.columns[column].sql, customers.from_sql, basket->live->key_column),
                     arguments, Plan::saved);
  bool missing = true;
  Datum value = found.count > 0 ? value_of(found, 0, 1, missing) : Datum{0};
  JsonbValue json;
  if (missing || !JsonbExtractScalar(&DatumGetJsonbP(value)->root, &json))
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("the customer has no \"%s\", by which rows belong to her",
                           customers.columns[column].name)));
  return json;
}

/// Writes the column by which a row belongs to the row above, or to the customer.
void link_row(Basket *basket, int relation, GivenRow *row, GivenTable *parents, int parent) {
  const RelationInput &one = relation_at(*basket, relation), &above = relation_at(*basket, one.of);
  const ColumnInput &key = one.columns[one.key], &referred = above.columns[one.of_key];
  if (key.is_computed || (parents != nullptr && referred.is_computed))
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("%s: rows of \"%s\" cannot be given because they belong to rows of \"%s\" by a "
                           "computed column",
                           row->path, one.name, above.name)));
  if (parents == nullptr) {
    set_field(row, key.name, key.name, customer_value(basket, one.of_key));
    return;
  }
  const JsonbValue *value = field_of(parents->rows[parent], referred.name);
  if (value == nullptr || value->type == jbvNull)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("%s: \"%s\" is missing, by which rows of \"%s\" belong to it",
                           parents->rows[parent].path, referred.name, one.name),
                    errhint("Give it.")));
  set_field(row, key.name, key.name, *value);
}

/// Gives a row the keys that it lacks: of its primary key, and what rows below refer to.
void make_keys(const Basket &basket, int relation, GivenRow *row, int place) {
  const RelationInput &one = relation_at(basket, relation);
  auto make = [&](int column) {
    const ColumnInput &wanted = one.columns[column];
    JsonbValue key;
    if (!wanted.is_computed && field_of(*row, wanted.name) == nullptr &&
        make_key(one.relation, wanted.number, place, &key))
      set_field(row, wanted.name, wanted.name, key);
  };
  for (int i = 0; i < one.primary_key_count; ++i)
    make(one.primary_key[i]);
  for (int i = 0; i < basket.live->schema.relation_count; ++i) {
    if (relation_at(basket, i).of == relation && can_be_given(relation_at(basket, i)))
      make(relation_at(basket, i).of_key);
  }
}

/// Calls `visit` with the name and the value of each member of an object.
template <typename Visit> void visit_members(JsonbContainer *object, const Visit &visit) {
  JsonbIterator *iterator = JsonbIteratorInit(object);
  JsonbValue item;
  JsonbIteratorToken token;
  const char *name = nullptr;
  while ((token = JsonbIteratorNext(&iterator, &item, name != nullptr)) != WJB_DONE) {
    if (token == WJB_KEY) {
      name = pnstrdup(item.val.string.val, static_cast<Size>(item.val.string.len));
    } else if (token == WJB_VALUE) {
      visit(name, item);
      name = nullptr;
    }
  }
}

/// Takes the columns of one row in; rows below wait until it has its keys.
void take_columns(Basket *basket, int relation, JsonbContainer *object, GivenRow *row) {
  const RelationInput &one = relation_at(*basket, relation);
  visit_members(object, [=, &one](const char *name, const JsonbValue &item) {
    int column = find_column(one, name);
    bool is_below = is_array(item) && find_below(*basket, relation, name) >= 0;
    if (!is_below && column < 0)
      refuse_column(*basket, relation, name, row->path);
    if (!is_below && one.columns[column].is_computed)
      refuse_computed(one, one.columns[column], row->path);
    if (!is_below)
      set_field(row, one.columns[column].name, name, item);
  });
}

void take_below(Basket *basket, int relation, JsonbContainer *object, GivenTable *table, int place) {
  visit_members(object, [=](const char *name, const JsonbValue &item) {
    int below = is_array(item) ? find_below(*basket, relation, name) : -1;
    if (below >= 0)
      take_rows(basket, below, item, psprintf("%s.%s", table->rows[place].path, name), table, place);
  });
}

/// A row of a set may be given as its value alone.
void take_value(Basket *basket, int relation, const JsonbValue &value, GivenRow *row) {
  const RelationInput &one = relation_at(*basket, relation);
  if (one.role != core::Role::set || value.type == jbvBinary)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must be an object", row->path),
                    errhint("Give a row as its columns, such as {\"total\": 120}.")));
  if (one.columns[one.value].is_computed)
    refuse_computed(one, one.columns[one.value], row->path);
  set_field(row, one.columns[one.value].name, one.columns[one.value].name, value);
}

void take_rows(Basket *basket, int relation, const JsonbValue &rows, const char *path, GivenTable *parents,
               int parent) {
  check_stack_depth();
  if (!is_array(rows))
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must be an array of rows", path),
                    errhint("Give rows as [{\"total\": 120}, ...].")));
  GivenTable *table = table_of(basket, relation_at(*basket, relation).relation);
  JsonbContainer *array = rows.val.binary.data;
  for (uint32 i = 0; i < JsonContainerSize(array); ++i) {
    CHECK_FOR_INTERRUPTS();
    JsonbValue *value = getIthJsonbValueFromContainer(array, i);
    int place = add_row(table, psprintf("%s[%u]", path, i));
    GivenRow row = table->rows[place]; // adding rows below may move it
    if (is_object(*value))
      take_columns(basket, relation, value->val.binary.data, &row);
    else
      take_value(basket, relation, *value, &row);
    link_row(basket, relation, &row, parents, parent);
    make_keys(*basket, relation, &row, place);
    table->rows[place] = row;
    if (is_object(*value))
      take_below(basket, relation, value->val.binary.data, table, place);
  }
}

/// A guest is a customer of whom nothing but a key is known, which joins her rows to her.
void make_guest(Basket *basket) {
  const Live *live = basket->live;
  const RelationInput &customers = relation_at(*basket, 0);
  GivenTable *table = table_of(basket, customers.relation);
  (void)add_row(table, "guest");
  const ColumnInput &column = customers.columns[customers.key];
  JsonbValue key;
  if (!make_key(customers.relation, column.number, 0, &key))
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("no key can be made for a guest: the customers' is of type %s",
                           format_type_be(live->key.type))));
  set_field(&table->rows[0], column.name, column.name, key);
  char *text = key.type == jbvString ? pnstrdup(key.val.string.val, static_cast<Size>(key.val.string.len))
                                     : print_value(NUMERICOID, NumericGetDatum(key.val.numeric));
  basket->key = OidInputFunctionCall(live->key.input, text, live->key.input_parameter, -1);
}

} // namespace

Basket read_basket(const Live *live, const Datum *customer, Jsonb *given) {
  Basket basket = {live, customer == nullptr, customer == nullptr ? Datum{0} : *customer, nullptr, 0};
  basket.tables =
      static_cast<GivenTable *>(palloc0(sizeof(GivenTable) * static_cast<Size>(live->schema.relation_count)));
  if (basket.is_guest)
    make_guest(&basket);
  if (!JB_ROOT_IS_OBJECT(given))
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("rows must be an object of arrays of rows, by the names of their sources"),
                    errhint("Give them as {\"orders\": [{\"total\": 120}]}.")));
  visit_members(&given->root, [&basket](const char *name, const JsonbValue &item) {
    int source = find_below(basket, 0, name);
    if (source < 0)
      refuse_source(basket, 0, name, "rows");
    take_rows(&basket, source, item, name, nullptr, 0);
  });
  for (int i = 0; i < basket.table_count; ++i) {
    if (basket.tables[i].count > 0)
      convert_rows(live, &basket.tables[i]);
  }
  return basket;
}

const GivenTable *given_of(const Basket &basket, Oid relation) {
  for (int i = 0; i < basket.table_count; ++i) {
    if (basket.tables[i].relation == relation && basket.tables[i].count > 0)
      return &basket.tables[i];
  }
  return nullptr;
}

} // namespace segmentation::pg
