// What a measure means, as a number that does not depend on the program it is in: measures of two programs
// with one digest hold the same value of the same rows.
#pragma once

#include "core/program/plan.hpp"

#include <cstdint>
#include <vector>

namespace segmentation::core::program {

struct Digests {
  std::vector<std::uint64_t> feeds;    // by feed: its relation and the way to the customers
  std::vector<std::uint64_t> measures; // by measure
  std::vector<std::uint64_t> bits;     // by Program::Impl::bits
  std::vector<std::uint64_t> stored;   // by Program::Impl::stored
  std::vector<std::uint8_t> moves; // by feed: a column of it changes with time in a way that no tracker sees
};

Digests digests_of(const Program::Impl &plan);

/// Returns the digest of a zone's rules.
std::uint64_t digest_of(const Zone &zone);

} // namespace segmentation::core::program
