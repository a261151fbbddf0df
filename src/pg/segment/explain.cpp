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

/// Returns what people say by hand about a customer and a segment, "put in by hand by ann (met at the fair)";
/// a null pointer for nothing. `puts_in` tells whether it makes her a member.
const char *word_about(const Live *live, const SegmentInput &segment, Datum customer, bool *puts_in) {
  bool is_group = segment.source == nullptr;
  *puts_in = false;
  if (!segment.by_hand && !is_group)
    return nullptr;
  Arguments arguments;
  arguments.add(live->key.type, customer);
  arguments.add(INT4OID, Int32GetDatum(segment.id));
  Rows rows = query("SELECT h.standing::integer, h.changed_by::text, h.note FROM segmentation.by_hand AS h "
                    "WHERE h.customer_id = $1 AND h.segment_id = $2",
                    arguments);
  int32 standing = rows.count == 0 ? 0 : int_value(rows, 0, 1);
  if (rows.count == 0 || (standing == 0 && !is_group))
    return is_group ? "not put in by hand" : nullptr;
  *puts_in = standing == 1;
  const char *said = standing == 1 ? "put in" : is_group ? "taken out" : "kept out";
  const char *note = text_value(rows, 0, 3);
  return psprintf("%s by hand by %s%s", said, text_value(rows, 0, 2),
                  note == nullptr ? "" : psprintf(" (%s)", note));
}

/// Says something in a line of its own.
void put_word(FunctionCallInfo fcinfo, int depth, const char *said, bool holds) {
  Datum values[7] = {Int32GetDatum(depth), CStringGetTextDatum(said), Datum{0}, BoolGetDatum(holds)};
  bool nulls[7] = {false, false, true, false, true, true, true};
  put_row(fcinfo, values, nulls);
}

/// Says of a segment whose members are being written that they are those of before.
void put_status(FunctionCallInfo fcinfo, const Live *live, const SegmentInput &segment, Datum customer) {
  const char *said = nullptr;
  for (int i = 0; i < live->schema.segment_count; ++i)
    if (live->schema.segments[i].is_draft && live->schema.segments[i].spoken == segment.id)
      said = psprintf("being altered: it will have the rule %s", live->schema.segments[i].source);
  Arguments arguments;
  arguments.add(INT4OID, Int32GetDatum(segment.id));
  if (said == nullptr &&
      query("SELECT FROM segmentation.segment AS s WHERE s.id = $1 AND s.status = 'building'", arguments)
              .count > 0)
    said = "being built: its members are not all written yet";
  if (said == nullptr)
    return;
  Arguments member;
  member.add(live->key.type, customer);
  member.add(INT4OID, Int32GetDatum(segment.id));
  bool is_member =
      query("SELECT FROM segmentation.membership AS m WHERE m.customer_id = $1 AND m.segment_id = $2", member)
          .count > 0;
  put_word(fcinfo, 1, said, is_member);
}

bool exists(const Live *live, Datum customer) {
  Arguments arguments;
  arguments.add(live->key.type, customer);
  return query(psprintf("SELECT FROM %s AS c WHERE c.%s = $1", live->schema.relations[0].from_sql,
                        live->key_column),
               arguments)
             .count > 0;
}

void put_lines(FunctionCallInfo fcinfo, const Live *live, const ExplainedLine *lines, size_t count, int depth,
               Datum customer) {
  for (size_t i = 0; i < count; ++i) {
    const ExplainedLine &line = lines[i];
    const char *condition = line.condition;
    if (line.segment >= 0) {
      const SegmentInput &segment = live->schema.segments[line.segment];
      bool puts_in;
      const char *word = word_about(live, segment, customer, &puts_in);
      if (word != nullptr)
        put_word(fcinfo, line.depth + depth, psprintf("in segment \"%s\": %s", segment.name, word), puts_in);
      if (condition == nullptr)
        continue;
      condition = psprintf("in segment \"%s\": %s", segment.name, condition);
    }
    Datum values[7] = {Int32GetDatum(line.depth + depth),
                       CStringGetTextDatum(condition),
                       line.actual == nullptr ? Datum{0} : CStringGetTextDatum(line.actual),
                       BoolGetDatum(line.holds),
                       line.missing == nullptr ? Datum{0} : CStringGetTextDatum(line.missing),
                       line.has_rows ? text_array(line.rows, line.row_count) : Datum{0},
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
  auto *made = Owned<Work>::make();
  if (rule != nullptr)
    run_core([=](Failure &failure) { made->set(Work::make_explaining(**live->core, rule, failure)); });
  Work *work = rule == nullptr ? nullptr : made->get();
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
      texts->set(Texts::explanation(*work, *customer, rule, live->schema));
      lines = (*texts)->lines().data();
      count = (*texts)->lines().size();
    });
  }
  if (lines == nullptr && (work != nullptr || keys.count == 0 || !exists(live, keys.keys[0])))
    ereport(ERROR, (errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
                    errmsg("customer \"%s\" does not exist",
                           print_value(argument_type(fcinfo, 1), PG_GETARG_DATUM(1)))));
  bool puts_in = false;
  const char *word = segment == nullptr ? nullptr : word_about(live, *segment, keys.keys[0], &puts_in);
  if (word != nullptr)
    put_word(fcinfo, 0, word, puts_in);
  put_lines(fcinfo, live, lines, count, word != nullptr ? 1 : 0, keys.keys[0]);
  if (segment != nullptr && segment->source != nullptr)
    put_status(fcinfo, live, *segment, keys.keys[0]);
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
