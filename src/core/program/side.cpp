// Values outside cells.
#include "core/program/side.hpp"

#include <algorithm>

namespace segmentation::core::program {

void SeenValues::grow() {
  std::vector<Place> old = std::move(places_);
  places_.assign(old.empty() ? 64 : old.size() * 2, Place{});
  const std::size_t mask = places_.size() - 1;
  for (const Place &place : old) {
    if (place.text == 0)
      continue;
    std::size_t at = mix(static_cast<std::uint64_t>(place.value) + mix(place.customer)) & mask;
    while (places_[at].text != 0)
      at = (at + 1) & mask;
    places_[at] = place;
  }
}

bool SeenValues::add(const Place &wanted, std::string_view text) {
  if (count_ * 2 >= places_.size())
    grow();
  const std::size_t mask = places_.size() - 1;
  std::size_t at = mix(static_cast<std::uint64_t>(wanted.value) + mix(wanted.customer)) & mask;
  for (; places_[at].text != 0; at = (at + 1) & mask) {
    const Place &one = places_[at];
    if (one.value == wanted.value && one.customer == wanted.customer &&
        (one.text == 1) == (wanted.text == 1) && (one.text == 1 || texts_[one.text - 2] == text))
      return false;
  }
  places_[at] = wanted;
  if (wanted.text != 1) {
    texts_.emplace_back(text);
    places_[at].text = static_cast<std::uint32_t>(texts_.size() + 1);
  }
  ++count_;
  return true;
}

bool SeenValues::add(std::uint32_t customer, std::int64_t value) {
  return add({value, customer, 1}, {});
}

bool SeenValues::add(std::uint32_t customer, std::string_view value) {
  return add({static_cast<std::int64_t>(hash_text(value)), customer, 2}, value);
}

void SeenValues::forget(std::uint32_t customer) {
  const auto is_hers = [customer](const Place &place) {
    return place.text != 0 && place.customer == customer;
  };
  if (std::none_of(places_.begin(), places_.end(), is_hers))
    return;
  const std::vector<Place> old = std::move(places_);
  const std::vector<std::string> texts = std::move(texts_);
  clear();
  for (const Place &place : old)
    if (place.text != 0 && place.customer != customer)
      add(place, place.text == 1 ? std::string_view{} : texts[place.text - 2]);
}

void SeenValues::clear() noexcept {
  places_.clear();
  texts_.clear();
  count_ = 0;
}

std::size_t SeenValues::memory_bytes() const noexcept {
  return places_.capacity() * sizeof(Place) + texts_.capacity() * sizeof(std::string);
}

void Side::forget(std::uint32_t customer) {
  numbers.erase(customer);
  seen.forget(customer);
  if (customer < modes.size())
    modes[customer].clear();
  if (customer < purchases.size())
    purchases[customer] = {};
}

void Side::clear(std::uint32_t customers) noexcept {
  if (!numbers.empty())
    numbers.clear();
  seen.clear();
  for (std::size_t customer = 0; customer < std::min<std::size_t>(customers, modes.size()); ++customer)
    modes[customer].clear();
  purchases.clear();
}

std::size_t Side::memory_bytes() const noexcept {
  std::size_t bytes = numbers.size() * 64 + (texts.capacity() + ties.capacity()) * sizeof(std::string) +
                      seen.memory_bytes() + modes.capacity() * sizeof(modes[0]) +
                      purchases.capacity() * sizeof(purchases[0]);
  for (const Purchases &one : purchases)
    bytes += one.days.capacity() * sizeof(Day);
  for (const auto &entries : modes)
    bytes += entries.capacity() * sizeof(ModeEntry);
  return bytes;
}

void encode(std::int64_t value, std::string &out) {
  const std::uint64_t shifted = static_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63);
  for (int shift = 56; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(shifted >> shift & 0xFF));
}

void encode(std::string_view text, std::string &out) {
  out.append(text);
  out.push_back('\0'); // PostgreSQL's texts hold none, so a shorter one comes first
}

void encode(const Decimal &number, std::int32_t scale, std::string &out) {
  if (const auto floor = floor_at(number, scale)) {
    out.push_back('\1');
    encode(floor->coefficient, out);
    if (!floor->exact) {
      const std::string rest = (number - Decimal(floor->coefficient, scale)).to_string();
      out.append(rest, std::min<std::size_t>(rest.size(), 2)); // the digits after "0."
    }
    out.push_back('\0');
    return;
  }
  // Beyond 64 bits: by the number of digits before the point, then digit by digit; downwards below zero.
  const bool below = number.sign() < 0;
  const std::string digits = (below ? Decimal(0) - number : number).to_string();
  const std::size_t whole = std::min(digits.find('.'), digits.size());
  std::string key;
  encode(static_cast<std::int64_t>(whole), key);
  key += digits;
  key.push_back('\0');
  if (below)
    for (char &byte : key)
      byte = static_cast<char>(~byte);
  out.push_back(below ? '\0' : '\2');
  out += key;
}

} // namespace segmentation::core::program
