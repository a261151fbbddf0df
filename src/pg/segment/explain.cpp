// explain: why a customer is in, why she is not. Server's side.
#include "pg/segment/functions.hpp"
#include "pg/segment/texts.hpp"

#include "pg/boundary/run_core.hpp"

namespace segmentation::pg {

namespace {

/// Returns the index of the segment of a name; -1 where there is none, and the text is a rule.
int segment_named(const Live *live, text *given) {
  Arguments arguments;
  arguments.add(TEXTOID, PointerGetDatum(given));
  Rows rows = query(
      "SELECT s.id FROM segmentation.segment AS s WHERE segmentation._fold(s.name) = segmentation._fold($1)",
      arguments);
  return rows.count == 0 ? -1 : require_segment(live, int_value(rows, 0, 1));
}

/// What people say by hand about a customer and a segment.
struct Word {
  int32 standing; // 1: put in, -1: kept out, 0: nothing
  const char *note;
};

Word word_about(const Live *live, const SegmentInput &segment, Datum customer) {
  if (!segment.by_hand && segment.source != nullptr)
    return {0, nullptr};
  Arguments arguments;
  arguments.add(live->key.type, customer);
  arguments.add(INT4OID, Int32GetDatum(segment.id));
  Rows rows = query("SELECT h.standing::integer, h.note FROM segmentation.by_hand AS h "
                    "WHERE h.customer_id = $1 AND h.segment_id = $2",
                    arguments);
  return rows.count == 0 ? Word{0, nullptr} : Word{int_value(rows, 0, 1), text_value(rows, 0, 2)};
}

/// Says it in a line of its own; false where there is nothing to say.
bool put_word(FunctionCallInfo fcinfo, const SegmentInput &segment, const Word &word) {
  bool is_group = segment.source == nullptr;
  if (word.standing == 0 && !is_group)
    return false;
  const char *said = word.standing == 1   ? "put in by hand"
                     : word.standing == 0 ? "not put in by hand"
                     : is_group           ? "taken out by hand"
                                          : "kept out by hand";
  Datum values[7] = {Int32GetDatum(0),
                     CStringGetTextDatum(word.note == nullptr ? said : psprintf("%s (%s)", said, word.note)),
                     Datum{0},
                     BoolGetDatum(word.standing == 1),
                     Datum{0},
                     Datum{0},
                     Datum{0}};
  bool nulls[7] = {false, false, true, false, true, true, true};
  put_row(fcinfo, values, nulls);
  return true;
}

bool exists(const Live *live, Datum customer) {
  Arguments arguments;
  arguments.add(live->key.type, customer);
  return query(psprintf("SELECT FROM %s AS c WHERE c.%s = $1", live->schema.relations[0].from_sql,
                        live->key_column),
               arguments)
             .count > 0;
}

void put_lines(FunctionCallInfo fcinfo, const ExplainedLine *lines, size_t count, int depth) {
  for (size_t i = 0; i < count; ++i) {
    const ExplainedLine &line = lines[i];
    Datum values[7] = {Int32GetDatum(line.depth + depth),
                       CStringGetTextDatum(line.condition),
                       line.actual == nullptr ? Datum{0} : CStringGetTextDatum(line.actual),
                       BoolGetDatum(line.holds),
                       line.missing == nullptr ? Datum{0} : CStringGetTextDatum(line.missing),
                       Int64GetDatum(line.rows),
                       TimestampTzGetDatum(line.until)};
    bool nulls[7] = {false,
                     false,
                     line.actual == nullptr,
                     false,
                     line.missing == nullptr,
                     !line.has_rows,
                     line.until == segmentation::core::instant_infinity};
    put_row(fcinfo, values, nulls);
  }
}

void explain(FunctionCallInfo fcinfo, bool by_text) {
  InitMaterializedSRF(fcinfo, 0);
  Session session = open_session();
  const Live *live = load_live();
  int index = by_text ? segment_named(live, PG_GETARG_TEXT_PP(0)) : -1;
  const SegmentInput *segment = index < 0 ? nullptr : &live->schema.segments[index];
  const char *rule = segment != nullptr ? segment->source
                     : by_text          ? text_to_cstring(PG_GETARG_TEXT_PP(0))
                                        : rule_source(rule_value(PG_GETARG_DATUM(0)));
  Work *work = rule == nullptr ? nullptr : compile_rules(live, &rule, 1, Excerpt::detail)->get();
  GivenKeys keys = read_keys(live, PG_GETARG_DATUM(1), argument_type(fcinfo, 1));
  auto *texts = Owned<Texts>::make();
  const ExplainedLine *lines = nullptr;
  size_t count = 0;
  if (keys.count > 0 && work != nullptr) {
    (void)run_feeds(live, work, customers_of(live, keys), transaction_now(), true, {0, 1}, 0, nullptr);
    CustomerKey key = core_key(live->key, keys.keys[0]);
    run_core([=, &lines, &count](Failure &) {
      std::optional<std::uint32_t> customer = work->find(key);
      if (!customer)
        return;
      texts->set(Texts::explanation(*work, *customer, rule));
      lines = (*texts)->lines().data();
      count = (*texts)->lines().size();
    });
  }
  if (lines == nullptr && (work != nullptr || keys.count == 0 || !exists(live, keys.keys[0])))
    ereport(ERROR, (errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
                    errmsg("customer \"%s\" does not exist",
                           print_value(argument_type(fcinfo, 1), PG_GETARG_DATUM(1)))));
  bool spoken = segment != nullptr && put_word(fcinfo, *segment, word_about(live, *segment, keys.keys[0]));
  put_lines(fcinfo, lines, count, spoken ? 1 : 0);
  close_session(session);
}

} // namespace

} // namespace segmentation::pg

SEGMENTATION_FUNCTION(segmentation_explain) {
  segmentation::pg::explain(fcinfo, true);
  return Datum{0};
}

SEGMENTATION_FUNCTION(segmentation_explain_rule) {
  segmentation::pg::explain(fcinfo, false);
  return Datum{0};
}
