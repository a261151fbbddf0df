// Filling in a Failure: mistakes of a rule as message, DETAIL and position. C++ side: never calls the server.
#include "pg/boundary/failure.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <iterator>
#include <string>

namespace segmentation::pg {

namespace {

bool continues_character(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

int count_characters(std::string_view text) noexcept {
  return static_cast<int>(
      std::count_if(text.begin(), text.end(), [](char byte) { return !continues_character(byte); }));
}

/// Returns the line that holds a byte, shortened around it, with a caret below.
std::string excerpt_at(std::string_view text, std::uint32_t byte) {
  constexpr int before_limit = 40, after_limit = 30;
  std::size_t at = std::min<std::size_t>(byte, text.size());
  std::size_t begin = at, end = at;
  for (int n = 0; begin > 0 && text[begin - 1] != '\n' && n < before_limit;) {
    --begin;
    n += continues_character(text[begin]) ? 0 : 1;
  }
  for (int n = 0; end < text.size() && text[end] != '\n' && n < after_limit;) {
    ++end;
    while (end < text.size() && continues_character(text[end]))
      ++end;
    ++n;
  }
  bool cut_before = begin > 0 && text[begin - 1] != '\n';
  bool cut_after = end < text.size() && text[end] != '\n';
  std::string line =
      fmt::format("{}{}{}", cut_before ? "..." : "", text.substr(begin, end - begin), cut_after ? "..." : "");
  std::replace(line.begin(), line.end(), '\t', ' ');
  std::replace(line.begin(), line.end(), '\r', ' ');
  int indent = count_characters(text.substr(begin, at - begin)) + (cut_before ? 3 : 0);
  return fmt::format("{}\n{}^", line, std::string(static_cast<std::size_t>(indent), ' '));
}

} // namespace

void copy_text(char *buffer, std::size_t capacity, std::string_view text) noexcept {
  std::size_t size = std::min(text.size(), capacity - 1);
  if (size < text.size()) {
    while (size > 0 && continues_character(text[size]))
      --size;
  }
  std::memcpy(buffer, text.data(), size);
  buffer[size] = '\0';
}

void fail(Failure &failure, const char *sqlstate, std::string_view message, std::string_view hint) noexcept {
  failure.failed = true;
  copy_text(failure.sqlstate, sqlstate);
  copy_text(failure.message, message);
  copy_text(failure.hint, hint);
}

Place place_of(std::string_view text, std::uint32_t byte) noexcept {
  std::string_view before = text.substr(0, std::min<std::size_t>(byte, text.size()));
  std::size_t line_start = before.rfind('\n');
  line_start = line_start == std::string_view::npos ? 0 : line_start + 1;
  Place place;
  place.line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  place.column = 1 + count_characters(before.substr(line_start));
  place.position = 1 + count_characters(before);
  return place;
}

int characters_in(std::string_view text, core::Span span) noexcept {
  if (span.begin >= text.size() || span.end <= span.begin)
    return 0;
  return count_characters(text.substr(span.begin, span.end - span.begin));
}

void fail(Failure &failure, const core::Diagnostics &diagnostics, std::string_view text, const char *query,
          Excerpt excerpt, std::string_view context) {
  if (diagnostics.empty()) {
    fail(failure, "XX000", "rule was refused without a reason");
    return;
  }
  const core::Diagnostic &first = diagnostics.front();
  std::string detail;
  if (excerpt == Excerpt::detail && !text.empty()) {
    Place place = place_of(text, first.span.begin);
    detail =
        fmt::format("line {}, column {}:\n{}", place.line, place.column, excerpt_at(text, first.span.begin));
  }
  for (std::size_t i = 1; i < diagnostics.size(); ++i) {
    const core::Diagnostic &other = diagnostics[i];
    Place place = place_of(text, other.span.begin);
    fmt::format_to(std::back_inserter(detail), "{}line {}, column {}: {}", detail.empty() ? "" : "\n",
                   place.line, place.column, other.message);
    if (!other.hint.empty())
      fmt::format_to(std::back_inserter(detail), " ({})", other.hint);
  }
  fail(failure, core::sqlstate_code(first.state), first.message, first.hint);
  copy_text(failure.detail, detail);
  copy_text(failure.context, context);
  if (query != nullptr && *query != '\0') {
    failure.query = query;
    failure.position = place_of(text, first.span.begin).position;
  }
}

} // namespace segmentation::pg
