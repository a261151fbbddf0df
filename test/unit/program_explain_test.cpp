// What explain() says of one customer, and which SELECTs a program asks for; rules as people write them.
#include "core/meaning/checker.hpp"
#include "core/program/show.hpp"
#include "core/rule/parser.hpp"

#include "program_world.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace segmentation::core::test {
namespace {

const Zone &sofia() {
  static const Zone zone(
      7200,
      {{std::int64_t{day_of({2026, 3, 29})} * microseconds_per_day + 3'600'000'000, 10'800},
       {std::int64_t{day_of({2026, 10, 25})} * microseconds_per_day + 3'600'000'000, 7200}},
      false);
  return zone;
}

Instant local(std::int32_t month, std::int32_t day, std::int64_t hour) {
  return sofia().to_instant(std::int64_t{day_of({2026, month, day})} * microseconds_per_day +
                            hour * 3'600'000'000);
}

MaybeValue number(const char *digits) {
  Value value;
  value.number = *Decimal::parse(digits);
  return value;
}
MaybeValue text(const char *text) {
  Value value;
  value.text = text;
  return value;
}
MaybeValue at(std::int64_t at) {
  Value value;
  value.at = at;
  return value;
}
MaybeValue list(std::vector<std::string> values) {
  Value value;
  value.list = std::move(values);
  return value;
}
const MaybeValue null;

std::shared_ptr<const Meaning> meaning_of(Schema schema) {
  PreparedMeaning prepared = prepare_meaning(std::move(schema));
  if (!prepared.meaning)
    throw std::invalid_argument(prepared.diagnostics.at(0).message);
  return prepared.meaning;
}

// Maria: two paid orders, 87.60 in all, and one that is only open.
Shop maria() {
  Shop shop;
  Schema schema = world_schema();
  schema.zone = sofia();
  schema.zone_name = "Europe/Sofia";
  shop.meaning = *meaning_of(std::move(schema));
  shop.tables.resize(shop.meaning.schema.relations.size());
  shop.tables[customers] = {{number("7"), text("Maria"), number("12.5"), number("3"), null, at(1),
                             at(day_of({1990, 6, 2})), at(local(1, 10, 9)), list({"bg", "en"}), null}};
  const auto order = [](const char *id, Instant created, const char *status, const char *total, bool paid) {
    return Row{number(id), number("7"), at(created), text(status), number(total), null, at(paid), null, null};
  };
  shop.tables[orders] = {order("1", local(3, 5, 12), "paid", "50.00", true),
                         order("2", local(5, 20, 16), "paid", "37.60", true),
                         order("3", local(5, 28, 10), "open", "10", false)};
  shop.tables[tags] = {{number("7"), text("vip")}, {number("7"), text("Early bird")}};
  return shop;
}

CheckedRule checked(const std::string &rule, const Meaning &meaning) {
  const Parsed<Rule> parsed = parse_rule(rule);
  if (!parsed.value)
    throw std::invalid_argument(rule + ": " + parsed.diagnostics.at(0).message);
  const Checked out = check_rule(parsed.value->condition, meaning);
  if (!out.rule)
    throw std::invalid_argument(rule + ": " + out.diagnostics.at(0).message);
  return *out.rule;
}

// One line each: indented piece of the rule, = actual, yes or no, what is missing, rows, until.
std::string explained(const std::string &rule, const Shop &shop) {
  const auto meaning = std::make_shared<const Meaning>(shop.meaning);
  const auto program = Program::compile(meaning, {checked(rule, *meaning)}, true, Purpose::explaining);
  Population population(*program, Moment::at(local(5, 30, 12), sofia()), false);
  std::mt19937_64 random(1);
  feed(shop, *program, population, true, 100, random);
  std::string out;
  for (const Explanation &line : population.explain(0, 0, rule)) {
    out += std::string(line.depth * 2, ' ') + rule.substr(line.span.begin, line.span.end - line.span.begin);
    if (line.actual)
      out += " = " + *line.actual;
    out += line.holds ? ": yes" : ": no";
    if (line.missing)
      out += ", missing " + *line.missing;
    if (line.rows)
      out += fmt::format(", rows {}", fmt::join(*line.rows, " "));
    if (line.until != instant_infinity)
      out += ", until " + program::show(Kind::instant, line.until, 0, sofia());
    out += "\n";
  }
  return out;
}

TEST(ProgramExplain, NumbersSayWhatTheyLack) {
  const Shop shop = maria();
  EXPECT_EQ(explained("sum(orders.total MATCHES (paid = true)) >= 100", shop),
            "sum(orders.total MATCHES (paid = true)) >= 100 = 87.60: no, missing 12.40 more, rows 2 1\n");
  EXPECT_EQ(explained("sum(orders.total MATCHES (paid = true)) > 100", shop),
            "sum(orders.total MATCHES (paid = true)) > 100 = 87.60: no, missing 12.41 more, rows 2 1\n");
  EXPECT_EQ(explained("count(orders) > 3", shop),
            "count(orders) > 3 = 3: no, missing one more order, rows 3 2 1\n");
  EXPECT_EQ(explained("count(orders) >= 3", shop), "count(orders) >= 3 = 3: yes, rows 3 2 1\n");
  EXPECT_EQ(explained("credit >= 20", shop), "credit >= 20 = 12.50: no, missing 7.50 more credit\n");
  EXPECT_EQ(explained("credit BETWEEN 20 AND 30", shop),
            "credit BETWEEN 20 AND 30 = 12.50: no, missing 7.50 more credit\n");
  EXPECT_EQ(explained("credit < 10", shop), "credit < 10 = 12.50: no, missing 2.51 less credit\n");
  EXPECT_EQ(explained("score > 10", shop), "score > 10 = missing: no, missing score > 10\n");
  EXPECT_EQ(explained("avg(orders.total) > 40", shop),
            "avg(orders.total) > 40 = 32.533333: no, missing about 7.466667 more in avg(orders.total), rows "
            "3 2 1\n");
}

TEST(ProgramExplain, ConditionsAreLinesAndPartsAreDeeper) {
  const Shop shop = maria();
  EXPECT_EQ(
      explained("vip AND (name = 'Ana' OR langs CONTAINS 'BG') AND customer_tags CONTAINS 'vip'",
                [&] {
                  Shop renamed = shop;
                  renamed.meaning.schema.relations[tags].name = "customer_tags";
                  renamed.meaning = *meaning_of(renamed.meaning.schema);
                  return renamed;
                }()),
      "vip AND (name = 'Ana' OR langs CONTAINS 'BG') AND customer_tags CONTAINS 'vip': yes\n  vip = true: "
      "yes\n  name = 'Ana' OR langs CONTAINS 'BG': yes\n    name = 'Ana' = Maria: no, missing name = 'Ana'\n "
      "   langs CONTAINS 'BG' = bg, en: yes\n  customer_tags CONTAINS 'vip' = Early bird, vip: yes\n");
  EXPECT_EQ(explained("NOT vip", shop), "NOT vip: no, missing NOT vip\n  vip = true: yes\n");
  EXPECT_EQ(explained("name != 'Ana'", shop), "name != 'Ana' = Maria: yes\n");
}

TEST(ProgramExplain, TimeHasItsLine) {
  const Shop shop = maria();
  // The last order of 28 May is 60 days old when 27 July begins; -60d means days before that one.
  EXPECT_EQ(explained("max(orders.created) < -60d", shop),
            "max(orders.created) < -60d = 2026-05-28 10:00:00+03: no, missing 59 more days, rows 3 2 1, "
            "until 2026-07-28 00:00:00+03\n");
  EXPECT_EQ(explained("age(birth) >= 36", shop),
            "age(birth) >= 36 = 35: no, missing one more year, until 2026-06-02 00:00:00+03\n");
  // Of the orders in the window that of 20 May leaves it first.
  EXPECT_EQ(explained("orders MATCHES (date >= -30d, count >= 2)", shop),
            "orders MATCHES (date >= -30d, count >= 2) = 2: yes, rows 3 2, until 2026-06-20 00:00:00+03\n");
  EXPECT_EQ(explained("orders MATCHES (date >= -30d, count >= 3)", shop),
            "orders MATCHES (date >= -30d, count >= 3) = 2: no, missing one more order with date >= -30d, "
            "rows 3 2\n");
}

TEST(ProgramExplain, AnAggregateConditionIsShownWithTheRowsThatItJudges) {
  const Shop shop = maria();
  EXPECT_EQ(explained("vip AND orders MATCHES (paid = true, count >= 3)", shop),
            "vip AND orders MATCHES (paid = true, count >= 3): no, missing one more order with paid = true\n "
            " vip = true: yes\n  orders MATCHES (paid = true, count >= 3) = 2: no, missing one more order "
            "with paid = true, rows 2 1\n");
  EXPECT_EQ(explained("orders NOT MATCHES (paid = true, count >= 2)", shop),
            "orders NOT MATCHES (paid = true, count >= 2) = 2: no, missing one fewer order with paid = true, "
            "rows 2 1\n");
  EXPECT_EQ(explained("orders MATCHES (paid = true, sum_total NOT BETWEEN 10 AND 90)", shop),
            "orders MATCHES (paid = true, sum_total NOT BETWEEN 10 AND 90) = 87.60: no, missing 77.61 less, "
            "or 2.41 more, rows 2 1\n");
  EXPECT_EQ(
      explained("NOT (orders MATCHES (paid = true, count >= 2) OR name = 'Ana')", shop),
      "NOT (orders MATCHES (paid = true, count >= 2) OR name = 'Ana'): no, missing one fewer order with paid "
      "= true\n  orders MATCHES (paid = true, count >= 2) OR name = 'Ana': yes\n    orders MATCHES (paid = "
      "true, count >= 2) = 2: yes, rows 2 1\n    name = 'Ana' = Maria: no, missing name = 'Ana'\n");
  EXPECT_EQ(explained("orders MATCHES (paid = true)", shop),
            "orders MATCHES (paid = true) = 2: yes, rows 2 1\n");
  EXPECT_EQ(explained("orders NOT MATCHES (paid = true)", shop),
            "orders NOT MATCHES (paid = true) = 2: no, missing 2 fewer orders with paid = true, rows 2 1\n");
}

TEST(ProgramExplain, AListOfRowsIsShownAsItsFilterLeavesIt) {
  Shop shop = maria();
  shop.tables[labels] = {
      {number("1"), text("new")}, {number("2"), text("gift")}, {number("3"), text("gift")}};
  EXPECT_EQ(explained("list(orders.status) CONTAINS 'PAID'", shop),
            "list(orders.status) CONTAINS 'PAID' = open, paid: yes, rows 3 2 1\n");
  EXPECT_EQ(explained("list(orders.total MATCHES (status = 'paid')) CONTAINS ALL (50, 10)", shop),
            "list(orders.total MATCHES (status = 'paid')) CONTAINS ALL (50, 10) = 37.60, 50.00: no, missing "
            "10 in the list, rows 2 1\n");
  EXPECT_EQ(explained("list(orders.labels MATCHES (paid = true)) NOT CONTAINS 'x'", shop),
            "list(orders.labels MATCHES (paid = true)) NOT CONTAINS 'x' = gift, new: yes, rows 2 1\n");
  EXPECT_EQ(explained("list(orders.status MATCHES (total > 100)) IS NULL", shop),
            "list(orders.status MATCHES (total > 100)) IS NULL = none: yes, rows \n");
  // The paid order of 20 May leaves the window on 20 June; what is open stays eight days longer.
  EXPECT_EQ(explained("list(orders.status MATCHES (date >= -30d)) CONTAINS 'paid'", shop),
            "list(orders.status MATCHES (date >= -30d)) CONTAINS 'paid' = open, paid: yes, rows 3 2, until "
            "2026-06-20 00:00:00+03\n");
  EXPECT_EQ(explained("list(orders.status MATCHES (date >= -30d, status = 'open')) IS NULL", shop),
            "list(orders.status MATCHES (date >= -30d, status = 'open')) IS NULL = open: no, missing "
            "list(orders.status MATCHES (date >= -30d, status = 'open')) IS NULL, rows 3, until 2026-06-28 "
            "00:00:00+03\n");
  EXPECT_EQ(explained("list(orders.status MATCHES (date >= -30d)) CONTAINS 'lost'", shop),
            "list(orders.status MATCHES (date >= -30d)) CONTAINS 'lost' = open, paid: no, missing 'lost' in "
            "the list, rows 3 2\n");
}

TEST(ProgramExplain, SeveralAggregateConditionsAreLinesUnderTheirMatches) {
  const Shop shop = maria();
  EXPECT_EQ(explained("orders MATCHES (paid = true, count >= 2, sum_total >= 100) OR vip", shop),
            "orders MATCHES (paid = true, count >= 2, sum_total >= 100) OR vip: yes\n  orders MATCHES (paid "
            "= true, count >= 2, sum_total >= 100): no, missing 12.40 more\n    count >= 2 = 2: yes, rows 2 "
            "1\n    sum_total >= 100 = 87.60: no, missing 12.40 more, rows 2 1\n  vip = true: yes\n");
  EXPECT_EQ(explained("orders NOT MATCHES (paid = true, count >= 2, sum_total >= 100)", shop),
            "orders NOT MATCHES (paid = true, count >= 2, sum_total >= 100): yes\n  count >= 2 = 2: yes, "
            "rows 2 1\n  sum_total >= 100 = 87.60: no, missing 12.40 more, rows 2 1\n");
}

TEST(ProgramExplain, ATestOfASegmentIsOneLine) {
  Shop shop = maria();
  Schema schema = shop.meaning.schema;
  const auto define = [&](const char *name, const char *rule) {
    schema.segments.push_back(
        {0, name, std::make_shared<const Expr>(std::move(*parse_condition(rule).value))});
  };
  define("rich", "credit > 20 OR count(orders) > 5 OR points > 50");
  define("recent", "orders MATCHES (date >= -30d, count >= 2) AND NOT segments CONTAINS 'rich'");
  shop.meaning = *meaning_of(std::move(schema));
  EXPECT_EQ(explained("segments CONTAINS 'rich'", shop),
            "segments CONTAINS 'rich': no, missing segment 'rich' (7.51 more credit, or 3 more orders, or 48 "
            "more points)\n");
  EXPECT_EQ(explained("segments NOT CONTAINS 'rich'", shop), "segments NOT CONTAINS 'rich': yes\n");
  EXPECT_EQ(explained("segments CONTAINS ANY ('rich', 'recent')", shop),
            "segments CONTAINS ANY ('rich', 'recent'): yes, until 2026-06-20 00:00:00+03\n");
  EXPECT_EQ(
      explained("name = 'Maria' AND (segments CONTAINS 'recent' OR NOT segments CONTAINS 'rich') AND vip",
                shop),
      "name = 'Maria' AND (segments CONTAINS 'recent' OR NOT segments CONTAINS 'rich') AND vip: yes\n  name "
      "= 'Maria' = Maria: yes\n  segments CONTAINS 'recent' OR NOT segments CONTAINS 'rich': yes\n    "
      "segments CONTAINS 'recent': yes, until 2026-06-20 00:00:00+03\n    NOT segments CONTAINS 'rich': "
      "yes\n      segments CONTAINS 'rich': no, missing segment 'rich' (7.51 more credit, or 3 more orders, "
      "or 48 more points)\n  vip = true: yes\n");
}

TEST(ProgramExplain, ACustomerWhoDoesNotExistIsInNoSegment) {
  Shop shop = maria();
  Schema schema = shop.meaning.schema;
  schema.relations[customers].condition_text = "points > 10";
  schema.relations[customers].condition =
      std::make_shared<const Expr>(std::move(*parse_condition("points > 10").value));
  shop.meaning = *meaning_of(std::move(schema));
  EXPECT_EQ(explained("vip", shop), "vip = true: no, missing points > 10\n");
}

std::vector<Feed> feeds_of(const std::vector<std::string> &rules, const Meaning &meaning,
                           bool integer_keys = true) {
  std::vector<CheckedRule> all;
  for (const std::string &rule : rules)
    all.push_back(checked(rule, meaning));
  return Program::compile(std::make_shared<const Meaning>(meaning), all, integer_keys)->feeds();
}

TEST(ProgramFeeds, EachRelationIsReadOnceWithItsColumns) {
  const Meaning meaning = maria().meaning;
  const auto feeds = feeds_of({"vip AND sum(orders.total MATCHES (paid = true)) > 10", "count(orders) > 1",
                               "max(orders.created) > -3d AND vip"},
                              meaning);
  ASSERT_EQ(feeds.size(), 2U);
  EXPECT_EQ(feeds[0].select_all, "SELECT \"customers\".\"id\", \"customers\".\"vip\"\n"
                                 "FROM \"shop\".\"customers\" AS \"customers\"");
  EXPECT_EQ(feeds[0].select_keyed, feeds[0].select_all + "\nWHERE \"customers\".\"id\" = ANY ($1)");
  // The orders carry the customer's key themselves.
  EXPECT_EQ(feeds[1].select_all,
            "SELECT \"orders\".\"customer_id\", \"orders\".\"paid\", \"orders\".\"total\", "
            "\"orders\".\"created\"\nFROM \"shop\".\"orders\" AS \"orders\"");
  EXPECT_EQ(feeds[1].select_keyed, feeds[1].select_all + "\nWHERE \"orders\".\"customer_id\" = ANY ($1)");
}

TEST(ProgramFeeds, DetailsBringTheirParentsKey) {
  const Meaning meaning = maria().meaning;
  const auto feeds = feeds_of({"items MATCHES (sku = 'a', channel.title = 'web')"}, meaning);
  ASSERT_EQ(feeds.size(), 2U);
  EXPECT_EQ(
      feeds[1].select_keyed,
      "SELECT \"orders\".\"customer_id\", \"items\".\"sku\", \"channel\".\"title\"\n"
      "FROM \"shop\".\"items\" AS \"items\"\n"
      "JOIN \"shop\".\"orders\" AS \"orders\" ON \"items\".\"order_id\" = \"orders\".\"id\"\n"
      "LEFT JOIN \"shop\".\"channel\" AS \"channel\" ON \"orders\".\"channel_id\" = \"channel\".\"id\"\n"
      "WHERE \"orders\".\"customer_id\" = ANY ($1)");
}

TEST(ProgramFeeds, WhatAllMeasuresAskForIsAskedOfTheTable) {
  const Meaning meaning = maria().meaning;
  const auto where_of = [&](std::vector<std::string> rules) {
    rules.emplace_back("NOT vip"); // customers are read too, so rows need not be known to be theirs
    const std::string select = feeds_of(rules, meaning).at(1).select_all;
    const std::size_t at = select.find("WHERE ");
    return at == std::string::npos ? std::string() : select.substr(at);
  };
  EXPECT_EQ(where_of({"orders MATCHES (status = 'paid')"}), "WHERE \"orders\".\"status\" IN ('paid')");
  EXPECT_EQ(where_of({"orders MATCHES (status = 'paid', total > 3)",
                      "orders MATCHES (status IN ('it''s', 'paid'))"}),
            "WHERE \"orders\".\"status\" IN ('it''s', 'paid')");
  EXPECT_EQ(where_of({"orders MATCHES (status = 'paid')", "orders MATCHES (total = -1.5)"}),
            "WHERE \"orders\".\"status\" IN ('paid') OR \"orders\".\"total\" IN ((-1.5))");
  EXPECT_EQ(where_of({"orders MATCHES (status = 'paid')", "count(orders) > 2"}), "");
  EXPECT_EQ(where_of({"orders MATCHES (status != 'paid')"}), "");
}

TEST(ProgramFeeds, APathIsAskedOfTheRowsBelowAName) {
  Schema schema = world_schema();
  Relation &tree = schema.relations[channel];
  tree.columns.push_back(world_column("up", Kind::number, 0));
  tree.value = 1;
  tree.parent = 2;
  Relation path = world_relation(Role::set, "channel.path", channel, 0, 0,
                                 {world_column("key", Kind::number, 0), world_column("value", Kind::text)});
  path.value = 1;
  path.tree = channel;
  schema.relations.push_back(std::move(path));
  const PreparedMeaning prepared = prepare_meaning(std::move(schema));
  ASSERT_TRUE(prepared.meaning);
  const auto where_of = [&](std::vector<std::string> rules) {
    rules.emplace_back("NOT vip");
    const std::string select = feeds_of(rules, *prepared.meaning).at(1).select_all;
    const std::size_t at = select.rfind("\nWHERE ");
    return at == std::string::npos ? std::string() : select.substr(at + 1);
  };
  EXPECT_EQ(
      where_of({"orders MATCHES (channel.path CONTAINS 'Web')", "orders MATCHES (channel.path = 'it''s')"}),
      "WHERE \"channel\".\"id\" IN (WITH RECURSIVE \"channel.path\" (k) AS (SELECT \"channel\".\"id\" "
      "FROM \"shop\".\"channel\" AS \"channel\" "
      "WHERE lower(\"channel\".\"title\" COLLATE \"und-x-icu\") COLLATE \"C\" IN ('it''s', 'web') "
      "UNION SELECT \"channel\".\"id\" FROM \"channel.path\" JOIN \"shop\".\"channel\" AS \"channel\" "
      "ON \"channel\".\"up\" = \"channel.path\".k) SELECT \"channel.path\".k FROM \"channel.path\")");
  EXPECT_EQ(where_of({"orders MATCHES (channel.path NOT CONTAINS 'Web')"}), "");
}

TEST(ProgramFeeds, RowsThatSufficeAreAskedForTheirCustomers) {
  Meaning meaning = maria().meaning;
  const auto select_of = [&] {
    return feeds_of({"orders MATCHES (status = 'paid')"}, meaning).at(1).select_all;
  };
  EXPECT_TRUE(select_of().ends_with("WHERE (\"orders\".\"status\" IN ('paid')) AND EXISTS "
                                    "(SELECT FROM \"shop\".\"customers\" AS \"customers\" "
                                    "WHERE \"customers\".\"id\" = \"orders\".\"customer_id\")"));
  const auto suffices = [&](const std::string &rule) {
    const auto shared = std::make_shared<const Meaning>(meaning);
    return Program::compile(shared, {checked(rule, meaning)}, true)->rows_suffice();
  };
  EXPECT_TRUE(suffices("orders MATCHES (status = 'paid') AND count(carts) >= 1"));
  EXPECT_FALSE(suffices("count(orders) < 2"));
  EXPECT_FALSE(suffices("NOT orders MATCHES (status = 'paid')"));
  EXPECT_FALSE(suffices("vip AND count(orders) > 2"));
  DefinedAttribute purchases;
  purchases.name = "forecast_purchases";
  Parsed<AttributeExpression> sum = parse_attribute("sum(orders.total)");
  purchases.value = std::make_shared<const core::Value>(std::move(*sum.value->value));
  meaning.schema.attributes.push_back(std::move(purchases));
  EXPECT_TRUE(suffices("forecasts.predicted_spend > 5"));
  EXPECT_FALSE(suffices("forecasts.rfm_group = 'PROSPECTS'"));
  EXPECT_FALSE(suffices("forecasts.observed_until <= -1h"))
      << "who has not bought is observed until then as well";
}

TEST(ProgramFeeds, SetsOfRowsComeAsLists) {
  const Meaning meaning = maria().meaning;
  const auto feeds = feeds_of({"orders MATCHES (labels CONTAINS 'gift')", "NOT vip"}, meaning);
  ASSERT_EQ(feeds.size(), 2U);
  EXPECT_EQ(feeds[1].columns.at(0).type, Kind::text_list);
  EXPECT_EQ(
      feeds[1].select_keyed,
      "SELECT \"orders\".\"customer_id\", ARRAY(SELECT \"labels\".\"label\" FROM \"shop\".\"labels\" AS "
      "\"labels\" "
      "WHERE \"labels\".\"order_id\" = \"orders\".\"id\" AND \"labels\".\"label\" IS NOT NULL)::text[]\n"
      "FROM \"shop\".\"orders\" AS \"orders\"\nWHERE \"orders\".\"customer_id\" = ANY ($1)");
  EXPECT_EQ(feeds[1].select_all,
            "SELECT \"orders\".\"customer_id\", \"labels 1\".v\nFROM \"shop\".\"orders\" AS \"orders\"\n"
            "LEFT JOIN (SELECT \"labels\".\"order_id\" AS k, array_agg(\"labels\".\"label\")::text[] AS v "
            "FROM \"shop\".\"labels\" AS \"labels\" WHERE \"labels\".\"label\" IS NOT NULL GROUP BY 1) AS "
            "\"labels 1\" "
            "ON \"labels 1\".k = \"orders\".\"id\"");
}

TEST(ProgramFeeds, KeysOfOtherTypesAreJoinedOrCast) {
  Schema schema = world_schema();
  schema.relations[orders].columns[1].sql_type = "numeric";
  const auto joined = feeds_of({"count(orders) > 1"}, *meaning_of(schema));
  EXPECT_EQ(
      joined[1].select_keyed,
      "SELECT \"customers\".\"id\"\nFROM \"shop\".\"orders\" AS \"orders\"\n"
      "JOIN \"shop\".\"customers\" AS \"customers\" ON \"orders\".\"customer_id\" = \"customers\".\"id\"\n"
      "WHERE \"customers\".\"id\" = ANY ($1)");
  schema.relations[orders].columns[1].sql_type = "integer";
  EXPECT_TRUE(feeds_of({"count(orders) > 1"}, *meaning_of(schema))[1].select_all.starts_with(
      "SELECT \"orders\".\"customer_id\"\n"));
  for (const auto &[relation, column] : {std::pair{customers, 0}, {orders, 1}}) {
    Column &key =
        schema.relations[static_cast<std::size_t>(relation)].columns[static_cast<std::size_t>(column)];
    key = world_column(key.name.c_str(), Kind::text);
    key.sql_type = "uuid";
    key.needs_cast = true;
  }
  const auto texts = feeds_of({"count(orders) > 1"}, *meaning_of(schema), false);
  EXPECT_EQ(texts[1].select_keyed,
            "SELECT \"orders\".\"customer_id\"::text\nFROM \"shop\".\"orders\" AS \"orders\"\n"
            "WHERE \"orders\".\"customer_id\" = ANY ($1)");
}

} // namespace
} // namespace segmentation::core::test
