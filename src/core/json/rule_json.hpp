// Rule <-> JSON, for screens that build rules. The shape is in docs/application.md, and stays: people's
// programs are written for it. What is read becomes a tree, which the printer quotes: no text of the JSON is
// ever part of a rule's text.
#pragma once

#include "core/json/document.hpp"
#include "core/rule/tree.hpp"

#include <optional>
#include <string>

namespace segmentation::core {

/// Returns a rule as a document.
JsonDocument rule_to_json(const Rule &rule);

/// A rule in canonical form, or what is wrong with the document; the message says where.
struct RuleFromJson {
  std::optional<std::string> canonical;
  Diagnostic mistake;
};

/// Reads a rule from a document. What it returns is canonical, and rule_to_json() of it gives the document
/// again, as far as that was in the form that rule_to_json() writes.
RuleFromJson rule_from_json(std::span<const JsonItem> items, const Limits &limits = {});

} // namespace segmentation::core
