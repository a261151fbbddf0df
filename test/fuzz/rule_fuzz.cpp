// Whatever the text: parsing never crashes, an error lies inside the text, and the canonical form of what
// parses is a fixed point of parsing and printing. Each input goes through all three entrances of the parser.
// As JSON a rule is the same rule, and JSON like that of rules is one or is refused.
#include "core/json/rule_json.hpp"
#include "core/rule/parser.hpp"
#include "core/rule/printer.hpp"
#include "fuzz/shuffled.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace segmentation::core;

std::string print(const Rule &rule) {
  return print_rule(rule);
}
std::string print(const Expr &expr) {
  return print_expr(expr);
}
std::string print(const AttributeExpression &expression) {
  return expression.value ? print_value(*expression.value) : print_expr(*expression.condition);
}

[[noreturn]] void fail(const char *what, std::string_view first, std::string_view second) {
  std::fprintf(stderr, "%s\n  %.*s\n  %.*s\n", what, static_cast<int>(first.size()), first.data(),
               static_cast<int>(second.size()), second.data());
  std::abort();
}

template <typename Parse> void check(std::string_view text, Parse parse) {
  const auto parsed = parse(text);
  if (parsed.value.has_value() != parsed.diagnostics.empty() || (parsed.value && parsed.remains))
    fail("neither a tree nor a mistake", text, "");
  std::uint32_t last = 0;
  for (const Diagnostic &diagnostic : parsed.diagnostics) {
    if (diagnostic.span.begin > diagnostic.span.end || diagnostic.span.end > text.size())
      fail("mistake outside the text", text, diagnostic.message);
    if (diagnostic.span.begin < last)
      fail("mistakes out of order", text, diagnostic.message);
    if (diagnostic.message.empty() || diagnostic.message.find('\n') != std::string::npos)
      fail("malformed message", text, diagnostic.message);
    last = diagnostic.span.begin;
  }
  if (!parsed.value)
    return;
  const std::string canonical = print(*parsed.value);
  const auto again = parse(canonical);
  if (!again.value)
    fail("the canonical form does not parse", canonical, again.diagnostics.front().message);
  if (const std::string twice = print(*again.value); twice != canonical)
    fail("the canonical form is not stable", canonical, twice);
}

/// Returns the rule that a document says, which must be the one that its text says.
std::optional<std::string> read(const JsonDocument &document, const Limits &limits) {
  RuleFromJson result = rule_from_json(document.items(), limits);
  if (!result.canonical) {
    if (result.mistake.message.empty() || result.mistake.message.find('\n') != std::string::npos)
      fail("malformed message", print_json(document.items()), result.mistake.message);
    return std::nullopt;
  }
  const auto parsed = parse_rule(*result.canonical, limits);
  if (!parsed.value || print_rule(*parsed.value) != *result.canonical)
    fail("a rule from JSON is no canonical rule", print_json(document.items()), *result.canonical);
  return std::move(result.canonical);
}

void check_json(std::string_view text, const Limits &limits) {
  const auto parsed = parse_rule(text, limits);
  if (!parsed.value)
    return;
  const JsonDocument document = rule_to_json(*parsed.value);
  if (const auto same = read(document, limits); !same || *same != print_rule(*parsed.value))
    fail("not the same rule by way of JSON", print_json(document.items()), same.value_or(""));
  fuzz::Dice dice(std::hash<std::string_view>()(text));
  for (int i = 0; i < 3; ++i) {
    const JsonDocument shuffled = fuzz::Shuffler(document.items(), dice).shuffled();
    if (const auto canonical = read(shuffled, limits)) {
      const auto again = read(rule_to_json(*parse_rule(*canonical, limits).value), limits);
      if (again != canonical)
        fail("another rule by way of JSON", print_json(shuffled.items()), *canonical);
    }
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  // Small limits, so that a fuzzer's short inputs reach them.
  Limits limits;
  limits.depth = 20;
  limits.clauses = 50;
  limits.list_values = 50;
  const std::string_view text(reinterpret_cast<const char *>(data), size);
  check(text, [&](std::string_view input) { return parse_rule(input, limits); });
  check_json(text, limits);
  check(text, [&](std::string_view input) { return parse_condition(input, limits); });
  check(text, [&](std::string_view input) { return parse_attribute(input, limits); });
  return 0;
}
