// Ranges of coefficients, and sets that are asked by hash.
#include "core/program/constants.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace segmentation::core::program {
namespace {

constexpr std::size_t few = 6;
constexpr std::uint64_t most_bits = 64; // that a number may take: half of what a hash table does
constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();

std::size_t table_size(std::size_t entries) {
  std::size_t size = 16;
  while (size < entries * 2)
    size *= 2;
  return size;
}

} // namespace

std::optional<Floor> floor_at(const Decimal &number, std::int32_t scale) {
  if (const auto exact = number.at_scale(scale))
    return Floor{*exact, true};
  // Cut the digits after the scale's last place; what is cut is not zero, so a negative number goes one
  // further down.
  std::string digits = number.to_string();
  if (const auto point = digits.find('.'); point != std::string::npos)
    digits.resize(std::min(digits.size(), point + 1 + static_cast<std::size_t>(std::max(scale, 0))));
  if (!digits.empty() && digits.back() == '.')
    digits.pop_back();
  const auto cut = Decimal::parse(digits);
  const auto coefficient = cut ? cut->at_scale(scale) : std::nullopt;
  if (!coefficient || (number.sign() < 0 && *coefficient == lowest))
    return std::nullopt;
  return Floor{number.sign() < 0 ? *coefficient - 1 : *coefficient, false};
}

Range range_of(CompareOp op, const Decimal &number, std::int32_t scale) {
  const Range none{1, 0};
  const auto floor = floor_at(number, scale);
  if (!floor) { // every coefficient lies on the same side of it
    const bool above = number.sign() > 0;
    const bool passes =
        above ? op == CompareOp::lt || op == CompareOp::le : op == CompareOp::gt || op == CompareOp::ge;
    return passes ? Range{lowest, highest} : none;
  }
  const auto [at, exact] = *floor;
  switch (op) {
  case CompareOp::eq:
    return exact ? Range{at, at} : none;
  case CompareOp::lt:
    if (!exact)
      return {lowest, at};
    return at == lowest ? none : Range{lowest, at - 1};
  case CompareOp::le:
    return {lowest, at};
  case CompareOp::gt:
    return at == highest ? none : Range{at + 1, highest};
  case CompareOp::ge:
    if (exact)
      return {at, highest};
    return at == highest ? none : Range{at + 1, highest};
  case CompareOp::ne:
    break;
  }
  return none;
}

bool holds(CompareOp op, std::strong_ordering ordering) noexcept {
  switch (op) {
  case CompareOp::eq:
    return ordering == 0;
  case CompareOp::ne:
    return ordering != 0;
  case CompareOp::lt:
    return ordering < 0;
  case CompareOp::le:
    return ordering <= 0;
  case CompareOp::gt:
    return ordering > 0;
  case CompareOp::ge:
    return ordering >= 0;
  }
  return false;
}

namespace {

std::uint64_t word_at(const char *at) noexcept {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Four words at a time, since one alone would wait for the one before.
std::uint64_t hash_stripes(const char *&at, std::size_t &left, std::uint64_t hash) noexcept {
  std::uint64_t lanes[4] = {hash, hash + 1, hash + 2, hash + 3};
  for (; left >= 32; at += 32, left -= 32)
    for (std::size_t lane = 0; lane < 4; ++lane) {
      lanes[lane] = (lanes[lane] ^ word_at(at + 8 * lane)) * 0x9E3779B97F4A7C15U;
      lanes[lane] ^= lanes[lane] >> 32;
    }
  for (const std::uint64_t lane : lanes)
    hash = mix(hash ^ lane);
  return hash;
}

} // namespace

std::uint64_t hash_text(std::string_view text) noexcept {
  std::uint64_t hash = 0x517CC1B727220A95U ^ text.size();
  const char *at = text.data();
  std::size_t left = text.size();
  if (left >= 64)
    hash = hash_stripes(at, left, hash);
  for (; left >= 8; at += 8, left -= 8)
    hash = mix(hash ^ word_at(at));
  if (left > 0) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, left);
    hash = mix(hash ^ word);
  }
  return mix(hash);
}

NumberSet::NumberSet(std::vector<Decimal> numbers, std::int32_t scale) : numbers_(std::move(numbers)) {
  for (const Decimal &number : numbers_)
    if (const auto coefficient = number.at_scale(scale))
      few_.push_back(*coefficient);
  if (few_.size() <= few)
    return;
  const std::vector<std::int64_t> all = std::move(few_);
  few_.clear();
  low_ = all.front(); // ascending as the numbers are
  const std::uint64_t width = static_cast<std::uint64_t>(all.back()) - static_cast<std::uint64_t>(low_);
  if (width / most_bits < all.size()) {
    bits_.assign(width / 64 + 1, 0);
    for (const std::int64_t one : all) {
      const std::uint64_t at = static_cast<std::uint64_t>(one) - static_cast<std::uint64_t>(low_);
      bits_[at / 64] |= std::uint64_t{1} << at % 64;
    }
    return;
  }
  for (const std::int64_t one : all)
    if (one == free_)
      ++free_;
  table_.assign(table_size(all.size()), free_);
  for (const std::int64_t one : all) {
    std::size_t place = place_of(one);
    while (table_[place] != free_)
      place = (place + 1) & (table_.size() - 1);
    table_[place] = one;
  }
}

bool NumberSet::contains(const Decimal &number) const {
  return std::binary_search(numbers_.begin(), numbers_.end(), number,
                            [](const Decimal &a, const Decimal &b) { return (a <=> b) < 0; });
}

TextSet::TextSet(std::vector<std::string> texts) : texts_(std::move(texts)) {
  for (const std::string &text : texts_)
    lengths_ |= std::uint64_t{1} << std::min<std::size_t>(text.size(), 63);
  if (texts_.size() <= few)
    return;
  table_.resize(table_size(texts_.size()));
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    std::size_t place = hash_text(texts_[i]) & (table_.size() - 1);
    while (table_[place].position != 0)
      place = (place + 1) & (table_.size() - 1);
    table_[place] = {head_of(texts_[i]), static_cast<std::uint32_t>(texts_[i].size()),
                     static_cast<std::uint32_t>(i + 1)};
  }
}

std::uint64_t TextSet::head_of(std::string_view text) noexcept {
  std::uint64_t head = 0;
  std::memcpy(&head, text.data(), std::min(text.size(), head_bytes));
  return head;
}

bool TextSet::is_one_of(std::string_view text) const noexcept {
  for (const std::string &one : texts_)
    if (one.size() == text.size() && std::memcmp(one.data(), text.data(), text.size()) == 0)
      return true;
  return false;
}

bool TextSet::find(std::string_view text, std::uint64_t hash) const noexcept {
  const std::uint64_t head = head_of(text);
  for (std::size_t place = hash & (table_.size() - 1); table_[place].position != 0;
       place = (place + 1) & (table_.size() - 1)) {
    const Entry &entry = table_[place];
    if (entry.head == head && entry.size == text.size() &&
        (text.size() <= head_bytes || texts_[entry.position - 1] == text))
      return true;
  }
  return false;
}

} // namespace segmentation::core::program
