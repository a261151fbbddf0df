// Chance that repeats: the same seed gives the same data and the same mutations.
#pragma once

#include <cstddef>
#include <cstdint>

namespace segmentation::core::fuzz {

class Dice {
public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    // SplitMix64.
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  }
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(next() % count); }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool chance(unsigned percent) { return next() % 100 < percent; }
  template <typename List> const auto &pick(const List &list) { return list[below(list.size())]; }

private:
  std::uint64_t state_;
};

} // namespace segmentation::core::fuzz
