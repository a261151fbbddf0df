// Callbacks at the ends of transactions and subtransactions. The work is done before the commit is decided,
// after all deferred triggers have fired: a deferred trigger of our own would come too early for what those
// change, fire at once under SET CONSTRAINTS, cost a call a row, and fail in security-restricted operations.
// Server's side.
#include "pg/maintain/transaction.hpp"

#include "pg/boundary/run_core.hpp"
#include "pg/maintain/apply.hpp"
#include "pg/maintain/wake.hpp"

namespace segmentation::pg {

namespace {

Owned<Changes> *changes = nullptr; // in TopTransactionContext, which destroys it
int applying = 0;
bool replicated = false, lost_rows = false;

void transaction_ends(XactEvent event, void *) {
  if (changes == nullptr)
    return;
  switch (event) {
  case XACT_EVENT_PRE_COMMIT:
    apply_at_commit();
    break;
  case XACT_EVENT_PRE_PREPARE:
    apply_at_prepare();
    break;
  case XACT_EVENT_COMMIT:
  case XACT_EVENT_PREPARE:
  case XACT_EVENT_ABORT:
    transaction_ended(event == XACT_EVENT_COMMIT);
    changes = nullptr;
    applying = 0;
    replicated = lost_rows = false;
    break;
  default:
    break;
  }
}

void subtransaction_ends(SubXactEvent event, SubTransactionId, SubTransactionId, void *) {
  if (changes == nullptr)
    return;
  int level = GetCurrentTransactionNestLevel();
  if (event == SUBXACT_EVENT_COMMIT_SUB)
    changes->get()->commit(level);
  else if (event == SUBXACT_EVENT_ABORT_SUB) {
    changes->get()->roll_back(level);
    if (applying >= level)
      applying = 0;
  }
}

} // namespace

void set_replicated() {
  (void)transaction_changes();
  replicated = true;
}

bool is_replicated() {
  return replicated;
}

void lose_rows() {
  lost_rows = true;
}

bool has_lost_rows() {
  return lost_rows;
}

void set_applying_level(int level) {
  applying = level;
}

Owned<Changes> *changes_to_apply() {
  return changes != nullptr && changes->get()->has_news() && applying == 0 ? changes : nullptr;
}

void set_applied() {
  int level = GetCurrentTransactionNestLevel();
  if (changes != nullptr)
    run_core([level](Failure &) { changes->get()->set_applied(level); });
}

Owned<Changes> *transaction_changes() {
  static bool listening = false;
  if (!listening) {
    RegisterXactCallback(transaction_ends, nullptr);
    RegisterSubXactCallback(subtransaction_ends, nullptr);
    listening = true;
  }
  if (changes == nullptr) {
    MemoryContext before = MemoryContextSwitchTo(TopTransactionContext);
    auto *made = Owned<Changes>::make();
    MemoryContextSwitchTo(before);
    run_core([made](Failure &) { made->set(new Changes); });
    changes = made;
  }
  return changes;
}

} // namespace segmentation::pg
