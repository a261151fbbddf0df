// What a rule leans on: the bindings it reads and the words it names. C++ side: never calls the server.
#include "pg/live/live_core.hpp"

#include <set>

namespace segmentation::pg {

std::vector<std::string> LiveCore::uses(const char *rule, Failure &failure) const {
  std::optional<core::CheckedRule> checked = check(rule, Excerpt::detail, failure);
  if (!checked)
    return {};
  const core::Schema &schema = meaning_->schema;
  std::set<std::string> used;
  for (int relation : core::relations_read(*checked->condition, *meaning_)) {
    // What a relation hangs on is read on the way to it.
    for (int at = relation; at >= 0; at = schema.relations[static_cast<std::size_t>(at)].of)
      used.insert(schema.relations[static_cast<std::size_t>(at)].name);
  }
  for (int attribute : checked->attributes)
    used.insert(schema.attributes[static_cast<std::size_t>(attribute)].name);
  for (int source : checked->sources)
    used.insert(schema.sources[static_cast<std::size_t>(source)].name);
  return {used.begin(), used.end()};
}

} // namespace segmentation::pg
