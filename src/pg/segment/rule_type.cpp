// Type segmentation.rule: input checks syntax, output is the canonical form, equality and hash go by it.
// Server's side.
#include "core/rule/parser.hpp"
#include "core/rule/printer.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/boundary/run_core.hpp"
#include "pg/boundary/session.hpp"
#include "pg/live/rule_value.hpp"

#include <string>

namespace segmentation::pg {

namespace {

/// The canonical text of a rule, in C++ memory that a memory context owns.
struct Canonical {
  std::string text;
};

RuleValue *parse(const char *source, Excerpt excerpt, Failure &failure) {
  auto *canonical = Owned<Canonical>::make();
  const char *bytes = nullptr;
  size_t size = 0;
  try_core(
      [=, &bytes, &size](Failure &inner) {
        auto parsed = core::parse_rule(source);
        if (!parsed.value)
          return fail(inner, parsed.diagnostics, source, source, excerpt);
        canonical->set(new Canonical{core::print_rule(*parsed.value)});
        bytes = (*canonical)->text.data();
        size = (*canonical)->text.size();
      },
      failure);
  if (failure.failed)
    return nullptr;
  size_t source_size = strlen(source);
  if (source_size == size && memcmp(source, bytes, size) == 0)
    source_size = 0;
  size_t total = offsetof(RuleValue, bytes) + size + source_size;
  auto *rule = static_cast<RuleValue *>(palloc(total));
  SET_VARSIZE(rule, total);
  rule->canonical_size = static_cast<uint32>(size);
  memcpy(rule->bytes, bytes, size);
  memcpy(rule->bytes + size, source, source_size);
  canonical->clear();
  return rule;
}

/// Leaves out the context that the parser adds to errors of a literal's input function, if it is the
/// innermost: it would move the error position from the rule's text to the statement's. The callback shows
/// itself by setting a position.
void skip_parser_context() {
  ErrorContextCallback *innermost = error_context_stack;
  if (innermost == nullptr || !errstart(ERROR, TEXTDOMAIN))
    return;
  innermost->callback(innermost->arg);
  bool is_parser = geterrposition() > 0;
  FlushErrorState();
  if (is_parser)
    error_context_stack = innermost->previous;
}

RuleValue *parse_or_raise(const char *source, Excerpt excerpt) {
  check_encoding();
  Failure failure;
  RuleValue *rule = parse(source, excerpt, failure);
  if (rule != nullptr)
    return rule;
  if (excerpt == Excerpt::none)
    skip_parser_context();
  raise(failure);
}

bool same_canonical(const RuleValue *a, const RuleValue *b) {
  return a->canonical_size == b->canonical_size && memcmp(a->bytes, b->bytes, a->canonical_size) == 0;
}

} // namespace

} // namespace segmentation::pg

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_rule_in) {
  PG_RETURN_POINTER(parse_or_raise(PG_GETARG_CSTRING(0), Excerpt::none));
}

SEGMENTATION_FUNCTION(segmentation_rule_out) {
  PG_RETURN_CSTRING(rule_canonical(rule_value(PG_GETARG_DATUM(0))));
}

SEGMENTATION_FUNCTION(segmentation_rule_recv) {
  auto *buffer = reinterpret_cast<StringInfo>(PG_GETARG_POINTER(0));
  int bytes;
  char *text = pq_getmsgtext(buffer, buffer->len - buffer->cursor, &bytes);
  PG_RETURN_POINTER(parse_or_raise(text, Excerpt::detail));
}

SEGMENTATION_FUNCTION(segmentation_rule_send) {
  RuleValue *rule = rule_value(PG_GETARG_DATUM(0));
  StringInfoData buffer;
  pq_begintypsend(&buffer);
  pq_sendtext(&buffer, rule->bytes, static_cast<int>(rule->canonical_size));
  PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

SEGMENTATION_FUNCTION(segmentation_rule_from_text) {
  PG_RETURN_POINTER(parse_or_raise(text_to_cstring(PG_GETARG_TEXT_PP(0)), Excerpt::detail));
}

SEGMENTATION_FUNCTION(segmentation_rule_source) {
  PG_RETURN_TEXT_P(cstring_to_text(rule_source(rule_value(PG_GETARG_DATUM(0)))));
}

SEGMENTATION_FUNCTION(segmentation_rule_eq) {
  PG_RETURN_BOOL(same_canonical(rule_value(PG_GETARG_DATUM(0)), rule_value(PG_GETARG_DATUM(1))));
}

SEGMENTATION_FUNCTION(segmentation_rule_ne) {
  PG_RETURN_BOOL(!same_canonical(rule_value(PG_GETARG_DATUM(0)), rule_value(PG_GETARG_DATUM(1))));
}

SEGMENTATION_FUNCTION(segmentation_rule_hash) {
  RuleValue *rule = rule_value(PG_GETARG_DATUM(0));
  return hash_any(reinterpret_cast<const unsigned char *>(rule->bytes),
                  static_cast<int>(rule->canonical_size));
}

SEGMENTATION_FUNCTION(segmentation_rule_hash_extended) {
  RuleValue *rule = rule_value(PG_GETARG_DATUM(0));
  return hash_any_extended(reinterpret_cast<const unsigned char *>(rule->bytes),
                           static_cast<int>(rule->canonical_size), static_cast<uint64>(PG_GETARG_INT64(1)));
}
