// Refreshing forecasts when that is due by their schedule (sql/58_schedule_forecasts.sql). Server's side.
#pragma once

#include "pg/maintain/queue.hpp"

namespace segmentation::pg {

/// Refreshes forecasts in this session, if it is due and nobody is refreshing them; returns whether it has
/// tried. What went wrong is kept, and raised as a WARNING, as far as contain() keeps it. A session must be
/// open; what it does apart takes two transactions, of which the second is left to the caller to commit.
bool refresh_when_due(Working working);

/// Has a process of its own do so, for the worker, whose queue goes on. Returns at once.
void start_due_refresh();

} // namespace segmentation::pg
