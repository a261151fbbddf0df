// Values of customers by what rules call them: the SELECT that answers them, and what it shows. Free of
// server headers.
#pragma once

#include "pg/live/live_core.hpp"

#include <string>
#include <vector>

namespace segmentation::pg {

/// Names that somebody gave.
struct GivenNames {
  const char *const *names;
  int count;
};

class ValueList {
public:
  /// Prints the SELECT of the values of `shown` and of those that customers are put in order by. `members` is
  /// a SELECT of the keys of whom it is asked. With `strict` a name of `shown` that cannot be shown is a
  /// failure, else left out, as those of `ordered` are.
  static ValueList *make(const LiveCore &live, GivenNames shown, GivenNames ordered, const char *members,
                         bool strict, Failure &failure);

  const std::string &query() const noexcept { return query_; }
  /// The same for all customers: of the same columns.
  const std::string &query_of_all() const noexcept { return query_of_all_; }
  /// Which of the names given, from 1, each value is.
  const std::vector<int> &shown() const noexcept { return shown_; }
  const std::vector<int> &ordered() const noexcept { return ordered_; }
  /// What each value that is shown is called, without quotes.
  const std::vector<std::string> &called() const noexcept { return called_; }

private:
  std::string query_, query_of_all_;
  std::vector<int> shown_, ordered_;
  std::vector<std::string> called_;
};

} // namespace segmentation::pg
