// A row for each segment and chunk of customers. Server's side.
#include "pg/stored/change_notes.hpp"

#include "pg/stored/own_table.hpp"

namespace segmentation::pg {

namespace {

constexpr int chunk = 1000;

namespace pending {
enum Column { at_lsn, transaction, segment_id, entered, effective_at, reason, customers };
}

// The place in the write-ahead log is the clock by which changes are put in order: it runs on at every row
// that anybody writes, by itself, so that one who has waited for another's commit reads a later one; and
// writers share nothing for it, as they would a sequence.
void append(const ChangeNotes &notes, Datum customers) {
  OwnTable *own = open_own(own_relation("change_pending"), RowExclusiveLock);
  TupleTableSlot *row = start_row(own);
  memset(row->tts_isnull, false, sizeof(bool) * static_cast<Size>(row->tts_tupleDescriptor->natts));
  row->tts_values[pending::at_lsn] = LSNGetDatum(GetXLogInsertRecPtr());
  row->tts_values[pending::transaction] = FullTransactionIdGetDatum(GetTopFullTransactionId());
  row->tts_values[pending::segment_id] = Int32GetDatum(notes.segment);
  row->tts_values[pending::entered] = BoolGetDatum(notes.entered);
  row->tts_values[pending::effective_at] = TimestampTzGetDatum(notes.at);
  row->tts_values[pending::reason] = CStringGetTextDatum(notes.reason);
  row->tts_values[pending::customers] = customers;
  (void)insert_row(own);
  close_own(own);
}

void write_group(ChangeNotes *notes) {
  if (notes->count == 0)
    return;
  MemoryContext before = MemoryContextSwitchTo(notes->memory);
  append(*notes, make_array(notes->customers, notes->count, TEXTOID));
  MemoryContextSwitchTo(before);
  MemoryContextReset(notes->memory);
  notes->customers = nullptr;
  notes->count = notes->room = 0;
}

bool is_draft(const Live *live, int32 segment) {
  int index = find_segment(live, segment);
  return index >= 0 && live->schema.segments[index].is_draft;
}

Datum key_text(const KeyType &key, Datum customer) {
  switch (key.type) {
  case TEXTOID:
  case VARCHAROID:
    return PointerGetDatum(DatumGetTextPCopy(customer));
  default:
    return CStringGetTextDatum(print_value(key.type, customer));
  }
}

Datum key_text(const KeyType &key, const CustomerKey &customer) {
  if (!key.integer)
    return PointerGetDatum(cstring_to_text_with_len(customer.text, static_cast<int>(customer.size)));
  char printed[MAXINT8LEN + 1];
  int length = pg_lltoa(customer.integer, printed);
  return PointerGetDatum(cstring_to_text_with_len(printed, length));
}

/// Starts another row unless the change belongs to the one at hand; tells whether anybody is to be told.
bool take_place(ChangeNotes *notes, int32 segment, bool entered, TimestampTz at, const char *reason) {
  if (!notes->are_kept)
    return false;
  if (notes->count == chunk || segment != notes->segment || entered != notes->entered || at != notes->at ||
      notes->reason == nullptr || strcmp(reason, notes->reason) != 0) {
    write_group(notes);
    if (segment != notes->segment || notes->reason == nullptr)
      notes->is_told = !is_draft(notes->live, segment);
    notes->segment = segment;
    notes->entered = entered;
    notes->at = at;
    notes->reason = reason;
  }
  return notes->is_told;
}

/// `customer` is a Datum or the core's.
template <typename Key> void add_customer(ChangeNotes *notes, const Key &customer) {
  MemoryContext before = MemoryContextSwitchTo(notes->memory);
  if (notes->count == notes->room) {
    notes->room = Max(notes->room * 2, 8);
    Size size = sizeof(Datum) * static_cast<Size>(notes->room);
    notes->customers =
        static_cast<Datum *>(notes->customers == nullptr ? palloc(size) : repalloc(notes->customers, size));
  }
  notes->customers[notes->count++] = key_text(notes->live->key, customer);
  MemoryContextSwitchTo(before);
}

} // namespace

ChangeNotes start_notes(const Live *live) {
  ChangeNotes notes;
  memset(&notes, 0, sizeof notes);
  notes.live = live;
  notes.are_kept = live->schema.keeps_changes;
  if (notes.are_kept)
    notes.memory = AllocSetContextCreate(CurrentMemoryContext, "segmentation changes", ALLOCSET_SMALL_SIZES);
  return notes;
}

void note_change(ChangeNotes *notes, int32 segment, bool entered, TimestampTz at, const char *reason,
                 Datum customer) {
  if (take_place(notes, segment, entered, at, reason))
    add_customer(notes, customer);
}

void note_change(ChangeNotes *notes, int32 segment, bool entered, TimestampTz at, const char *reason,
                 const CustomerKey &customer) {
  if (take_place(notes, segment, entered, at, reason))
    add_customer(notes, customer);
}

void note_rows(ChangeNotes *notes, const Rows &rows, bool entered) {
  if (!notes->are_kept)
    return;
  for (uint64 row = 0; row < rows.count; ++row) {
    bool missing;
    Datum *customers;
    int count;
    deconstruct_array(DatumGetArrayTypeP(value_of(rows, row, 4, missing)), TEXTOID, -1, false, TYPALIGN_INT,
                      &customers, nullptr, &count);
    write_group(notes);
    notes->segment = int_value(rows, row, 1);
    notes->entered = entered;
    notes->at = DatumGetTimestampTz(value_of(rows, row, 2, missing));
    notes->reason = text_value(rows, row, 3);
    for (int from = 0; from < count; from += chunk)
      append(*notes, make_array(customers + from, Min(chunk, count - from), TEXTOID));
  }
  notes->reason = nullptr; // whoever comes next is none of these
}

void note_gone(const Rows &rows) {
  ChangeNotes notes;
  memset(&notes, 0, sizeof notes);
  notes.are_kept = true;
  note_rows(&notes, rows, false);
}

void note_end(ChangeNotes *notes) {
  if (!notes->are_kept)
    return;
  write_group(notes);
  notes->reason = "";
  append(*notes, PointerGetDatum(construct_empty_array(TEXTOID)));
  notes->reason = nullptr;
}

void end_notes(ChangeNotes *notes) {
  if (!notes->are_kept)
    return;
  write_group(notes);
  MemoryContextDelete(notes->memory);
}

} // namespace segmentation::pg
