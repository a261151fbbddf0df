// What rules and other definitions lean on: bindings, words and columns. C++ side: never calls the server.
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

namespace {

void add_needs(std::vector<Need> &needs, const char *kind, const char *name,
               const std::optional<std::vector<core::ColumnRead>> &columns) {
  if (!columns)
    needs.push_back({kind, name, -1, -1});
  for (const core::ColumnRead &read : columns.value_or(std::vector<core::ColumnRead>{}))
    needs.push_back({kind, name, read.relation, read.column});
}

} // namespace

std::vector<Need> LiveCore::needs() const {
  std::vector<Need> needs;
  const std::vector<core::ConditionPtr> &conditions = meaning_->row_conditions;
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    if (conditions[i])
      add_needs(needs, "binding", input_->relations[i].name, core::columns_read(*conditions[i], *meaning_));
  }
  for (int i = 0; i < input_->attribute_count; ++i) {
    core::Name name;
    name.parts = {{input_->attributes[i].name, true}};
    std::optional<std::vector<core::ColumnRead>> columns;
    if (auto parsed = core::parse_attribute(input_->attributes[i].expression);
        parsed.value && core::check_attribute(*parsed.value, *meaning_).diagnostics.empty()) {
      const core::CheckedName checked = core::check_name(name, *meaning_);
      columns = checked.value ? core::columns_read(*checked.value, *meaning_)
                              : std::vector<core::ColumnRead>{}; // the list of segments, which is no column
    }
    add_needs(needs, "attribute", input_->attributes[i].name, columns);
  }
  for (int i = 0; i < input_->source_count; ++i)
    add_needs(needs, "source", input_->sources[i].name, core::source_columns_read(i, *meaning_));
  for (int i = 0; i < input_->segment_count; ++i) {
    Failure failure;
    const std::optional<core::CheckedRule> rule = check_segment(i, Excerpt::none, failure);
    std::optional<std::vector<core::ColumnRead>> columns;
    if (rule)
      columns = core::columns_read(*rule->condition, *meaning_);
    add_needs(needs, "segment", input_->segments[i].name, columns);
  }
  // Members, and what people say by hand, are the extension's own.
  std::erase_if(needs, [this](const Need &need) {
    return need.relation >= 0 &&
           (input_->relations[need.relation].id == 0 || input_->relations[need.relation].hand >= 0);
  });
  return needs;
}

} // namespace segmentation::pg
