// Mistakes of the parser and of the checker in one rule, told together; and hints that depend on how a name
// was typed.
#include "meaning_check.hpp"

#include <gtest/gtest.h>

namespace segmentation::core::test {
namespace {

std::string told(std::string_view rule, const Limits &limits = {}) {
  const Parsed<Rule> parsed = parse_rule(rule, limits);
  const Checked checked = check_rule(parsed, shop(), limits);
  EXPECT_EQ(parsed.value.has_value(), parsed.diagnostics.empty());
  EXPECT_EQ(checked.rule.has_value(), checked.diagnostics.empty());
  std::string text;
  for (const Diagnostic &diagnostic : checked.diagnostics) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", sqlstate_code(diagnostic.state),
                        rule.substr(diagnostic.span.begin, diagnostic.span.end - diagnostic.span.begin));
  }
  return text;
}

TEST(MeaningRefused, SyntaxMistakesHideNoOthers) {
  const Case cases[] = {
      {"emial = 'x' AND points > 1,000", "42703 emial, 42601 1,000"},
      {"points > 1,000 AND emial = 'x'", "42601 1,000, 42703 emial"},
      {"points > AND number_of_orders > 'x' OR emial = 'x'", "42601 AND, 42804 >, 42703 emial"},
      {"orders MATCHES (totl > 1, total > 1,000, status > 'x') AND emial IS NULL",
       "42703 totl, 42601 1,000, 42804 >, 42703 emial"},
      {"orders MATCHES (count > 1,000, totl > 1)", "42601 1,000, 42703 totl"},
      {"orders MATCHES (totl > 1,) AND points = 1", "42703 totl, 42601 )"},
      {"orders MATCHES (totl > 1, total > 1, total < 5)", "42703 totl, 42601 total"},
      {"orders(totl: 1, total: 1,000) = true", "42703 totl, 42601 1,000"},
      {"count(orders MATCHES (totl > 1, total > 1,000)) > 5", "42703 totl, 42601 1,000"},
      {"NOT (emial = 'x' AND (points > ))", "42703 emial, 42601 )"},
      {"(emial = 'x'", "42601 (, 42703 emial"},
      {"emial = 'x') AND cty = 'x'", "42703 emial, 42601 ), 42703 cty"},
      {"emial = 'x' AND city = 'Sofia", "42703 emial, 42601 '"},
      {"emial = 'x' AND points > $5 AND cty = 'x'", "42703 emial, 42601 $, 42703 cty"},
      {"emial = 'x' points > 5", "42703 emial, 42601 points"},
      {"emial = 'x' ORDER BY city LIMIT x", "42703 emial, 42601 x"},
  };
  for (const Case &one : cases) {
    EXPECT_EQ(told(one.rule), one.outcome) << one.rule;
  }
}

TEST(MeaningRefused, OneMistakeIsToldOnce) {
  const Case cases[] = {
      {"tags DOES NOT CONTAIN 'x'", "42601 DOES"},
      {"city DOES NOT CONTAINS 'x'", "42601 DOES"},
      {"points > 5 EUR", "42601 EUR"},
      {"points > 5 GROUP BY emial", "42601 GROUP"},
      {"points 5", "42601 5"},
      {"NOT points 5", "42601 5"},
      {"points % 5", "42601 %"},
      {"points + 5 > 3", "42601 +"},
      {"(points + 5) > 3", "42601 +"},
      {"registered_at > now - 7", "42601 -"},
      {"city /* never closed", "42601 /*"},
      {"points > 1pm", "42601 1pm"},
      {"registered_at BETWEEN AND 5", "42601 AND"},
      {"customer_within_distance(coordinates: (1, 2), distance_km: 9,5) = true", "42601 9,5"},
      {")", "42601 )"},
      {"", "42601 "},
      {"%", "42601 %"},
      {"points IN (1, 2", "42601 ("},
      {"orders MATCHES (count > 1,000)", "42601 1,000"},
      {"lower(city) = 'x'", "42601 lower"},
  };
  for (const Case &one : cases) {
    EXPECT_EQ(told(one.rule), one.outcome) << one.rule;
  }
}

TEST(MeaningRefused, MistakesOfBothKindsAreLimitedTogether) {
  Limits limits;
  limits.diagnostics = 3;
  EXPECT_EQ(told("points > 1,000 AND a = 1 AND b = 1 AND c = 1 AND points > 2,000", limits),
            "42601 1,000, 42703 a, 42703 b");
}

TEST(MeaningRefused, AConstantWithoutItsSignsIsHintedAtAsTyped) {
  const Case cases[] = {
      {"city = SUBSCRIBED", "42703 [SUBSCRIBED] attribute \"subscribed\" does not exist | Put a text in "
                            "single quotes: 'SUBSCRIBED'."},
      {"orders MATCHES (status = Summer)",
       "42703 [Summer] column \"summer\" does not exist in \"orders\" | The columns of \"orders\" are "
       "\"id\", "
       "\"customer_id\", \"status\", \"total\", \"tax\", \"paid\", \"created_at\", \"shipped_on\", "
       "\"version\", "
       "\"extra\", \"count\" and \"channel_id\". Put a text in single quotes: 'Summer'."},
      {"registered_at > qqqq",
       "42703 [qqqq] attribute \"qqqq\" does not exist | Write a date as today, -7d or 2026-05-30."},
      {"zzzz > Qqqq",
       "42703 [zzzz] attribute \"zzzz\" does not exist\n"
       "42703 [Qqqq] attribute \"qqqq\" does not exist | A text stands in single quotes: 'Qqqq'; a date is "
       "written as today, -7d or 2026-05-30."},
      {"points > qqqq", "42703 [qqqq] attribute \"qqqq\" does not exist"},
  };
  expect_outcomes(cases);
}

} // namespace
} // namespace segmentation::core::test
