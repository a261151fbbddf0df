// Values and tests for one row or one customer at a time: the exact way for everything. The vectorised paths
// handle the common shapes themselves and come here for the rest, so the meaning of a test is written down
// once.
#pragma once

#include "core/program/fraction.hpp"
#include "core/program/graph.hpp"
#include "core/program/program.hpp"

#include <optional>
#include <string_view>

namespace segmentation::core::program {

/// The value of a leaf. Which members are used follows from the kind.
struct LeafValue {
  bool present = false;
  std::int64_t integer = 0;   // number: coefficient at the leaf's scale; day, instant, boolean
  std::optional<Decimal> big; // number: stands for `integer` where it does not fit
  std::string_view text;
  const ListCell *list = nullptr;
};

/// Reads leaves of one row or one customer.
class LeafReader {
public:
  virtual void read(int leaf, LeafValue &out) const = 0;
  /// Returns the first instant at which the leaf's value may change by time alone.
  virtual Instant until(int leaf) const = 0;

protected:
  ~LeafReader() = default;
};

class Judge {
public:
  Judge(const Graph &graph, const Clock &clock, const LeafReader &reader)
      : graph_(graph), clock_(clock), reader_(reader) {}

  bool holds(const Test &test) const;
  /// Returns the first instant at which the test's answer may change.
  Instant until(const Test &test) const;

  /// Returns the value as a fraction; absent where it is missing.
  std::optional<WideFraction> number(int value) const;
  bool text(int value, std::string_view &out) const;
  bool boolean(int value, bool &out) const;
  /// Puts a date in its own unit (days or microseconds) into `out`.
  bool date(int value, std::int64_t &out) const;
  /// Returns the first instant at which the value may change.
  Instant value_until(int value) const;
  bool present(int value) const;
  /// Returns how far the position of a within_distance test is from its circle's centre, in kilometres;
  /// absent where it is missing or none.
  std::optional<double> distance(const Test &test) const;

private:
  const ValueNode &node(int value) const { return graph_.values[static_cast<std::size_t>(value)]; }
  template <typename N> Outcome fraction(int value, Fraction<N> &out) const;
  bool leaf_number(const ValueNode &node, int leaf, LeafValue &out) const;
  bool local_day(int value, Day &out) const;
  bool compare_numbers(const Test &test) const;
  bool compare_values(const Test &test) const;
  bool number_in(const Test &test) const;
  std::optional<double> degrees(int value, std::int64_t most) const;

  const Graph &graph_;
  const Clock &clock_;
  const LeafReader &reader_;
};

/// Tests on texts, shared with the vectorised paths. `scratch` is reused for folding.
bool text_passes(const Test &test, std::string_view text, std::string &scratch);
bool list_passes(const Test &test, const ListCell &list, std::string &scratch);

inline std::string_view view(const TextCell &cell) noexcept {
  return {cell.data, cell.size};
}

} // namespace segmentation::core::program
