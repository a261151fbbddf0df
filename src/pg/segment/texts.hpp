// Lists that the C++ side makes for set-returning functions: plain views into strings that one object keeps.
// Free of server headers.
#pragma once

#include "pg/live/live_core.hpp"

#include <deque>
#include <string>
#include <vector>

namespace segmentation::pg {

/// One mistake, as check_rule returns it.
struct Mistake {
  const char *sqlstate;
  int line, column, length;
  const char *message;
  const char *hint; // or nullptr
};

/// One line of explain.
struct ExplainedLine {
  int depth;
  const char *condition;
  const char *actual; // or nullptr
  bool holds;
  const char *missing; // or nullptr
  bool has_rows;
  std::int64_t rows;
  core::Instant until;
};

/// Keeps the strings that the lists point to.
class Texts {
public:
  static Texts *mistakes_of(const LiveCore *live, const char *rule);
  static Texts *explanation(Work &work, std::uint32_t customer, std::string_view rule);
  static Texts *sql_of(const LiveCore &live, const char *rule, Failure &failure);
  /// With what people say by hand about it.
  static Texts *sql_of_segment(const LiveCore &live, int index, Failure &failure);
  /// SELECTs of the keys of customers and of the rows that a defined attribute adds up; nothing where there
  /// is none of that name, one string where it is no sum over rows with a date.
  static Texts *summed_rows_of(const LiveCore &live, const char *attribute, Failure &failure);
  static Texts *uses_of(const LiveCore &live, const char *rule, Failure &failure);

  const std::vector<Mistake> &mistakes() const noexcept { return mistakes_; }
  const std::vector<ExplainedLine> &lines() const noexcept { return lines_; }
  const std::deque<std::string> &strings() const noexcept { return strings_; }

private:
  static Texts *sql_of_checked(const LiveCore &live, const std::optional<core::CheckedRule> &checked);
  const char *keep(std::string text);
  std::deque<std::string> strings_; // a deque: growing moves nothing
  std::vector<Mistake> mistakes_;
  std::vector<ExplainedLine> lines_;
};

} // namespace segmentation::pg
