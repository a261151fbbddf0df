// SPI behind a few plain functions. Server's side: no C++ object with a destructor may live here.
#include "pg/boundary/session.hpp"

#include "pg/boundary/fault.hpp"
#include "pg/boundary/plans.hpp"

namespace segmentation::pg {

void check_encoding() {
  if (GetDatabaseEncoding() != PG_UTF8)
    ereport(ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
             errmsg("segmentation needs a database with encoding UTF8, not %s", GetDatabaseEncodingName()),
             errhint("Create the database with ENCODING 'UTF8'.")));
}

// What our statements run with, whatever the caller has set: a rule's answer must not follow the session.
// Values that are neither number, text, boolean nor date are read as text, and how they print follows
// settings. SQL functions that run rules' SQL pin the same.
constexpr const char *pinned_settings[][2] = {
    {"search_path", "pg_catalog, pg_temp"},
    {"datestyle", "ISO, YMD"},
    {"intervalstyle", "postgres"},
    {"timezone", "UTC"},
    {"bytea_output", "hex"},
    {"extra_float_digits", "1"},
    // Computed columns are SQL that was read under these.
    {"standard_conforming_strings", "on"},
    {"transform_null_equals", "off"},
    {"array_nulls", "on"},
    // Our statements are run once and touch each row once: compiling them costs more than it gives.
    {"jit", "off"},
    // The rows of a feed are what we came for, and taking one from a worker costs less than the planner
    // thinks: with its default a join of a million order lines ran in one process.
    {"parallel_tuple_cost", "0.02"},
};

namespace {

/// Tells whether the pinned settings are in force. To be kept in step with them.
bool is_pinned() {
  return strcmp(namespace_search_path, "pg_catalog, pg_temp") == 0 && DateStyle == USE_ISO_DATES &&
         DateOrder == DATEORDER_YMD && IntervalStyle == INTSTYLE_POSTGRES &&
         strcmp(pg_get_timezone_name(session_timezone), "UTC") == 0 && bytea_output == BYTEA_OUTPUT_HEX &&
         extra_float_digits == 1 && standard_conforming_strings && !Transform_null_equals && Array_nulls &&
         !jit_enabled && parallel_tuple_cost == 0.02;
}

} // namespace

// Around one statement: most commits of an order run none, and what a statement's triggers or functions set
// for themselves must not be taken for ours, nor outlive it.
int pin() {
  int settings = NewGUCNestLevel();
  if (!is_pinned()) {
    for (const auto &[name, value] : pinned_settings)
      (void)set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
    Assert(is_pinned());
  }
  return settings;
}

void unpin(int settings) {
  AtEOXact_GUC(false, settings);
}

Session open_session(bool may_commit) {
  check_encoding();
  Session session;
  session.caller = CurrentMemoryContext;
  if (SPI_connect_ext(may_commit ? SPI_OPT_NONATOMIC : 0) != SPI_OK_CONNECT)
    elog(ERROR, "SPI_connect failed");
  return session;
}

void close_session(const Session &session) {
  if (SPI_finish() != SPI_OK_FINISH)
    elog(ERROR, "SPI_finish failed");
  MemoryContextSwitchTo(session.caller);
}

namespace {

/// Reads in the active snapshot.
void read(const char *sql, const Arguments &arguments, DestReceiver *receiver, Plan plan) {
  fault_in_server();
  int settings = pin();
  SPIExecuteOptions options;
  memset(&options, 0, sizeof options);
  options.read_only = true;
  options.dest = receiver;
  if (arguments.count > 0) {
    ParamListInfo parameters = makeParamList(arguments.count);
    for (int i = 0; i < arguments.count; ++i) {
      parameters->params[i].value = arguments.values[i];
      parameters->params[i].isnull = arguments.nulls[i] != ' ';
      parameters->params[i].pflags = PARAM_FLAG_CONST;
      parameters->params[i].ptype = arguments.types[i];
    }
    options.params = parameters;
  }
  // SPI leaves its own context behind; what the caller makes of the rows belongs to his.
  MemoryContext before = CurrentMemoryContext;
  int code = plan == Plan::saved
                 ? SPI_execute_plan_extended(saved_plan(sql, arguments.count, arguments.types), &options)
                 : SPI_execute_extended(sql, &options);
  MemoryContextSwitchTo(before);
  if (code < 0)
    elog(ERROR, "running a statement failed: %s", SPI_result_code_string(code));
  unpin(settings);
  fault_in_server();
}

} // namespace

Rows query(const char *sql, const Arguments &arguments, Plan plan) {
  read(sql, arguments, nullptr, plan);
  return {SPI_tuptable, SPI_processed};
}

namespace {

/// Runs a statement that may write, by the active snapshot and not, as SPI would by itself, by the
/// transaction's: in REPEATABLE READ that does not see what others wrote before we had the customers' locks.
void write(const char *sql, const Arguments &arguments, Plan plan) {
  fault_in_server();
  int settings = pin();
  MemoryContext before = CurrentMemoryContext;
  SPIPlanPtr prepared = plan == Plan::saved
                            ? saved_plan(sql, arguments.count, arguments.types)
                            : SPI_prepare(sql, arguments.count, const_cast<Oid *>(arguments.types));
  if (prepared == nullptr)
    elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
  int code = SPI_execute_snapshot(prepared, const_cast<Datum *>(arguments.values), arguments.nulls,
                                  GetActiveSnapshot(), InvalidSnapshot, false, true, 0);
  if (code < 0)
    elog(ERROR, "running a statement failed: %s", SPI_result_code_string(code));
  if (plan == Plan::once)
    SPI_freeplan(prepared);
  MemoryContextSwitchTo(before);
  unpin(settings);
  fault_in_server();
}

} // namespace

uint64 execute(const char *sql, const Arguments &arguments, Plan plan) {
  write(sql, arguments, plan);
  uint64 rows = SPI_processed;
  if (SPI_tuptable != nullptr)
    SPI_freetuptable(SPI_tuptable);
  return rows;
}

uint64 execute_own(const char *sql, const Arguments &arguments, Plan plan) {
  Rows rows = take_own(sql, arguments, plan);
  if (rows.table != nullptr)
    SPI_freetuptable(rows.table);
  return rows.count;
}

Rows take(const char *sql, const Arguments &arguments, Plan plan) {
  write(sql, arguments, plan);
  return {SPI_tuptable, SPI_processed};
}

Rows take_own(const char *sql, const Arguments &arguments, Plan plan) {
  Identity caller = become(extension_owner());
  CommandCounterIncrement();
  PushActiveSnapshot(GetLatestSnapshot());
  Rows rows = take(sql, arguments, plan);
  PopActiveSnapshot();
  become_again(caller);
  return rows;
}

Rows query_own(const char *sql, const Arguments &arguments, Plan plan) {
  Identity caller = become(extension_owner());
  PushActiveSnapshot(GetLatestSnapshot());
  Rows rows = query(sql, arguments, plan);
  PopActiveSnapshot();
  become_again(caller);
  return rows;
}

void stream(const char *sql, DestReceiver *receiver, const Arguments &arguments, Plan plan) {
  read(sql, arguments, receiver, plan);
}

namespace {

/// Has the server understand a statement without running it, and copies one thing of what it found.
template <typename Copy> auto understand(const char *sql, Copy copy) {
  int settings = pin();
  MemoryContext before = CurrentMemoryContext;
  SPIPlanPtr plan = SPI_prepare(sql, 0, nullptr);
  if (plan == nullptr)
    elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
  MemoryContextSwitchTo(before);
  List *sources = SPI_plan_get_plan_sources(plan);
  auto *source = list_length(sources) == 1 ? static_cast<CachedPlanSource *>(linitial(sources)) : nullptr;
  if (source == nullptr || source->commandTag != CMDTAG_SELECT)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("query is not one SELECT")));
  auto answer = copy(source);
  SPI_freeplan(plan);
  unpin(settings);
  return answer;
}

} // namespace

TupleDesc columns_of(const char *sql) {
  return understand(sql, [](CachedPlanSource *source) { return CreateTupleDescCopy(source->resultDesc); });
}

Query *analyse(const char *sql) {
  return understand(sql, [](CachedPlanSource *source) {
    return static_cast<Query *>(copyObjectImpl(linitial(source->query_list)));
  });
}

char *text_value(const Rows &rows, uint64 row, int column) {
  bool missing;
  Datum value = value_of(rows, row, column, missing);
  return missing ? nullptr : print_value(SPI_gettypeid(rows.table->tupdesc, column), value);
}

Datum value_of(const Rows &rows, uint64 row, int column, bool &missing) {
  return SPI_getbinval(rows.table->vals[row], rows.table->tupdesc, column, &missing);
}

int32 int_value(const Rows &rows, uint64 row, int column) {
  bool missing;
  Datum value = value_of(rows, row, column, missing);
  return missing ? 0 : DatumGetInt32(value);
}

TupleDesc columns_to_return(FunctionCallInfo fcinfo) {
  TupleDesc columns;
  if (get_call_result_type(fcinfo, nullptr, &columns) != TYPEFUNC_COMPOSITE)
    elog(ERROR, "return type must be a row type");
  return BlessTupleDesc(columns);
}

Datum row_for_caller(const Session &session, TupleDesc columns, const Datum *values, const bool *nulls) {
  MemoryContext before = MemoryContextSwitchTo(session.caller);
  HeapTuple row = heap_form_tuple(columns, const_cast<Datum *>(values), const_cast<bool *>(nulls));
  MemoryContextSwitchTo(before);
  return HeapTupleGetDatum(row);
}

namespace {

bool prints_alike_everywhere(Oid type) {
  switch (type) {
  case INT2OID:
  case INT4OID:
  case INT8OID:
  case NUMERICOID:
  case UUIDOID:
  case TEXTOID:
  case VARCHAROID:
  case BPCHAROID:
  case NAMEOID:
  case BOOLOID:
    return true;
  default:
    return is_pinned();
  }
}

} // namespace

char *print_value(Oid type, Datum value) {
  Oid output;
  bool is_varlena;
  getTypeOutputInfo(type, &output, &is_varlena);
  if (prints_alike_everywhere(type))
    return OidOutputFunctionCall(output, value);
  int settings = pin();
  char *text = OidOutputFunctionCall(output, value);
  unpin(settings);
  return text;
}

Datum make_array(Datum *values, int count, Oid element) {
  int16 length;
  bool by_value;
  char alignment;
  get_typlenbyvalalign(element, &length, &by_value, &alignment);
  return PointerGetDatum(construct_array(values, count, element, length, by_value, alignment));
}

Oid own_relation(const char *name) {
  Oid schema = get_namespace_oid("segmentation", false);
  Oid relation = get_relname_relid(name, schema);
  if (!OidIsValid(relation))
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("customers are not bound"),
                    errdetail("There is no table segmentation.%s yet.", name),
                    errhint("Call segmentation.bind_customers first.")));
  return relation;
}

Identity become(Oid role) {
  Identity before;
  GetUserIdAndSecContext(&before.role, &before.context);
  // What runs by the rights of the shop's owner may be code of his. It must not get at whoever is behind the
  // session by what it leaves behind: settings, deferred triggers, temporary tables.
  bool is_ours = role == extension_owner();
  before.settings = is_ours ? 0 : NewGUCNestLevel();
  SetUserIdAndSecContext(role, before.context | SECURITY_LOCAL_USERID_CHANGE |
                                   (is_ours ? 0 : SECURITY_RESTRICTED_OPERATION));
  return before;
}

void become_again(const Identity &identity) {
  if (identity.settings > 0)
    AtEOXact_GUC(false, identity.settings);
  SetUserIdAndSecContext(identity.role, identity.context);
}

Oid extension_owner() {
  HeapTuple schema =
      SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(get_namespace_oid("segmentation", false)));
  Oid owner = reinterpret_cast<Form_pg_namespace>(GETSTRUCT(schema))->nspowner;
  ReleaseSysCache(schema);
  return owner;
}

Oid owner_of(Oid relation) {
  HeapTuple row = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
  if (!HeapTupleIsValid(row))
    elog(ERROR, "cache lookup failed for relation %u", relation);
  Oid owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(row))->relowner;
  ReleaseSysCache(row);
  return owner;
}

void push_context(Context &context, const char *format, const char *name) {
  context.format = format;
  context.name = name;
  context.callback.callback = [](void *argument) {
    auto *self = static_cast<Context *>(argument);
    errcontext_msg(self->format, self->name);
  };
  context.callback.arg = &context;
  context.callback.previous = error_context_stack;
  error_context_stack = &context.callback;
}

void pop_context(const Context &context) {
  error_context_stack = context.callback.previous;
}

} // namespace segmentation::pg
