// _move_everyone and _move_meanwhile. Server's side.
#include "pg/stored/moved.hpp"
#include "pg/maintain/queue.hpp"

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_move_everyone) {
  (void)fcinfo;
  Session session = open_session();
  note_all_moved();
  close_session(session);
  PG_RETURN_VOID();
}

SEGMENTATION_FUNCTION(segmentation_move_meanwhile) {
  (void)fcinfo;
  Session session = open_session();
  Identity caller = become_reader();
  CommandCounterIncrement();
  const Live *live = load_live();
  bool everyone = false;
  KeyList keys = customers_meanwhile(live, &everyone);
  if (everyone)
    note_all_moved();
  else
    note_moved(live, keys.datums, keys.count);
  become_again(caller);
  close_session(session);
  PG_RETURN_VOID();
}
