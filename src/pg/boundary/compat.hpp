// Differences between the server versions that we build for. Included by server.hpp only, inside its extern
// "C".
#pragma once

#if PG_VERSION_NUM < 150000
#error "segmentation needs PostgreSQL 15 or later"
#endif

// PostgreSQL 16 gave ExecInsertIndexTuples another argument. Remove when PG 15 is dropped.
static inline void segmentation_insert_index_entries(ResultRelInfo *target, TupleTableSlot *slot,
                                                     EState *estate) {
#if PG_VERSION_NUM >= 160000
  ExecInsertIndexTuples(target, slot, estate, false, false, nullptr, NIL, false);
#else
  ExecInsertIndexTuples(target, slot, estate, false, false, nullptr, NIL);
#endif
}

// PostgreSQL 15.0 knew InitMaterializedSRF under another name only in its betas; from 17 on query identifiers
// are signed.
#if PG_VERSION_NUM >= 180000
using SegmentationQueryId = int64;
#else
using SegmentationQueryId = uint64;
#endif
