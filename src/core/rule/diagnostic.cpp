// The five characters of each SQLSTATE that the core can answer with.
#include "core/rule/diagnostic.hpp"

namespace segmentation::core {

const char *sqlstate_code(SqlState state) noexcept {
  switch (state) {
  case SqlState::syntax_error:
    return "42601";
  case SqlState::undefined_name:
    return "42703";
  case SqlState::ambiguous_name:
    return "42702";
  case SqlState::wrong_type:
    return "42804";
  case SqlState::no_such_day:
    return "22008";
  case SqlState::out_of_range:
    return "22003";
  case SqlState::invalid_value:
    return "22023";
  case SqlState::limit_exceeded:
    return "54000";
  case SqlState::feature_not_supported:
    return "0A000";
  case SqlState::cycle:
    return "42P17";
  case SqlState::out_of_memory:
    return "53200";
  case SqlState::internal_error:
    break;
  }
  return "XX000";
}

} // namespace segmentation::core
