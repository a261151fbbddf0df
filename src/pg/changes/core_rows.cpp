// From the image of a changed row to the columns of a batch. Server's side.
#include "pg/changes/core_rows.hpp"

#include "pg/boundary/run_core.hpp"
#include "pg/changes/image.hpp"
#include "pg/live/customers.hpp"
#include "pg/live/program.hpp"
#include "pg/live/receiver.hpp"

namespace segmentation::pg {

namespace {

/// Fills the columns of a batch's row that a changed row has, from its image.
void fill_columns(core::Batch &batch, const NetRow &row, const FeedEffect &effect) {
  uint32 at = batch.rows;
  Datum value;
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    int attribute = effect.columns[i];
    if (attribute < 0)
      continue;
    if (image_value(row.plan, row.image, attribute, &value))
      read_cell(batch.columns[i], at, value, reading_of(row.plan->attributes[attribute].type));
    else
      batch.columns[i].cells[at] = core::Cell::missing;
  }
}

} // namespace

void fill_row(core::Batch &batch, const Live *live, size_t feed, const NetRow &row, const NetRow *rest) {
  const FeedEffect &effect = row.plan->effects[feed];
  uint32 at = batch.rows;
  Datum value;
  (void)image_value(row.plan, row.image, effect.key, &value);
  const CapturedAttribute &key = row.plan->attributes[effect.key];
  if (live->key.integer) {
    batch.key.cells[at] = core::Cell::value;
    batch.key.integers[at] = comparable(key, value).integer;
  } else if (key.type == TEXTOID || key.type == VARCHAROID) {
    read_cell(batch.key, at, value, Reading::text);
  } else {
    CustomerKey printed = core_key(live->key, value);
    batch.key.texts[at] = {printed.text, printed.size};
    batch.key.cells[at] = core::Cell::value;
  }
  fill_columns(batch, row, effect);
  if (rest != nullptr)
    fill_columns(batch, *rest, rest->plan->effects[feed]);
  batch.rows = at + 1;
}

void sift_rows(const Live *live, const NetRow *rows, int count, bool *hidden, bool *absent) {
  const SegmentProgram *program = load_program(live);
  Upkeep *upkeep = program->upkeep->get();
  size_t feeds = program->work->get()->program().feeds().size();
  TimestampTz now = GetCurrentTimestamp();
  run_core([=](Failure &) { upkeep->start(now); });
  MemoryContext cells =
      AllocSetContextCreate(CurrentMemoryContext, "segmentation batch", ALLOCSET_SMALL_SIZES);
  MemoryContext before = MemoryContextSwitchTo(cells);
  for (int i = 0; i < count; ++i) {
    const NetRow &row = rows[i];
    hidden[i] = absent[i] = false;
    if (row.plan->effects == nullptr || row.plan->serial != live->serial)
      continue;
    bool seen_elsewhere = row.plan->in_forecasts, judged = false;
    uint8 there = 1, seen = 1;
    for (size_t feed = 0; feed < feeds; ++feed) {
      const FeedEffect &effect = row.plan->effects[feed];
      if (effect.effect != Effect::fold) {
        seen_elsewhere |= effect.effect != Effect::none;
        continue;
      }
      Datum key;
      if (judged || !image_value(row.plan, row.image, effect.key, &key)) {
        seen_elsewhere = true;
        continue;
      }
      judged = true;
      core::Batch &batch = upkeep->population().batch(feed);
      batch.rows = 0;
      fill_row(batch, live, feed, row, nullptr);
      run_core([=, &there, &seen](Failure &) { upkeep->population().sift(feed, &there, &seen); });
      batch.rows = 0;
    }
    // Of several bindings of one table each has a condition of its own.
    const bool one_binding = row.plan->binding_count == 1;
    absent[i] = judged && one_binding && there == 0;
    hidden[i] = absent[i] || (judged && !seen_elsewhere && (there == 0 || seen == 0));
    MemoryContextReset(cells);
  }
  MemoryContextSwitchTo(before);
  MemoryContextDelete(cells);
  run_core([=](Failure &) { upkeep->leave(); });
}

} // namespace segmentation::pg
