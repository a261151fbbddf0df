// Customers as SQL hands them over, in whatever type a caller has them, as keys of the bound type. Server's
// side.
#pragma once

#include "pg/live/feed.hpp"

namespace segmentation::pg {

/// Keys that a caller gave: as Datums of the key's own type, and which of the caller's values each came from.
struct GivenKeys {
  Datum *keys;
  Datum *given;
  int count;
};

/// Converts the values of an argument of type `type` (a key, or an array of keys) to the key's own type.
/// NULLs, and numbers that the key's type cannot hold, are left out: no customer has them. Raises 22P02 where
/// a text does not read as a key.
GivenKeys read_keys(const Live *live, Datum value, Oid type);

/// Returns the keys as Customers to judge.
Customers customers_of(const Live *live, const GivenKeys &keys);

/// Returns a key as the core carries it.
CustomerKey core_key(const KeyType &type, Datum key);

/// Returns the declared type of a function's argument, of the actual type where it is polymorphic.
Oid argument_type(FunctionCallInfo fcinfo, int argument);

} // namespace segmentation::pg
