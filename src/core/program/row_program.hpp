// Runs a row graph over a batch: each node gets a byte for each row. One comparison over a thousand rows is a
// plain loop that the compiler vectorises; only what has an unusual shape goes row by row through the judge.
#pragma once

#include "core/program/judge.hpp"

#include <memory>

namespace segmentation::core::program {

/// Reads leaves of one row of a batch.
class RowReader final : public LeafReader {
public:
  explicit RowReader(const Batch &batch) : batch_(batch) {}
  void at(std::uint32_t row) noexcept { row_ = row; }
  void read(int leaf, LeafValue &out) const override;
  Instant until(int) const override { return instant_infinity; } // a row's own values do not move

private:
  const Batch &batch_;
  std::uint32_t row_ = 0;
};

class RowProgram {
public:
  /// All three must outlive it. Nodes beyond the level are left out.
  RowProgram(const Graph &graph, const Clock &clock, Level level);

  /// Judges rows [0, batch.rows).
  void run(const Batch &batch);

  /// Returns a node's bytes (0 or 1) for the rows of the last run.
  const std::uint8_t *result(int node) const noexcept {
    return bytes_.get() + places_[static_cast<std::size_t>(node)] * Batch::capacity;
  }
  bool is_always(int node) const noexcept {
    const Node &one = graph_.nodes[static_cast<std::size_t>(node)];
    return one.form == Node::Form::constant && one.truth;
  }
  std::size_t memory_bytes() const noexcept { return used_ * Batch::capacity; }

private:
  void run_test(const Test &test, const Batch &batch, std::uint8_t *out);
  void run_numbers(const Test &test, const BatchColumn &column, std::uint32_t rows, std::uint8_t *out) const;
  void run_texts(const Test &test, const BatchColumn &column, std::uint32_t rows, std::uint8_t *out);

  const Graph &graph_;
  const Clock &clock_;
  Level level_;
  std::vector<std::size_t> places_;
  std::size_t used_ = 0;
  std::unique_ptr<std::uint8_t[]> bytes_;
  std::string scratch_;
};

} // namespace segmentation::core::program
