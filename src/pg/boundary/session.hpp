// Running SQL from C++: one session a call of ours, with a pinned search_path, and small helpers over SPI.
// Server's side.
#pragma once

#include "pg/boundary/server.hpp"

namespace segmentation::pg {

/// An SPI connection. After an error the transaction's abort closes it.
struct Session {
  MemoryContext caller; // where results for the caller belong
};

/// Connects to SPI. Statements run with search_path and whatever else they follow pinned. Raises 0A000 where
/// the database's encoding is not UTF8.
Session open_session(bool may_commit = false);
void close_session(const Session &session);

/// Raises 0A000 where the database's encoding is not UTF8: rules are UTF-8.
void check_encoding();

/// Pins search_path and whatever else our statements follow, for who runs one without the functions below.
/// Returns what unpin() needs to take it back; after an error the transaction's abort does.
int pin();
void unpin(int settings);

/// Rows of a query; they live until the session closes.
struct Rows {
  SPITupleTable *table;
  uint64 count;
};

/// Values for $1, $2, ...
struct Arguments {
  static constexpr int limit = 8;
  int count = 0;
  Oid types[limit];
  Datum values[limit];
  char nulls[limit];
  void add(Oid type, Datum value) {
    Assert(count < limit);
    types[count] = type;
    values[count] = value;
    nulls[count++] = ' ';
  }
};

/// How a statement is planned: anew, for just these arguments; or once a session, for what is run again and
/// again for a few customers. Saved plans go by the statement's text.
enum class Plan { once, saved };

/// Runs a query in the active snapshot, changing nothing.
Rows query(const char *sql, const Arguments &arguments = {}, Plan plan = Plan::once);
/// Runs a statement that may write, by the active snapshot; returns the number of rows.
uint64 execute(const char *sql, const Arguments &arguments = {}, Plan plan = Plan::once);
/// The same; returns the rows that it RETURNs.
Rows take(const char *sql, const Arguments &arguments = {}, Plan plan = Plan::once);
/// Runs a statement on the extension's own tables by the rights of their owner, and by a snapshot of its own
/// that shows all there is by now.
uint64 execute_own(const char *sql, const Arguments &arguments = {}, Plan plan = Plan::once);
/// The same; returns the rows that it RETURNs.
Rows take_own(const char *sql, const Arguments &arguments = {}, Plan plan = Plan::once);
/// Reads the extension's own tables by the rights of their owner and by the latest snapshot, without what the
/// command at hand has changed.
Rows query_own(const char *sql, const Arguments &arguments = {}, Plan plan = Plan::once);
/// Streams a query's rows into a receiver; a plan for once may be parallel.
void stream(const char *sql, DestReceiver *receiver, const Arguments &arguments = {}, Plan plan = Plan::once);

/// Returns the columns that a query would give, without running it, in the current memory context.
TupleDesc columns_of(const char *sql);
/// Returns a query as the server understands it, views written out, in the current memory context.
Query *analyse(const char *sql);

/// Returns the value as text, or nullptr for NULL.
char *text_value(const Rows &rows, uint64 row, int column);
/// Returns the value; `missing` tells NULL.
Datum value_of(const Rows &rows, uint64 row, int column, bool &missing);
int32 int_value(const Rows &rows, uint64 row, int column);

/// Returns the columns of the row that a function is to return.
TupleDesc columns_to_return(FunctionCallInfo fcinfo);
/// Makes that row of values that may end with the session, in the caller's memory.
Datum row_for_caller(const Session &session, TupleDesc columns, const Datum *values, const bool *nulls);

/// Returns a value as the server prints it, whatever the caller's settings.
char *print_value(Oid type, Datum value);

/// Makes an int4[] or int8[] or any other one-dimensional array without NULLs.
Datum make_array(Datum *values, int count, Oid element);

/// Whose rights are in force.
struct Identity {
  Oid role;
  int context;
  int settings; // what was set since is taken back
};
/// Goes on with another role's rights; returns what was before. Another one's than the extension's owner's
/// are in force as in a security-restricted operation, and what is set meanwhile lasts until become_again.
/// After an error the transaction's abort goes back.
Identity become(Oid role);
void become_again(const Identity &identity);
/// Returns the role that owns the extension's own tables.
Oid extension_owner();
Oid owner_of(Oid relation);

/// Returns a table of schema segmentation that binding the customers makes; raises 55000 where it is missing.
Oid own_relation(const char *name);

/// Adds one line of context to errors raised while it is installed. Removed by hand on the good path, by the
/// server after an error.
struct Context {
  ErrorContextCallback callback;
  const char *format; // with one %s
  const char *name;
};
void push_context(Context &context, const char *format, const char *name);
void pop_context(const Context &context);

} // namespace segmentation::pg
