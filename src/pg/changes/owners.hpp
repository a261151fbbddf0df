// From rows that changed to the customers whom they concern. Server's side.
#pragma once

#include "pg/live/customers.hpp"

namespace segmentation::pg {

/// The relation that a binding's rows are found from, and by which of its columns: a source's or set's parent
/// by what its key refers to, what a lookup is looked up from by its reference; customers by their own key.
struct Way {
  int relation;       // index in the schema
  const char *column; // quoted
};
Way way_to(const Live *live, int relation);

/// Tells whether the values that lead to a binding's rows are the customers' keys themselves.
bool links_are_keys(const Live *live, int relation);

/// Tells whether rows of a binding concern customers whom nobody can name without a look at other rows that
/// may be changing: facts that many share.
bool is_shared(const Live *live, int relation);

/// Customers, and how many of the links led to a row.
struct Owners {
  Datum *keys;
  int count;
  int given_count;
};

/// Returns the keys of the customers whom rows of a binding concern that are found by these values, each once
/// (Datums of type `type`), as the active snapshot shows them. A session must be open.
Owners owners_of(const Live *live, int relation, Datum *links, int count, Oid type);

} // namespace segmentation::pg
