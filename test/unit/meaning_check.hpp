// What the checker makes of a rule over the test shop, as one text: the condition, or its mistakes.
#pragma once

#include "unit/condition_text.hpp"
#include "unit/shop_schema.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace segmentation::core::test {

/// Writes mistakes one a line: SQLSTATE [the piece of text] message | hint.
inline std::string mistakes_text(std::string_view rule, const Diagnostics &diagnostics) {
  std::string text;
  for (const Diagnostic &diagnostic : diagnostics) {
    text += fmt::format("{}{} [{}] {}", text.empty() ? "" : "\n", sqlstate_code(diagnostic.state),
                        rule.substr(diagnostic.span.begin, diagnostic.span.end - diagnostic.span.begin),
                        diagnostic.message);
    if (!diagnostic.hint.empty()) {
      text += " | " + diagnostic.hint;
    }
  }
  return text;
}

inline std::shared_ptr<const Meaning> meaning_of(Schema schema) {
  PreparedMeaning prepared = prepare_meaning(std::move(schema));
  if (!prepared.meaning) {
    throw std::invalid_argument(prepared.diagnostics.at(0).message);
  }
  return prepared.meaning;
}

/// The test shop's meaning; one for all tests, which never change it.
inline const Meaning &shop() {
  static const std::shared_ptr<const Meaning> meaning = meaning_of(shop_schema());
  return *meaning;
}

inline Checked check(std::string_view rule, const Meaning &meaning = shop(), const Limits &limits = {}) {
  const Parsed<Rule> parsed = parse_rule(rule);
  if (!parsed.value) {
    throw std::invalid_argument("does not parse: " + mistakes_text(rule, parsed.diagnostics));
  }
  return check_rule(parsed.value->condition, meaning, limits);
}

/// Returns the checked condition as text, or the mistakes.
inline std::string outcome(std::string_view rule, const Meaning &meaning = shop(),
                           const Limits &limits = {}) {
  const Checked checked = check(rule, meaning, limits);
  if (checked.rule) {
    EXPECT_TRUE(checked.diagnostics.empty());
    return ConditionText(meaning.schema)(*checked.rule->condition);
  }
  EXPECT_FALSE(checked.diagnostics.empty()) << "refused without a word: " << rule;
  return mistakes_text(rule, checked.diagnostics);
}

struct Case {
  std::string_view rule;
  std::string_view outcome;
};

inline void expect_outcomes(std::span<const Case> cases, const Meaning &meaning = shop()) {
  for (const Case &one : cases) {
    SCOPED_TRACE(one.rule);
    EXPECT_EQ(outcome(one.rule, meaning), one.outcome);
  }
}

} // namespace segmentation::core::test
