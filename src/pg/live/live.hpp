// The live program's ingredients: what is bound and defined, read and checked once a call. The room that both
// segment and maintain build on. Server's side.
#pragma once

#include "pg/boundary/owned.hpp"
#include "pg/boundary/session.hpp"
#include "pg/live/live_core.hpp"
#include "pg/live/plain.hpp"

namespace segmentation::pg {

/// The type of the customers' key, and how to make values of it.
struct KeyType {
  Oid type = InvalidOid; // the base type, where the column has a domain
  bool integer = false;  // smallint, integer, bigint: keys travel as numbers, all others as text
  int16 length = 0;
  bool by_value = false;
  char alignment = 'i';
  Oid input = InvalidOid;
  Oid input_parameter = InvalidOid;
};

struct SegmentProgram;

struct Live {
  uint64 serial; // no two that a session loads have the same
  SchemaInput schema;
  Oid customers;          // the bound relation
  const char *key_column; // quoted
  KeyType key;
  Owned<LiveCore> *core;
  MemoryContext context;
  SegmentProgram *program; // all segments' rules, once somebody has asked for them
};

/// Returns everything bound and defined, read and prepared, as the latest snapshot shows it; valid until the
/// call or the transaction ends, whichever is later. Kept between calls: read again only after a definition
/// or a bound relation has changed. A session must be open. Raises 55000 where no customers are bound, and
/// mistakes in bound conditions.
const Live *load_live();

/// The same without demanding that customers are bound.
const Live *load_live_if_bound();

/// Goes on by the rights of the customers' owner, by which the shop's rows are read whoever has members
/// written. Raises 55000 where customers are not bound.
Identity become_reader();

/// Returns what load_live would, where it stands ready, else nullptr; raises nothing.
const Live *kept_live();

/// Returns the index of a segment by its id; -1 where there is none.
int find_segment(const Live *live, int32 id);
/// The same; raises 42704.
int require_segment(const Live *live, int32 id);

/// Makes a key from a customer of the population that work holds.
Datum key_datum(const KeyType &key, const CustomerKey &customer);

} // namespace segmentation::pg
