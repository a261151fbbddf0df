// Of whom view forecasts computes what it shows, since it may not be what the last refresh has stored
// (segmentation.forecast_moved). Rows are only added, so that nobody waits; a refresh takes them away.
// Server's side.
#pragma once

#include "pg/live/live.hpp"

namespace segmentation::pg {

/// Notes customers, by the rights of the table's owner; nobody where no model is in force.
void note_moved(const Live *live, const Datum *keys, int count);
/// Notes everyone likewise, reading no definition. A session must be open.
void note_all_moved();

} // namespace segmentation::pg
