// Changed rows as the core takes them. Server's side.
#pragma once

#include "pg/changes/changes.hpp"
#include "pg/live/live.hpp"

namespace segmentation::pg {

/// Fills the next row of a feed's batch with the key and the columns of a changed row. `rest` has the other
/// columns; it may be nullptr. The batch is used up when the current memory context is reset.
void fill_row(core::Batch &batch, const Live *live, size_t feed, const NetRow &row, const NetRow *rest);

/// Tells which changed rows no rule can see, as far as the rows themselves tell: `hidden` those that no
/// measure counts, `absent` those that a binding's condition leaves out, with all that is below them.
void sift_rows(const Live *live, const NetRow *rows, int count, bool *hidden, bool *absent);

} // namespace segmentation::pg
