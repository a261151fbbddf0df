// Faults on demand, for test/faults: a module built with SEGMENTATION_FAULTS throws, raises, cancels or runs
// out of memory at the n-th place where it could. Such a module is never installed.
#ifdef SEGMENTATION_FAULTS

#include "pg/boundary/fault.hpp"

#include <cstdlib>
#include <malloc.h>
#include <stdexcept>

#include "pg/boundary/server.hpp"

namespace segmentation::pg {

namespace {

enum class Fault { none, bad_alloc, number, exception, allocation, error, cancel };

Fault armed = Fault::none;
int64 turns_left = 0;
int core_depth = 0;
long pause_length = 0; // microseconds

/// Counts one place of a kind; true when it is the chosen one, which disarms.
bool is_turn(Fault fault) {
  if (armed != fault || --turns_left > 0)
    return false;
  armed = Fault::none;
  return true;
}

} // namespace

CoreScope::CoreScope() {
  ++core_depth;
}
CoreScope::~CoreScope() {
  --core_depth;
}

void fault_in_core() {
  if (is_turn(Fault::bad_alloc))
    throw std::bad_alloc();
  if (is_turn(Fault::number))
    throw 42;
  if (is_turn(Fault::exception))
    throw std::runtime_error("injected exception");
}

void fault_in_server() {
  if (is_turn(Fault::error))
    ereport(ERROR, (errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION), errmsg("injected server error"),
                    errdetail("A detail that must survive."), errhint("A hint that must survive.")));
  if (is_turn(Fault::cancel)) {
    QueryCancelPending = true;
    InterruptPending = true;
    CHECK_FOR_INTERRUPTS();
  }
}

void pause_in_server() {
  if (pause_length > 0)
    pg_usleep(pause_length);
}

/// Called by the module's operator new.
static bool allocation_fails() {
  return core_depth > 0 && is_turn(Fault::allocation);
}

} // namespace segmentation::pg

// The module's own; the linker script keeps them inside it. What the C++ library allocates by itself is not
// counted.
void *operator new(std::size_t size) {
  if (segmentation::pg::allocation_fails())
    throw std::bad_alloc();
  void *memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr)
    throw std::bad_alloc();
  return memory;
}
void *operator new[](std::size_t size) {
  return operator new(size);
}
void operator delete(void *memory) noexcept {
  std::free(memory);
}
void operator delete[](void *memory) noexcept {
  std::free(memory);
}
void operator delete(void *memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void *memory, std::size_t) noexcept {
  std::free(memory);
}

using namespace segmentation::pg;

// fault(kind text, nth bigint): arms one fault; kind NULL disarms.
SEGMENTATION_FUNCTION(segmentation_test_fault) {
  armed = Fault::none;
  if (PG_ARGISNULL(0))
    PG_RETURN_VOID();
  const char *kind = text_to_cstring(PG_GETARG_TEXT_PP(0));
  static const struct {
    const char *name;
    Fault fault;
  } kinds[] = {{"bad_alloc", Fault::bad_alloc}, {"int", Fault::number},  {"exception", Fault::exception},
               {"alloc", Fault::allocation},    {"error", Fault::error}, {"cancel", Fault::cancel}};
  for (const auto &known : kinds) {
    if (strcmp(known.name, kind) == 0) {
      armed = known.fault;
      turns_left = PG_GETARG_INT64(1);
      PG_RETURN_VOID();
    }
  }
  elog(ERROR, "no fault is called \"%s\"", kind);
}

// pause(microseconds bigint): has the session wait wherever another may come in between.
SEGMENTATION_FUNCTION(segmentation_test_pause) {
  pause_length = static_cast<long>(PG_GETARG_INT64(0));
  PG_RETURN_VOID();
}

// fault_is_armed() boolean: whether the fault has not had its turn.
SEGMENTATION_FUNCTION(segmentation_test_fault_is_armed) {
  (void)fcinfo;
  PG_RETURN_BOOL(armed != Fault::none);
}

// heap_bytes() bigint: memory in use by the process's malloc, in which C++ objects and memory contexts live.
SEGMENTATION_FUNCTION(segmentation_test_heap_bytes) {
  (void)fcinfo;
  struct mallinfo2 info = mallinfo2();
  PG_RETURN_INT64(static_cast<int64>(info.uordblks + info.hblkhd));
}

// core_depth() integer: crossings that are open; 0 when none is.
SEGMENTATION_FUNCTION(segmentation_test_core_depth) {
  (void)fcinfo;
  PG_RETURN_INT32(core_depth);
}

#endif
