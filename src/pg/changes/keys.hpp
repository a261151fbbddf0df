// Lists of customers, in the order in which they are locked, each once. Server's side.
#pragma once

#include "pg/live/customers.hpp"
#include "pg/stored/state.hpp"

namespace segmentation::pg {

struct KeyList {
  CustomerKey *keys;
  Datum *datums;
  int count;
  int room;
};

/// Adds keys of the bound type; their values are not copied.
void add_keys(KeyList *list, const KeyType &type, const Datum *keys, int count);
/// Returns a list of its own with the same keys.
KeyList copy_keys(const KeyList &list);
/// Sorts the list and leaves each key once.
void sort_keys(KeyList *list);
/// Tells whether a sorted list has the key.
bool has_key(const KeyList &list, const CustomerKey &key);

} // namespace segmentation::pg
