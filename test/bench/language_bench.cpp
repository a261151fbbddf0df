// How long a rule takes from its text to its checked form: short ones, and ones with long lists.
#include "unit/shop_schema.hpp"

#include <benchmark/benchmark.h>

namespace segmentation::core::test {
namespace {

const Meaning &shop() {
  static const std::shared_ptr<const Meaning> meaning = prepare_meaning(shop_schema()).meaning;
  return *meaning;
}

// Twenty conditions.
constexpr const char *twenty =
    "(city = 'Sofia' OR region.country IN ('BG', 'GR')) AND points >= 100 AND vip AND birth_date < -18y "
    "AND registered_at BETWEEN -2y AND -1m AND number_of_orders > 3 AND amount_spent >= 99.90 "
    "AND orders MATCHES (date > -90d, status = 'paid', count >= 2, sum_total > 50) "
    "AND items MATCHES (product.brand IN ('Acme', 'Apex'), product_tags CONTAINS 'sale', quantity > 1) "
    "AND customer_tags CONTAINS ANY ('vip', 'gold') AND NOT customer_tags CONTAINS 'staff' "
    "AND extra.colour != 'red' AND last_order_date < -7d AND carts NOT MATCHES (date > -30d)";

std::string listed(std::int64_t count, bool text) {
  std::string rule = text ? "orders MATCHES (status IN (" : "items MATCHES (product_id IN (";
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string number = std::to_string(1'000'000 + i * 7919 % count * 14);
    rule += (i > 0 ? ", " : "") + (text ? "'" + number + "'" : number);
  }
  return rule + "))";
}

void parse(benchmark::State &state, const std::string &rule) {
  for (auto _ : state)
    benchmark::DoNotOptimize(parse_rule(rule));
}

void parse_and_check(benchmark::State &state, const std::string &rule) {
  for (auto _ : state) {
    const Parsed<Rule> parsed = parse_rule(rule);
    const Checked checked = check_rule(parsed.value->condition, shop());
    if (!checked.rule)
      state.SkipWithError(checked.diagnostics.front().message.c_str());
    benchmark::DoNotOptimize(checked);
  }
}

BENCHMARK_CAPTURE(parse, twenty, twenty)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(parse_and_check, twenty, twenty)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(parse, numbers_10, listed(10, false))->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(parse_and_check, numbers_10, listed(10, false))->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(parse, numbers_10000, listed(10'000, false))->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(parse_and_check, numbers_10000, listed(10'000, false))->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(parse, texts_10000, listed(10'000, true))->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(parse_and_check, texts_10000, listed(10'000, true))->Unit(benchmark::kMicrosecond);

} // namespace
} // namespace segmentation::core::test

BENCHMARK_MAIN();
