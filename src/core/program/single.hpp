// Judges one customer at a time. The block evaluator pays for each node what a loop over hundreds is worth;
// here the customers' graph is a row of small steps over values that are read once.
#pragma once

#include "core/program/judge.hpp"
#include "core/program/plan.hpp"

#include <cstdint>
#include <vector>

namespace segmentation::core::program {

struct Customers;

class Single {
public:
  /// More customers than this are judged faster as a block.
  static constexpr std::uint32_t most = 3;

  /// The customers must outlive it and have been laid out.
  explicit Single(const Customers &customers);

  /// Judges all rules for a customer: rule r's answer goes to holds[r * step].
  void judge(std::uint32_t customer, std::uint8_t *holds, std::size_t step);
  /// Judges likewise, and returns the first instant at which any answer may change.
  Instant judge_until(std::uint32_t customer, std::uint8_t *holds, std::size_t step);

  std::size_t memory_bytes() const noexcept;

private:
  enum class Op : std::uint8_t {
    constant,
    bit,
    range,     // slot a in [low, low + width]
    date_from, // slot a at or after bound b
    date_before,
    present, // slot a
    listed,  // slot a in the test's numbers
    compare, // slot a op slot b, both at one scale
    ratio,   // of measures a and b
    asked,   // of the judge
    all,     // children [a, b)
    any,
    negation, // of step a
  };
  struct Step {
    Op op = Op::constant;
    bool truth = false;
    bool moves = false;
    std::int32_t a = 0;
    std::int32_t b = 0;
    std::int32_t test = -1;
    std::int32_t turn = -1;
    std::int64_t low = 0;
    std::uint64_t width = 0;
  };
  /// When a moving test's answer may change.
  struct Turn {
    enum class Form : std::uint8_t { flip, values, asked } form = Form::asked;
    bool falls = false; // a count that only falls, or only grows
    bool grows = false;
    bool is_age = false; // which grows, too, once she is born
    std::int32_t slot = -1;
  };
  struct Slot {
    std::int64_t value = 0;
    Presence presence = Presence::none;
  };

  Step step_of(const Node &node);
  void set_test(const Test &test, Step &step);
  void set_range(Range range, Step &step);
  void set_turn(const Test &test, Step &step);
  int slot_of(int value);
  void read(int value, std::uint32_t customer, Slot &out) const;
  template <bool with_until> void run(std::uint32_t customer);
  bool holds(const Step &step, std::uint32_t customer) const;
  Instant until_of(const Step &step, bool answer, std::uint32_t customer);
  Instant joined_until(const Step &step, bool answer) const;
  Instant value_until(int value, const Judge &judge);

  const Customers &customers_;
  std::vector<Step> steps_;
  std::vector<Turn> turns_;
  std::vector<std::int32_t> children_;
  std::vector<std::int32_t> roots_;  // steps, by rule
  std::vector<int> values_;          // of the customers' graph, by slot
  std::vector<int> slots_;           // by value; -1 for none
  std::vector<std::int32_t> places_; // steps, by node

  // What one customer is.
  std::vector<Slot> read_;
  std::vector<std::uint8_t> answers_;
  std::vector<Instant> until_;
  std::vector<Instant> value_until_; // by value; 0 is unknown
};

} // namespace segmentation::core::program
