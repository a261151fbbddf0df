// Rows on their way into measures or back out: what folding and retracting read alike.
#pragma once

#include "core/program/population.hpp"

#include <optional>

namespace segmentation::core::program {

template <typename Cell> Cell &cell_of(const FoldInput &input, std::uint32_t row) {
  return *reinterpret_cast<Cell *>(input.blocks[row] + input.offset);
}

inline const BatchColumn &column_of(const FoldInput &input, int column) {
  return input.batch.columns[static_cast<std::size_t>(column)];
}

inline std::optional<Decimal> digits_of(const BatchColumn &column, std::uint32_t row) {
  return Decimal::parse(view(column.texts[row]));
}

/// A number as it was delivered: digits that fit the scale after all count as such.
struct Number {
  std::int64_t coefficient = 0;
  std::optional<Decimal> big;
};

/// Returns false for a missing number.
bool read_number(const BatchColumn &column, std::uint32_t row, Number &out);

/// Puts the encoded primary key of a row into `out`.
void encode_ties(const Measure &measure, const FoldInput &input, std::uint32_t row, std::string &out);

} // namespace segmentation::core::program
