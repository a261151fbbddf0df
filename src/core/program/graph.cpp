// Each value, test and node once.
#include "core/program/graph.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace segmentation::core::program {
namespace {

constexpr std::int32_t largest_flat_scale = 18;

} // namespace

int Graph::add_value(ValueNode value) {
  using Form = ValueNode::Form;
  switch (value.form) {
  case Form::leaf: // moves where its owner says so
    value.flat = value.type != Kind::text && value.type != Kind::text_list && value.type != Kind::number_list;
    break;
  case Form::age:
    value.moves = true;
    value.flat = true;
    break;
  case Form::constant:
    value.flat =
        value.number.is_small() && value.number.scale() >= 0 && value.number.scale() <= largest_flat_scale;
    value.scale = value.number.scale();
    break;
  case Form::arithmetic: {
    const ValueNode &a = values[static_cast<std::size_t>(value.a)];
    const ValueNode &b = values[static_cast<std::size_t>(value.b)];
    value.moves = a.moves || b.moves;
    value.scale = value.op == '*' ? a.scale + b.scale : std::max(a.scale, b.scale);
    value.flat = value.op != '/' && a.flat && b.flat && value.scale <= largest_flat_scale;
    break;
  }
  default:
    break;
  }
  const std::string key = fmt::format("{} {} {} {} {} {} {} {}", static_cast<int>(value.form),
                                      static_cast<int>(value.type), value.leaf, value.second,
                                      static_cast<int>(value.op), value.a, value.b, value.number.to_string());
  const auto [at, fresh] = value_index_.try_emplace(key, static_cast<int>(values.size()));
  if (fresh)
    values.push_back(std::move(value));
  return at->second;
}

int Graph::add_test(Test test, const std::string &key) {
  const std::string full =
      fmt::format("{} {} {} {} {} {} {} {}", static_cast<int>(test.op), test.left, test.right,
                  static_cast<int>(test.compare), test.ignore_case, test.bound, test.window, key);
  const auto [at, fresh] = test_index_.try_emplace(full, static_cast<int>(tests.size()));
  if (fresh) {
    for (const int value : {test.left, test.right})
      test.moves |= value >= 0 && values[static_cast<std::size_t>(value)].moves;
    tests.push_back(std::move(test));
  }
  return at->second;
}

int Graph::add_node(Node node, std::string key) {
  const auto [at, fresh] = node_index_.try_emplace(std::move(key), static_cast<int>(nodes.size()));
  if (fresh) {
    for (const int child : node.children)
      node.moves |= nodes[static_cast<std::size_t>(child)].moves;
    nodes.push_back(std::move(node));
  }
  return at->second;
}

int Graph::constant(bool truth) {
  Node node;
  node.truth = truth;
  return add_node(std::move(node), truth ? "true" : "false");
}

int Graph::test_node(int test) {
  Node node;
  node.form = Node::Form::test;
  node.test = test;
  node.moves = tests[static_cast<std::size_t>(test)].moves;
  return add_node(std::move(node), fmt::format("test {}", test));
}

int Graph::bit(int row_node) {
  Node node;
  node.form = Node::Form::bit;
  node.test = row_node;
  return add_node(std::move(node), fmt::format("bit {}", row_node));
}

int Graph::negation(int child) {
  const Node &inner = nodes[static_cast<std::size_t>(child)];
  if (inner.form == Node::Form::constant)
    return constant(!inner.truth);
  if (inner.form == Node::Form::negation)
    return inner.children[0];
  Node node;
  node.form = Node::Form::negation;
  node.children = {child};
  return add_node(std::move(node), fmt::format("not {}", child));
}

int Graph::join(Node::Form form, const std::vector<int> &children) {
  const bool neutral = form == Node::Form::all;
  Node node;
  node.form = form;
  for (const int child : children) {
    const Node &one = nodes[static_cast<std::size_t>(child)];
    if (one.form == Node::Form::constant) {
      if (one.truth != neutral)
        return constant(!neutral);
    } else if (one.form == form) {
      node.children.insert(node.children.end(), one.children.begin(), one.children.end());
    } else {
      node.children.push_back(child);
    }
  }
  std::sort(node.children.begin(), node.children.end());
  node.children.erase(std::unique(node.children.begin(), node.children.end()), node.children.end());
  if (node.children.empty())
    return constant(neutral);
  if (node.children.size() == 1)
    return node.children[0];
  std::string key = form == Node::Form::all ? "all" : "any";
  for (const int child : node.children)
    key += fmt::format(" {}", child);
  return add_node(std::move(node), std::move(key));
}

void Graph::need(int root, Level level) {
  std::vector<int> open{root};
  while (!open.empty()) {
    Node &node = nodes[static_cast<std::size_t>(open.back())];
    open.pop_back();
    if (node.level <= level)
      continue;
    node.level = level;
    open.insert(open.end(), node.children.begin(), node.children.end());
  }
}

} // namespace segmentation::core::program
