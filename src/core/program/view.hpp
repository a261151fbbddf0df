// View settings: what FROM customers SHOW .. ORDER BY .. LIMIT of a rule asks of its segment's view.
#pragma once

#include "core/meaning/checker.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace segmentation::core {

/// Settings with their names settled, and the SQL that answers them.
struct ViewSettings {
  struct LeftOut {
    std::string text; // which name, of what, and why
    std::string hint; // a full sentence or empty
  };
  /// The columns of SHOW, each an identifier of its own, the customers' key among them; none without SHOW.
  std::vector<std::string> names;
  std::string query;            // print_values() of these and of what the view is ordered by
  std::vector<bool> descending; // for each value that the view is ordered by
  std::optional<std::uint64_t> limit;
  std::vector<LeftOut> left_out; // names that mean nothing, or nothing that can be shown
};

/// Returns the settings of a rule, or nothing where it has none. The rule's condition is not looked at.
/// `members` is a SELECT of the keys of those whom the view shows; empty for all customers.
std::optional<ViewSettings> check_view(const Rule &rule, const Meaning &meaning,
                                       const std::string &members = {});

} // namespace segmentation::core
