// What is computed for one row, or for one customer: values, tests on values, and boolean nodes over tests,
// each held once. A graph says what is to be computed, not over which data: its leaves are numbers that the
// owner gives a meaning.
#pragma once

#include "core/program/bound.hpp"
#include "core/program/constants.hpp"
#include "core/program/measure.hpp"

#include <string>
#include <unordered_map>
#include <vector>

namespace segmentation::core::program {

/// A value: a leaf, or computed from others.
struct ValueNode {
  enum class Form : std::uint8_t {
    leaf,
    ratio, // leaf / second: an average, as a sum and a count
    age,   // of value a
    arithmetic,
    constant,
    missing,
  };
  Form form = Form::missing;
  Kind type = Kind::number;
  std::int32_t scale = 0; // of its coefficients
  bool flat = false; // usually an integer at its scale: a number, day, instant or boolean, but no quotient
  int leaf = -1;
  int second = -1;
  char op = 0;
  int a = -1;
  int b = -1;
  Decimal number;
  bool moves = false; // changes with time alone
};

enum class TestOp : std::uint8_t {
  compare_number, // op number; with a leaf: low <= coefficient <= high
  number_in,
  text_in,
  text_starts,
  text_ends,
  text_contains,
  is_true,
  date_from, // value >= bound; `left < bound` is this one's complement among the present, so date_before
  date_before,
  compare_values, // left op right
  present,
  list_contains_text,
  list_contains_number,
  list_present,
  anniversary,
  within_distance, // the position (left, right) lies in the circle
};

/// One test. A missing value fails it.
struct Test {
  TestOp op = TestOp::present;
  int left = -1;
  int right = -1;
  CompareOp compare = CompareOp::eq;
  Decimal number;
  Range range;
  NumberSet numbers;
  TextSet texts;
  bool ignore_case = false;
  int bound = -1;
  int window = -1;
  Circle circle;
  bool moves = false;
};

/// A boolean node. Children come before their parents.
struct Node {
  enum class Form : std::uint8_t {
    constant,
    all,
    any,
    negation,
    test,
    bit, // customers only: a node of the customers feed's row graph, kept as a byte
  };
  Form form = Form::constant;
  bool truth = false;
  int test = -1; // or the row node behind a bit
  std::vector<int> children;
  bool moves = false;
  Level level = Level::nothing; // what it is needed for
};

/// Values, tests and nodes; adding an equal one twice returns the first one's number.
class Graph {
public:
  std::vector<ValueNode> values;
  std::vector<Test> tests;
  std::vector<Node> nodes;

  int add_value(ValueNode value);
  /// `key` holds what the test's constants are; op, operands and comparison are added here.
  int add_test(Test test, const std::string &key);
  int constant(bool truth);
  int test_node(int test);
  int bit(int row_node);
  int negation(int child);
  /// AND or OR; nested ones of the same form are spliced in, constants folded.
  int join(Node::Form form, const std::vector<int> &children);

  /// Marks all that `root` is made of as needed at a level.
  void need(int root, Level level);

private:
  int add_node(Node node, std::string key);

  std::unordered_map<std::string, int> value_index_;
  std::unordered_map<std::string, int> test_index_;
  std::unordered_map<std::string, int> node_index_;
};

} // namespace segmentation::core::program
