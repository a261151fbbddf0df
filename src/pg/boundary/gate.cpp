// Whoever is behind a call is kept beside it: in a function that runs by its owner's rights the server no
// longer tells. Server's side: no C++ object with a destructor may live here.
#include "pg/boundary/gate.hpp"

namespace segmentation::pg {

namespace {

Oid behind = InvalidOid;

} // namespace

Datum call_as_owner(FunctionCallInfo call) {
  Oid before = behind;
  Identity identity = become(extension_owner());
  volatile Datum result = Datum{0};
  PG_TRY();
  {
    behind = identity.role;
    result = FunctionCallInvoke(call);
  }
  PG_FINALLY();
  { behind = before; }
  PG_END_TRY();
  become_again(identity);
  return result;
}

Datum call_as_owner_quietly(FunctionCallInfo call) {
  MemoryContext memory = CurrentMemoryContext;
  volatile Datum result = Datum{0};
  PG_TRY();
  { result = call_as_owner(call); }
  PG_CATCH();
  {
    MemoryContextSwitchTo(memory);
    ErrorData *error = CopyErrorData();
    FlushErrorState();
    error->context = nullptr;
    error->internalquery = nullptr;
    error->internalpos = error->cursorpos = 0;
    ReThrowError(error);
  }
  PG_END_TRY();
  return result;
}

Oid caller() {
  return OidIsValid(behind) ? behind : GetUserId();
}

} // namespace segmentation::pg
