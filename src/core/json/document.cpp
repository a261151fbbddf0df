// Building, printing and finding one's way in a document.
#include "core/json/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace segmentation::core {

namespace {

void add_quoted(std::string &out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

bool is_plain_key(std::string_view key) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !key.empty() && key.size() <= 40 && std::all_of(key.begin(), key.end(), is_plain);
}

/// Returns the beginning of a text, cut at a character.
std::string_view beginning(std::string_view text, std::size_t most) {
  if (text.size() <= most)
    return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80)
    --most;
  return text.substr(0, most);
}

} // namespace

JsonItem &JsonDocument::add(JsonItem::Kind kind, std::string_view key) {
  JsonItem &item = items_.emplace_back();
  item.kind = kind;
  item.end = static_cast<std::uint32_t>(items_.size());
  if (!key.empty())
    item.key = strings_.emplace_back(key);
  return item;
}

void JsonDocument::open(JsonItem::Kind kind, std::string_view key) {
  open_.push_back(items_.size());
  add(kind, key);
}

void JsonDocument::close() {
  items_[open_.back()].end = static_cast<std::uint32_t>(items_.size());
  open_.pop_back();
}

void JsonDocument::add_null(std::string_view key) {
  add(JsonItem::Kind::null, key);
}

void JsonDocument::add_boolean(bool value, std::string_view key) {
  add(JsonItem::Kind::boolean, key).boolean = value;
}

void JsonDocument::add_number(std::string_view digits, std::string_view key) {
  add(JsonItem::Kind::number, key).text = strings_.emplace_back(digits);
}

void JsonDocument::add_text(std::string_view text, std::string_view key) {
  add(JsonItem::Kind::text, key).text = strings_.emplace_back(text);
}

std::string print_json(std::span<const JsonItem> items) {
  std::string out;
  std::vector<const JsonItem *> open;
  for (std::size_t at = 0; at < items.size(); ++at) {
    const JsonItem &item = items[at];
    if (!out.empty() && out.back() != '[' && out.back() != '{')
      out += ',';
    if (!open.empty() && open.back()->kind == JsonItem::Kind::object) {
      add_quoted(out, item.key);
      out += ':';
    }
    switch (item.kind) {
    case JsonItem::Kind::null:
      out += "null";
      break;
    case JsonItem::Kind::boolean:
      out += item.boolean ? "true" : "false";
      break;
    case JsonItem::Kind::number:
      out += item.text;
      break;
    case JsonItem::Kind::text:
      add_quoted(out, item.text);
      break;
    case JsonItem::Kind::array:
    case JsonItem::Kind::object:
      out += item.kind == JsonItem::Kind::array ? '[' : '{';
      open.push_back(&item);
      break;
    }
    for (; !open.empty() && open.back()->end == at + 1; open.pop_back())
      out += open.back()->kind == JsonItem::Kind::array ? ']' : '}';
  }
  return out;
}

std::string json_path(std::span<const JsonItem> items, std::size_t at) {
  std::string path = "$";
  for (std::size_t above = 0; above != at;) {
    std::size_t number = 0, child = above + 1;
    for (; items[child].end <= at; child = items[child].end)
      ++number;
    const std::string_view key = items[child].key;
    if (items[above].kind == JsonItem::Kind::array) {
      fmt::format_to(std::back_inserter(path), "[{}]", number);
    } else if (is_plain_key(key)) {
      fmt::format_to(std::back_inserter(path), ".{}", key);
    } else {
      path += '.';
      add_quoted(path, beginning(key, 40));
    }
    above = child;
  }
  return path;
}

} // namespace segmentation::core
