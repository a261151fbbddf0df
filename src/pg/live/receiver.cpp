// Slots to cells. Everything here runs once a row or once a value, so nothing here allocates but for the
// bytes of texts. Server's side.
#include "pg/live/receiver.hpp"

#include "pg/boundary/fault.hpp"
#include "pg/boundary/run_core.hpp"
#include "pg/live/numeric_cell.hpp"

namespace segmentation::pg {

Reading reading_of(Oid type) {
  type = getBaseType(type);
  switch (type) {
  case INT2OID:
    return Reading::int16;
  case INT4OID:
    return Reading::int32;
  case INT8OID:
    return Reading::int64;
  case NUMERICOID:
    return Reading::numeric;
  case BOOLOID:
    return Reading::boolean;
  case DATEOID:
    return Reading::day;
  case TIMESTAMPTZOID:
    return Reading::instant;
  case TEXTOID:
  case VARCHAROID:
    return Reading::text;
  case TEXTARRAYOID:
    return Reading::text_array;
  default:
    break;
  }
  if (get_element_type(type) == NUMERICOID)
    return Reading::number_array;
  return Reading::other;
}

bool is_reading_of(Reading reading, core::Kind kind) {
  switch (kind) {
  case core::Kind::number:
    return reading <= Reading::numeric;
  case core::Kind::text:
    return reading == Reading::text;
  case core::Kind::boolean:
    return reading == Reading::boolean;
  case core::Kind::day:
    return reading == Reading::day;
  case core::Kind::instant:
    return reading == Reading::instant;
  case core::Kind::text_list:
    return reading == Reading::text_array;
  case core::Kind::number_list:
    return reading == Reading::number_array;
  case core::Kind::json:
    break;
  }
  return false;
}

namespace {

/// Raises XX000 where a feed's SELECT does not deliver what its column says: our own mistake, never the
/// user's.
void check_reading(Reading reading, core::Kind kind, const char *feed, int column) {
  if (!is_reading_of(reading, kind))
    elog(ERROR, "feed \"%s\" delivers column %d as an unexpected type", feed, column);
}

core::TextCell copy_bytes(const char *data, Size size) {
  char *copy = static_cast<char *>(palloc(size == 0 ? 1 : size));
  memcpy(copy, data, size);
  return {copy, static_cast<uint32>(size)};
}

core::TextCell copy_varlena(Datum value) {
  struct varlena *packed = PG_DETOAST_DATUM_PACKED(value); // a new copy only where it was toasted
  return copy_bytes(VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed));
}

core::TextCell digits_of(Datum numeric) {
  char *digits = DatumGetCString(DirectFunctionCall1(numeric_out, numeric));
  return {digits, static_cast<uint32>(strlen(digits))};
}

void read_integer(core::BatchColumn &column, uint32 row, int64 value) {
  if (scale_integer(value, column.scale, &column.integers[row])) {
    column.cells[row] = core::Cell::value;
    return;
  }
  char digits[MAXINT8LEN + 1];
  int size = pg_lltoa(value, digits);
  column.texts[row] = copy_bytes(digits, static_cast<Size>(size));
  column.cells[row] = core::Cell::digits;
}

void read_number(core::BatchColumn &column, uint32 row, Datum value) {
  struct varlena *numeric = PG_DETOAST_DATUM_PACKED(value);
  column.cells[row] = read_numeric(numeric, column.scale, &column.integers[row]);
  if (column.cells[row] == core::Cell::digits)
    column.texts[row] = digits_of(PointerGetDatum(numeric));
}

/// Reads an array of any number of dimensions as the list of its values; NULL elements are left out, as
/// unnest and a test on them would.
void read_array(core::BatchColumn &column, uint32 row, Datum value, Reading reading) {
  ArrayType *array = DatumGetArrayTypeP(value);
  Datum *values;
  bool *nulls;
  int count;
  if (reading == Reading::text_array)
    deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &count);
  else
    deconstruct_array(array, NUMERICOID, -1, false, TYPALIGN_INT, &values, &nulls, &count);
  auto *cells =
      static_cast<core::TextCell *>(palloc(sizeof(core::TextCell) * static_cast<Size>(Max(count, 1))));
  uint32 kept = 0;
  for (int i = 0; i < count; ++i) {
    if (nulls[i])
      continue;
    if (reading == Reading::text_array) {
      cells[kept++] = copy_varlena(values[i]);
    } else if (!numeric_is_nan(DatumGetNumeric(values[i])) && !numeric_is_inf(DatumGetNumeric(values[i]))) {
      cells[kept++] = digits_of(values[i]);
    }
  }
  column.lists[row] = {cells, kept};
  column.cells[row] = core::Cell::value;
}

} // namespace

void read_cell(core::BatchColumn &column, uint32 row, Datum value, Reading reading) {
  switch (reading) {
  case Reading::int16:
    return read_integer(column, row, DatumGetInt16(value));
  case Reading::int32:
    return read_integer(column, row, DatumGetInt32(value));
  case Reading::int64:
    return read_integer(column, row, DatumGetInt64(value));
  case Reading::numeric:
    return read_number(column, row, value);
  case Reading::boolean:
    column.integers[row] = DatumGetBool(value) ? 1 : 0;
    break;
  case Reading::day:
    column.integers[row] = DatumGetDateADT(value);
    break;
  case Reading::instant:
    column.integers[row] = DatumGetTimestampTz(value);
    break;
  case Reading::text:
    column.texts[row] = copy_varlena(value);
    break;
  case Reading::text_array:
  case Reading::number_array:
    return read_array(column, row, value, reading);
  case Reading::other:
    break;
  }
  column.cells[row] = core::Cell::value;
}

namespace {

void start_receiving(DestReceiver *self, int, TupleDesc type) {
  auto *receiver = reinterpret_cast<FeedReceiver *>(self);
  if (type->natts != receiver->columns + 1)
    elog(ERROR, "feed \"%s\" delivers %d columns, not %d", receiver->name, type->natts,
         receiver->columns + 1);
  for (int i = 0; i < type->natts; ++i) {
    receiver->readings[i] = reading_of(TupleDescAttr(type, i)->atttypid);
    core::Kind kind =
        i == 0 ? receiver->batch->key.type : receiver->batch->columns[static_cast<size_t>(i - 1)].type;
    check_reading(receiver->readings[i], kind, receiver->name, i);
  }
}

bool receive(TupleTableSlot *slot, DestReceiver *self) {
  auto *receiver = reinterpret_cast<FeedReceiver *>(self);
  slot_getallattrs(slot);
  if (slot->tts_isnull[0])
    return true; // rows without a key are nobody's
  core::Batch &batch = *receiver->batch;
  uint32 row = batch.rows;
  MemoryContext before = MemoryContextSwitchTo(receiver->cells);
  read_cell(batch.key, row, slot->tts_values[0], receiver->readings[0]);
  core::BatchColumn *columns = batch.columns.data();
  for (int i = 0; i < receiver->columns; ++i) {
    if (slot->tts_isnull[i + 1])
      columns[i].cells[row] = core::Cell::missing;
    else
      read_cell(columns[i], row, slot->tts_values[i + 1], receiver->readings[i + 1]);
  }
  MemoryContextSwitchTo(before);
  batch.rows = row + 1;
  if (batch.rows == core::Batch::capacity)
    flush_batch(receiver);
  return !receiver->outgrown;
}

void ignore(DestReceiver *) {
}

} // namespace

FeedReceiver *make_receiver(core::Population *population, size_t feed, const char *name) {
  auto *receiver = static_cast<FeedReceiver *>(palloc0(sizeof(FeedReceiver)));
  receiver->base.receiveSlot = receive;
  receiver->base.rStartup = start_receiving;
  receiver->base.rShutdown = ignore;
  receiver->base.rDestroy = ignore;
  receiver->base.mydest = DestNone;
  receiver->population = population;
  receiver->feed = feed;
  receiver->name = name;
  run_core([receiver, population, feed](Failure &) {
    receiver->batch = &population->batch(feed);
    receiver->columns = static_cast<int>(receiver->batch->columns.size());
  });
  receiver->readings =
      static_cast<Reading *>(palloc0(sizeof(Reading) * static_cast<Size>(receiver->columns + 1)));
  receiver->cells = AllocSetContextCreate(CurrentMemoryContext, "segmentation batch", ALLOCSET_DEFAULT_SIZES);
  return receiver;
}

void flush_batch(FeedReceiver *receiver) {
  CHECK_FOR_INTERRUPTS();
  fault_in_server();
  uint32 rows = receiver->batch->rows;
  if (rows == 0)
    return;
  receiver->rows += rows;
  Size bytes = 0;
  // Asking for the size may cost a walk: not at every batch.
  bool weigh = receiver->memory_limit > 0 && (++receiver->batches & 31) == 0;
  run_core([receiver, weigh, &bytes](Failure &) {
    core::Population &population = *receiver->population;
    population.fold(receiver->feed);
    if (weigh)
      bytes = population.memory_bytes();
  });
  receiver->batch->rows = 0;
  MemoryContextReset(receiver->cells);
  receiver->outgrown = (weigh && bytes > receiver->memory_limit) ||
                       (receiver->until != 0 && GetCurrentTimestamp() >= receiver->until);
  if (receiver->progress != nullptr)
    receiver->progress->tell(receiver->progress->argument, receiver->name, receiver->rows, "rows read");
}

} // namespace segmentation::pg
