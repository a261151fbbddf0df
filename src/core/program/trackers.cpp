// What horizons need of rows. A bound only moves forward, so the rows that will change a windowed measure
// next are those of the smallest date that has not been passed yet: a minimum, folded like any other measure.
#include "core/program/compile.hpp"

#include <algorithm>
#include <set>

namespace segmentation::core::program {
namespace {

const Node &node_at(const Graph &graph, int node) {
  return graph.nodes[static_cast<std::size_t>(node)];
}

const Test *test_of(const Graph &graph, const Node &node) {
  return node.form == Node::Form::test ? &graph.tests[static_cast<std::size_t>(node.test)] : nullptr;
}

void collect_moving(const Graph &graph, int node, std::set<int> &tests) {
  const Node &one = node_at(graph, node);
  if (!one.moves)
    return;
  if (one.form == Node::Form::test)
    tests.insert(one.test);
  for (const int child : one.children)
    collect_moving(graph, child, tests);
}

// A test that only ever turns from true to false (+1), from false to true (-1), or either way (0).
int direction(const Graph &graph, const Node &node) {
  if (node.form == Node::Form::negation)
    return -direction(graph, node_at(graph, node.children[0]));
  const Test *test = test_of(graph, node);
  if (test == nullptr)
    return 0;
  return test->op == TestOp::date_from ? 1 : test->op == TestOp::date_before ? -1 : 0;
}

} // namespace

void Compiler::track(int measure) {
  const int feed = impl_.measure(measure).feed;
  const int root = impl_.measure(measure).filter;
  Graph &rows = row_graph(feed);
  if (!node_at(rows, root).moves)
    return;
  const std::vector<int> conjuncts =
      node_at(rows, root).form == Node::Form::all ? node_at(rows, root).children : std::vector<int>{root};
  // A row that fails what never becomes true again does not matter any more.
  std::vector<int> rest;
  bool leaves = true, enters = true;
  for (const int conjunct : conjuncts) {
    const Node &one = node_at(rows, conjunct);
    const int turns = one.moves ? direction(rows, one) : 0;
    if (!one.moves || turns > 0)
      rest.push_back(conjunct);
    if (one.moves) {
      leaves &= turns > 0;
      enters &= turns < 0;
    }
  }
  impl_.measure(measure).only_leaves = leaves;
  impl_.measure(measure).only_enters = enters;
  std::set<int> moving;
  collect_moving(rows, root, moving);
  for (const int test : moving) {
    const Test moved = rows.tests[static_cast<std::size_t>(test)];
    const ValueNode left = rows.values[static_cast<std::size_t>(moved.left)];
    Measure tracker;
    tracker.feed = feed;
    tracker.level = Level::horizons;
    int bound = -1;
    if (moved.bound >= 0 && left.form == ValueNode::Form::leaf) {
      Test pending;
      pending.op = TestOp::date_from;
      pending.left = moved.left;
      pending.bound = moved.bound;
      pending.moves = true;
      std::vector<int> parts = rest;
      parts.push_back(rows.test_node(rows.add_test(std::move(pending), {})));
      tracker.kind = MeasureKind::minimum;
      tracker.argument = left.leaf;
      tracker.type = left.type;
      tracker.filter = rows.join(Node::Form::all, parts);
      bound = moved.bound;
    } else {
      tracker.kind = MeasureKind::wakening;
      tracker.type = Kind::instant;
      tracker.waken_test = test;
      tracker.filter = rows.join(Node::Form::all, rest);
    }
    const int filter = tracker.filter;
    const int added = add_measure(std::move(tracker));
    rows.need(filter, Level::horizons);
    impl_.measure(measure).trackers.push_back({added, bound});
  }
}

void Compiler::add_trackers() {
  const int folded = static_cast<int>(impl_.measures.size());
  for (int measure = 0; measure < folded; ++measure)
    if (impl_.measure(measure).level == Level::verdicts)
      track(measure);
}

} // namespace segmentation::core::program
