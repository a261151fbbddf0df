// An error must not leave later changes unnoted: the ends of transactions and subtransactions are
// listened to. Server's side.
#include "pg/boundary/quiet.hpp"

#include "pg/boundary/server.hpp"

namespace segmentation::pg {

namespace {

int quiet = 0;

void transaction_ends(XactEvent, void *) {
  quiet = 0;
}

void subtransaction_ends(SubXactEvent event, SubTransactionId, SubTransactionId, void *) {
  if (event == SUBXACT_EVENT_ABORT_SUB && quiet >= GetCurrentTransactionNestLevel())
    quiet = 0;
}

} // namespace

int set_quiet(int level) {
  static bool listening = false;
  if (!listening) {
    RegisterXactCallback(transaction_ends, nullptr);
    RegisterSubXactCallback(subtransaction_ends, nullptr);
    listening = true;
  }
  int before = quiet;
  quiet = level;
  return before;
}

bool is_quiet() {
  return quiet > 0;
}

} // namespace segmentation::pg
