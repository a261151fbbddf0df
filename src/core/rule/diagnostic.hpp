// What is wrong with a rule, where in its text, and what would be right.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace segmentation::core {

/// A piece of a rule's text: bytes [begin, end) of the UTF-8 text as typed.
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  friend bool operator==(const Span &, const Span &) = default;
};

/// The SQLSTATE that an error carries to the client.
enum class SqlState : std::uint8_t {
  syntax_error,          // 42601
  undefined_name,        // 42703
  ambiguous_name,        // 42702
  wrong_type,            // 42804
  no_such_day,           // 22008
  out_of_range,          // 22003 numeric_value_out_of_range
  invalid_value,         // 22023 invalid_parameter_value
  limit_exceeded,        // 54000
  feature_not_supported, // 0A000
  cycle,                 // 42P17 invalid_object_definition
  out_of_memory,         // 53200
  internal_error,        // XX000
};

/// Returns the five characters of a SQLSTATE.
const char *sqlstate_code(SqlState state) noexcept;

/// One mistake. The message follows PostgreSQL's error style guide; the hint is a full sentence or empty.
struct Diagnostic {
  SqlState state = SqlState::syntax_error;
  Span span;
  std::string message;
  std::string hint;
};

using Diagnostics = std::vector<Diagnostic>;

/// Limits on a rule; each is reported with its number when it is exceeded.
struct Limits {
  std::uint32_t text_bytes = 1'000'000;
  std::uint32_t depth = 200;
  std::uint32_t clauses = 5'000;
  std::uint32_t list_values = 10'000;
  std::uint32_t diagnostics = 10;
};

} // namespace segmentation::core
