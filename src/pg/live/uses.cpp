// What a rule leans on: the bindings it reads and the defined attributes it names. C++ side: never calls the
// server.
#include "core/rule/printer.hpp"
#include "core/value/fold_case.hpp"
#include "pg/live/live_core.hpp"

#include <algorithm>
#include <set>

namespace segmentation::pg {

namespace {

/// Collects every name in a tree, as written.
class NameCollector {
public:
  void visit(const core::Expr &expr) {
    visit(expr.left);
    if (expr.right)
      visit(*expr.right);
    for (const core::Expr &child : expr.children)
      visit(child);
    add(expr.source);
  }
  void visit(const core::Value &value) {
    add(value.name);
    if (value.filter)
      visit(*value.filter);
    for (const core::Value &operand : value.operands)
      visit(operand);
  }
  const std::set<std::string> &names() const noexcept { return names_; }

private:
  void add(const core::Name &name) {
    std::string text;
    for (const core::Name::Part &part : name.parts)
      text += (text.empty() ? "" : ".") + part.text;
    if (text.starts_with("customer."))
      names_.insert(text.substr(9));
    if (!text.empty())
      names_.insert(std::move(text));
  }
  std::set<std::string> names_;
};

bool names_it(const std::set<std::string> &names, const std::string &defined) {
  return std::any_of(names.begin(), names.end(), [&](const std::string &name) {
    return core::fold_case(name) == core::fold_case(defined);
  });
}

} // namespace

std::vector<std::string> LiveCore::uses(const char *rule, Failure &failure) const {
  std::set<std::string> used;
  std::optional<core::CheckedRule> checked = check(rule, Excerpt::detail, failure);
  if (!checked)
    return {};
  for (int relation : core::relations_read(*checked->condition, *meaning_)) {
    // What a relation hangs on is read on the way to it.
    for (int at = relation; at >= 0; at = meaning_->schema.relations[static_cast<std::size_t>(at)].of)
      used.insert(meaning_->schema.relations[static_cast<std::size_t>(at)].name);
  }
  auto parsed = core::parse_rule(rule);
  NameCollector collector;
  if (parsed.value)
    collector.visit(parsed.value->condition);
  // Attributes may name attributes.
  std::set<std::string> attributes;
  for (bool grown = true; grown;) {
    grown = false;
    for (const core::DefinedAttribute &attribute : meaning_->schema.attributes) {
      if (attributes.contains(attribute.name) || !names_it(collector.names(), attribute.name))
        continue;
      attributes.insert(attribute.name);
      grown = true;
      if (attribute.value)
        collector.visit(*attribute.value);
      if (attribute.condition)
        collector.visit(*attribute.condition);
    }
  }
  used.insert(attributes.begin(), attributes.end());
  return {used.begin(), used.end()};
}

} // namespace segmentation::pg
