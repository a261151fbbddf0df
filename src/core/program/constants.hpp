// The constants of tests, prepared so that a comparison costs the same for one value as for ten thousand.
// Knows nothing of rows, customers or time.
#pragma once

#include "core/meaning/checked.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace segmentation::core::program {

/// Coefficients that pass a comparison with a number, at one scale; empty where low > high.
struct Range {
  std::int64_t low = 1;
  std::int64_t high = 0;
};

/// Returns the coefficients at `scale` whose numbers are `op number`, exactly, whatever digits the number
/// has. ne is not a range: the caller writes it as a negation.
Range range_of(CompareOp op, const Decimal &number, std::int32_t scale);

/// Returns the largest coefficient at `scale` whose number is not above `number`, and whether it is that
/// number; absent where the number lies beyond 64 bits.
struct Floor {
  std::int64_t coefficient = 0;
  bool exact = false;
};
std::optional<Floor> floor_at(const Decimal &number, std::int32_t scale);

bool holds(CompareOp op, std::strong_ordering ordering) noexcept;

/// Mixes the bits of a key; for hash tables and slices.
inline std::uint64_t mix(std::uint64_t key) noexcept {
  key ^= key >> 32;
  key *= 0x9E3779B97F4A7C15U;
  key ^= key >> 29;
  key *= 0xBF58476D1CE4E5B9U;
  return key ^ (key >> 32);
}

/// Hashes bytes; the same on every platform of one byte order.
std::uint64_t hash_text(std::string_view text) noexcept;

/// A set of numbers, asked by coefficient at one scale or by number.
class NumberSet {
public:
  NumberSet() = default;
  /// `numbers` ascending without duplicates.
  NumberSet(std::vector<Decimal> numbers, std::int32_t scale);

  bool contains(std::int64_t coefficient) const noexcept {
    if (table_.empty()) {
      for (const std::int64_t one : small_)
        if (one == coefficient)
          return true;
      return false;
    }
    return contains_hashed(coefficient);
  }
  bool contains(const Decimal &number) const;
  const std::vector<Decimal> &numbers() const noexcept { return numbers_; }

private:
  bool contains_hashed(std::int64_t coefficient) const noexcept;

  std::vector<Decimal> numbers_;
  std::vector<std::int64_t> small_;  // coefficients, while they are few; then the table's contents
  std::vector<std::uint32_t> table_; // position in small_ + 1; 0 is free
};

/// A set of texts.
class TextSet {
public:
  TextSet() = default;
  explicit TextSet(std::vector<std::string> texts);

  bool contains(std::string_view text) const noexcept;
  const std::vector<std::string> &texts() const noexcept { return texts_; }

private:
  std::vector<std::string> texts_;
  std::vector<std::uint32_t> table_; // position + 1; 0 is free; empty while the texts are few
  std::uint64_t lengths_ = 0;        // bit n: some text has n bytes (bit 63: 63 or more)
};

} // namespace segmentation::core::program
