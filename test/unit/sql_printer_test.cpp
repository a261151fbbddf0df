// What the SQL printer makes of rules, word for word; each text was run by PostgreSQL 15 over tables of this
// shape.
#include "core/program/sql_printer.hpp"

#include "unit/sql_shop.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

using namespace sql_shop;

namespace {

const Meaning &meaning() {
  static const std::shared_ptr<const Meaning> prepared = prepare_meaning(schema()).meaning;
  return *prepared;
}

std::string printed(std::string_view text, const SqlOptions &options = {}) {
  const auto rule = parse_rule(text);
  if (!rule.value) {
    return "syntax: " + rule.diagnostics.front().message;
  }
  const Checked checked = check_rule(rule.value->condition, meaning());
  return checked.rule ? print_sql(*checked.rule, meaning(), options) : checked.diagnostics.front().message;
}

} // namespace

TEST(SqlPrinter, ComparesTextByByteWhateverTheCollation) {
  EXPECT_EQ(printed(R"(email ENDS WITH '@abv.bg' OR city IN ('Sofia', 'Со') OR city CONTAINS 'O''Brien\\x')"),
            R"sql(SELECT "customers"."id"
FROM "shop"."customers" AS "customers"
WHERE ("customers"."id" = 13) IS NOT TRUE
  AND (
    right("customers"."email"::text COLLATE "C", 7) = '@abv.bg'
    OR "customers"."city" COLLATE "C" IN ('Sofia', 'Со')
    OR strpos("customers"."city" COLLATE "C", E'O''Brien\\x') > 0
  ))sql");
}

TEST(SqlPrinter, MakesNegationTwoValued) {
  EXPECT_EQ(
      printed(
          R"(city != 'Sofia' AND NOT (amount > 500.5 OR score <= -3.5) AND active = false AND born IS NOT NULL)"),
      R"sql(SELECT "customers"."id"
FROM "shop"."customers" AS "customers"
WHERE ("customers"."id" = 13) IS NOT TRUE
  AND ("customers"."city" COLLATE "C" = 'Sofia') IS NOT TRUE
  AND (
    segmentation.finite("customers"."amount") > 500.5
    OR segmentation.finite("customers"."score") <= (-3.5)
  ) IS NOT TRUE
  AND "customers"."active" IS NOT NULL
  AND ("customers"."active") IS NOT TRUE
  AND "customers"."born" IS NOT NULL)sql");
}

TEST(SqlPrinter, GroupsAggregatesOverTheSameRows) {
  EXPECT_EQ(
      printed(
          R"(orders MATCHES (status = 'paid', date > -90d, count >= 2, sum_total > 100, avg_total < 50.25))"),
      R"sql(SELECT "customers"."id"
FROM "shop"."customers" AS "customers"
LEFT JOIN (
  SELECT "orders"."customer_id" AS "customer",
      count(*) AS "count_1",
      sum(segmentation.finite("orders"."total")) AS "sum_2",
      count(segmentation.finite("orders"."total"))::numeric AS "values_3"
  FROM "shop"."orders" AS "orders"
  WHERE ("orders"."deleted") IS NOT TRUE
    AND "orders"."status" COLLATE "C" = 'paid'
    AND "orders"."created_at" >= (((now() AT TIME ZONE 'Europe/Sofia')::date - 89)::timestamp AT TIME ZONE 'Europe/Sofia')
  GROUP BY "orders"."customer_id"
) AS "m1" ON "m1"."customer" = "customers"."id"
WHERE ("customers"."id" = 13) IS NOT TRUE
  AND COALESCE("m1"."count_1", 0) >= 2
  AND COALESCE("m1"."sum_2", 0) > 100
  AND "m1"."sum_2" < 50.25 * "m1"."values_3")sql");
}

TEST(SqlPrinter, JoinsParentsAndLookups) {
  EXPECT_EQ(printed(R"(items MATCHES (product_tags CONTAINS 'Sale', price > 10, status = 'paid'))"),
            R"sql(SELECT "customers"."id"
FROM "shop"."customers" AS "customers"
LEFT JOIN (
  SELECT "orders"."customer_id" AS "customer",
      count(*) AS "count_1"
  FROM "shop"."items" AS "items"
  JOIN "shop"."orders" AS "orders" ON "items"."order_id" = "orders"."id"
  LEFT JOIN (
    "shop"."products" AS "products"
    LEFT JOIN "shop"."categories" AS "categories" ON "products"."category_id" = "categories"."id"
  ) ON "items"."product_id" = "products"."id"
    AND ("products"."hidden") IS NOT TRUE
    AND (
      "categories"."name" IS NULL
      OR ("categories"."name" COLLATE "C" = 'Socks') IS NOT TRUE
    )
  WHERE ("orders"."deleted") IS NOT TRUE
    AND EXISTS (
      SELECT 1 FROM "shop"."product_tags" AS "product_tags"
      WHERE "product_tags"."product_id" = "products"."id"
        AND lower("product_tags"."tag" COLLATE "und-x-icu") COLLATE "C" = 'sale'
    )
    AND segmentation.finite("items"."price") > 10
    AND "orders"."status" COLLATE "C" = 'paid'
  GROUP BY "orders"."customer_id"
) AS "m1" ON "m1"."customer" = "customers"."id"
WHERE ("customers"."id" = 13) IS NOT TRUE
  AND COALESCE("m1"."count_1", 0) > 0)sql");
}

TEST(SqlPrinter, JoinsALookupWhoseConditionReadsAnother) {
  EXPECT_EQ(printed(R"(count(DISTINCT items.products.name) > 1)"),
            R"sql(SELECT "customers"."id"
FROM "shop"."customers" AS "customers"
LEFT JOIN (
  SELECT "orders"."customer_id" AS "customer",
      count(DISTINCT "products"."name" COLLATE "C") AS "distinct_1"
  FROM "shop"."items" AS "items"
  JOIN "shop"."orders" AS "orders" ON "items"."order_id" = "orders"."id"
  LEFT JOIN (
    "shop"."products" AS "products"
    LEFT JOIN "shop"."categories" AS "categories" ON "products"."category_id" = "categories"."id"
  ) ON "items"."product_id" = "products"."id"
    AND ("products"."hidden") IS NOT TRUE
    AND (
      "categories"."name" IS NULL
      OR ("categories"."name" COLLATE "C" = 'Socks') IS NOT TRUE
    )
  WHERE ("orders"."deleted") IS NOT TRUE
  GROUP BY "orders"."customer_id"
) AS "m1" ON "m1"."customer" = "customers"."id"
WHERE ("customers"."id" = 13) IS NOT TRUE
  AND COALESCE("m1"."distinct_1", 0) > 1)sql");
}

TEST(SqlPrinter, ReadsSetsOfCustomers) {
  EXPECT_EQ(printed(R"(tags NOT CONTAINS 'VIP' AND labels CONTAINS ANY ('a', 'B'))"),
            R"sql(SELECT "customers"."id"
FROM "shop"."customers" AS "customers"
LEFT JOIN (
  SELECT "tags"."customer_id" AS "customer",
      count(*) AS "count_1"
  FROM "shop"."tags" AS "tags"
  WHERE (
      "tags"."until" IS NULL
      OR "tags"."until" >= (now() AT TIME ZONE 'Europe/Sofia')::date
    )
    AND lower("tags"."tag" COLLATE "und-x-icu") COLLATE "C" = 'vip'
  GROUP BY "tags"."customer_id"
) AS "m1" ON "m1"."customer" = "customers"."id"
WHERE ("customers"."id" = 13) IS NOT TRUE
  AND (COALESCE("m1"."count_1", 0) > 0) IS NOT TRUE
  AND EXISTS (SELECT 1 FROM unnest("customers"."labels") AS "element" ("value") WHERE lower("value" COLLATE "und-x-icu") COLLATE "C" IN ('a', 'b')))sql");
}

TEST(SqlPrinter, NumbersOfListsAreMissingWhereTheyAreNoNumbers) {
  EXPECT_EQ(printed("marks IS NOT NULL"), R"sql(SELECT "customers"."id"
FROM "shop"."customers" AS "customers"
WHERE ("customers"."id" = 13) IS NOT TRUE
  AND EXISTS (SELECT 1 FROM unnest("customers"."marks") AS "element" ("value") WHERE segmentation.finite("value") IS NOT NULL))sql");
}

TEST(SqlPrinter, ReadsSetsOfLookups) {
  EXPECT_EQ(printed(R"(region_labels CONTAINS 'b' OR region_labels IS NULL)"),
            R"sql(SELECT "customers"."id"
FROM "shop"."customers" AS "customers"
LEFT JOIN "shop"."regions" AS "regions" ON "customers"."city" = "regions"."name"
WHERE ("customers"."id" = 13) IS NOT TRUE
  AND (
    EXISTS (
      SELECT 1 FROM "shop"."region_labels" AS "region_labels"
      WHERE "region_labels"."region" = "regions"."name"
        AND ("region_labels"."label" COLLATE "C" = "regions"."country" COLLATE "C") IS NOT TRUE
        AND lower("region_labels"."label" COLLATE "und-x-icu") COLLATE "C" = 'b'
    )
    OR NOT EXISTS (
      SELECT 1 FROM "shop"."region_labels" AS "region_labels"
      WHERE "region_labels"."region" = "regions"."name"
        AND ("region_labels"."label" COLLATE "C" = "regions"."country" COLLATE "C") IS NOT TRUE
        AND "region_labels"."label" IS NOT NULL
    )
  ))sql");
}

TEST(SqlPrinter, TakesTheFirstAndTheLast) {
  EXPECT_EQ(printed(R"(last(orders.status) = 'paid' AND first(visits.seconds) > 10)"),
            R"sql(SELECT "customers"."id"
FROM "shop"."customers" AS "customers"
LEFT JOIN (
  SELECT "orders"."customer_id" AS "customer",
      (array_agg("orders"."status" COLLATE "C" ORDER BY "orders"."created_at" DESC, "orders"."id" DESC) FILTER (WHERE "orders"."status" COLLATE "C" IS NOT NULL AND "orders"."created_at" IS NOT NULL))[1] AS "last_1"
  FROM "shop"."orders" AS "orders"
  WHERE ("orders"."deleted") IS NOT TRUE
  GROUP BY "orders"."customer_id"
) AS "m1" ON "m1"."customer" = "customers"."id"
LEFT JOIN (
  SELECT "customers"."id" AS "customer",
      (array_agg("visits"."seconds" ORDER BY "visits"."day", "visits"."seconds") FILTER (WHERE "visits"."seconds" IS NOT NULL AND "visits"."day" IS NOT NULL))[1] AS "first_1"
  FROM "shop"."visits" AS "visits"
  JOIN "shop"."customers" AS "customers" ON "visits"."email" = "customers"."email"
  GROUP BY "customers"."id"
) AS "m2" ON "m2"."customer" = "customers"."id"
WHERE ("customers"."id" = 13) IS NOT TRUE
  AND "m1"."last_1" COLLATE "C" = 'paid'
  AND "m2"."first_1" > 10)sql");
}

TEST(SqlPrinter, TakesTheMostFrequent) {
  EXPECT_EQ(printed(R"(mode(orders.status MATCHES (total > 1)) = 'paid')"),
            R"sql(SELECT "customers"."id"
FROM "shop"."customers" AS "customers"
LEFT JOIN (
  SELECT "rows"."customer" AS "customer",
      (array_agg("value" ORDER BY "times" DESC, "at" DESC NULLS LAST, "tie_1" DESC))[1] AS "mode"
  FROM (
    SELECT "orders"."customer_id" AS "customer",
        "orders"."status" COLLATE "C" AS "value",
        count(*) OVER (PARTITION BY "orders"."customer_id", "orders"."status" COLLATE "C") AS "times",
        "orders"."created_at" AS "at",
        "orders"."id" AS "tie_1"
    FROM "shop"."orders" AS "orders"
    WHERE ("orders"."deleted") IS NOT TRUE
      AND segmentation.finite("orders"."total") > 1
      AND "orders"."status" COLLATE "C" IS NOT NULL
  ) AS "rows"
  GROUP BY "rows"."customer"
) AS "m1" ON "m1"."customer" = "customers"."id"
WHERE ("customers"."id" = 13) IS NOT TRUE
  AND "m1"."mode" COLLATE "C" = 'paid')sql");
}

TEST(SqlPrinter, CountsPeriods) {
  EXPECT_EQ(printed(R"(orders MATCHES (date >= -6m, months >= 6, days > 7) AND visits MATCHES (weeks > 2))"),
            R"sql(SELECT "customers"."id"
FROM "shop"."customers" AS "customers"
LEFT JOIN (
  SELECT "orders"."customer_id" AS "customer",
      count(DISTINCT date_trunc('month', segmentation.local_time("orders"."created_at", 'Europe/Sofia'))) AS "months_1",
      count(DISTINCT segmentation.local_day("orders"."created_at", 'Europe/Sofia')) AS "days_2"
  FROM "shop"."orders" AS "orders"
  WHERE ("orders"."deleted") IS NOT TRUE
    AND "orders"."created_at" >= ((((now() AT TIME ZONE 'Europe/Sofia')::date - INTERVAL '6 months')::date)::timestamp AT TIME ZONE 'Europe/Sofia')
  GROUP BY "orders"."customer_id"
) AS "m1" ON "m1"."customer" = "customers"."id"
LEFT JOIN (
  SELECT "customers"."id" AS "customer",
      count(DISTINCT floor(extract(julian FROM "visits"."day") / 7)) AS "weeks_1"
  FROM "shop"."visits" AS "visits"
  JOIN "shop"."customers" AS "customers" ON "visits"."email" = "customers"."email"
  GROUP BY "customers"."id"
) AS "m2" ON "m2"."customer" = "customers"."id"
WHERE ("customers"."id" = 13) IS NOT TRUE
  AND COALESCE("m1"."months_1", 0) >= 6
  AND COALESCE("m1"."days_2", 0) > 7
  AND COALESCE("m2"."weeks_1", 0) > 2)sql");
}

TEST(SqlPrinter, KeepsQuotientsExact) {
  EXPECT_EQ(printed(R"(share <= 0.5 AND basket > 20 AND basket IS NOT NULL)"),
            R"sql(SELECT "customers"."id"
FROM "shop"."customers" AS "customers"
LEFT JOIN (
  SELECT "orders"."customer_id" AS "customer",
      sum(segmentation.finite("orders"."total")) AS "sum_1"
  FROM "shop"."orders" AS "orders"
  WHERE ("orders"."deleted") IS NOT TRUE
    AND "orders"."status" COLLATE "C" = 'paid'
  GROUP BY "orders"."customer_id"
) AS "m1" ON "m1"."customer" = "customers"."id"
LEFT JOIN (
  SELECT "orders"."customer_id" AS "customer",
      sum(segmentation.finite("orders"."total")) AS "sum_1",
      count(*) AS "count_2"
  FROM "shop"."orders" AS "orders"
  WHERE ("orders"."deleted") IS NOT TRUE
  GROUP BY "orders"."customer_id"
) AS "m2" ON "m2"."customer" = "customers"."id"
WHERE ("customers"."id" = 13) IS NOT TRUE
  AND (COALESCE("m1"."sum_1", 0)::numeric * sign(COALESCE("m2"."sum_1", 0)::numeric)) <= 0.5 * NULLIF(abs(COALESCE("m2"."sum_1", 0)::numeric), 0)
  AND COALESCE("m2"."sum_1", 0)::numeric > 20 * NULLIF(COALESCE("m2"."count_2", 0)::numeric, 0)
  AND (COALESCE("m2"."sum_1", 0)::numeric IS NOT NULL AND NULLIF(COALESCE("m2"."count_2", 0)::numeric, 0) IS NOT NULL))sql");
}

TEST(SqlPrinter, ReadsJsonSafely) {
  EXPECT_EQ(
      printed(R"(extra.level = 3 AND extra.a.b = 'x' AND extra.flag = true AND extra.since >= 2020-01-01)"),
      R"sql(SELECT "customers"."id"
FROM "shop"."customers" AS "customers"
WHERE ("customers"."id" = 13) IS NOT TRUE
  AND CASE WHEN jsonb_typeof("customers"."extra" -> 'level') = 'number' THEN ("customers"."extra" -> 'level')::numeric END = 3
  AND CASE WHEN jsonb_typeof("customers"."extra" -> 'a' -> 'b') IN ('string', 'number', 'boolean') THEN "customers"."extra" -> 'a' ->> 'b' END COLLATE "C" = 'x'
  AND CASE WHEN jsonb_typeof("customers"."extra" -> 'flag') = 'boolean' THEN ("customers"."extra" -> 'flag')::boolean END
  AND segmentation.json_instant("customers"."extra" -> 'since', 'Europe/Sofia') >= (TIMESTAMP '2020-01-01 00:00:00' AT TIME ZONE 'Europe/Sofia'))sql");
}

TEST(SqlPrinter, ComparesDaysAndInstants) {
  EXPECT_EQ(
      printed(
          R"(born < registered AND seen >= 2026-05-30T16:00:00 AND registered < 2026-05-30T16:00:00+02:00 AND born > -36h)"),
      R"sql(SELECT "customers"."id"
FROM "shop"."customers" AS "customers"
WHERE ("customers"."id" = 13) IS NOT TRUE
  AND "customers"."born" < segmentation.local_day("customers"."registered", 'Europe/Sofia')
  AND segmentation.instant_of("customers"."seen", 'Europe/Sofia') >= (TIMESTAMP '2026-05-30 16:00:00' AT TIME ZONE 'Europe/Sofia')
  AND "customers"."registered" < TIMESTAMPTZ '2026-05-30 14:00:00+00'
  AND segmentation.start_of_day("customers"."born", 'Europe/Sofia') >= now() - INTERVAL '36 hours' + INTERVAL '1 microsecond')sql");
}

TEST(SqlPrinter, CutsDatesAtTheEndsOfTime) {
  EXPECT_EQ(printed(R"(registered > -9000y AND registered > -5000y AND born < +9000y)"),
            R"sql(SELECT "customers"."id"
FROM "shop"."customers" AS "customers"
WHERE ("customers"."id" = 13) IS NOT TRUE
  AND "customers"."registered" >= ((CASE WHEN (now() AT TIME ZONE 'Europe/Sofia')::date >= DATE '4289-01-01' THEN ((now() AT TIME ZONE 'Europe/Sofia')::date - INTERVAL '108000 months')::date + 1 ELSE DATE '-infinity' END)::timestamp AT TIME ZONE 'Europe/Sofia')
  AND "customers"."registered" >= ((CASE WHEN (now() AT TIME ZONE 'Europe/Sofia')::date >= DATE '0289-01-01' THEN ((now() AT TIME ZONE 'Europe/Sofia')::date - INTERVAL '60000 months')::date + 1 ELSE DATE '-infinity' END)::timestamp AT TIME ZONE 'Europe/Sofia')
  AND "customers"."born" < ((now() AT TIME ZONE 'Europe/Sofia')::date + INTERVAL '108000 months')::date)sql");
}

TEST(SqlPrinter, KnowsPeriods) {
  EXPECT_EQ(printed(R"(registered > this_week AND registered <= last_quarter AND born = this_year)"),
            R"sql(SELECT "customers"."id"
FROM "shop"."customers" AS "customers"
WHERE ("customers"."id" = 13) IS NOT TRUE
  AND "customers"."registered" >= ((date_trunc('week', now() AT TIME ZONE 'Europe/Sofia')::date + 7)::timestamp AT TIME ZONE 'Europe/Sofia')
  AND "customers"."registered" < (((date_trunc('quarter', now() AT TIME ZONE 'Europe/Sofia'))::date)::timestamp AT TIME ZONE 'Europe/Sofia')
  AND "customers"."born" >= (date_trunc('year', now() AT TIME ZONE 'Europe/Sofia'))::date
  AND "customers"."born" < (date_trunc('year', now() AT TIME ZONE 'Europe/Sofia') + INTERVAL '1 year')::date)sql");
}

TEST(SqlPrinter, CountsAgesAndAnniversaries) {
  EXPECT_EQ(printed(R"(age(registered) >= 18 AND anniversary(born) BETWEEN today AND +7d)"),
            R"sql(SELECT "customers"."id"
FROM "shop"."customers" AS "customers"
WHERE ("customers"."id" = 13) IS NOT TRUE
  AND segmentation.whole_years(segmentation.local_day("customers"."registered", 'Europe/Sofia'), (now() AT TIME ZONE 'Europe/Sofia')::date) >= 18
  AND segmentation.next_anniversary("customers"."born", (now() AT TIME ZONE 'Europe/Sofia')::date) < (now() AT TIME ZONE 'Europe/Sofia')::date + 8)sql");
}

TEST(SqlPrinter, PrintsASegmentsRule) {
  EXPECT_EQ(printed(R"(segments CONTAINS 'vip' AND "number of ""kids""" >= 2)"),
            R"sql(SELECT "customers"."id"
FROM "shop"."customers" AS "customers"
LEFT JOIN (
  SELECT "tags"."customer_id" AS "customer",
      count(*) AS "count_1"
  FROM "shop"."tags" AS "tags"
  WHERE (
      "tags"."until" IS NULL
      OR "tags"."until" >= (now() AT TIME ZONE 'Europe/Sofia')::date
    )
    AND lower("tags"."tag" COLLATE "und-x-icu") COLLATE "C" = 'vip'
  GROUP BY "tags"."customer_id"
) AS "m1" ON "m1"."customer" = "customers"."id"
WHERE ("customers"."id" = 13) IS NOT TRUE
  AND (
    segmentation.finite("customers"."amount") > 1000
    OR COALESCE("m1"."count_1", 0) > 0
  )
  AND "customers"."number of ""kids""" >= 2)sql");
}

TEST(SqlPrinter, PrintsOneLine) {
  SqlOptions options;
  options.pretty = false;
  EXPECT_EQ(
      printed("orders MATCHES (count > 2) AND (city = 'a' OR city = 'b') AND NOT regions.country = 'BG'",
              options),
      R"sql(SELECT "customers"."id" FROM "shop"."customers" AS "customers" LEFT JOIN "shop"."regions" AS "regions" ON "customers"."city" = "regions"."name" LEFT JOIN (SELECT "orders"."customer_id" AS "customer", count(*) AS "count_1" FROM "shop"."orders" AS "orders" WHERE ("orders"."deleted") IS NOT TRUE GROUP BY "orders"."customer_id") AS "m1" ON "m1"."customer" = "customers"."id" WHERE ("customers"."id" = 13) IS NOT TRUE AND COALESCE("m1"."count_1", 0) > 2 AND ("customers"."city" COLLATE "C" = 'a' OR "customers"."city" COLLATE "C" = 'b') AND ("regions"."country" COLLATE "C" = 'BG') IS NOT TRUE)sql");
}

TEST(SqlPrinter, JudgesTheGivenInstant) {
  SqlOptions options;
  options.now = "TIMESTAMPTZ '2026-05-30 12:00:00+00'";
  EXPECT_EQ(printed("registered > -36h", options),
            R"sql(SELECT "customers"."id"
FROM "shop"."customers" AS "customers"
WHERE ("customers"."id" = 13) IS NOT TRUE
  AND "customers"."registered" >= TIMESTAMPTZ '2026-05-30 12:00:00+00' - INTERVAL '36 hours' + INTERVAL '1 microsecond')sql");
}

TEST(SqlPrinter, PrintsTheSameAggregateOnce) {
  const std::string sql =
      printed("sum(orders.total) > 1 AND (sum(orders.total) < 9 OR max(orders.total) > sum(orders.total))");
  std::size_t joins = 0;
  for (std::size_t at = sql.find("LEFT JOIN"); at != std::string::npos; at = sql.find("LEFT JOIN", at + 1)) {
    ++joins;
  }
  EXPECT_EQ(joins, 1U) << sql;
  EXPECT_EQ(sql.find("sum("), sql.rfind("sum(")) << sql;
}

TEST(SqlPrinter, NestedQuotientsStayShort) {
  Schema shop = schema();
  std::string name = "basket";
  // The checker inlines attributes, so that each step triples the rule; naive printing would double it again
  // and again.
  for (int i = 0; i < 4; ++i) {
    const std::string next = "step_" + std::to_string(i);
    auto parsed = parse_attribute("(" + name + " / (" + name + " - 3 / visits_left)) / " + name);
    ASSERT_TRUE(parsed.value && parsed.value->value);
    DefinedAttribute attribute;
    attribute.name = next;
    attribute.value = std::make_shared<const Value>(std::move(*parsed.value->value));
    shop.attributes.push_back(std::move(attribute));
    name = next;
  }
  const auto prepared = prepare_meaning(shop);
  ASSERT_TRUE(prepared.meaning);
  const auto rule = parse_rule(name + " > 1");
  const Checked checked = check_rule(rule.value->condition, *prepared.meaning);
  ASSERT_TRUE(checked.rule);
  EXPECT_LT(print_sql(*checked.rule, *prepared.meaning).size(), 100'000U);
}

TEST(SqlPrinter, QuotesNames) {
  Relation relation;
  relation.name = "Order \"lines\"";
  EXPECT_EQ(relation_alias(relation), "\"Order \"\"lines\"\"\"");
}

TEST(SqlPrinter, ShortensNamesThatPostgresWouldCut) {
  Relation first;
  Relation second;
  for (int i = 0; i < 40; ++i) {
    first.name += "Ж";
  }
  second.name = first.name + "2";
  const std::string alias = relation_alias(first);
  EXPECT_LE(alias.size(), 65U);
  EXPECT_NE(alias, relation_alias(second));
  EXPECT_EQ(alias.compare(0, 5, "\"ЖЖ"), 0);
  EXPECT_EQ(alias[1 + 46], '~'); // after a whole character
}

TEST(SqlPrinter, PrintsWhatFeedsShare) {
  EXPECT_EQ(print_from(items, {orders, categories}, meaning()),
            "FROM \"shop\".\"items\" AS \"items\"\n"
            "JOIN \"shop\".\"orders\" AS \"orders\" ON \"items\".\"order_id\" = \"orders\".\"id\"\n"
            "LEFT JOIN (\n"
            "  \"shop\".\"products\" AS \"products\"\n"
            "  LEFT JOIN \"shop\".\"categories\" AS \"categories\" ON \"products\".\"category_id\" = "
            "\"categories\".\"id\"\n"
            ") ON \"items\".\"product_id\" = \"products\".\"id\"\n"
            "  AND (\"products\".\"hidden\") IS NOT TRUE\n"
            "  AND (\n"
            "    \"categories\".\"name\" IS NULL\n"
            "    OR (\"categories\".\"name\" COLLATE \"C\" = 'Socks') IS NOT TRUE\n"
            "  )");
  EXPECT_EQ(print_column({customers, 2, {}}, Kind::number, meaning()),
            "segmentation.finite(\"customers\".\"amount\")");
  EXPECT_EQ(print_column({customers, 11, {}}, Kind::text, meaning()), "\"customers\".\"email\"::text");
  EXPECT_EQ(print_column({customers, 6, {"tags"}}, Kind::text_list, meaning()),
            "segmentation.json_texts(\"customers\".\"extra\" -> 'tags')");
}

namespace {

std::string printed_rows(std::string_view value) {
  const auto parsed = parse_rule(std::string(value) + " > 0");
  const Checked checked = check_rule(parsed, meaning());
  if (!checked.rule) {
    return checked.diagnostics.front().message;
  }
  return print_summed_rows(checked.rule->condition->left, meaning()).value_or("nothing");
}

} // namespace

TEST(SqlPrinter, ShowsRowsThatASumAddsUp) {
  EXPECT_EQ(
      printed_rows("sum(orders.total MATCHES (status = 'paid'))"),
      R"sql(SELECT "orders"."customer_id" AS "customer", segmentation.local_day("orders"."created_at", 'Europe/Sofia') AS "day", (segmentation.finite("orders"."total"))::numeric AS "value"
FROM "shop"."orders" AS "orders"
WHERE ("orders"."deleted") IS NOT TRUE
  AND "orders"."status" COLLATE "C" = 'paid')sql");
  // Rows of another source have its date and customer.
  EXPECT_EQ(
      printed_rows("sum(items.price)"),
      R"sql(SELECT "orders"."customer_id" AS "customer", segmentation.local_day("orders"."created_at", 'Europe/Sofia') AS "day", (segmentation.finite("items"."price"))::numeric AS "value"
FROM "shop"."items" AS "items"
JOIN "shop"."orders" AS "orders" ON "items"."order_id" = "orders"."id"
WHERE ("orders"."deleted") IS NOT TRUE)sql");
  EXPECT_EQ(printed_rows("count(orders)"), "nothing");
  EXPECT_EQ(printed_rows("max(orders.total)"), "nothing");
  EXPECT_EQ(print_customers(meaning()), R"sql(SELECT "customers"."id"
FROM "shop"."customers" AS "customers"
WHERE ("customers"."id" = 13) IS NOT TRUE
  AND TRUE)sql");
}
