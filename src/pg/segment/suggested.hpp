// What suggest tells, as plain views into strings that one object keeps. Free of server headers.
#pragma once

#include "core/meaning/scope.hpp"
#include "core/suggest/suggest.hpp"
#include "pg/live/live_core.hpp"

#include <deque>
#include <string>
#include <vector>

namespace segmentation::pg {

/// One row of suggest: a completion, or whose values are wanted in its place.
struct SuggestedRow {
  const char *completion; // nullptr where values are wanted
  const char *kind;
  const char *type;  // or nullptr
  unsigned relation; // Oid; the others only where values are wanted
  const char *column;
  const char *const *path; // keys below a jsonb column
  int path_count;
  const char *wanted; // values, elements, keys or fields
  const char *typed;
};

/// Keeps the strings that the rows point to.
class Suggested {
public:
  static Suggested *at_end_of(const LiveCore &live, std::string_view prefix);

  const std::vector<SuggestedRow> &rows() const noexcept { return rows_; }
  /// The character from which completions replace the text, from 1.
  int replace_from() const noexcept { return replace_from_; }

private:
  const char *keep(std::string_view text) { return strings_.emplace_back(text).c_str(); }

  std::deque<std::string> strings_; // deques: growing moves nothing
  std::deque<std::vector<const char *>> lists_;
  std::vector<SuggestedRow> rows_;
  int replace_from_ = 1;
};

} // namespace segmentation::pg
