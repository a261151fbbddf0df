// Some customers on their way from locked rows to written members: the one path of commits, the queue, and
// refresh. Server's side.
#pragma once

#include "pg/changes/keys.hpp"
#include "pg/live/program.hpp"

namespace segmentation::pg {

class Deltas;

/// Whose measures are kept for commits to come.
enum class Keeping : uint8 {
  none,  // what is read now is not all that those will take for granted: a statement at hand may have changed
         // rows that are noted, and folded, only later
  known, // theirs of whom some were kept before: those of all customers would fill the disk for nothing
  all,
};

/// What a batch is for.
enum class Cause : uint8 {
  change, // of data: judged at the present instant; who has a customer is waited for
  time,   // judged at a given instant; customers whom somebody else has are left out
  merge,  // two customers are one: as a change
};

/// Customers whose state rows this transaction has locked.
struct Batch {
  Cause cause;
  const Live *live;
  const SegmentProgram *program;
  StateTable *table;
  StateRow *rows; // in the order of the keys
  int count;
  int room;
  TimestampTz instant;     // at which they are judged: not before any of them was judged last
  TimestampTz recorded_at; // when that is
  Keeping keeping;
  const Deltas
      *deltas; // what this transaction's own rows do to what is kept; nullptr: nothing kept is of use
};

/// Takes what keeps definitions and shared rows as they are until the transaction ends: RowExclusiveLock, or
/// ShareRowExclusiveLock to be alone with them, on segmentation.segment. Before it AccessShareLock on all
/// bound relations: whoever holds them (TRUNCATE, ALTER TABLE) must not wait for customers that we have
/// locked. Returns what is live then.
const Live *enter_gate(bool alone);

/// Takes AccessShareLock on all relations that are bound, in the order of their oids, without reading any
/// definition; false where one is held by somebody else and `wait` is not set.
bool lock_bound_relations(bool wait);

Batch start_batch(const Live *live, const Deltas *deltas = nullptr);
/// Locks the customers of a sorted list who are not locked yet; those whom it must not wait for are missing
/// in the batch afterwards.
void lock_customers(Batch *batch, const KeyList &keys);

/// Has view forecasts compute what it shows of all of them: their rows, or other rows that count as theirs,
/// have changed.
void note_moved(const Batch &batch);

/// What became of a batch.
struct Outcome {
  uint64 written;         // member rows
  const ErrorData *error; // why the failed ones could not be judged; nullptr where none failed
  KeyList failed;
};

/// Judges the customers and writes what differs. Who cannot be judged is left as she is.
Outcome write_batch(Batch *batch);
void end_batch(Batch *batch);

} // namespace segmentation::pg
