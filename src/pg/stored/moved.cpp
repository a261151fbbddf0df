// Adding straight into the table and its index, as commits do. Server's side.
#include "pg/stored/moved.hpp"

#include "pg/boundary/fault.hpp"
#include "pg/stored/own_table.hpp"

namespace segmentation::pg {

namespace {

/// Returns the table, or InvalidOid where customers are not bound.
Oid moved_table() {
  return get_relname_relid("forecast_moved", get_namespace_oid("segmentation", false));
}

bool is_as_made(OwnTable *moved, Oid key_type) {
  const OwnColumn columns[1] = {{"customer_id", key_type}};
  return is_as_made(moved->table, columns, 1) && has_plain_indexes(moved);
}

void insert_directly(OwnTable *moved, const Datum *keys, int count) {
  for (int i = 0; i < count; ++i) {
    fault_in_server();
    TupleTableSlot *row = start_row(moved);
    row->tts_values[0] = keys[i];
    row->tts_isnull[0] = false;
    (void)insert_row(moved);
  }
}

} // namespace

void note_moved(const Live *live, const Datum *keys, int count) {
  Oid table = live->schema.forecast == nullptr || count == 0 ? InvalidOid : moved_table();
  if (!OidIsValid(table))
    return;
  Identity caller = become(owner_of(table));
  OwnTable *moved = open_own(table, RowExclusiveLock);
  bool as_made = is_as_made(moved, live->key.type);
  if (as_made)
    insert_directly(moved, keys, count);
  close_own(moved);
  if (!as_made) {
    Arguments arguments;
    arguments.add(get_array_type(live->key.type),
                  make_array(const_cast<Datum *>(keys), count, live->key.type));
    PushActiveSnapshot(GetLatestSnapshot());
    execute("INSERT INTO segmentation.forecast_moved (customer_id) SELECT m FROM unnest($1) AS m", arguments);
    PopActiveSnapshot();
  }
  become_again(caller);
}

void note_all_moved() {
  Oid table = moved_table();
  if (!OidIsValid(table) || query_own("SELECT FROM segmentation.forecast_in_force").count == 0)
    return;
  Identity caller = become(owner_of(table));
  CommandCounterIncrement();
  PushActiveSnapshot(GetLatestSnapshot());
  execute("INSERT INTO segmentation.forecast_moved (customer_id) VALUES (NULL)");
  PopActiveSnapshot();
  become_again(caller);
}

} // namespace segmentation::pg
