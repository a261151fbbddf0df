// Customers' keys -> their numbers, in the order of arrival. Integer keys in flat arrays, texts in an arena
// of their own.
#pragma once

#include "core/program/constants.hpp"
#include "core/program/program.hpp"

#include <memory>

namespace segmentation::core::program {

class KeyTable {
public:
  static constexpr std::uint32_t none = 0xFFFFFFFF;

  KeyTable(bool integers, Slice slice) : integers_(integers), slice_(slice) {}

  std::uint32_t size() const noexcept { return size_; }
  bool integers() const noexcept { return integers_; }

  /// Takes a batch's keys in; writes the rows that brought a customer not known before to `fresh` and returns
  /// how many. Missing keys and other slices' fall out.
  std::uint32_t insert(const BatchColumn &key, std::uint32_t rows, std::uint16_t *fresh);
  /// Writes each row's customer; one not known before is taken in. None for missing keys and other slices'.
  void learn(const BatchColumn &key, std::uint32_t rows, std::uint32_t *customers);
  /// Writes each row's customer, or none.
  void find(const BatchColumn &key, std::uint32_t rows, std::uint32_t *customers);

  /// Takes one in; returns her number, also where she is known. None for another slice's.
  std::uint32_t enter(std::int64_t key);
  std::uint32_t enter(std::string_view key);
  /// Forgets all, at the cost of those who were there.
  void clear() noexcept;

  std::uint32_t find(std::int64_t key) const noexcept;
  std::uint32_t find(std::string_view key) const noexcept;

  /// Tells whether a key is of this slice, whoever is known.
  bool is_mine(std::int64_t key) const noexcept;
  bool is_mine(std::string_view key) const noexcept;

  std::int64_t integer(std::uint32_t customer) const noexcept { return integer_keys_[customer]; }
  TextCell text(std::uint32_t customer) const noexcept { return text_keys_[customer]; }

  std::size_t memory_bytes() const noexcept;

private:
  struct Place {
    std::uint64_t key = 0; // the integer, or the text's hash
    std::uint32_t customer = none;
  };

  bool has_hash(std::uint64_t hash) const noexcept {
    // Other bits than those that choose the place in the table.
    return slice_.count <= 1 || ((hash >> 32) * slice_.count >> 32) == slice_.index;
  }
  std::uint64_t mask() const noexcept { return places_.size() - 1; }
  /// Returns a row's customer, taken in where she is not known; none for a missing key or another slice's.
  std::uint32_t enter(const BatchColumn &key, std::uint32_t row);
  void grow();
  void spread();
  const char *keep(std::string_view text);

  bool integers_;
  Slice slice_;
  std::uint32_t size_ = 0;
  std::vector<Place> places_;
  std::vector<std::int64_t> integer_keys_;
  std::vector<TextCell> text_keys_;
  std::vector<std::unique_ptr<char[]>> chunks_;
  std::size_t chunk_left_ = 0;
  std::size_t chunk_bytes_ = 0;
  char *chunk_at_ = nullptr;
  // Where integer keys lie close together: customer by key - lowest. Made when rows are first looked up.
  std::vector<std::uint32_t> direct_;
  std::int64_t lowest_ = 0;
  std::uint32_t spread_at_ = 0; // the size when it was last considered
};

} // namespace segmentation::core::program
