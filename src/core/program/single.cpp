// The customers' graph as steps, and their run.
#include "core/program/single.hpp"

#include "core/program/population.hpp"

#include <algorithm>

namespace segmentation::core::program {

Single::Single(const Customers &customers) : customers_(customers) {
  const Graph &graph = customers_.plan.customers;
  slots_.assign(graph.values.size(), -1);
  places_.assign(graph.nodes.size(), -1);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (graph.nodes[i].level > Level::verdicts)
      continue;
    places_[i] = static_cast<std::int32_t>(steps_.size());
    steps_.push_back(step_of(graph.nodes[i]));
  }
  for (const int root : customers_.plan.roots)
    roots_.push_back(places_[static_cast<std::size_t>(root)]);
  read_.resize(values_.size());
  answers_.resize(steps_.size());
  until_.assign(steps_.size(), instant_infinity);
  value_until_.resize(graph.values.size());
}

std::size_t Single::memory_bytes() const noexcept {
  return steps_.capacity() * (sizeof(Step) + 1 + sizeof(Instant)) + turns_.capacity() * sizeof(Turn) +
         children_.capacity() * 4;
}

Single::Step Single::step_of(const Node &node) {
  Step step;
  step.moves = node.moves;
  switch (node.form) {
  case Node::Form::constant:
    step.truth = node.truth;
    break;
  case Node::Form::bit:
    step.op = Op::bit;
    step.a = customers_.bit_place[static_cast<std::size_t>(node.test)];
    break;
  case Node::Form::negation:
    step.op = Op::negation;
    step.a = places_[static_cast<std::size_t>(node.children[0])];
    break;
  case Node::Form::all:
  case Node::Form::any:
    step.op = node.form == Node::Form::all ? Op::all : Op::any;
    step.a = static_cast<std::int32_t>(children_.size());
    for (const int child : node.children)
      children_.push_back(places_[static_cast<std::size_t>(child)]);
    step.b = static_cast<std::int32_t>(children_.size());
    break;
  case Node::Form::test: {
    const Test &test = customers_.plan.customers.tests[static_cast<std::size_t>(node.test)];
    step.test = node.test;
    set_test(test, step);
    if (node.moves)
      set_turn(test, step);
    break;
  }
  }
  return step;
}

void Single::set_range(Range range, Step &step) {
  step.op = range.low > range.high ? Op::asked : Op::range;
  step.low = range.low;
  step.width = static_cast<std::uint64_t>(range.high) - static_cast<std::uint64_t>(range.low);
}

void Single::set_test(const Test &test, Step &step) {
  const Graph &graph = customers_.plan.customers;
  const ValueNode &left = graph.values[static_cast<std::size_t>(test.left)];
  step.op = Op::asked;
  if (left.form == ValueNode::Form::ratio && test.op == TestOp::compare_number && test.number.is_small()) {
    step.op = Op::ratio;
    step.a = customers_.plan.leaves[static_cast<std::size_t>(left.leaf)].index;
    step.b = customers_.plan.leaves[static_cast<std::size_t>(left.second)].index;
    return;
  }
  if (!left.flat)
    return;
  switch (test.op) {
  case TestOp::compare_number:
    set_range(test.range, step);
    break;
  case TestOp::is_true:
    set_range({1, 1}, step);
    break;
  case TestOp::number_in:
    step.op = Op::listed;
    break;
  case TestOp::present:
    step.op = Op::present;
    break;
  case TestOp::date_from:
  case TestOp::date_before:
    step.op = test.op == TestOp::date_from ? Op::date_from : Op::date_before;
    step.b = test.bound;
    break;
  case TestOp::compare_values: {
    const ValueNode &right = graph.values[static_cast<std::size_t>(test.right)];
    if (!right.flat || right.type != left.type || right.scale != left.scale)
      return;
    step.op = Op::compare;
    step.b = slot_of(test.right);
    break;
  }
  default:
    return;
  }
  step.a = slot_of(test.left);
}

void Single::set_turn(const Test &test, Step &step) {
  const Program::Impl &plan = customers_.plan;
  const ValueNode &left = plan.customers.values[static_cast<std::size_t>(test.left)];
  Turn turn;
  if (test.bound >= 0 && left.flat && !left.moves) {
    turn.form = Turn::Form::flip;
    turn.slot = slot_of(test.left);
  } else if (test.bound < 0 && test.window < 0) {
    turn.form = Turn::Form::values;
  }
  if (test.op == TestOp::compare_number && left.form == ValueNode::Form::leaf) {
    const CustomerLeaf &leaf = plan.leaves[static_cast<std::size_t>(left.leaf)];
    if (!leaf.stored && plan.measure(leaf.index).kind == MeasureKind::count) {
      turn.falls = plan.measure(leaf.index).only_leaves;
      turn.grows = plan.measure(leaf.index).only_enters;
      turn.slot = slot_of(test.left);
    }
  }
  if (test.op == TestOp::compare_number && test.right < 0 && left.form == ValueNode::Form::age) {
    turn.grows = turn.is_age = !plan.customers.values[static_cast<std::size_t>(left.a)].moves;
    turn.slot = slot_of(test.left);
  }
  step.turn = static_cast<std::int32_t>(turns_.size());
  turns_.push_back(turn);
}

// What a value is computed from has its slot before it.
int Single::slot_of(int value) {
  const ValueNode &node = customers_.plan.customers.values[static_cast<std::size_t>(value)];
  int &slot = slots_[static_cast<std::size_t>(value)];
  if (slot >= 0)
    return slot;
  if (node.form == ValueNode::Form::age || node.form == ValueNode::Form::arithmetic)
    slot_of(node.a);
  if (node.form == ValueNode::Form::arithmetic)
    slot_of(node.b);
  slot = static_cast<int>(values_.size());
  values_.push_back(value);
  return slot;
}

void Single::read(int value, std::uint32_t customer, Slot &out) const {
  const Graph &graph = customers_.plan.customers;
  const ValueNode &node = graph.values[static_cast<std::size_t>(value)];
  const auto at = [this](int operand) -> const Slot & {
    return read_[static_cast<std::size_t>(slots_[static_cast<std::size_t>(operand)])];
  };
  switch (node.form) {
  case ValueNode::Form::leaf: {
    const CustomerLeaf &leaf = customers_.plan.leaves[static_cast<std::size_t>(node.leaf)];
    if (!leaf.stored) {
      out.presence = customers_.value_of(leaf, customer, out.value);
      return;
    }
    const StoredColumn &column = customers_.stored[static_cast<std::size_t>(leaf.index)];
    out.value = column.integers[customer];
    out.presence = static_cast<Presence>(column.cells[customer]);
    return;
  }
  case ValueNode::Form::constant:
    out = {node.number.coefficient(), Presence::here};
    return;
  case ValueNode::Form::age: {
    const Slot &born = at(node.a);
    const bool is_day = graph.values[static_cast<std::size_t>(node.a)].type == Kind::day;
    out.presence = born.presence == Presence::none ? Presence::none
                                                   : age_of(customers_.clock, is_day, born.value, out.value);
    return;
  }
  case ValueNode::Form::arithmetic: {
    const Slot &a = at(node.a), &b = at(node.b);
    out.presence = compute(node, graph, a.value, a.presence, b.value, b.presence, out.value);
    return;
  }
  default:
    out.presence = Presence::none;
  }
}

bool Single::holds(const Step &step, std::uint32_t customer) const {
  const Program::Impl &plan = customers_.plan;
  const auto slot = [this](std::int32_t index) -> const Slot & {
    return read_[static_cast<std::size_t>(index)];
  };
  const auto asked = [&] {
    CustomerReader reader(customers_);
    reader.at(customer);
    return Judge(plan.customers, customers_.clock, reader)
        .holds(plan.customers.tests[static_cast<std::size_t>(step.test)]);
  };
  switch (step.op) {
  case Op::constant:
    return step.truth;
  case Op::bit:
    return customers_.bits[static_cast<std::size_t>(step.a)][customer] != 0;
  case Op::negation:
    return answers_[static_cast<std::size_t>(step.a)] == 0;
  case Op::all:
  case Op::any: {
    const bool is_all = step.op == Op::all;
    for (std::int32_t i = step.a; i < step.b; ++i)
      if ((answers_[static_cast<std::size_t>(children_[static_cast<std::size_t>(i)])] != 0) != is_all)
        return !is_all;
    return is_all;
  }
  case Op::asked:
    return asked();
  case Op::ratio: {
    std::int64_t sum = 0, count = 0;
    const Presence presence = customers_.value_of({false, step.a, {}}, customer, sum);
    customers_.value_of({false, step.b, {}}, customer, count);
    std::uint8_t out = 0;
    const Test &test = plan.customers.tests[static_cast<std::size_t>(step.test)];
    if (count <= 0)
      return false;
    return presence == Presence::here && compare_ratio(test, plan.measure(step.a).scale, sum, count, out)
               ? out != 0
               : asked();
  }
  default:
    break;
  }
  const Slot &left = slot(step.a);
  if (step.op == Op::present)
    return left.presence != Presence::none;
  if (step.op == Op::compare) {
    const Slot &right = slot(step.b);
    if (left.presence == Presence::none || right.presence == Presence::none)
      return false;
    if (left.presence == Presence::aside || right.presence == Presence::aside)
      return asked();
    return program::holds(plan.customers.tests[static_cast<std::size_t>(step.test)].compare,
                          left.value <=> right.value);
  }
  if (left.presence != Presence::here)
    return left.presence == Presence::aside && asked();
  switch (step.op) {
  case Op::range:
    return static_cast<std::uint64_t>(left.value) - static_cast<std::uint64_t>(step.low) <= step.width;
  case Op::date_from:
    return left.value >= customers_.clock.threshold(step.b);
  case Op::date_before:
    return left.value < customers_.clock.threshold(step.b);
  default:
    return plan.customers.tests[static_cast<std::size_t>(step.test)].numbers.contains(left.value);
  }
}

// Many rules ask for one value.
Instant Single::value_until(int value, const Judge &judge) {
  Instant &known = value_until_[static_cast<std::size_t>(value)];
  if (known == 0)
    known = judge.value_until(value);
  return known;
}

Instant Single::until_of(const Step &step, bool answer, std::uint32_t customer) {
  switch (step.op) {
  case Op::negation:
    return until_[static_cast<std::size_t>(step.a)];
  case Op::all:
  case Op::any:
    return joined_until(step, answer);
  default:
    break;
  }
  const Turn &turn = turns_[static_cast<std::size_t>(step.turn)];
  const Test &test = customers_.plan.customers.tests[static_cast<std::size_t>(step.test)];
  if (turn.falls || turn.grows) {
    const Slot &slot = read_[static_cast<std::size_t>(turn.slot)];
    if ((!turn.is_age || slot.presence == Presence::here) &&
        is_settled(test.range, turn.falls, answer, slot.value))
      return instant_infinity;
  }
  if (turn.form == Turn::Form::flip) {
    const Slot &slot = read_[static_cast<std::size_t>(turn.slot)];
    return slot.presence == Presence::none ? instant_infinity : customers_.clock.flip(test.bound, slot.value);
  }
  CustomerReader reader(customers_);
  reader.at(customer);
  const Judge judge(customers_.plan.customers, customers_.clock, reader);
  if (turn.form == Turn::Form::asked)
    return judge.until(test);
  const Instant until = value_until(test.left, judge);
  return test.right < 0 ? until : std::min(until, value_until(test.right, judge));
}

Instant Single::joined_until(const Step &step, bool answer) const {
  // As Customers::join_until() has it.
  const bool decisive = step.op == Op::any;
  Instant out = answer == decisive ? instant_minus_infinity : instant_infinity;
  for (std::int32_t i = step.a; i < step.b; ++i) {
    const auto child = static_cast<std::size_t>(children_[static_cast<std::size_t>(i)]);
    if (answer != decisive)
      out = std::min(out, until_[child]);
    else if ((answers_[child] != 0) == decisive)
      out = std::max(out, until_[child]);
  }
  return out;
}

template <bool with_until> void Single::run(std::uint32_t customer) {
  for (std::size_t i = 0; i < values_.size(); ++i)
    read(values_[i], customer, read_[i]);
  if constexpr (with_until)
    std::fill(value_until_.begin(), value_until_.end(), 0);
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const bool answer = holds(steps_[i], customer);
    answers_[i] = answer;
    if constexpr (with_until)
      if (steps_[i].moves)
        until_[i] = until_of(steps_[i], answer, customer);
  }
}

void Single::judge(std::uint32_t customer, std::uint8_t *holds, std::size_t step) {
  run<false>(customer);
  for (std::size_t rule = 0; rule < roots_.size(); ++rule)
    holds[rule * step] = answers_[static_cast<std::size_t>(roots_[rule])];
}

Instant Single::judge_until(std::uint32_t customer, std::uint8_t *holds, std::size_t step) {
  run<true>(customer);
  Instant until = instant_infinity;
  for (std::size_t rule = 0; rule < roots_.size(); ++rule) {
    const auto root = static_cast<std::size_t>(roots_[rule]);
    holds[rule * step] = answers_[root];
    until = std::min(until, until_[root]);
  }
  return until;
}

} // namespace segmentation::core::program
