// Rules as JSON without a server: there and back, printing, paths, and what the server's reader would never
// hand in.
#include "core/json/rule_json.hpp"
#include "core/rule/parser.hpp"
#include "core/rule/printer.hpp"
#include "fuzz/shuffled.hpp"

#include <gtest/gtest.h>

namespace segmentation::core {
namespace {

std::string json_of(std::string_view rule) {
  const auto parsed = parse_rule(rule);
  EXPECT_TRUE(parsed.value) << rule;
  return parsed.value ? print_json(rule_to_json(*parsed.value).items()) : std::string();
}

std::string there_and_back(std::string_view rule) {
  const auto parsed = parse_rule(rule);
  EXPECT_TRUE(parsed.value) << rule;
  const RuleFromJson read = rule_from_json(rule_to_json(*parsed.value).items());
  return read.canonical ? *read.canonical : read.mistake.message;
}

TEST(RuleJson, IsPrintedAsJson) {
  EXPECT_EQ(json_of("a = 'x\\\\y\"z' AND b"),
            R"({"condition":{"op":"AND","conditions":[{"op":"=","left":{"name":"a"},"right":"x\\y\"z"},)"
            R"({"op":"IS TRUE","left":{"name":"b"}}]}})");
  EXPECT_EQ(json_of("a = '\n\x01'"),
            R"({"condition":{"op":"=","left":{"name":"a"},"right":"\u000a\u0001"}})");
  EXPECT_EQ(
      json_of("a IN (true, -0.50, 1234567890123456)"),
      R"({"condition":{"op":"IN","left":{"name":"a"},"right":[true,-0.5,{"number":"1234567890123456"}]}})");
}

TEST(RuleJson, IsTheSameRule) {
  for (const char *rule :
       {"a", "NOT a", "NOT (a OR b AND c)", "a OR (b OR c) AND NOT (d AND e)", "a = ''", "a != -36h",
        "a BETWEEN 2026-01-01 AND 2026-01-01T10:00:00.5+02:00", "a NOT CONTAINS ANY ('x')", "a IS NULL",
        "s MATCHES (t MATCHES (count >= 2), x > 1 AND x < 5)", "s(x: 1, y: (2, 3)) = false",
        "a = (45.42, -75.69)", "customer_within_distance(coordinates: (1, 2), distance_mi: 5)",
        "anniversary('a.b') = today", "count(s MATCHES (list(t) CONTAINS 'x')) > avg(s.y)",
        "x.\"Y z\".w = \"date\"", "customer.in = 1",
        "FROM customers SHOW a, \"B\" WHERE a ORDER BY a DESC, b LIMIT 18446744073709551615"})
    EXPECT_EQ(there_and_back(rule), print_rule(*parse_rule(rule).value));
}

TEST(RuleJson, TellsWhere) {
  JsonDocument document;
  document.open(JsonItem::Kind::object);
  document.open(JsonItem::Kind::array, "a");
  document.add_null();
  document.open(JsonItem::Kind::object);
  document.add_null("b c");
  document.add_null("d");
  document.close();
  document.close();
  document.add_null("e\"");
  document.close();
  EXPECT_EQ(print_json(document.items()), R"({"a":[null,{"b c":null,"d":null}],"e\"":null})");
  EXPECT_EQ(json_path(document.items(), 0), "$");
  EXPECT_EQ(json_path(document.items(), 2), "$.a[0]");
  EXPECT_EQ(json_path(document.items(), 4), "$.a[1].\"b c\"");
  EXPECT_EQ(json_path(document.items(), 5), "$.a[1].d");
  EXPECT_EQ(json_path(document.items(), 6), "$.\"e\\\"\"");
}

TEST(RuleJson, RefusesAValueOfEachKindInThePlaceOfARule) {
  for (const JsonItem::Kind kind : {JsonItem::Kind::null, JsonItem::Kind::boolean, JsonItem::Kind::number,
                                    JsonItem::Kind::text, JsonItem::Kind::array}) {
    JsonItem item;
    item.kind = kind;
    item.end = 1;
    const RuleFromJson read = rule_from_json({&item, 1});
    EXPECT_FALSE(read.canonical);
    EXPECT_EQ(read.mistake.state, SqlState::invalid_value);
  }
}

TEST(RuleJson, ReadsTornDocumentsAsRulesOrNot) {
  const auto parsed = parse_rule(
      "a = 'x' AND NOT s MATCHES (count(t.u MATCHES (v)) > 2, date > -7d) OR customer_within_distance("
      "coordinates: (1, 2), distance_km: 3) = true ORDER BY a DESC LIMIT 3");
  ASSERT_TRUE(parsed.value);
  const JsonDocument document = rule_to_json(*parsed.value);
  fuzz::Dice dice(1);
  int rules = 0, refused = 0;
  for (int i = 0; i < 3000; ++i) {
    const JsonDocument torn = fuzz::Shuffler(document.items(), dice).shuffled();
    const RuleFromJson read = rule_from_json(torn.items());
    ++(read.canonical ? rules : refused);
    if (!read.canonical)
      continue;
    const auto again = parse_rule(*read.canonical);
    ASSERT_TRUE(again.value) << print_json(torn.items());
    EXPECT_EQ(print_rule(*again.value), *read.canonical);
  }
  EXPECT_GT(rules, 100);
  EXPECT_GT(refused, 100);
}

} // namespace
} // namespace segmentation::core
