// What a customer's conditions were tested on, read back from where the program put it, and as explain()
// shows it.
#pragma once

#include "core/program/population.hpp"

#include <optional>
#include <string>

namespace segmentation::core::program {

/// Reads the columns of one customer's own row.
class CardReader final : public LeafReader {
public:
  explicit CardReader(const std::vector<Card> &cards) : cards_(cards) {}
  void read(int leaf, LeafValue &out) const override;
  Instant until(int) const override { return instant_infinity; }

private:
  const std::vector<Card> &cards_;
};

/// One customer of a population that was judged, she alone.
class Found {
public:
  Found(const Customers &customers, std::uint32_t customer);
  Found(const Found &) = delete;
  Found &operator=(const Found &) = delete;

  const Trace &trace(const Condition &condition) const { return customers_.plan.traces.at(&condition); }
  bool holds(const Condition &condition) const { return customers_.answer(trace(condition).node); }
  const Clock &clock() const noexcept { return customers_.clock; }
  const Schema &schema() const noexcept { return customers_.plan.meaning->schema; }

  /// The test that a condition became, and what its sides are read from; absent where nothing is kept of it.
  struct Tested {
    const Graph &graph;
    const Test &test;
    const LeafReader &reader;

    const ValueNode &node(int value) const { return graph.values[static_cast<std::size_t>(value)]; }
  };
  std::optional<Tested> tested(const Condition &condition) const;
  Judge judge(const Tested &tested) const { return {tested.graph, clock(), tested.reader}; }

  /// Returns the value on the left as people read it, "missing" where there is none.
  std::string shown(const Condition &condition) const;
  /// Returns how many rows there were; absent for what looks at none.
  std::optional<std::int64_t> row_count(const Condition &condition) const;
  /// Returns the keys of these rows.
  std::vector<std::string> row_keys(const Condition &condition) const;

private:
  const NamedRows *named(const Condition &condition) const;
  std::string shown_value(const Tested &tested, int value) const;

  const Customers &customers_;
  std::uint32_t customer_;
  CustomerReader reader_;
  std::vector<Card> no_cards_;
  CardReader cards_;
};

/// Tells whether numbers of a value are shown with all places of its scale; a scale that was only assumed is
/// none.
bool has_places(const ValueNode &value);

/// Prints an amount, at a value's scale or as a fraction.
std::string show_amount(const WideFraction &amount, const ValueNode &value);

} // namespace segmentation::core::program
