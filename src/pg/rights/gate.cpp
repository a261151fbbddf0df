// The definitions' functions as everybody calls them: EXECUTE on them is what grant_access gives. Each calls
// the one of its name and arguments in schema segmentation_internal, by the rights of the extension's owner.
// Server's side.
#include "pg/boundary/gate.hpp"

using namespace segmentation::pg;

namespace {

/// Finds the function that one of schema segmentation stands for.
Oid inner_function(Oid outer) {
  HeapTuple row = SearchSysCache1(PROCOID, ObjectIdGetDatum(outer));
  if (!HeapTupleIsValid(row))
    elog(ERROR, "cache lookup failed for function %u", outer);
  auto *function = reinterpret_cast<Form_pg_proc>(GETSTRUCT(row));
  Oid inner = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, PointerGetDatum(NameStr(function->proname)),
                              PointerGetDatum(&function->proargtypes),
                              ObjectIdGetDatum(get_namespace_oid("segmentation_internal", false)));
  if (!OidIsValid(inner))
    elog(ERROR, "function segmentation_internal.%s is missing", NameStr(function->proname));
  ReleaseSysCache(row);
  return inner;
}

Datum pass(FunctionCallInfo fcinfo, Datum (*call_inner)(FunctionCallInfo)) {
  auto *inner = static_cast<FmgrInfo *>(fcinfo->flinfo->fn_extra);
  if (inner == nullptr) {
    inner = static_cast<FmgrInfo *>(MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(FmgrInfo)));
    fmgr_info_cxt(inner_function(fcinfo->flinfo->fn_oid), inner, fcinfo->flinfo->fn_mcxt);
    fcinfo->flinfo->fn_extra = inner;
  }
  LOCAL_FCINFO(call, FUNC_MAX_ARGS);
  InitFunctionCallInfoData(*call, inner, fcinfo->nargs, fcinfo->fncollation, nullptr, fcinfo->resultinfo);
  memcpy(static_cast<void *>(call->args), fcinfo->args,
         sizeof(NullableDatum) * static_cast<Size>(fcinfo->nargs));
  Datum result = call_inner(call);
  fcinfo->isnull = call->isnull;
  return result;
}

} // namespace

SEGMENTATION_FUNCTION(segmentation_as_owner) {
  return pass(fcinfo, call_as_owner);
}

SEGMENTATION_FUNCTION(segmentation_as_owner_quietly) {
  return pass(fcinfo, call_as_owner_quietly);
}

SEGMENTATION_FUNCTION(segmentation_caller) {
  (void)fcinfo;
  PG_RETURN_OID(caller());
}
