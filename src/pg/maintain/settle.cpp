// Verdicts into members, turn by turn. Server's side.
#include "pg/maintain/settle.hpp"

#include "pg/boundary/run_core.hpp"
#include "pg/stored/due.hpp"
#include "pg/stored/members.hpp"
#include "pg/stored/verdicts.hpp"

namespace segmentation::pg {

namespace {

/// A part on its way.
struct Settling {
  const Part *part;
  const Live *live;
  const SegmentProgram *program;
  uint8 **members; // by customer, by segment: where she is stored; nullptr: where her kept verdicts say
  uint8 *judged;   // of one customer, by rule
  uint64 written;
};

const StateRow &row_at(const Settling &settling, int index) {
  return settling.part->batch->rows[settling.part->first + index];
}

/// Fills in, for customers whose verdicts are not kept, in which segments they are stored.
void read_members(const Settling &settling, const bool *unknown) {
  const Live *live = settling.live;
  Size room = static_cast<Size>(settling.part->count);
  Datum *keys = static_cast<Datum *>(palloc_extended(sizeof(Datum) * room, MCXT_ALLOC_HUGE));
  int *places = static_cast<int *>(palloc_extended(sizeof(int) * room, MCXT_ALLOC_HUGE));
  int count = 0;
  for (int i = 0; i < settling.part->count; ++i) {
    if (!unknown[i])
      continue;
    keys[count] = row_at(settling, i).datum;
    places[count++] = i;
  }
  if (count == 0)
    return;
  Arguments arguments;
  arguments.add(get_array_type(live->key.type), make_array(keys, count, live->key.type));
  Identity caller = become(owner_of(own_relation("membership")));
  Rows rows = query("SELECT m.customer_id, m.segment_id FROM segmentation.membership AS m "
                    "WHERE m.customer_id = ANY ($1)",
                    arguments, count <= 100 ? Plan::saved : Plan::once);
  become_again(caller);
  for (uint64 row = 0; row < rows.count; ++row) {
    bool missing;
    CustomerKey key = core_key(live->key, value_of(rows, row, 1, missing));
    int low = 0, high = count - 1;
    while (low < high) {
      int middle = low + (high - low) / 2;
      if (compare_keys(row_at(settling, places[middle]).key, key) < 0)
        low = middle + 1;
      else
        high = middle;
    }
    if (int segment = find_segment(live, int_value(rows, row, 2)); segment >= 0)
      settling.members[places[low]][segment] = 1;
  }
}

/// Starts with where the customers are stored. With one turn, what verdicts tell is unpacked when it is
/// needed.
Settling start(const Part &part) {
  Settling settling = {&part, part.batch->live, part.batch->program, nullptr, nullptr, 0};
  Size count = static_cast<Size>(part.count);
  Size segments = static_cast<Size>(settling.live->schema.segment_count + 1);
  settling.members = static_cast<uint8 **>(palloc_extended(sizeof(uint8 *) * count, MCXT_ALLOC_HUGE));
  settling.judged = static_cast<uint8 *>(palloc(segments));
  bool *unknown = static_cast<bool *>(palloc_extended(count, MCXT_ALLOC_HUGE));
  for (int i = 0; i < part.count; ++i) {
    const StateRow &row = row_at(settling, i);
    // What is told by other means than this transaction's rows may tell of what the verdicts do not know.
    unknown[i] =
        part.batch->deltas == nullptr || row.verdicts == nullptr || row.definitions < settling.program->built;
    bool apart = unknown[i] || settling.program->turn_count > 1;
    settling.members[i] = apart ? static_cast<uint8 *>(palloc0(segments)) : nullptr;
    if (apart && !unknown[i])
      unpack_verdicts(settling.live, row.verdicts, settling.members[i]);
  }
  read_members(settling, unknown);
  pfree(unknown);
  return settling;
}

/// Why members come and go by a batch.
const char *reason_of(const Batch *batch) {
  switch (batch->cause) {
  case Cause::time:
    return reason_time;
  case Cause::merge:
    return reason_merged;
  default:
    return reason_rule;
  }
}

/// Reads a customer's verdicts, and until when they stay; false where she does not exist. `image` and `until`
/// may be nullptr.
bool take_verdicts(const Settling &settling, const StateRow &row, const std::string **image,
                   TimestampTz *until) {
  Upkeep *upkeep = settling.program->upkeep->get();
  const StateRow *state = &row;
  int rules = settling.program->segment_count;
  uint8 *judged = settling.judged;
  bool exists = false;
  run_core([=, &exists](Failure &) {
    std::optional<uint32> customer = upkeep->find(state->key);
    exists = customer.has_value();
    for (int rule = 0; exists && rule < rules; ++rule)
      judged[rule] = upkeep->holds(static_cast<size_t>(rule), *customer);
    if (exists && until != nullptr)
      *until = upkeep->until(*customer);
    if (exists && image != nullptr)
      *image = &upkeep->image(*customer);
  });
  return exists;
}

/// Notes where a customer's verdicts of one turn differ from where she is stored, and puts that right there.
/// Tells whether other rules read such a segment's members.
bool note_differences(const Settling &settling, int turn, const StateRow &row, uint8 *member,
                      MemberChanges *changes) {
  const Live *live = settling.live;
  TimestampTz at = settling.part->batch->instant;
  const SegmentProgram *program = settling.program;
  bool is_read = false;
  int rule = 0;
  for (int s = 0; s < live->schema.segment_count; ++s) {
    int32 segment = live->schema.segments[s].id;
    if (rule >= program->segment_count || program->segments[rule] != segment)
      continue; // broken: its members stay
    uint8 holds = settling.judged[rule];
    if (program->turns[rule] == turn && holds != member[s]) {
      if (holds != 0)
        add_change(changes, &changes->joined, segment, row.datum, at);
      else
        add_change(changes, &changes->left, segment, row.datum, at);
      member[s] = holds;
      is_read |= program->is_read[rule];
    }
    ++rule;
  }
  return is_read;
}

/// Writes one turn but the last. Where that changed what other rules read, judges those customers again.
const ErrorData *settle_turn(Settling *settling, int turn) {
  const Part &part = *settling->part;
  MemberChanges changes = start_changes(settling->live);
  bool *concerned =
      static_cast<bool *>(palloc_extended(static_cast<Size>(part.count), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO));
  bool any = false;
  for (int i = 0; i < part.count; ++i) {
    const StateRow &row = row_at(*settling, i);
    if (!take_verdicts(*settling, row, nullptr, nullptr))
      continue;
    concerned[i] = note_differences(*settling, turn, row, settling->members[i], &changes);
    any |= concerned[i];
  }
  settling->written += write_changes(&changes, part.batch->recorded_at, reason_of(part.batch));
  const ErrorData *error = nullptr;
  if (any) {
    CommandCounterIncrement();
    PopActiveSnapshot();
    PushActiveSnapshot(GetLatestSnapshot());
    error = judge_again(part, concerned);
  }
  pfree(concerned);
  return error;
}

/// Sees to it that the customers' earliest instants are known where they are needed.
void know_dues(const Part &part) {
  StateRow *rows = &part.batch->rows[part.first];
  if (part.batch->cause != Cause::time && part.batch->program->moves)
    look_up_dues(part.batch->live, rows, part.count);
  for (int i = 0; i < part.count && part.batch->cause == Cause::time; ++i)
    rows[i].due_at = due_never; // the clock has taken all away
}

/// Writes the last turn, and what is kept of the customers.
void settle_rest(Settling *settling) {
  know_dues(*settling->part);
  Batch *batch = settling->part->batch;
  const Live *live = settling->live;
  MemberChanges changes = start_changes(live), farewells = start_changes(live);
  DueList dues = start_dues(live);
  uint8 *scratch = static_cast<uint8 *>(palloc(static_cast<Size>(live->schema.segment_count + 1)));
  Datum *gone = static_cast<Datum *>(
      palloc_extended(sizeof(Datum) * static_cast<Size>(settling->part->count), MCXT_ALLOC_HUGE));
  int gone_count = 0;
  for (int i = 0; i < settling->part->count; ++i) {
    StateRow *row = &batch->rows[settling->part->first + i];
    uint8 *member = settling->members[i] != nullptr ? settling->members[i] : scratch;
    if (settling->members[i] == nullptr)
      unpack_verdicts(live, row->verdicts, member);
    const std::string *image = nullptr;
    bool keeps =
        batch->keeping == Keeping::all || (batch->keeping == Keeping::known && row->measures != nullptr);
    TimestampTz until = due_never;
    if (!take_verdicts(*settling, *row, keeps ? &image : nullptr, &until)) {
      for (int s = 0; s < live->schema.segment_count; ++s) {
        if (member[s] != 0)
          add_change(&farewells, &farewells.left, live->schema.segments[s].id, row->datum, batch->instant);
      }
      gone[gone_count++] = row->datum;
      row->is_gone = true;
      delete_state(batch->table, *row);
      continue;
    }
    (void)note_differences(*settling, settling->program->turn_count - 1, *row, member, &changes);
    if (until < row->due_at) {
      row->due_at = until;
      add_due(&dues, row->datum, until);
    }
    row->as_of = batch->instant;
    row->definitions = live->schema.version;
    row->verdicts = pack_verdicts(live, member);
    row->measures = image == nullptr ? nullptr
                                     : reinterpret_cast<struct varlena *>(cstring_to_text_with_len(
                                           image->data(), static_cast<int>(image->size())));
    write_state(batch->table, row);
  }
  settling->written += write_changes(&changes, batch->recorded_at, reason_of(batch));
  settling->written += write_changes(&farewells, batch->recorded_at, reason_deleted);
  write_dues(dues);
  forget_customers(live, gone, gone_count);
  if (gone_count > 0)
    delete_dues(live, gone, gone_count);
}

/// What is kept of customers tells no more where they are stored.
void forget(const Part &part) {
  for (int i = 0; i < part.count; ++i) {
    StateRow *row = &part.batch->rows[part.first + i];
    row->verdicts = row->measures = nullptr;
    row->due_at = due_unknown;
    write_state(part.batch->table, row);
  }
}

} // namespace

const ErrorData *settle_part(const Part &part, uint64 *written) {
  const ErrorData *error = judge_part(part);
  if (error != nullptr)
    return error;
  Settling settling = start(part);
  for (int turn = 0; turn + 1 < settling.program->turn_count && error == nullptr; ++turn)
    error = settle_turn(&settling, turn);
  if (error == nullptr)
    settle_rest(&settling);
  else
    forget(part);
  *written += settling.written;
  return error;
}

} // namespace segmentation::pg
