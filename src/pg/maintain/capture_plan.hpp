// What of a bound relation's rows is noted when they change. Server's side.
#pragma once

#include "pg/live/live.hpp"

namespace segmentation::pg {

/// A column that is noted.
struct CapturedAttribute {
  AttrNumber number;
  Oid type; // the base type
  int16 length;
  bool by_value;
  const char *name;
};

/// A binding of the relation.
struct CapturedBinding {
  int32 id;
  int link; // the attribute by whose value its rows are found from above: customers' own key, a source's or
            // set's reference, a lookup's key; -1 where that is computed
};

struct CapturePlan {
  Oid relation;  // whose trigger fires: the bound one, or a partition of it
  Oid bound;     // InvalidOid where nothing is bound to it any more
  uint64 serial; // of the Live that it was made for; 0: made without one
  int attribute_count;
  CapturedAttribute *attributes;
  int binding_count;
  CapturedBinding *bindings;
  MemoryContext context;
};

/// Returns the plan for a relation, valid until the transaction ends. `live` may be nullptr: then all columns
/// are noted. May raise.
const CapturePlan *capture_plan(Relation relation, const Live *live);
/// Returns the plan where it stands ready, else nullptr; raises nothing.
const CapturePlan *kept_capture_plan(Oid relation, const Live *live);

} // namespace segmentation::pg
