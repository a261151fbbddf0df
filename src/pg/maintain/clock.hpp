// What time alone has changed: customers whose instant in segmentation.due has come. Server's side.
#pragma once

#include "pg/maintain/queue.hpp"

namespace segmentation::pg {

/// Judges up to `limit` customers in the current transaction, those whose instants came first, each as of her
/// instant, so that what time has brought since does not hide what it brought before. Returns how much it
/// did; 0 where nobody is left but customers whom writers have, who are not waited for. Who cannot be judged
/// is set aside. Raises nothing of what contain() keeps: `error` is set where the definitions cannot be read.
/// A session must be open.
int do_due(int limit, Working working, const ErrorData **error);

/// Returns the next instant at which somebody comes due, perhaps a past one; due_never where there is none.
TimestampTz next_due();

} // namespace segmentation::pg
