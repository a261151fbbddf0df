// Rows as they came, so that a customer can be judged at other instants without reading them again.
#pragma once

#include "core/program/program.hpp"

#include <deque>
#include <string>
#include <vector>

namespace segmentation::core::program {

struct Customers;

class KeptRows {
public:
  /// Keeps a batch, unless there are too many rows for that to pay: then nothing.
  void keep(std::size_t feed, const Batch &batch);
  /// Folds all that was kept into customers of the same program, who are then numbered as they were.
  void replay(Customers &to) const;
  /// How many rows were kept; absent where they were too many.
  std::optional<std::size_t> size() const { return too_many_ ? std::nullopt : std::optional(rows_); }

private:
  struct Values {
    std::vector<Cell> cells;
    std::vector<std::int64_t> integers;
    std::vector<TextCell> texts;
    std::vector<ListCell> lists;
  };
  struct Rows {
    std::size_t feed;
    std::uint32_t count;
    std::vector<Values> columns; // the key last
  };

  Values copy(const BatchColumn &column, std::uint32_t rows);
  TextCell copy(const TextCell &text);

  std::vector<Rows> batches_;
  std::deque<std::string> bytes_; // deques: growing moves nothing
  std::deque<std::vector<TextCell>> lists_;
  std::size_t rows_ = 0;
  bool too_many_ = false;
};

} // namespace segmentation::core::program
