// what_if: all rules as if a basket were hers. Her own rows and those given go into one population, one after
// the other; nothing is written. Server's side.
#include "pg/segment/basket.hpp"
#include "pg/segment/functions.hpp"

#include "pg/boundary/run_core.hpp"
#include "pg/live/program.hpp"
#include "pg/live/receiver.hpp"

namespace segmentation::pg {

namespace {

/// Verdicts about one customer, by rule.
struct Judged {
  bool *holds;
};

struct WhatIf {
  const Live *live;
  const SegmentProgram *program;
  Work *work;
  Basket basket;
  bool *is_judged;      // the work holds verdicts
  bool *has_been_other; // her memberships have been read as others than are stored
};

/// The tables that a feed's SELECT over given rows reads in other places: $2, $3, ...
struct Places {
  const char **from; // by relation; nullptr: as it is
  Arguments arguments;
};

/// Returns a FROM item of a relation's rows in parameter `number`, computed columns with them.
const char *rows_in(const RelationInput &one, int number) {
  if (one.rows_sql == nullptr)
    return psprintf("pg_catalog.unnest($%d)", number);
  constexpr const char *own = "FROM unnest($1) AS ";
  const char *at = strstr(one.rows_sql, own);
  if (at == nullptr)
    elog(ERROR, "computed columns of \"%s\" are not read from rows", one.name);
  return psprintf("%.*sFROM unnest($%d) AS %s", static_cast<int>(at - one.rows_sql), one.rows_sql, number,
                  at + strlen(own));
}

/// Tells whether a relation's rows are its customer's alone, so that new ones of hers are all that given rows
/// can be joined with.
bool is_hers(const Live *live, int relation) {
  for (; relation > 0; relation = live->schema.relations[relation].of) {
    if (live->schema.relations[relation].role == core::Role::lookup)
      return false;
  }
  return true;
}

/// Adds a table's rows to the arguments, once; returns the number of the parameter.
int parameter_of(Places *places, Oid relation, Datum array, bool is_missing) {
  Oid type = get_array_type(get_rel_type_id(relation));
  for (int i = 1; i < places->arguments.count; ++i) {
    if (places->arguments.types[i] == type)
      return i + 1;
  }
  if (places->arguments.count == Arguments::limit)
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                    errmsg("rules read more than %d tables beside each other", Arguments::limit - 1)));
  places->arguments.add(type, array);
  if (is_missing)
    places->arguments.nulls[places->arguments.count - 1] = 'n';
  return places->arguments.count;
}

/// Says where a feed reads which relations from. Rows of hers that were not given are none; what is shared, a
/// lookup, is the table with what was given of it.
Places places_of(const WhatIf &asked, const core::Feed &feed) {
  const Live *live = asked.live;
  Places places;
  places.from = static_cast<const char **>(
      palloc0(sizeof(char *) * static_cast<Size>(live->schema.relation_count + 1)));
  Datum key = asked.basket.key;
  places.arguments.add(get_array_type(live->key.type), make_array(&key, 1, live->key.type));
  for (const core::FeedReads &read : feed.reads) {
    const RelationInput &one = live->schema.relations[read.relation];
    const GivenTable *given = given_of(asked.basket, one.relation);
    if (one.tree >= 0 || (one.role == core::Role::customers && !asked.basket.is_guest))
      continue;
    bool hers = is_hers(live, read.relation);
    if (!hers && given == nullptr)
      continue;
    int number =
        parameter_of(&places, one.relation, given == nullptr ? Datum{0} : given->array, given == nullptr);
    const char *rows = rows_in(one, number);
    places.from[read.relation] =
        hers ? rows
             : psprintf("(SELECT stored.* FROM %s AS stored UNION ALL SELECT given.* FROM %s AS given)",
                        one.from_sql, rows);
  }
  return places;
}

const std::vector<core::Feed> &feeds_of(const WhatIf &asked) {
  return asked.work->program().feeds();
}

const RelationInput &relation_of(const WhatIf &asked, size_t feed) {
  return asked.live->schema.relations[feeds_of(asked)[feed].relation];
}

/// Folds a feed's rows out of other places.
void fold_from(const WhatIf &asked, size_t feed, const Places &places) {
  Work *work = asked.work;
  int relations = asked.live->schema.relation_count;
  const char **replaced = places.from;
  auto *sql = Owned<std::string>::make();
  run_core([=](Failure &) {
    std::vector<std::string> from(static_cast<size_t>(relations));
    for (int i = 0; i < relations; ++i) {
      if (replaced[i] != nullptr)
        from[static_cast<size_t>(i)] = replaced[i];
    }
    sql->set(new std::string(work->program().select_given(feed, from)));
  });
  const char *name = relation_of(asked, feed).name;
  FeedReceiver *receiver = make_receiver(&work->population(), feed, name);
  Context context;
  push_context(context, "reading given rows of \"%s\"", name);
  stream((*sql)->c_str(), &receiver->base, places.arguments, Plan::saved);
  flush_batch(receiver);
  pop_context(context);
  MemoryContextDelete(receiver->cells);
}

void fold_given(const WhatIf &asked) {
  for (size_t feed = 1; feed < feeds_of(asked).size(); ++feed) {
    if (given_of(asked.basket, relation_of(asked, feed).relation) != nullptr)
      fold_from(asked, feed, places_of(asked, feeds_of(asked)[feed]));
  }
}

void judge_once(const WhatIf &asked, Judged *judged) {
  Work *work = asked.work;
  int count = asked.program->segment_count;
  bool *holds = judged->holds, again = *asked.is_judged;
  *asked.is_judged = true;
  run_core([=](Failure &) {
    for (int rule = 0; rule < count && again; ++rule)
      work->clear(static_cast<size_t>(rule), 0);
    work->evaluate(0, 1);
    for (int rule = 0; rule < count; ++rule)
      holds[rule] = work->holds(static_cast<size_t>(rule), 0);
  });
}

/// Returns in which segments she is as stored, by id.
bool is_stored(const Rows &stored, int32 segment) {
  for (uint64 row = 0; row < stored.count; ++row) {
    if (int_value(stored, row, 1) == segment)
      return true;
  }
  return false;
}

Rows stored_members(const WhatIf &asked) {
  Arguments arguments;
  arguments.add(asked.live->key.type, asked.basket.key);
  if (asked.basket.is_guest)
    arguments.nulls[0] = 'n';
  return query("SELECT m.segment_id FROM segmentation.membership AS m WHERE m.customer_id = $1", arguments,
               Plan::saved);
}

/// Returns her memberships, but as those of some segments end now, and begin in others.
Datum changed_memberships(const WhatIf &asked, Datum left, Datum joined, bool *missing) {
  Arguments arguments;
  arguments.add(asked.live->key.type, asked.basket.key);
  arguments.add(TEXTARRAYOID, left);
  arguments.add(TEXTARRAYOID, joined);
  arguments.add(BOOLOID, BoolGetDatum(asked.basket.is_guest));
  Rows rows = query(
      "SELECT pg_catalog.array_agg(ROW(m.customer_id, m.segment, m.entered_at, CASE WHEN m.left_at IS NULL "
      "AND m.segment = ANY ($2) THEN pg_catalog.now() ELSE m.left_at END)::segmentation.memberships) "
      "FROM (SELECT s.* FROM segmentation.memberships AS s WHERE s.customer_id = $1 AND NOT $4 UNION ALL "
      "SELECT $1, j, pg_catalog.now(), NULL FROM pg_catalog.unnest($3) AS j) AS m",
      arguments, Plan::saved);
  return value_of(rows, 0, 1, *missing);
}

/// Judges by all rules. Those that read memberships see what the others make of them: turn by turn, as
/// commits do it.
void judge_in_turns(const WhatIf &asked, const Rows &stored, Judged *judged) {
  const SegmentProgram *program = asked.program;
  judge_once(asked, judged);
  for (int turn = 0; turn + 1 < program->turn_count; ++turn) {
    Size room = sizeof(Datum) * static_cast<Size>(program->segment_count + 1);
    Datum *left = static_cast<Datum *>(palloc(room)), *joined = static_cast<Datum *>(palloc(room));
    int left_count = 0, joined_count = 0;
    for (int rule = 0; rule < program->segment_count; ++rule) {
      int index = program->is_read[rule] && program->turns[rule] <= turn
                      ? find_segment(asked.live, program->segments[rule])
                      : -1;
      bool was = index >= 0 && is_stored(stored, program->segments[rule]);
      if (index < 0 || was == judged->holds[rule])
        continue;
      Datum name = CStringGetTextDatum(asked.live->schema.segments[index].name);
      (was ? left[left_count++] : joined[joined_count++]) = name;
    }
    if (left_count + joined_count == 0 && !*asked.has_been_other)
      continue;
    *asked.has_been_other = true;
    bool missing;
    Datum memberships = changed_memberships(asked, make_array(left, left_count, TEXTOID),
                                            make_array(joined, joined_count, TEXTOID), &missing);
    for (size_t feed = 1; feed < feeds_of(asked).size(); ++feed) {
      if (relation_of(asked, feed).segment < 0)
        continue;
      Work *work = asked.work;
      run_core([=](Failure &) { work->population().clear(feed, 0); });
      Places places = places_of(asked, feeds_of(asked)[feed]);
      Oid view = relation_of(asked, feed).relation;
      int number = parameter_of(&places, view, Datum{0}, true);
      places.arguments.values[number - 1] = memberships;
      places.arguments.nulls[number - 1] = missing ? 'n' : ' ';
      fold_from(asked, feed, places);
    }
    judge_once(asked, judged);
  }
}

/// Starts with a customer of whom nothing is known.
void start_guest(const WhatIf &asked) {
  Work *work = asked.work;
  CustomerKey key = core_key(asked.live->key, asked.basket.key);
  bool is_integer = asked.live->key.integer;
  core::Instant now = transaction_now();
  run_core([=](Failure &) {
    work->start(now, false, {0, 1}, core::Roll::customers_feed);
    core::Batch &batch = work->population().batch(0);
    batch.key.cells[0] = core::Cell::value;
    if (is_integer)
      batch.key.integers[0] = key.integer;
    else
      batch.key.texts[0] = {key.text, key.size};
    for (core::BatchColumn &column : batch.columns)
      column.cells[0] = core::Cell::missing;
    batch.rows = 1;
    work->population().fold(0);
  });
}

void start_customer(const WhatIf &asked, const GivenKeys &keys, FunctionCallInfo fcinfo) {
  (void)run_feeds(asked.live, asked.work, customers_of(asked.live, keys), transaction_now(), false, {0, 1}, 0,
                  nullptr);
  if (asked.work->size() == 0)
    ereport(ERROR, (errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
                    errmsg("customer \"%s\" does not exist",
                           print_value(argument_type(fcinfo, 0), PG_GETARG_DATUM(0)))));
}

void put_segments(FunctionCallInfo fcinfo, const WhatIf &asked, const Rows &stored, const Judged &now,
                  const Judged &then, bool only_changes) {
  for (int i = 0; i < asked.live->schema.segment_count; ++i) {
    const SegmentInput &segment = asked.live->schema.segments[i];
    if (segment.is_draft || segment.source == nullptr)
      continue;
    int rule = 0;
    while (rule < asked.program->segment_count && asked.program->segments[rule] != segment.id)
      ++rule;
    // A rule that lost what it reads keeps its members.
    bool is_whole = rule < asked.program->segment_count;
    bool was = is_whole ? now.holds[rule] : is_stored(stored, segment.id);
    bool would = is_whole ? then.holds[rule] : was;
    if (only_changes && was == would)
      continue;
    Datum values[3] = {CStringGetTextDatum(segment.name), BoolGetDatum(was), BoolGetDatum(would)};
    bool nulls[3] = {false, false, false};
    put_row(fcinfo, values, nulls);
  }
}

} // namespace

} // namespace segmentation::pg

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_what_if) {
  InitMaterializedSRF(fcinfo, 0);
  if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
    ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("rows and only_changes must not be null"),
                    errhint("Give rows as {\"orders\": [{\"total\": 120}]}.")));
  Session session = open_session();
  const Live *live = load_live();
  const SegmentProgram *program = load_program(live);
  GivenKeys keys = {nullptr, nullptr, 0};
  if (!PG_ARGISNULL(0))
    keys = read_keys(live, PG_GETARG_DATUM(0), argument_type(fcinfo, 0));
  if (!PG_ARGISNULL(0) && keys.count == 0)
    ereport(ERROR, (errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
                    errmsg("customer \"%s\" does not exist",
                           print_value(argument_type(fcinfo, 0), PG_GETARG_DATUM(0)))));
  WhatIf asked;
  memset(static_cast<void *>(&asked), 0, sizeof asked);
  asked.live = live;
  asked.program = program;
  asked.work = program->work->get();
  bool is_judged = false, has_been_other = false;
  asked.is_judged = &is_judged;
  asked.has_been_other = &has_been_other;
  asked.basket.is_guest = PG_ARGISNULL(0);
  if (!asked.basket.is_guest)
    start_customer(asked, keys, fcinfo);
  asked.basket = read_basket(live, asked.basket.is_guest ? nullptr : keys.keys, PG_GETARG_JSONB_P(1));
  if (asked.basket.is_guest)
    start_guest(asked);
  Rows stored = stored_members(asked);
  Size room = static_cast<Size>(program->segment_count + 1);
  Judged now = {static_cast<bool *>(palloc(room))}, then = {static_cast<bool *>(palloc(room))};
  judge_in_turns(asked, stored, &now);
  fold_given(asked);
  judge_in_turns(asked, stored, &then);
  put_segments(fcinfo, asked, stored, now, then, PG_GETARG_BOOL(2));
  close_session(session);
  return Datum{0};
}
