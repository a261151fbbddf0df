// How a value of type segmentation.rule is laid out: canonical text, then the text as typed.
#pragma once

#include "pg/boundary/server.hpp"

namespace segmentation::pg {

struct RuleValue {
  int32 vl_len_; // do not touch directly
  uint32 canonical_size;
  char bytes[FLEXIBLE_ARRAY_MEMBER]; // canonical text, then the source where it differs from it
};

inline RuleValue *rule_value(Datum datum) {
  return reinterpret_cast<RuleValue *>(PG_DETOAST_DATUM(datum));
}

inline uint32 rule_source_size(const RuleValue *rule) {
  return static_cast<uint32>(VARSIZE(rule) - offsetof(RuleValue, bytes)) - rule->canonical_size;
}

/// Returns the canonical text, zero-terminated, in the current memory context.
inline char *rule_canonical(const RuleValue *rule) {
  return pnstrdup(rule->bytes, rule->canonical_size);
}

/// Returns the text as typed, zero-terminated, in the current memory context.
inline char *rule_source(const RuleValue *rule) {
  uint32 size = rule_source_size(rule);
  return size == 0 ? rule_canonical(rule) : pnstrdup(rule->bytes + rule->canonical_size, size);
}

} // namespace segmentation::pg
