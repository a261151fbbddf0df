// What went wrong in the core, as plain bytes that can cross the boundary; and raising it once no C++ object
// is left. Free of server headers, so that the C++ side can fill a Failure in.
#pragma once

#include "core/rule/diagnostic.hpp"

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace segmentation::pg {

/// An error on its way to the client. `query` points to memory of the caller.
struct Failure {
  bool failed = false;
  char sqlstate[6] = "XX000";
  int position = 0;            // in characters of `query`, from 1; 0 for none
  const char *query = nullptr; // the rule's text
  char message[2048];
  char detail[6144];
  char hint[2048];
  char context[512];

  // The buffers are left as they are until something fails: a crossing costs no clearing.
  Failure() noexcept { message[0] = detail[0] = hint[0] = context[0] = '\0'; }
};
static_assert(std::is_trivially_copyable_v<Failure> && std::is_trivially_destructible_v<Failure>);

/// Copies text into a buffer of a Failure, cut at a character.
void copy_text(char *buffer, std::size_t capacity, std::string_view text) noexcept;
template <std::size_t N> void copy_text(char (&buffer)[N], std::string_view text) noexcept {
  copy_text(buffer, N, text);
}

/// Marks the failure as one, with a SQLSTATE of five characters and a message.
void fail(Failure &failure, const char *sqlstate, std::string_view message,
          std::string_view hint = {}) noexcept;

/// How mistakes in a rule are told.
enum class Excerpt {
  none,   // the client sees the text through the error position
  detail, // DETAIL carries line, column and the excerpt with a caret too: the client may not show positions
};

/// Tells mistakes in `text`: the first as the error, the others in DETAIL. `query` is the same text,
/// zero-terminated, in memory that lives until the error is raised. May throw bad_alloc.
void fail(Failure &failure, const core::Diagnostics &diagnostics, std::string_view text, const char *query,
          Excerpt excerpt, std::string_view context = {});

/// A place in a text as people count: lines and characters from 1.
struct Place {
  int line = 1;
  int column = 1;
  int position = 1; // characters from the start of the text, from 1
};
Place place_of(std::string_view text, std::uint32_t byte) noexcept;
/// Returns the number of characters in a span of the text.
int characters_in(std::string_view text, core::Span span) noexcept;

/// Raises the failure as the server's ERROR. Only where no object with a destructor is alive.
[[noreturn]] void raise(const Failure &failure);

} // namespace segmentation::pg
