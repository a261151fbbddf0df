// What compile() makes of many rules: feeds, row graphs, measures, and one graph over customers. Read-only
// afterwards.
#pragma once

#include "core/program/graph.hpp"
#include "core/program/measure.hpp"
#include "core/program/program.hpp"

#include <unordered_map>

namespace segmentation::core {

namespace program {

/// Values of a feed's rows that explain() shows as one list.
struct ShownList {
  int filter = -1;          // a row node
  std::vector<int> columns; // of the feed

  friend bool operator==(const ShownList &, const ShownList &) = default;
};

/// Rows of a feed that explain() names by their keys.
struct ShownRows {
  int filter = -1;       // a row node
  std::vector<int> keys; // columns of the feed; empty where the relation has no primary key
  int date = -1;         // likewise; -1 where rows have none
};

/// What is computed for the rows of one feed; leaves are the feed's columns.
struct RowPlan {
  Graph rows;
  int exists = -1; // row node: the conditions of the relation and of its parents
  std::vector<int> measures;
  std::vector<ShownList> lists;
  std::vector<ShownRows> shown;
};

/// A leaf of the customers' graph: a column of the customers feed whose values are kept, or a measure.
struct CustomerLeaf {
  bool stored = false;
  int index = -1;
  ForecastColumn forecast = ForecastColumn::rfm_group; // of a measure of purchases
};

/// What one written condition became, for explain().
struct Trace {
  int node = -1;      // of the customers' graph
  int row_test = -1;  // the test behind a bit, in the customers feed's row graph
  int test = -1;      // the test in the customers' graph
  int rows_feed = -1; // the rows that passed the filter: their feed,
  int rows = -1;      // and which of its RowPlan::shown
  int list_feed = -1; // a list of what rows have: their feed,
  int list = -1;      // and which of its RowPlan::lists
};

} // namespace program

struct Program::Impl {
  std::shared_ptr<const Meaning> meaning;
  std::vector<CheckedRule> rules;
  bool key_is_integer = true;
  Purpose purpose = Purpose::judging;
  std::vector<Feed> feeds;
  std::vector<program::RowPlan> plans; // by feed
  std::vector<program::Measure> measures;
  std::vector<program::BoundUse> bounds;
  std::vector<program::WindowUse> windows;
  program::Graph customers;
  std::vector<program::CustomerLeaf> leaves;
  std::vector<int> stored; // columns of the customers feed
  std::vector<int> bits;   // nodes of the customers feed's row graph
  std::vector<int> roots;  // by rule: nodes of the customers' graph
  int exists = -1;         // the customers' own condition, in the customers' graph
  bool rows_suffice = false;
  std::unordered_map<const Condition *, program::Trace> traces;

  const Relation &relation(int index) const {
    return meaning->schema.relations[static_cast<std::size_t>(index)];
  }
  program::Measure &measure(int index) { return measures[static_cast<std::size_t>(index)]; }
  const program::Measure &measure(int index) const { return measures[static_cast<std::size_t>(index)]; }
};

namespace program {

/// Writes the SQL of all feeds.
void write_feeds(Program::Impl &impl);

} // namespace program
} // namespace segmentation::core
