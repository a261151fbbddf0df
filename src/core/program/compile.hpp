// Checked rules -> plan. One compiler per program; equal values, tests, nodes and measures come out once.
#pragma once

#include "core/program/plan.hpp"

#include <map>
#include <string>
#include <tuple>
#include <unordered_map>

namespace segmentation::core::program {

/// Returns a text that differs for different lists of texts.
std::string texts_key(const std::vector<std::string> &texts);

/// Returns a text that differs for different bounds.
std::string bound_key(const Bound &bound);

class Compiler {
public:
  explicit Compiler(Program::Impl &impl) : impl_(impl) {}

  /// Compiles all rules of the plan.
  void run();

private:
  /// Where a condition is compiled: in a feed's row graph, or in the customers' graph (feed < 0).
  struct Place {
    int feed = -1;
    bool rows() const noexcept { return feed >= 0; }
  };

  int add_measure(Measure measure);
  int feed_column(int feed, const ColumnRef &column, Kind type);
  /// For each measure whose filter moves, adds trackers of the dates that are about to cross a bound.
  void add_trackers();
  void track(int measure);

  Graph &graph(Place place);
  Graph &row_graph(int feed) { return impl_.plans[static_cast<std::size_t>(feed)].rows; }
  const Condition *row_condition(int relation) const;
  int feed_of(int relation);
  int add_bound(const Bound &bound, Kind type);
  int add_window(const Bound &from, const Bound &to);

  int condition(Place place, const Condition &condition);
  int leaf_condition(Place place, const Condition &condition, Trace &trace);
  int make_test(Place place, const Condition &condition);
  int value(Place place, const Scalar &scalar);
  int measure_value(int measure, Kind type, std::int32_t scale,
                    ForecastColumn forecast = ForecastColumn::rfm_group);
  int leaf_value(Place place, const ColumnRef &column, Kind type);
  int aggregate(const Scalar &scalar);
  int filter(int feed, const Condition *condition);
  void trace_rows(const Condition &condition, Trace &trace);
  void trace_list(int feed, int filter, const ColumnRef &column, Kind type, Trace &trace);
  int set_measure(const Condition &condition, Trace &trace);
  Condition member_test(const Condition &condition) const;
  int count_measure(int feed, int filter, Level level);
  void order_rows(Measure &measure, int feed);
  /// Returns the set that a relation is or hangs on, or -1.
  int set_of(int relation) const;
  bool is_customer_set(const ColumnRef &column) const;
  bool reads_own_row(const Condition &condition) const;
  bool reads_own_row(const Scalar &scalar) const;
  Kind list_kind(const Condition &condition) const;

  Program::Impl &impl_;
  std::unordered_map<std::string, int> bounds_;
  std::unordered_map<std::string, int> windows_;
  std::unordered_map<std::string, int> measures_;
  std::unordered_map<std::string, int> columns_;
  std::map<std::tuple<bool, int, ForecastColumn>, int> leaves_;
};

} // namespace segmentation::core::program
