// Judging customers drawn by chance: how many there are of whom a rule holds, within a time. Server's side.
#pragma once

#include "pg/live/judge.hpp"

namespace segmentation::pg {

/// When to stop drawing: at an instant, or once so many were judged; 0 for no such end.
struct SampleEnd {
  TimestampTz until;
  int64 wanted;
};

/// The number of customers of whom the first rule holds, between which ends of a 95 % interval.
struct Estimate {
  int64 members, low, high;
};

/// Draws customers, each as likely as any other, and judges them batch by batch; everyone where that fits in
/// the time. Calls visit(argument, pass), if there is one, after
/// each batch of those drawn.
Estimate estimate_members(const Live *live, Work *work, SampleEnd end,
                          void (*visit)(void *argument, const Pass &pass), void *argument);

/// Returns about how many customers there are.
int64 estimate_customers(const Live *live);

} // namespace segmentation::pg
