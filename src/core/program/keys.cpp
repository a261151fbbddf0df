// Open addressing by key; where integers lie close together, a plain array.
#include "core/program/keys.hpp"

#include "core/program/judge.hpp"

#include <algorithm>
#include <cstring>

namespace segmentation::core::program {
namespace {

constexpr std::size_t chunk_size = 64 * 1024;
constexpr std::uint32_t look_ahead = 16;
constexpr std::size_t fewest_places = 64;

} // namespace

void KeyTable::grow() {
  std::vector<Place> old = std::move(places_);
  places_.assign(old.empty() ? fewest_places : old.size() * 2, Place{});
  for (const Place &place : old) {
    if (place.customer == none)
      continue;
    std::uint64_t at = (integers_ ? mix(place.key) : place.key) & mask();
    while (places_[at].customer != none)
      at = (at + 1) & mask();
    places_[at] = place;
  }
}

const char *KeyTable::keep(std::string_view text) {
  if (text.size() > chunk_left_) {
    const std::size_t size = std::max(chunk_size, text.size());
    chunks_.push_back(std::make_unique<char[]>(size));
    chunk_at_ = chunks_.back().get();
    chunk_left_ = size;
    chunk_bytes_ += size;
  }
  char *at = chunk_at_;
  if (!text.empty())
    std::memcpy(at, text.data(), text.size());
  chunk_at_ += text.size();
  chunk_left_ -= text.size();
  return at;
}

std::uint32_t KeyTable::enter(const BatchColumn &key, std::uint32_t row) {
  if (key.cells[row] != Cell::value)
    return none;
  const std::uint64_t hash =
      integers_ ? mix(static_cast<std::uint64_t>(key.integers[row])) : hash_text(view(key.texts[row]));
  if (!has_hash(hash))
    return none;
  if (std::size_t{size_} * 2 >= places_.size())
    grow();
  const std::uint64_t wanted = integers_ ? static_cast<std::uint64_t>(key.integers[row]) : hash;
  std::uint64_t at = hash & mask();
  for (; places_[at].customer != none; at = (at + 1) & mask())
    if (places_[at].key == wanted &&
        (integers_ || view(text_keys_[places_[at].customer]) == view(key.texts[row])))
      return places_[at].customer;
  places_[at] = {wanted, size_};
  if (integers_)
    integer_keys_.push_back(key.integers[row]);
  else
    text_keys_.push_back({keep(view(key.texts[row])), key.texts[row].size});
  return size_++;
}

std::uint32_t KeyTable::enter(std::int64_t key) {
  Cell cell = Cell::value;
  BatchColumn column;
  column.cells = &cell;
  column.integers = &key;
  return enter(column, 0);
}

std::uint32_t KeyTable::enter(std::string_view key) {
  Cell cell = Cell::value;
  TextCell text{key.data(), static_cast<std::uint32_t>(key.size())};
  BatchColumn column;
  column.cells = &cell;
  column.texts = &text;
  return enter(column, 0);
}

void KeyTable::clear() noexcept {
  // A table that was made for many would cost the few who come after them.
  if (places_.size() > fewest_places && std::size_t{size_} * 8 < places_.size())
    places_.resize(fewest_places);
  std::fill(places_.begin(), places_.end(), Place{});
  size_ = 0;
  integer_keys_.clear();
  text_keys_.clear();
  if (!chunks_.empty()) {
    // The first one may be larger than usual, never smaller.
    chunks_.resize(1);
    chunk_at_ = chunks_.front().get();
    chunk_left_ = chunk_bytes_ = chunk_size;
  }
  direct_.clear();
  spread_at_ = 0;
}

std::uint32_t KeyTable::insert(const BatchColumn &key, std::uint32_t rows, std::uint16_t *fresh) {
  std::uint32_t count = 0;
  for (std::uint32_t row = 0; row < rows; ++row) {
    const std::uint32_t known = size_;
    enter(key, row);
    fresh[count] = static_cast<std::uint16_t>(row);
    count += size_ != known;
  }
  return count;
}

void KeyTable::learn(const BatchColumn &key, std::uint32_t rows, std::uint32_t *customers) {
  for (std::uint32_t row = 0; row < rows; ++row)
    customers[row] = enter(key, row);
}

void KeyTable::spread() {
  spread_at_ = size_;
  direct_.clear();
  if (size_ == 0)
    return;
  const auto [low, high] = std::minmax_element(integer_keys_.begin(), integer_keys_.end());
  const std::uint64_t width = static_cast<std::uint64_t>(*high) - static_cast<std::uint64_t>(*low);
  if (width >= std::uint64_t{size_} * 4 + 1024)
    return;
  lowest_ = *low;
  direct_.assign(width + 1, none);
  for (std::uint32_t customer = 0; customer < size_; ++customer)
    direct_[static_cast<std::uint64_t>(integer_keys_[customer]) - static_cast<std::uint64_t>(lowest_)] =
        customer;
}

void KeyTable::find(const BatchColumn &key, std::uint32_t rows, std::uint32_t *customers) {
  if (size_ == 0) {
    std::fill_n(customers, rows, none);
    return;
  }
  if (!integers_) {
    std::uint64_t hashes[Batch::capacity];
    for (std::uint32_t row = 0; row < rows; ++row)
      hashes[row] = key.cells[row] == Cell::value ? hash_text(view(key.texts[row])) : 0;
    for (std::uint32_t row = 0; row < rows; ++row) {
      if (row + look_ahead < rows)
        __builtin_prefetch(&places_[hashes[row + look_ahead] & mask()]);
      customers[row] = none;
      if (key.cells[row] != Cell::value)
        continue;
      for (std::uint64_t at = hashes[row] & mask(); places_[at].customer != none; at = (at + 1) & mask())
        if (places_[at].key == hashes[row] &&
            view(text_keys_[places_[at].customer]) == view(key.texts[row])) {
          customers[row] = places_[at].customer;
          break;
        }
    }
    return;
  }
  if (spread_at_ != size_)
    spread();
  if (!direct_.empty()) {
    for (std::uint32_t row = 0; row < rows; ++row) {
      const std::uint64_t at =
          static_cast<std::uint64_t>(key.integers[row]) - static_cast<std::uint64_t>(lowest_);
      customers[row] = key.cells[row] == Cell::value && at < direct_.size() ? direct_[at] : none;
    }
    return;
  }
  for (std::uint32_t row = 0; row < rows; ++row) {
    if (row + look_ahead < rows)
      __builtin_prefetch(&places_[mix(static_cast<std::uint64_t>(key.integers[row + look_ahead])) & mask()]);
    customers[row] = key.cells[row] == Cell::value ? find(key.integers[row]) : none;
  }
}

std::uint32_t KeyTable::find(std::int64_t key) const noexcept {
  if (places_.empty() || !integers_)
    return none;
  const auto wanted = static_cast<std::uint64_t>(key);
  for (std::uint64_t at = mix(wanted) & mask(); places_[at].customer != none; at = (at + 1) & mask())
    if (places_[at].key == wanted)
      return places_[at].customer;
  return none;
}

std::uint32_t KeyTable::find(std::string_view key) const noexcept {
  if (places_.empty() || integers_)
    return none;
  const std::uint64_t hash = hash_text(key);
  for (std::uint64_t at = hash & mask(); places_[at].customer != none; at = (at + 1) & mask())
    if (places_[at].key == hash && view(text_keys_[places_[at].customer]) == key)
      return places_[at].customer;
  return none;
}

bool KeyTable::is_mine(std::int64_t key) const noexcept {
  return has_hash(mix(static_cast<std::uint64_t>(key)));
}
bool KeyTable::is_mine(std::string_view key) const noexcept {
  return has_hash(hash_text(key));
}

std::size_t KeyTable::memory_bytes() const noexcept {
  return places_.capacity() * sizeof(Place) + integer_keys_.capacity() * 8 +
         text_keys_.capacity() * sizeof(TextCell) + chunk_bytes_ + direct_.capacity() * 4;
}

} // namespace segmentation::core::program
