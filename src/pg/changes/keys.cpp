// Sorted lists of customers. Server's side.
#include "pg/changes/keys.hpp"

namespace segmentation::pg {

namespace {

struct Entry {
  CustomerKey key;
  Datum datum;
};

int compare_entries(const void *a, const void *b) {
  return compare_keys(static_cast<const Entry *>(a)->key, static_cast<const Entry *>(b)->key);
}

} // namespace

void add_keys(KeyList *list, const KeyType &type, const Datum *keys, int count) {
  if (list->count + count > list->room) {
    int room = Max(list->room * 2, list->count + count + 8);
    auto *more = static_cast<CustomerKey *>(
        palloc_extended(sizeof(CustomerKey) * static_cast<Size>(room), MCXT_ALLOC_HUGE));
    auto *datums =
        static_cast<Datum *>(palloc_extended(sizeof(Datum) * static_cast<Size>(room), MCXT_ALLOC_HUGE));
    if (list->count > 0) {
      memcpy(more, list->keys, sizeof(CustomerKey) * static_cast<Size>(list->count));
      memcpy(datums, list->datums, sizeof(Datum) * static_cast<Size>(list->count));
    }
    list->keys = more;
    list->datums = datums;
    list->room = room;
  }
  for (int i = 0; i < count; ++i) {
    list->keys[list->count] = core_key(type, keys[i]);
    list->datums[list->count++] = keys[i];
  }
}

KeyList copy_keys(const KeyList &list) {
  KeyList copy = list;
  copy.room = Max(list.count, 8);
  Size room = static_cast<Size>(copy.room);
  copy.keys = static_cast<CustomerKey *>(palloc_extended(sizeof(CustomerKey) * room, MCXT_ALLOC_HUGE));
  copy.datums = static_cast<Datum *>(palloc_extended(sizeof(Datum) * room, MCXT_ALLOC_HUGE));
  if (list.count > 0) {
    memcpy(copy.keys, list.keys, sizeof(CustomerKey) * static_cast<Size>(list.count));
    memcpy(copy.datums, list.datums, sizeof(Datum) * static_cast<Size>(list.count));
  }
  return copy;
}

void sort_keys(KeyList *list) {
  if (list->count < 2)
    return;
  auto *entries =
      static_cast<Entry *>(palloc_extended(sizeof(Entry) * static_cast<Size>(list->count), MCXT_ALLOC_HUGE));
  for (int i = 0; i < list->count; ++i)
    entries[i] = {list->keys[i], list->datums[i]};
  pg_qsort(entries, static_cast<size_t>(list->count), sizeof(Entry), compare_entries);
  int kept = 0;
  for (int i = 0; i < list->count; ++i) {
    if (kept > 0 && compare_keys(list->keys[kept - 1], entries[i].key) == 0)
      continue;
    list->keys[kept] = entries[i].key;
    list->datums[kept++] = entries[i].datum;
  }
  list->count = kept;
  pfree(entries);
}

bool has_key(const KeyList &list, const CustomerKey &key) {
  int low = 0, high = list.count;
  while (low < high) {
    int middle = low + (high - low) / 2;
    int order = compare_keys(list.keys[middle], key);
    if (order == 0)
      return true;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return false;
}

} // namespace segmentation::pg
