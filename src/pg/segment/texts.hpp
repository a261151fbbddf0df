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
  int segment; // whose rule is explained from this line on, as an index into the input; -1: no other than
               // before
  const char *condition; // nullptr: a group or tag, of which there is only what people say
  const char *actual;    // or nullptr
  bool holds;
  const char *missing; // or nullptr
  bool has_rows;
  const char *const *rows;
  int row_count;
  core::Instant until;
};

/// Keeps the strings that the lists point to.
class Texts {
public:
  static Texts *mistakes_of(const LiveCore *live, const char *rule);
  /// Of a rule's text, and below it of the rules of the segments that it names.
  static Texts *explanation(Work &work, std::uint32_t customer, const char *rule, const SchemaInput &input);
  static Texts *sql_of(const LiveCore &live, const char *rule, Failure &failure);
  /// With what people say by hand about it.
  static Texts *sql_of_segment(const LiveCore &live, int index, Failure &failure);
  /// SELECTs of the keys of customers and of the rows that a defined attribute adds up; nothing where there
  /// is none of that name, one string where it is no sum over rows with a date.
  static Texts *summed_rows_of(const LiveCore &live, const char *attribute, Failure &failure);
  /// The same of attribute forecast_purchases, however it is written.
  static Texts *purchases_of(const LiveCore &live, Failure &failure);
  static Texts *uses_of(const LiveCore &live, const char *rule, Failure &failure);

  const std::vector<Mistake> &mistakes() const noexcept { return mistakes_; }
  const std::vector<ExplainedLine> &lines() const noexcept { return lines_; }
  const std::deque<std::string> &strings() const noexcept { return strings_; }

private:
  static Texts *sql_of_checked(const LiveCore &live, const std::optional<core::CheckedRule> &checked);
  const char *keep(std::string text);
  void keep_line(core::Explanation &line, std::string_view rule, int depth);
  void keep_segment(Work &work, std::uint32_t customer, int segment, int depth, const SchemaInput &input);
  std::deque<std::string> strings_; // a deque: growing moves nothing
  std::vector<Mistake> mistakes_;
  std::vector<ExplainedLine> lines_;
  std::deque<std::vector<const char *>> lists_;
};

} // namespace segmentation::pg
