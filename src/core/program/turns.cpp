// When time alone changes an answer. A horizon is the first instant at which an answer may change; judged
// there anew, it either has changed, so that this is the instant, or it stands until the next horizon.
#include "core/program/population.hpp"

#include <algorithm>

namespace segmentation::core::program {
namespace {

constexpr std::size_t most_instants = 200;
constexpr std::size_t most_refolded_rows = 1'000'000;

} // namespace

Instant Customers::horizon(int node) const {
  const auto index = static_cast<std::size_t>(node);
  if (!plan.customers.nodes[index].moves)
    return instant_infinity;
  if (level < Level::horizons) // no one kept the dates that would tell
    return clock.moment().now + 1;
  return std::min(node_until[until_place[index] * block_customers], clock.steady_until());
}

std::vector<Instant> Customers::turns(std::uint32_t customer) const {
  const std::size_t count = plan.customers.nodes.size();
  std::vector<Instant> out(count);
  std::vector<int> open; // nodes of which it is not known yet
  for (std::size_t node = 0; node < count; ++node) {
    out[node] = horizon(static_cast<int>(node));
    if (out[node] != instant_infinity)
      open.push_back(static_cast<int>(node));
  }
  const std::optional<std::size_t> rows = kept.size();
  const bool all_kept = plan.purpose == Purpose::explaining && rows;
  const std::size_t budget = all_kept ? std::min(most_instants, most_refolded_rows / (*rows + 1)) : 0;
  const auto at = [&](int node) -> Instant & { return out[static_cast<std::size_t>(node)]; };
  for (std::size_t step = 0; step < budget && !open.empty(); ++step) {
    const Instant next =
        at(*std::min_element(open.begin(), open.end(), [&](int a, int b) { return at(a) < at(b); }));
    Customers then(plan, Moment::at(next, clock.zone()), true, {}, roll);
    then.lay_out(Level::horizons); // what is shown beside answers is not asked for
    kept.replay(then);
    then.make_room();
    then.judge_block(customer, 1, Level::nothing, true);
    std::erase_if(open, [&](int node) {
      if (at(node) > next)
        return false;
      if (then.answer(node) != answer(node))
        return true;
      at(node) = then.horizon(node);
      return at(node) == instant_infinity;
    });
  }
  return out;
}

} // namespace segmentation::core::program
