// A session in a database keeps others from dropping, renaming, moving and copying it. A worker that has come
// by itself must not: before such a statement it ends, and as long as the statement's transaction holds its
// lock none comes back. Server's side.
#include "pg/worker/databases.hpp"

#include "pg/boundary/session.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/maintain/wake.hpp"
#include "pg/worker/worker.hpp"

namespace segmentation::pg {

namespace {

ProcessUtility_hook_type next_hook = nullptr;

/// What is to be done when the transaction has ended.
struct Afterwards {
  bool has_new_database;
  bool has_extension;
  bool drops_database;
  List *without_worker; // databases whose worker was ended, in TopTransactionContext
};
Afterwards afterwards = {};

void start_again(Oid database) {
  if (!register_worker(database, nullptr))
    ereport(WARNING,
            (errcode(ERRCODE_INSUFFICIENT_RESOURCES), errmsg("could not start a worker of segmentation"),
             errhint("Raise max_worker_processes, or call segmentation.start_worker() later.")));
}

void transaction_ended(XactEvent event, void *) {
  bool committed = event == XACT_EVENT_COMMIT;
  if (event == XACT_EVENT_PREPARE) // the launcher sees to the rest
    afterwards = {};
  if (!committed && event != XACT_EVENT_ABORT)
    return;
  if (committed && afterwards.has_new_database)
    wake_launcher();
  if (committed && afterwards.has_extension && run_worker)
    start_again(MyDatabaseId);
  ListCell *cell;
  if (!committed || !afterwards.drops_database)
    foreach (cell, afterwards.without_worker)
      start_again(lfirst_oid(cell));
  afterwards = {};
}

Afterwards *until_end_of_transaction() {
  static bool listening = false;
  if (!listening)
    RegisterXactCallback(transaction_ended, nullptr);
  listening = true;
  return &afterwards;
}

/// Ends the process of a type in a database, and lets none begin until the transaction ends. Where there is
/// one `before` is called first.
template <typename Before> void end_processes(const char *type, Oid database, LOCKTAG lock, Before before) {
  if (LockAcquire(&lock, worker_lock_of_room, false, true) != LOCKACQUIRE_NOT_AVAIL)
    return;
  before();
  signal_processes(type, database, make_room_signal);
  (void)LockAcquire(&lock, worker_lock_of_room, false, false);
}

/// Ends the worker of a database until the transaction ends; then one comes back, and with it what it was
/// doing.
void make_room(Oid database) {
  end_processes(worker_type, database, worker_lock(database), [database] {
    Afterwards *then = until_end_of_transaction();
    MemoryContext before = MemoryContextSwitchTo(TopTransactionContext);
    then->without_worker = lappend_oid(then->without_worker, database);
    MemoryContextSwitchTo(before);
  });
  end_processes(forecasts_type, database, forecasts_lock(database), [] {});
}

/// The same, where whoever asks may do with the database what he wants.
void make_room_in(const char *name) {
  Oid database = get_database_oid(name, true);
  if (OidIsValid(database) && !RecoveryInProgress() && segmentation_owns_database(database, GetUserId()))
    make_room(database);
}

const char *option(List *options, const char *name) {
  ListCell *cell;
  foreach (cell, options) {
    auto *option = static_cast<DefElem *>(lfirst(cell));
    if (strcmp(option->defname, name) == 0 && option->arg != nullptr)
      return defGetString(option);
  }
  return nullptr;
}

void before_statement(Node *statement) {
  switch (nodeTag(statement)) {
  case T_DropdbStmt:
    until_end_of_transaction()->drops_database = true;
    make_room_in(reinterpret_cast<DropdbStmt *>(statement)->dbname);
    break;
  case T_CreatedbStmt: {
    const char *original = option(reinterpret_cast<CreatedbStmt *>(statement)->options, "template");
    make_room_in(original != nullptr ? original : "template1");
    until_end_of_transaction()->has_new_database = true;
    break;
  }
  case T_RenameStmt: {
    auto *rename = reinterpret_cast<RenameStmt *>(statement);
    if (rename->renameType == OBJECT_DATABASE)
      make_room_in(rename->subname);
    break;
  }
  case T_AlterDatabaseStmt: {
    auto *alter = reinterpret_cast<AlterDatabaseStmt *>(statement);
    if (option(alter->options, "tablespace") != nullptr)
      make_room_in(alter->dbname);
    until_end_of_transaction()->has_new_database = true;
    break;
  }
  case T_CreateExtensionStmt:
    if (strcmp(reinterpret_cast<CreateExtensionStmt *>(statement)->extname, "segmentation") == 0)
      until_end_of_transaction()->has_extension = true;
    break;
  default:
    break;
  }
}

void process_utility(PlannedStmt *statement, const char *text, bool read_only_tree,
                     ProcessUtilityContext context, ParamListInfo parameters, QueryEnvironment *environment,
                     DestReceiver *receiver, QueryCompletion *completion) {
  before_statement(statement->utilityStmt);
  auto *next = next_hook != nullptr ? next_hook : standard_ProcessUtility;
  next(statement, text, read_only_tree, context, parameters, environment, receiver, completion);
}

} // namespace

void follow_databases() {
  next_hook = ProcessUtility_hook;
  ProcessUtility_hook = process_utility;
}

} // namespace segmentation::pg

using namespace segmentation::pg;

/// An event trigger before DROP EXTENSION: its tables are dropped in another order than the worker takes them
/// in, and each would wait for the other.
SEGMENTATION_FUNCTION(segmentation_before_removal) {
  if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
    ereport(ERROR, (errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
                    errmsg("function is for event triggers only")));
  auto *statement =
      reinterpret_cast<DropStmt *>(reinterpret_cast<EventTriggerData *>(fcinfo->context)->parsetree);
  ListCell *cell;
  foreach (cell, statement->objects) {
    if (strcmp(strVal(lfirst(cell)), "segmentation") == 0 &&
        has_privs_of_role(GetUserId(), extension_owner()))
      make_room(MyDatabaseId);
  }
  PG_RETURN_NULL();
}
