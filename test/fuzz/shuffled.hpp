// Documents that resemble those of rules: with pieces in each other's place, left out, and other words in
// them.
#pragma once

#include "core/json/document.hpp"
#include "fuzz/dice.hpp"

#include <array>

namespace segmentation::core::fuzz {

class Shuffler {
public:
  Shuffler(std::span<const JsonItem> items, Dice &dice) : items_(items), dice_(dice) {}

  JsonDocument shuffled() {
    copy(0, {});
    return std::move(out_);
  }

private:
  bool one_in(std::size_t count) { return dice_.below(count) == 0; }

  void copy(std::size_t at, std::string_view key) {
    const bool is_small = out_.items().size() < 2000;
    if (at != 0 && is_small && one_in(100))
      at = dice_.below(items_.size());
    const JsonItem &item = items_[at];
    switch (item.kind) {
    case JsonItem::Kind::null:
      return out_.add_null(key);
    case JsonItem::Kind::boolean:
      return out_.add_boolean(item.boolean != one_in(60), key);
    case JsonItem::Kind::number:
      if (one_in(60))
        return out_.add_text(item.text, key);
      return out_.add_number(item.text, key);
    case JsonItem::Kind::text:
      if (one_in(60))
        return out_.add_null(key);
      return out_.add_text(one_in(60) ? dice_.pick(words_) : item.text, key);
    case JsonItem::Kind::array:
    case JsonItem::Kind::object:
      break;
    }
    out_.open(item.kind, key);
    for (std::size_t i = at + 1; i < item.end; i = items_[i].end) {
      if (one_in(150))
        continue;
      const bool other = one_in(150);
      copy(i, items_[other ? dice_.below(items_.size()) : i].key);
      if (is_small && one_in(150))
        copy(i, items_[i].key);
    }
    out_.close();
  }

  static constexpr std::array<std::string_view, 16> words_ = {
      "customer.a", "count", "\"count\"", "limit", "order",        "a.\"b c\"", "segments", "",
      "x) OR (y",   "-7d",   "NOT",       "OR",    "CONTAINS ALL", "CALL",      "age",      "IS TRUE"};

  std::span<const JsonItem> items_;
  Dice &dice_;
  JsonDocument out_;
};

} // namespace segmentation::core::fuzz
