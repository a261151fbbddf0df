// What the view attributes is made of: types, operators, who reads what, and how many customers have a value.
// Server's side.
#include "pg/segment/attribute_list.hpp"
#include "pg/segment/functions.hpp"

#include "pg/boundary/run_core.hpp"

namespace segmentation::pg {

namespace {

/// The elements of a text[] without NULLs.
struct Words {
  const char **words;
  int count;
};

Words read_words(ArrayType *array) {
  Datum *values;
  bool *nulls;
  int count;
  deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &count);
  Words words = {static_cast<const char **>(palloc(sizeof(char *) * static_cast<Size>(count + 1))), 0};
  for (int i = 0; i < count; ++i) {
    if (!nulls[i])
      words.words[words.count++] = TextDatumGetCString(values[i]);
  }
  return words;
}

void set_binding(const Live *live, Datum *values, bool *nulls, int at, int relation) {
  nulls[at] = relation < 0;
  values[at] = nulls[at] ? Datum{0} : Int32GetDatum(live->schema.relations[relation].id);
}

/// Puts rows of segmentation._value_read.
void put_reads(FunctionCallInfo fcinfo, const Live *live, const AttributeList &list) {
  size_t count = list.reads().size();
  for (size_t i = 0; i < count; ++i) {
    const ReadRow &row = list.reads()[i];
    Datum values[6];
    bool nulls[6];
    set_text(values, nulls, 0, row.kind);
    set_text(values, nulls, 1, row.name);
    set_text(values, nulls, 2, row.what);
    set_binding(live, values, nulls, 3, row.relation);
    set_text(values, nulls, 4, row.word);
    values[5] = text_array(row.keys, row.key_count);
    nulls[5] = false;
    put_row(fcinfo, values, nulls);
  }
}

} // namespace

} // namespace segmentation::pg

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_describe_attributes) {
  InitMaterializedSRF(fcinfo, 0);
  Session session = open_session();
  const Live *live = load_live_if_bound();
  auto *list = Owned<AttributeList>::make();
  run_core([=](Failure &) { list->set(AttributeList::all_of(**live->core)); });
  size_t count = (*list)->described().size();
  for (size_t i = 0; i < count; ++i) {
    const DescribedRow &row = (*list)->described()[i];
    Datum values[6];
    bool nulls[6];
    set_text(values, nulls, 0, row.kind);
    set_text(values, nulls, 1, row.name);
    set_text(values, nulls, 2, row.type);
    nulls[3] = row.operators == nullptr;
    values[3] = nulls[3] ? Datum{0} : text_array(row.operators, row.operator_count);
    set_binding(live, values, nulls, 4, row.relation);
    set_text(values, nulls, 5, row.word);
    put_row(fcinfo, values, nulls);
  }
  close_session(session);
  return Datum{0};
}

SEGMENTATION_FUNCTION(segmentation_values_read) {
  InitMaterializedSRF(fcinfo, 0);
  Session session = open_session();
  const Live *live = load_live_if_bound();
  auto *list = Owned<AttributeList>::make();
  if (OidIsValid(live->customers)) {
    run_core([=](Failure &) { list->set(AttributeList::reads_of(**live->core)); });
    put_reads(fcinfo, live, **list);
  }
  close_session(session);
  return Datum{0};
}

SEGMENTATION_FUNCTION(segmentation_values_needed) {
  InitMaterializedSRF(fcinfo, 0);
  Session session = open_session();
  const Live *live = load_live();
  Words names = read_words(PG_GETARG_ARRAYTYPE_P(0));
  auto *list = Owned<AttributeList>::make();
  run_core([=](Failure &) { list->set(AttributeList::needs_of(**live->core, names.words, names.count)); });
  put_reads(fcinfo, live, **list);
  close_session(session);
  return Datum{0};
}

SEGMENTATION_FUNCTION(segmentation_values_sql) {
  Session session = open_session();
  const Live *live = load_live();
  Words names = read_words(PG_GETARG_ARRAYTYPE_P(0));
  const char *members = text_to_cstring(PG_GETARG_TEXT_PP(1));
  auto *list = Owned<AttributeList>::make();
  run_core([=](Failure &) {
    list->set(AttributeList::values_of(**live->core, names.words, names.count, members));
  });
  MemoryContext before = MemoryContextSwitchTo(session.caller);
  Datum result = text_array((*list)->texts().data(), static_cast<int>((*list)->texts().size()));
  MemoryContextSwitchTo(before);
  close_session(session);
  PG_RETURN_DATUM(result);
}

SEGMENTATION_FUNCTION(segmentation_count_filled) {
  Session session = open_session();
  Identity caller = become_reader();
  const Live *live = load_live();
  Words names = read_words(PG_GETARG_ARRAYTYPE_P(0));
  auto *members = static_cast<int64 *>(palloc0(sizeof(int64) * static_cast<Size>(names.count + 1)));
  for (int i = 0; i < names.count; ++i)
    names.words[i] = psprintf("%s IS NOT NULL", names.words[i]);
  if (names.count > 0) {
    Work *work = compile_rules(live, names.words, names.count, Excerpt::detail)->get();
    if (PG_ARGISNULL(1)) {
      judge_everyone(live, work, transaction_now(), false, nullptr, add_members, members);
    } else {
      GivenKeys keys = read_keys(live, PG_GETARG_DATUM(1), TEXTARRAYOID);
      if (keys.count > 0) {
        judge(live, work, customers_of(live, keys), transaction_now());
        add_members(members, {work, {0, 1}});
      }
    }
  }
  become_again(caller);
  Datum *values = static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<Size>(names.count + 1)));
  for (int i = 0; i < names.count; ++i)
    values[i] = Int64GetDatum(members[i]);
  MemoryContext before = MemoryContextSwitchTo(session.caller);
  Datum result = make_array(values, names.count, INT8OID);
  MemoryContextSwitchTo(before);
  close_session(session);
  PG_RETURN_DATUM(result);
}
