// The constants of tests, prepared so that a comparison costs the same for one value as for ten thousand.
// Knows nothing of rows, customers or time.
#pragma once

#include "core/meaning/checked.hpp"

#include <algorithm>
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

/// A set of numbers, asked by coefficient at one scale or by number. A long list is a row of bits where its
/// coefficients lie close together, as serial numbers do, else a hash table of the coefficients themselves.
class NumberSet {
public:
  NumberSet() = default;
  /// `numbers` ascending without duplicates.
  NumberSet(std::vector<Decimal> numbers, std::int32_t scale);

  bool contains(std::int64_t coefficient) const noexcept {
    if (!bits_.empty()) {
      const std::uint64_t at = static_cast<std::uint64_t>(coefficient) - static_cast<std::uint64_t>(low_);
      return at / 64 < bits_.size() && (bits_[at / 64] >> at % 64 & 1) != 0;
    }
    if (table_.empty()) {
      for (const std::int64_t one : few_)
        if (one == coefficient)
          return true;
      return false;
    }
    if (coefficient == free_)
      return false;
    std::size_t place = place_of(coefficient);
    while (table_[place] != coefficient && table_[place] != free_)
      place = (place + 1) & (table_.size() - 1);
    return table_[place] == coefficient;
  }
  bool contains(const Decimal &number) const;
  /// Brings what contains() will look at nearer to the processor.
  void prefetch(std::int64_t coefficient) const noexcept {
    if (!table_.empty())
      __builtin_prefetch(&table_[place_of(coefficient)]);
  }
  const std::vector<Decimal> &numbers() const noexcept { return numbers_; }

private:
  std::size_t place_of(std::int64_t coefficient) const noexcept {
    return mix(static_cast<std::uint64_t>(coefficient)) & (table_.size() - 1);
  }

  std::vector<Decimal> numbers_;
  std::vector<std::int64_t> few_;
  std::int64_t low_ = 0;            // the coefficient of the first bit
  std::vector<std::uint64_t> bits_; // empty where another form is used
  std::int64_t free_ = 0;           // what stands in free places: no coefficient of the set
  std::vector<std::int64_t> table_;
};

/// A set of texts. A long one is a hash table with the texts' first bytes in it.
class TextSet {
public:
  TextSet() = default;
  explicit TextSet(std::vector<std::string> texts);

  bool contains(std::string_view text) const noexcept {
    return may_contain(text) && (table_.empty() ? is_one_of(text) : find(text, hash_text(text)));
  }
  const std::vector<std::string> &texts() const noexcept { return texts_; }

  /// Contains() in two steps, for many texts at once: true where the text is to be looked for at all, and
  /// where; then looking for it.
  bool begin_find(std::string_view text, std::uint64_t &hash) const noexcept {
    if (table_.empty() || !may_contain(text))
      return false;
    hash = hash_text(text);
    __builtin_prefetch(&table_[hash & (table_.size() - 1)]);
    return true;
  }
  bool find(std::string_view text, std::uint64_t hash) const noexcept;
  bool is_hashed() const noexcept { return !table_.empty(); }

private:
  static constexpr std::size_t head_bytes = 8;
  struct Entry {
    std::uint64_t head = 0;     // the text's first bytes
    std::uint32_t size = 0;     // its length
    std::uint32_t position = 0; // in texts_, + 1; 0 is free
  };
  static std::uint64_t head_of(std::string_view text) noexcept;

  bool may_contain(std::string_view text) const noexcept {
    return (lengths_ >> std::min<std::size_t>(text.size(), 63) & 1) != 0;
  }
  bool is_one_of(std::string_view text) const noexcept;

  std::vector<std::string> texts_;
  std::vector<Entry> table_;  // empty while the texts are few
  std::uint64_t lengths_ = 0; // bit n: some text has n bytes (bit 63: 63 or more)
};

} // namespace segmentation::core::program
