// Loads what is live: catalogs, then the core's own checks. Server's side.
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

} // namespace

const Live *load_live_if_bound() {
  Live *live = static_cast<Live *>(palloc0(sizeof(Live)));
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

const Live *load_live() {
  const Live *live = load_live_if_bound();
  if (!OidIsValid(live->customers))
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("customers are not bound"),
                    errhint("Call segmentation.bind_customers first.")));
  return live;
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
