// Keys in any type to keys of the bound type. Server's side.
#include "pg/live/customers.hpp"

namespace segmentation::pg {

namespace {

bool is_integer(Oid type) {
  return type == INT2OID || type == INT4OID || type == INT8OID;
}

int64 integer_of(Datum value, Oid type) {
  switch (type) {
  case INT2OID:
    return DatumGetInt16(value);
  case INT4OID:
    return DatumGetInt32(value);
  default:
    return DatumGetInt64(value);
  }
}

/// Tells whether a text can be a uuid: 32 hexadecimal digits, hyphens and braces aside.
bool is_uuid(const char *text) {
  int digits = 0;
  for (; *text != '\0'; ++text) {
    if (isxdigit(static_cast<unsigned char>(*text)))
      ++digits;
    else if (strchr("-{}", *text) == nullptr)
      return false;
  }
  return digits == 32;
}

/// Converts one value; false where no key of the type can be it.
bool convert(const KeyType &key, Datum value, Oid type, Datum *result) {
  if (is_integer(type) && key.integer) {
    int64 number = integer_of(value, type);
    if ((key.type == INT2OID && (number < PG_INT16_MIN || number > PG_INT16_MAX)) ||
        (key.type == INT4OID && (number < PG_INT32_MIN || number > PG_INT32_MAX)))
      return false;
    *result = key_datum(key, {number, nullptr, 0});
    return true;
  }
  if (type == key.type) {
    *result = value;
    return true;
  }
  char *text = print_value(type, value);
  if (key.integer) { // what is not a number of the type is nobody's key, and no error
    char *end;
    errno = 0;
    int64 number = strtoll(text, &end, 10);
    return end != text && *end == '\0' && errno == 0 && convert(key, Int64GetDatum(number), INT8OID, result);
  }
  if (key.type == UUIDOID && !is_uuid(text))
    return false;
  *result = OidInputFunctionCall(key.input, text, key.input_parameter, -1);
  return true;
}

} // namespace

GivenKeys read_keys(const Live *live, Datum value, Oid type) {
  GivenKeys keys = {nullptr, nullptr, 0};
  Oid element = get_base_element_type(type);
  Datum *values = &value;
  bool missing = false;
  bool *nulls = &missing;
  int count = 1;
  if (OidIsValid(element)) {
    int16 length;
    bool by_value;
    char alignment;
    get_typlenbyvalalign(element, &length, &by_value, &alignment);
    deconstruct_array(DatumGetArrayTypeP(value), element, length, by_value, alignment, &values, &nulls,
                      &count);
  } else {
    element = type;
  }
  element = getBaseType(element);
  keys.keys = static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<Size>(Max(count, 1))));
  keys.given = static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<Size>(Max(count, 1))));
  for (int i = 0; i < count; ++i) {
    if (nulls[i] || !convert(live->key, values[i], element, &keys.keys[keys.count]))
      continue;
    keys.given[keys.count++] = values[i];
  }
  return keys;
}

Customers customers_of(const Live *live, const GivenKeys &keys) {
  return {false,
          PointerGetDatum(construct_array(keys.keys, keys.count, live->key.type, live->key.length,
                                          live->key.by_value, live->key.alignment)),
          keys.count};
}

CustomerKey core_key(const KeyType &type, Datum key) {
  if (type.integer)
    return {integer_of(key, type.type), nullptr, 0};
  if (type.type == TEXTOID || type.type == VARCHAROID) {
    text *value = DatumGetTextPP(key);
    return {0, VARDATA_ANY(value), static_cast<uint32>(VARSIZE_ANY_EXHDR(value))};
  }
  char *printed = print_value(type.type, key);
  Size size = strlen(printed);
  // A cast of character(n) to text drops its padding; its output function keeps it.
  while (type.type == BPCHAROID && size > 0 && printed[size - 1] == ' ')
    --size;
  return {0, printed, static_cast<uint32>(size)};
}

Oid argument_type(FunctionCallInfo fcinfo, int argument) {
  Oid type = get_fn_expr_argtype(fcinfo->flinfo, argument);
  if (OidIsValid(type))
    return type;
  Oid *types;
  int count;
  (void)get_func_signature(fcinfo->flinfo->fn_oid, &types, &count);
  return argument < count ? types[argument] : InvalidOid;
}

} // namespace segmentation::pg
