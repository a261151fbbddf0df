// What of a bound relation's rows is noted when they change. Server's side.
#pragma once

#include "pg/live/live.hpp"

namespace segmentation::pg {

/// A column that is noted.
struct CapturedAttribute {
  AttrNumber number;
  AttrNumber bound_number; // the bound relation's, of which the changed one may be a partition
  Oid type;                // the base type
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

/// What a change of one of the relation's rows does to what is kept of a feed.
enum class Effect : uint8 {
  none,   // the feed does not read it
  fold,   // the row is one of the feed's and has all that the feed delivers
  parent, // the feed's rows are below the row: what is below a new one is new
  child,  // the row is one of the feed's, below rows that name the customer
  stale,  // the customers' rows must be read
};

struct FeedEffect {
  Effect effect;
  int key;    // the attribute that names the customer; -1 where the row does not
  int parent; // parent: the attribute that rows below refer to; child: the one that refers to the row above
  const int *reads; // the attributes that the feed reads
  int read_count;
  const int *columns; // by column of the feed, the attribute that delivers it as it is; parent and child: -1
                      // for the other's columns, nullptr where both together do not do
};

struct CapturePlan {
  Oid relation;  // whose trigger fires: the bound one, or a partition of it
  Oid bound;     // InvalidOid where nothing is bound to it any more
  uint64 serial; // of the Live that it was made for; 0: made without one
  int attribute_count;
  CapturedAttribute *attributes;
  int binding_count;
  CapturedBinding *bindings;
  FeedEffect *effects; // by feed of the program; nullptr for plans made without one
  bool in_forecasts;   // forecasts may be made of its rows, and their columns are noted for that
  MemoryContext context;
};

/// Returns the attribute of that name; -1 where it is not noted.
int attribute_of(const CapturePlan *plan, const char *name);
/// Returns the attribute that is the bound relation's of that number, whatever it is called by now; -1 where
/// it is not noted.
int attribute_numbered(const CapturePlan *plan, AttrNumber number);

/// Returns the plan for a relation, valid until the transaction ends. `live` may be nullptr: then all columns
/// are noted. May raise.
const CapturePlan *capture_plan(Relation relation, const Live *live);
/// Returns the plan where it stands ready, else nullptr; raises nothing.
const CapturePlan *kept_capture_plan(Oid relation, const Live *live);

} // namespace segmentation::pg
