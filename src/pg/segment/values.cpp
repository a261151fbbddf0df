// _values_of: what list_members and attribute_values read. Server's side.
#include "pg/segment/functions.hpp"
#include "pg/segment/value_list.hpp"

#include "pg/boundary/run_core.hpp"

namespace segmentation::pg {

namespace {

GivenNames read_names(Datum array) {
  Datum *values;
  bool *nulls;
  int count;
  deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &count);
  const char **names = static_cast<const char **>(palloc(sizeof(char *) * static_cast<Size>(count + 1)));
  for (int i = 0; i < count; ++i) {
    if (nulls[i])
      ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("name must not be null"),
                      errhint("View segmentation.attributes has all names.")));
    names[i] = TextDatumGetCString(values[i]);
  }
  return {names, count};
}

Datum integer_array(const int *numbers, size_t count) {
  Datum *elements = static_cast<Datum *>(palloc(sizeof(Datum) * (count + 1)));
  for (size_t i = 0; i < count; ++i)
    elements[i] = Int32GetDatum(numbers[i]);
  return make_array(elements, static_cast<int>(count), INT4OID);
}

/// Returns the types of the values, domains aside.
Datum types_array(const char *query, size_t count) {
  TupleDesc columns = columns_of(query);
  Datum *types = static_cast<Datum *>(palloc(sizeof(Datum) * (count + 1)));
  for (size_t i = 0; i < count; ++i)
    types[i] = ObjectIdGetDatum(getBaseType(TupleDescAttr(columns, static_cast<int>(i) + 1)->atttypid));
  return make_array(types, static_cast<int>(count), REGTYPEOID);
}

} // namespace

} // namespace segmentation::pg

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_values_of) {
  TupleDesc columns = columns_to_return(fcinfo);
  Session session = open_session();
  const Live *live = load_live();
  GivenNames shown = read_names(PG_GETARG_DATUM(0));
  GivenNames ordered = read_names(PG_GETARG_DATUM(1));
  const char *members = text_to_cstring(PG_GETARG_TEXT_PP(2));
  bool strict = PG_GETARG_BOOL(3);
  auto *list = Owned<ValueList>::make();
  run_core([=](Failure &failure) {
    list->set(ValueList::make(**live->core, shown, ordered, members, strict, failure));
  });
  const ValueList &made = **list;
  size_t count = made.shown().size();
  const char **called = static_cast<const char **>(palloc(sizeof(char *) * (count + 1)));
  for (size_t i = 0; i < count; ++i)
    called[i] = made.called()[i].c_str();
  Datum values[6] = {integer_array(made.shown().data(), count),
                     text_array(called, static_cast<int>(count)),
                     types_array(made.query_of_all().c_str(), count),
                     integer_array(made.ordered().data(), made.ordered().size()),
                     CStringGetTextDatum(made.query().c_str()),
                     CStringGetTextDatum(live->schema.zone.name)};
  bool nulls[6] = {false, false, false, false, false, false};
  Datum row = row_for_caller(session, columns, values, nulls);
  close_session(session);
  PG_RETURN_DATUM(row);
}
