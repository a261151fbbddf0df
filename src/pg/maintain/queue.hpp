// The queue: what still has to reach the members (segmentation.dirty), and who could not be judged
// (segmentation.set_aside). Server's side.
#pragma once

#include "pg/maintain/batch.hpp"
#include "pg/maintain/touched.hpp"

namespace segmentation::pg {

/// Queues customers. A session must be open, as for all here.
void enqueue_keys(const Live *live, const KeyList &keys, int from);
/// Queues all that changes concern.
void enqueue_touched(const Live *live, const Touched &touched);
/// Queues what changes concern where the definitions cannot be read: each row by each of its bindings.
void enqueue_rows(const NetChanges &net);

/// Does up to `limit` entries of the queue in the current transaction (`keeps`: one that does nothing else);
/// returns how many it took. Who cannot be judged is set aside. Waits for writers of the customers concerned.
/// Raises nothing of what contain() keeps: `error` is set where the definitions cannot be read, and nothing
/// is taken then.
int do_queue(int limit, bool keeps, const ErrorData **error);

/// Tries again those set aside whose time has come; returns how many.
int retry_set_aside(int limit, bool keeps);

/// Returns the customers whom the queue concerns, as the active snapshot shows them.
KeyList queued_customers(const Live *live, bool *everyone);

} // namespace segmentation::pg
