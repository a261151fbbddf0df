// The crossing: the only try block of the server's side.
#include "pg/boundary/run_core.hpp"

#include <exception>
#include <new>

#include "pg/boundary/fault.hpp"
#include "pg/boundary/server.hpp"

namespace segmentation::pg {

void cross(void (*body)(void *, Failure &), void *argument, Failure &failure) noexcept {
  sigjmp_buf *const handler_before = PG_exception_stack;
  try {
    CoreScope scope;
    fault_in_core();
    body(argument, failure);
  } catch (const std::bad_alloc &) {
    fail(failure, "53200", "out of memory");
  } catch (const std::exception &error) {
    fail(failure, "XX000", error.what());
  } catch (...) {
    fail(failure, "XX000", "unexpected exception in the segmentation core");
  }
  Assert(PG_exception_stack == handler_before);
  PG_exception_stack = handler_before;
}

void raise(const Failure &failure) {
  const char *state = failure.sqlstate;
  ereport(ERROR, (errcode(MAKE_SQLSTATE(state[0], state[1], state[2], state[3], state[4])),
                  errmsg_internal("%s", failure.message),
                  failure.detail[0] != '\0' ? errdetail_internal("%s", failure.detail) : 0,
                  failure.hint[0] != '\0' ? errhint("%s", failure.hint) : 0,
                  failure.context[0] != '\0' ? errcontext_msg("%s", failure.context) : 0,
                  failure.query != nullptr ? internalerrquery(failure.query) : 0,
                  failure.query != nullptr ? internalerrposition(failure.position) : 0));
  pg_unreachable();
}

} // namespace segmentation::pg
