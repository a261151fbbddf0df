// What the SQL functions of this room share. Server's side.
#pragma once

#include "pg/live/customers.hpp"
#include "pg/live/judge.hpp"
#include "pg/live/rule_value.hpp"

namespace segmentation::pg {

/// Compiles the rule that is argument `argument`.
inline Owned<Work> *compile_argument(const Live *live, FunctionCallInfo fcinfo, int argument) {
  const char *source = rule_source(rule_value(fcinfo->args[argument].value));
  return compile_rules(live, &source, 1, Excerpt::detail);
}

/// Adds one row to the result of a set-returning function begun by InitMaterializedSRF.
inline void put_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls) {
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/// Makes a text[].
inline Datum text_array(const char *const *words, int count) {
  Datum *elements = static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<Size>(Max(count, 1))));
  for (int i = 0; i < count; ++i)
    elements[i] = CStringGetTextDatum(words[i]);
  return make_array(elements, count, TEXTOID);
}

/// Puts a text into a row, or NULL.
inline void set_text(Datum *values, bool *nulls, int at, const char *value) {
  nulls[at] = value == nullptr;
  values[at] = nulls[at] ? Datum{0} : CStringGetTextDatum(value);
}

} // namespace segmentation::pg
