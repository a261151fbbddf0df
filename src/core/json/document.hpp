// A JSON document as plain values, in one array, in the order of the text. Knows nothing of rules. The server
// has its own parser for JSON and so there is none here.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace segmentation::core {

/// A value, with all that it contains behind it. Trivially copyable: arrays of them cross the boundary.
struct JsonItem {
  enum class Kind : std::uint8_t { null, boolean, number, text, array, object };
  Kind kind = Kind::null;
  bool boolean = false;
  std::uint32_t end = 0; // the index behind the last value that it contains
  std::string_view key;  // where it stands in an object
  std::string_view text; // of a text its contents, of a number its plain decimal digits
};

/// A document that keeps its own strings. Values are added in their order.
class JsonDocument {
public:
  void open(JsonItem::Kind kind, std::string_view key = {});
  void close();
  void add_null(std::string_view key = {});
  void add_boolean(bool value, std::string_view key = {});
  void add_number(std::string_view digits, std::string_view key = {});
  void add_text(std::string_view text, std::string_view key = {});

  std::span<const JsonItem> items() const noexcept { return items_; }

private:
  JsonItem &add(JsonItem::Kind kind, std::string_view key);

  std::vector<JsonItem> items_;
  std::vector<std::size_t> open_;
  std::deque<std::string> strings_; // a deque: growing moves nothing
};

/// Returns the document as text.
std::string print_json(std::span<const JsonItem> items);

/// Returns where a value stands, as SQL's paths are written: $.condition.conditions[1].op
std::string json_path(std::span<const JsonItem> items, std::size_t at);

} // namespace segmentation::core
