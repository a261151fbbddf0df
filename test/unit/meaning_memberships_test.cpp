// The built-in source memberships: segments' names in it, what it must say, and rings by way of it.
#include "core/meaning/describe.hpp"
#include "unit/meaning_check.hpp"

namespace segmentation::core::test {
namespace {

Schema schema_with_memberships() {
  Schema schema = bare_shop_schema();
  schema.relations.push_back(
      make_relation(Role::source, "memberships", customers,
                    {make_whole("customer_id"), make_column("segment", Kind::text),
                     make_column("entered_at", Kind::instant), make_column("left_at", Kind::instant)}));
  Relation &memberships = schema.relations.back();
  memberships.key = 0;
  memberships.of_key = 0;
  memberships.segment = 1;
  memberships.date = 2;
  return schema;
}

std::shared_ptr<const Meaning>
meaning_with(const std::vector<std::pair<std::string, std::string_view>> &segments,
             const std::vector<std::pair<std::string, std::string_view>> &attributes = {}) {
  Schema schema = schema_with_memberships();
  for (const auto &[name, rule] : segments) {
    define_segment(schema, name, rule);
  }
  for (const auto &[name, expression] : attributes) {
    define_value(schema, name, expression);
  }
  return meaning_of(std::move(schema));
}

using Indexes = std::vector<int>;

Indexes histories(std::string_view rule, const Meaning &meaning) {
  const Checked checked = check(rule, meaning);
  EXPECT_TRUE(checked.rule) << mistakes_text(rule, checked.diagnostics);
  return checked.rule ? checked.rule->histories : Indexes{-1};
}

TEST(MeaningMemberships, NamesCompareAsThoseOfSegmentsDo) {
  const auto meaning = meaning_with({{"VIP", "points > 100"}, {"Gold", "points > 50"}});
  const Case cases[] = {
      {"memberships MATCHES (segment = 'vip')", "count(memberships | in(memberships.segment; VIP)) > 0"},
      {"memberships NOT MATCHES (segment IN ('gold', 'vip', 'VIP'))",
       "not(count(memberships | in(memberships.segment; Gold, VIP)) > 0)"},
      {"memberships(segment: 'gold') = true", "count(memberships | in(memberships.segment; Gold)) > 0"},
      {"count(memberships MATCHES (segment = 'vip' OR segment = 'gold')) >= 2",
       "count(memberships | any(in(memberships.segment; VIP), in(memberships.segment; Gold))) >= 2"},
      {"\"memberships\" MATCHES ((segment IN ('vip', 'gold') AND segment != 'gold'), count < 3)",
       "count(memberships | all(in(memberships.segment; Gold, VIP), not(in(memberships.segment; Gold)))) < "
       "3"},
      {"last(memberships.segment MATCHES (segment IN ('vip', 'gold'))) = 'gold'",
       "in(last(memberships.segment | in(memberships.segment; Gold, VIP)); Gold)"},
      {"memberships MATCHES (segment IN ('vip', 'gold'), last(segment) NOT IN ('gold', 'Gold'))",
       "not(in(last(memberships.segment | in(memberships.segment; Gold, VIP)); Gold))"},
  };
  expect_outcomes(cases, *meaning);
}

TEST(MeaningMemberships, RefusesUnknownNamesAndPiecesOfNames) {
  const auto meaning = meaning_with({{"VIP", "points > 100"}, {"Gold", "points > 50"}});
  const Case cases[] = {
      {"memberships MATCHES (segment = 'vips')",
       "42703 ['vips'] segment \"vips\" does not exist | Perhaps you meant \"VIP\"."},
      {"memberships MATCHES (segment IN ('gold', 'vips', 7))",
       "42703 ['vips'] segment \"vips\" does not exist | Perhaps you meant \"VIP\".\n"
       "42804 [7] segment is a text and cannot be compared with the number 7 | Put it in quotes: '7'."},
      {"last(memberships.segment MATCHES (segment = 'vip')) = 'gol'",
       "42703 ['gol'] segment \"gol\" does not exist | Perhaps you meant \"Gold\"."},
      {"memberships MATCHES (segment STARTS WITH 'v')",
       "42804 [STARTS WITH] segment is the name of a segment and does not support \"STARTS WITH\" | Use "
       "segment "
       "= or IN with names of segments."},
      {"memberships MATCHES (segment = 'vip', segment CONTAINS 'v')",
       "42804 [CONTAINS] segment is the name of a segment and does not support \"CONTAINS\" | Use segment = "
       "or IN "
       "with names of segments."},
      {"memberships MATCHES (segment < 'vip')", "42804 [<] segment is the name of a segment and does not "
                                                "support \"<\" | Use segment = or IN with names of "
                                                "segments."},
      {"memberships MATCHES (segment BETWEEN 'gold' AND 'vip')",
       "42804 [BETWEEN] segment is the name of a segment and does not support \"BETWEEN\" | Use segment = or "
       "IN with "
       "names of segments."},
  };
  expect_outcomes(cases, *meaning);
}

TEST(MeaningMemberships, EveryUseSaysOfWhichSegments) {
  const auto meaning = meaning_with({{"VIP", "points > 100"}});
  for (const std::string_view rule :
       {"[memberships] MATCHES ()", "[memberships] NOT MATCHES (left_at > -30d)", "[memberships] IS NULL",
        "[memberships] MATCHES (segment != 'vip')", "[memberships] MATCHES (NOT segment = 'vip')",
        "[memberships] MATCHES (segment = 'vip' OR left_at > -30d)", "count([memberships]) > 1",
        "[memberships] MATCHES (count(memberships MATCHES (segment = 'vip')) > 1)",
        "max([memberships.left_at]) > -30d", "last([memberships.segment]) = 'vip'"}) {
    const std::size_t open = rule.find('['), shut = rule.find(']');
    std::string plain(rule);
    plain.erase(shut, 1).erase(open, 1);
    EXPECT_EQ(outcome(plain, *meaning),
              fmt::format("42601 [{}] memberships must say of which segments | Name them, as in memberships "
                          "MATCHES (segment = 'vip', left_at > -30d).",
                          rule.substr(open + 1, shut - open - 1)));
  }
  const Case cases[] = {
      {"memberships = 3",
       "42804 [memberships] \"memberships\" is a source, not a value | Use memberships MATCHES "
       "(...) or count(memberships)."},
      {"orders MATCHES (memberships MATCHES (segment = 'vip'))",
       "42601 [memberships] memberships MATCHES cannot stand in a condition on rows | Test it beside the "
       "other "
       "MATCHES, joined by AND; a detail source reaches its parents' columns itself."},
  };
  expect_outcomes(cases, *meaning);
}

TEST(MeaningMemberships, RingsAreRefusedAndPrinted) {
  const auto meaning = meaning_with({{"own", "memberships MATCHES (segment = 'Own')"},
                                     {"a", "memberships MATCHES (segment = 'b')"},
                                     {"b", "points > 1 AND segments CONTAINS 'c'"},
                                     {"c", "tiers = 'a'"}},
                                    {{"tiers", "last(memberships.segment MATCHES (segment IN ('a')))"}});
  const Case cases[] = {
      {"segments CONTAINS 'own'", "42P17 ['own'] segment \"own\" refers to itself: \"own\" -> \"own\""},
      {"memberships MATCHES (segment = 'a')",
       "42P17 ['a'] segment \"a\" refers to itself: \"a\" -> \"b\" -> \"c\" -> \"tiers\" -> \"a\""},
  };
  expect_outcomes(cases, *meaning);
}

TEST(MeaningMemberships, TellsWhoseMembersMustBeRight) {
  const auto meaning = meaning_with({{"base", "points > 1"},
                                     {"first", "memberships MATCHES (segment = 'base')"},
                                     {"second", "memberships MATCHES (segment = 'first')"},
                                     {"beside", "segments CONTAINS 'first' AND points < 9"}},
                                    {{"since", "min(memberships.entered_at MATCHES (segment = 'base'))"}});
  EXPECT_EQ(histories("points > 1 AND segments CONTAINS 'base'", *meaning), (Indexes{}));
  EXPECT_EQ(histories("memberships MATCHES (segment = 'base')", *meaning), (Indexes{0}));
  EXPECT_EQ(histories("memberships MATCHES (segment = 'second')", *meaning), (Indexes{0, 1, 2}));
  EXPECT_EQ(histories("segments CONTAINS 'beside'", *meaning), (Indexes{0}));
  EXPECT_EQ(histories("since > -30d", *meaning), (Indexes{0}));
}

TEST(MeaningMemberships, ABrokenRuleIsToldWhereItIsNamed) {
  const auto meaning = meaning_with({{"broken", "colour = 'red'"}});
  EXPECT_EQ(outcome("memberships MATCHES (segment = 'broken')", *meaning),
            "42703 ['broken'] the rule of segment \"broken\" does not hold up: attribute \"colour\" does not "
            "exist");
}

TEST(MeaningMemberships, NoSourceStandsForIt) {
  Schema schema = schema_with_memberships();
  DefinedSource tiers;
  tiers.name = "tiers";
  tiers.of = "Memberships";
  schema.sources.push_back(tiers);
  const auto meaning = meaning_of(std::move(schema));
  const Diagnostics mistakes = check_source(0, *meaning);
  ASSERT_EQ(mistakes.size(), 1U);
  EXPECT_EQ(mistakes[0].message, "a source cannot stand for \"memberships\"");
}

TEST(MeaningMemberships, OperatorsOfANameAreTold) {
  const auto meaning = meaning_with({{"VIP", "points > 100"}});
  const int root = static_cast<int>(meaning->schema.relations.size()) - 1;
  Value value;
  value.name.parts.push_back({"segment", false});
  const std::optional<Described> described = describe_value(value, {root, true}, *meaning);
  ASSERT_TRUE(described);
  EXPECT_EQ(described->type, ValueType::segment);
  EXPECT_EQ(type_words(described->type), "text");
  for (const Operator &op : operators_of(*described)) {
    const std::string test = fmt::format("segment {}{}", op.words,
                                         op.parenthesis             ? " ('vip')"
                                         : op.words.ends_with("LL") ? ""
                                                                    : " 'vip'");
    EXPECT_TRUE(check(fmt::format("memberships MATCHES (segment = 'vip' AND {})", test), *meaning).rule)
        << test;
  }
}

TEST(MeaningMemberships, AColumnOfThatNameStandsInQuotes) {
  Schema schema = schema_with_memberships();
  schema.relations[customers].columns.push_back(make_whole("memberships"));
  define_segment(schema, "vip", "points > 1");
  const auto meaning = meaning_of(std::move(schema));
  EXPECT_EQ(outcome("\"memberships\" > 3", *meaning), "customers.memberships > 3");
  EXPECT_EQ(outcome("\"memberships\" IS NULL", *meaning), "not(present(customers.memberships))");
  EXPECT_EQ(outcome("memberships > 3", *meaning).substr(0, 5), "42804");
  EXPECT_EQ(outcome("memberships IS NULL", *meaning).substr(0, 5), "42601");
}

} // namespace
} // namespace segmentation::core::test
