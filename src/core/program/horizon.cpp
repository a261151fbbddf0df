// The boolean nodes of a block of customers, and until when each answer holds. An AND that is false stays
// false as long as any of its false operands does; one that is true, until its first operand may turn. OR is
// the other way round.
#include "core/program/population.hpp"

#include <algorithm>
#include <cstring>

namespace segmentation::core::program {
namespace {

void negate(const std::uint8_t *in, std::uint32_t count, std::uint8_t *out) {
  for (std::uint32_t i = 0; i < count; ++i)
    out[i] = in[i] ^ 1;
}

} // namespace

bool is_settled(const Range &range, bool falls, bool answer, std::int64_t count) noexcept {
  if (answer)
    return falls ? range.low <= 0 : range.high == std::numeric_limits<std::int64_t>::max();
  return falls ? count < range.low : count > range.high;
}

void Customers::judge_until(const Test &test, std::uint32_t first, std::uint32_t count,
                            const std::uint8_t *answers, Instant *out) {
  const ValueNode &left = plan.customers.values[static_cast<std::size_t>(test.left)];
  if (test.bound >= 0 && left.flat && !left.moves) { // a date that stays, against a bound that moves
    const Loaded &values = load(test.left, first, count);
    for (std::uint32_t i = 0; i < count; ++i)
      out[i] =
          values.presence[i] == Presence::none ? instant_infinity : clock.flip(test.bound, values.values[i]);
    return;
  }
  CustomerReader reader(*this);
  const Judge judge(plan.customers, clock, reader);
  // A count from which rows only leave falls, one that rows only enter grows: one way out of the range may be
  // shut.
  bool falls = false, grows = false;
  if (test.op == TestOp::compare_number && left.form == ValueNode::Form::leaf) {
    const CustomerLeaf &leaf = plan.leaves[static_cast<std::size_t>(left.leaf)];
    if (!leaf.stored && plan.measure(leaf.index).kind == MeasureKind::count) {
      falls = plan.measure(leaf.index).only_leaves;
      grows = plan.measure(leaf.index).only_enters;
    }
  }
  // So does an age, which takes time only one way.
  const bool is_age = left.form == ValueNode::Form::age;
  if (is_age && test.op == TestOp::compare_number && test.right < 0)
    grows = !plan.customers.values[static_cast<std::size_t>(left.a)].moves;
  // Most tests that move are on a measure whose rows come and go, asked by several rules.
  const bool on_measure = test.bound < 0 && test.window < 0 && test.right < 0 &&
                          left.form == ValueNode::Form::leaf &&
                          !plan.leaves[static_cast<std::size_t>(left.leaf)].stored;
  const Instant *until = on_measure ? load_until(test.left, first, count) : nullptr;
  const Loaded *values = falls || grows ? &load(test.left, first, count) : nullptr;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (values != nullptr) {
      if ((!is_age || values->presence[i] == Presence::here) && // a date of birth may lie ahead
          is_settled(test.range, falls, answers[i] != 0, values->values[i])) {
        out[i] = instant_infinity;
        continue;
      }
    }
    if (until != nullptr) {
      out[i] = until[i];
    } else {
      reader.at(first + i);
      out[i] = judge.until(test);
    }
  }
}

const Instant *Customers::load_until(int value, std::uint32_t first, std::uint32_t count) {
  auto &place = loaded_until[static_cast<std::size_t>(value)];
  if (!place)
    place = std::make_unique<LoadedUntil>();
  if (place->block == block_number)
    return place->until;
  place->block = block_number;
  const ValueNode &node = plan.customers.values[static_cast<std::size_t>(value)];
  const int measure = plan.leaves[static_cast<std::size_t>(node.leaf)].index;
  for (std::uint32_t i = 0; i < count; ++i)
    place->until[i] = measure_until(measure, first + i);
  return place->until;
}

void Customers::judge_block(std::uint32_t first, std::uint32_t count, Level needed, bool with_until) {
  const auto &nodes = plan.customers.nodes;
  if (node_bytes.empty()) {
    node_bytes.resize(nodes.size() * block_customers);
    until_place.assign(nodes.size(), 0);
  }
  if (with_until && node_until.empty()) {
    std::size_t used = 0;
    for (std::size_t i = 0; i < nodes.size(); ++i)
      if (nodes[i].moves)
        until_place[i] = used++;
    node_until.resize(used * block_customers);
  }
  ++block_number;
  const auto bytes_of = [&](int node) {
    return &node_bytes[static_cast<std::size_t>(node) * block_customers];
  };
  const auto until_of = [&](std::size_t node) { return &node_until[until_place[node] * block_customers]; };
  for (std::size_t index = 0; index < nodes.size(); ++index) {
    const Node &node = nodes[index];
    if (node.level > needed)
      continue;
    std::uint8_t *out = &node_bytes[index * block_customers];
    switch (node.form) {
    case Node::Form::constant:
      std::memset(out, node.truth ? 1 : 0, count);
      break;
    case Node::Form::bit:
      std::memcpy(out, &bits[static_cast<std::size_t>(bit_place[static_cast<std::size_t>(node.test)])][first],
                  count);
      break;
    case Node::Form::test: {
      const Test &test = plan.customers.tests[static_cast<std::size_t>(node.test)];
      judge_test(test, first, count, out);
      if (with_until && node.moves)
        judge_until(test, first, count, out, until_of(index));
      break;
    }
    case Node::Form::negation:
      negate(bytes_of(node.children[0]), count, out);
      if (with_until && node.moves)
        std::copy_n(until_of(static_cast<std::size_t>(node.children[0])), count, until_of(index));
      break;
    case Node::Form::all:
    case Node::Form::any: {
      const bool is_all = node.form == Node::Form::all;
      std::memcpy(out, bytes_of(node.children[0]), count);
      for (std::size_t c = 1; c < node.children.size(); ++c) {
        const std::uint8_t *in = bytes_of(node.children[c]);
        if (is_all)
          for (std::uint32_t i = 0; i < count; ++i)
            out[i] &= in[i];
        else
          for (std::uint32_t i = 0; i < count; ++i)
            out[i] |= in[i];
      }
      if (with_until && node.moves)
        join_until(node, count, out, until_of(index));
      break;
    }
    }
  }
}

void Customers::join_until(const Node &node, std::uint32_t count, const std::uint8_t *answers, Instant *out) {
  // The answer that one operand alone decides: false for AND, true for OR.
  const std::uint8_t decisive = node.form == Node::Form::all ? 0 : 1;
  for (std::uint32_t i = 0; i < count; ++i)
    out[i] = answers[i] == decisive ? instant_minus_infinity : instant_infinity;
  for (const int child : node.children) {
    const auto index = static_cast<std::size_t>(child);
    const std::uint8_t *holds = &node_bytes[index * block_customers];
    const bool moves = plan.customers.nodes[index].moves;
    const Instant *until = moves ? &node_until[until_place[index] * block_customers] : nullptr;
    for (std::uint32_t i = 0; i < count; ++i) {
      const Instant own = moves ? until[i] : instant_infinity;
      if (answers[i] != decisive)
        out[i] = std::min(out[i], own);
      else if (holds[i] == decisive)
        out[i] = std::max(out[i], own);
    }
  }
}

} // namespace segmentation::core::program
