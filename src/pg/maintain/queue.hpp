// The queue: what still has to reach the members (segmentation.dirty), and who could not be judged
// (segmentation.set_aside). Server's side.
#pragma once

#include "pg/changes/touched.hpp"
#include "pg/maintain/batch.hpp"

namespace segmentation::pg {

/// Where rows that changed are kept for later.
enum class Book : bool {
  queue,
  meanwhile, // for whoever is building a segment without the gate
};
/// Queues customers. A session must be open, as for all here.
void enqueue_keys(const Live *live, const KeyList &keys, int from, Book book = Book::queue);
/// Queues all that changes concern.
void enqueue_touched(const Live *live, const Touched &touched);
/// Queues what changes concern where the definitions cannot be read: each row by each of its bindings.
void enqueue_rows(const NetChanges &net, Book book = Book::queue);
/// Likewise images of one relation's rows, as they are noted. Image i ends at ends[i].
void enqueue_images(const CapturePlan *plan, const char *images, const uint32 *ends, uint32 count,
                    Book book = Book::queue);
/// Queues everyone, reading no more of the definitions than who the customers are.
void enqueue_everyone(Book book = Book::queue);

/// In what kind of transaction the queue is worked off.
enum class Working : bool {
  apart,  // one that does nothing else, and commits then
  inside, // somebody's, which goes on: all at once
};

/// Does up to `limit` entries of the queue in the current transaction; returns how many it took. Who cannot
/// be judged is set aside. Where everyone is to be judged, a walk is to do that, or all of it is done inside.
/// Waits for writers of the customers concerned. Raises nothing of what contain() keeps: `error` is set where
/// the definitions cannot be read, and nothing is taken then.
int do_queue(int limit, Working working, const ErrorData **error);

/// Sets aside who could not be judged, to be tried again later.
void set_aside(const Outcome &outcome, const Live *live);

/// Tries again those set aside whose time has come; returns how many.
int retry_set_aside(int limit, Working working);

/// Brings the customers of a sorted list up to date, whose rows may be as they were; who cannot be judged is
/// set aside. The gate must be passed, and the caller have the rights of the customers' owner.
void write_keys(const Live *live, KeyList *keys, Keeping keeping);

/// Returns the customers whom rows concern that were noted for who builds, by the latest snapshot. The caller
/// must be alone with the gate and have the rights of the customers' owner.
KeyList customers_meanwhile(const Live *live, bool *everyone);

/// Returns the customers whom the queue concerns, as the active snapshot shows them.
KeyList queued_customers(const Live *live, bool *everyone);

} // namespace segmentation::pg
