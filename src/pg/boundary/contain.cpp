// Subtransactions around what may fail. Server's side: no C++ object with a destructor may live here.
#include "pg/boundary/contain.hpp"

namespace segmentation::pg {

namespace {

/// Whether the same may go well when it is tried again.
bool is_bad_luck(const ErrorData *error) {
  return ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_TRANSACTION_ROLLBACK; // serialization, deadlock
}

bool is_fault_of_data(const ErrorData *error) {
  if (error->elevel > ERROR || is_bad_luck(error))
    return false;
  switch (ERRCODE_TO_CATEGORY(error->sqlerrcode)) {
  case MAKE_SQLSTATE('5', '3', '0', '0', '0'): // resources
  case MAKE_SQLSTATE('5', '7', '0', '0', '0'): // cancel, shutdown
  case MAKE_SQLSTATE('5', '8', '0', '0', '0'): // system
    return false;
  default:
    break;
  }
  return error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE && error->sqlerrcode != ERRCODE_DATA_CORRUPTED &&
         error->sqlerrcode != ERRCODE_INDEX_CORRUPTED && error->sqlerrcode != ERRCODE_QUERY_CANCELED;
}

ErrorData *contain(void (*body)(void *argument), void *argument, bool (*keeps)(const ErrorData *error)) {
  MemoryContext context = CurrentMemoryContext;
  ResourceOwner owner = CurrentResourceOwner;
  ErrorData *volatile error = nullptr;
  BeginInternalSubTransaction(nullptr);
  MemoryContextSwitchTo(context);
  PG_TRY();
  {
    body(argument);
    ReleaseCurrentSubTransaction();
    MemoryContextSwitchTo(context);
    CurrentResourceOwner = owner;
  }
  PG_CATCH();
  {
    MemoryContextSwitchTo(context);
    error = CopyErrorData();
    FlushErrorState();
    RollbackAndReleaseCurrentSubTransaction();
    MemoryContextSwitchTo(context);
    CurrentResourceOwner = owner;
  }
  PG_END_TRY();
  if (error != nullptr && !keeps(error))
    ReThrowError(error);
  return error;
}

} // namespace

ErrorData *contain(void (*body)(void *argument), void *argument) {
  return contain(body, argument, is_fault_of_data);
}

ErrorData *contain_all(void (*body)(void *argument), void *argument) {
  return contain(body, argument, [](const ErrorData *error) { return !is_bad_luck(error); });
}

} // namespace segmentation::pg
