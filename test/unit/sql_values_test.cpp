// What SHOW and ORDER BY become: which names mean a value, and the SELECT that has them, word for word.
#include "core/program/view.hpp"

#include "unit/sql_shop.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

using namespace sql_shop;

namespace {

const Meaning &meaning() {
  static const std::shared_ptr<const Meaning> prepared = [] {
    Schema shop = schema();
    const auto define = [&shop](const std::string &name, const std::string &expression) {
      DefinedAttribute attribute;
      attribute.name = name;
      attribute.value = std::make_shared<const Value>(std::move(*parse_attribute(expression).value->value));
      shop.attributes.push_back(std::move(attribute));
    };
    define("mean", "avg(orders.total)");
    define("birthday", "anniversary(born)");
    define("years", "age(registered)");
    define("wares", "tags");
    define("id", "amount");
    define("usual", "mode(orders.status)");
    define("pages", "count(visits.page)");
    define("bought", "list(items.categories.name MATCHES (date > -90d))");
    define("tagged", "list(items.product_tags)");
    define("paid", "list(orders.total)");
    return prepare_meaning(std::move(shop)).meaning;
  }();
  return *prepared;
}

std::optional<ViewSettings> settings(std::string_view text) {
  const auto rule = parse_rule(text);
  return rule.value ? check_view(*rule.value, meaning()) : std::nullopt;
}

ViewSettings shown(const std::string &names) {
  return settings("FROM customers SHOW " + names + " WHERE city IS NULL").value_or(ViewSettings());
}

/// What is shown for one name, without the key and what is read from.
std::string expression(const std::string &name) {
  const std::string query = shown(name).query;
  const std::size_t end = query.find(" AS \"value_2\"");
  const std::size_t begin = query.find("\"key\",\n    ") + 11;
  const std::size_t value = query.find("\n    ", begin) + 5;
  return end == query.npos ? "nothing" : query.substr(value, end - value);
}

std::string ordered(const std::string &name) {
  const std::string query = settings("city IS NULL ORDER BY " + name).value_or(ViewSettings()).query;
  const std::size_t end = query.find(" AS \"order_1\"");
  const std::size_t begin = query.find("\"key\",\n    ") + 11;
  return end == query.npos ? "nothing" : query.substr(begin, end - begin);
}

using Names = std::vector<std::string>;

} // namespace

TEST(SqlValues, ShowsPlainColumnsAsTheyAre) {
  EXPECT_EQ(expression("amount"), R"("customers"."amount")");
  EXPECT_EQ(expression("Score"), R"("customers"."score")");
  EXPECT_EQ(expression("email"), R"("customers"."email")");
  EXPECT_EQ(expression("seen"), R"("customers"."seen")");
  EXPECT_EQ(expression("labels"), R"("customers"."labels")");
  EXPECT_EQ(expression("extra"), R"("customers"."extra")");
  EXPECT_EQ(expression("regions.country"), R"("regions"."country")");
  EXPECT_EQ(expression("\"number of \"\"kids\"\"\""), R"("customers"."number of ""kids""")");
}

TEST(SqlValues, ShowsKeysOfJsonAsText) {
  EXPECT_EQ(expression("extra.pet"), R"("customers"."extra" ->> 'pet')");
  EXPECT_EQ(expression("extra.a.\"B'\""), R"("customers"."extra" -> 'a' ->> 'B''')");
}

TEST(SqlValues, OrdersByWhatRulesRead) {
  EXPECT_EQ(ordered("score"), R"(segmentation.finite("customers"."score"))");
  EXPECT_EQ(ordered("email"), R"("customers"."email"::text)");
  EXPECT_EQ(ordered("seen"), R"(segmentation.instant_of("customers"."seen", 'Europe/Sofia'))");
  EXPECT_EQ(ordered("extra.pet"), R"(NULLIF("customers"."extra" -> 'pet', 'null'::jsonb))");
  EXPECT_EQ(ordered("labels"), R"("customers"."labels")");
}

TEST(SqlValues, ShowsQuotientsAndTests) {
  EXPECT_EQ(expression("mean"), R"("m1"."sum_1"::numeric / NULLIF("m1"."values_2", 0))");
  EXPECT_EQ(
      expression("basket"),
      R"(COALESCE("m1"."sum_1", 0)::numeric / NULLIF(NULLIF(COALESCE("m1"."count_2", 0)::numeric, 0), 0))");
  EXPECT_EQ(expression("buyer"), R"(((COALESCE("m1"."count_1", 0) = 0) IS NOT TRUE) IS TRUE)");
  EXPECT_EQ(
      expression("birthday"),
      R"(segmentation.next_anniversary("customers"."born", (now() AT TIME ZONE 'Europe/Sofia')::date))");
  EXPECT_EQ(
      expression("years"),
      R"(segmentation.whole_years(segmentation.local_day("customers"."registered", 'Europe/Sofia'), (now() AT TIME ZONE 'Europe/Sofia')::date))");
}

TEST(SqlValues, PrintsOneSelect) {
  const auto view = settings("FROM customers SHOW city, orders, tags, region_labels, basket, city "
                             "WHERE city IS NULL ORDER BY orders DESC, regions.country, wares LIMIT 5");
  ASSERT_TRUE(view);
  EXPECT_EQ(view->names, (Names{"id", "city", "orders", "tags", "region_labels", "basket"}));
  EXPECT_EQ(view->descending, (std::vector<bool>{true, false, false}));
  EXPECT_EQ(view->limit, 5U);
  EXPECT_TRUE(view->left_out.empty());
  EXPECT_EQ(view->query, R"sql(SELECT "customers"."id" AS "key",
    "customers"."id" AS "value_1",
    "customers"."city" AS "value_2",
    COALESCE("m1"."count_1", 0) AS "value_3",
    ARRAY(
      SELECT DISTINCT "tags"."tag" COLLATE "C" AS "value" FROM "shop"."tags" AS "tags"
      WHERE "tags"."customer_id" = "customers"."id"
        AND (
          "tags"."until" IS NULL
          OR "tags"."until" >= (now() AT TIME ZONE 'Europe/Sofia')::date
        )
        AND "tags"."tag" IS NOT NULL
      ORDER BY 1
    )::text[] AS "value_4",
    ARRAY(
      SELECT DISTINCT "region_labels"."label" COLLATE "C" AS "value" FROM "shop"."region_labels" AS "region_labels"
      WHERE "region_labels"."region" = "regions"."name"
        AND ("region_labels"."label" COLLATE "C" = "regions"."country" COLLATE "C") IS NOT TRUE
        AND "region_labels"."label" IS NOT NULL
      ORDER BY 1
    )::text[] AS "value_5",
    COALESCE("m1"."sum_2", 0)::numeric / NULLIF(NULLIF(COALESCE("m1"."count_1", 0)::numeric, 0), 0) AS "value_6",
    COALESCE("m1"."count_1", 0) AS "order_1",
    "regions"."country" AS "order_2",
    ARRAY(
      SELECT DISTINCT "tags"."tag" COLLATE "C" AS "value" FROM "shop"."tags" AS "tags"
      WHERE "tags"."customer_id" = "customers"."id"
        AND (
          "tags"."until" IS NULL
          OR "tags"."until" >= (now() AT TIME ZONE 'Europe/Sofia')::date
        )
        AND "tags"."tag" IS NOT NULL
      ORDER BY 1
    )::text[] AS "order_3"
FROM "shop"."customers" AS "customers"
LEFT JOIN "shop"."regions" AS "regions" ON "customers"."city" = "regions"."name"
LEFT JOIN (
  SELECT "orders"."customer_id" AS "customer",
      count(*) AS "count_1",
      sum(segmentation.finite("orders"."total")) AS "sum_2"
  FROM "shop"."orders" AS "orders"
  WHERE ("orders"."deleted") IS NOT TRUE
  GROUP BY "orders"."customer_id"
) AS "m1" ON "m1"."customer" = "customers"."id")sql");
}

TEST(SqlValues, ReadsOnlyRowsOfMembers) {
  const auto rule = parse_rule("FROM customers SHOW orders, usual, pages WHERE city IS NULL");
  ASSERT_TRUE(rule.value);
  const auto view = check_view(*rule.value, meaning(), "SELECT m.id FROM members AS m");
  ASSERT_TRUE(view);
  ASSERT_TRUE(view->left_out.empty());
  EXPECT_EQ(view->query.substr(view->query.find("\nLEFT JOIN (") + 1), R"sql(LEFT JOIN (
  SELECT "orders"."customer_id" AS "customer",
      count(*) AS "count_1"
  FROM "shop"."orders" AS "orders"
  WHERE "orders"."customer_id" IN (SELECT m.id FROM members AS m)
    AND ("orders"."deleted") IS NOT TRUE
  GROUP BY "orders"."customer_id"
) AS "m1" ON "m1"."customer" = "customers"."id"
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
    WHERE "orders"."customer_id" IN (SELECT m.id FROM members AS m)
      AND ("orders"."deleted") IS NOT TRUE
      AND "orders"."status" COLLATE "C" IS NOT NULL
  ) AS "rows"
  GROUP BY "rows"."customer"
) AS "m2" ON "m2"."customer" = "customers"."id"
LEFT JOIN (
  SELECT "customers"."id" AS "customer",
      count(*) AS "count_1"
  FROM "shop"."visits" AS "visits"
  JOIN "shop"."customers" AS "customers" ON "visits"."email" = "customers"."email"
  WHERE "customers"."id" IN (SELECT m.id FROM members AS m)
    AND "visits"."page" IS NOT NULL
  GROUP BY "customers"."id"
) AS "m3" ON "m3"."customer" = "customers"."id")sql");
}

TEST(SqlValues, ListsOfRowsAreArrays) {
  const auto view = settings("FROM customers SHOW bought, tagged, paid WHERE city IS NULL ORDER BY paid");
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->left_out.empty());
  EXPECT_EQ(view->query, R"sql(SELECT "customers"."id" AS "key",
    "customers"."id" AS "value_1",
    COALESCE("m1"."list", '{}') AS "value_2",
    COALESCE("m2"."list", '{}') AS "value_3",
    COALESCE("m3"."list", '{}') AS "value_4",
    COALESCE("m3"."list", '{}') AS "order_1"
FROM "shop"."customers" AS "customers"
LEFT JOIN (
  SELECT "rows"."customer" AS "customer",
      array_agg(DISTINCT "value" ORDER BY "value") FILTER (WHERE "value" IS NOT NULL) AS "list"
  FROM (
    SELECT "orders"."customer_id" AS "customer",
        ("categories"."name")::text COLLATE "C" AS "value"
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
      AND "orders"."created_at" >= (((now() AT TIME ZONE 'Europe/Sofia')::date - 89)::timestamp AT TIME ZONE 'Europe/Sofia')
  ) AS "rows"
  GROUP BY "rows"."customer"
) AS "m1" ON "m1"."customer" = "customers"."id"
LEFT JOIN (
  SELECT "rows"."customer" AS "customer",
      array_agg(DISTINCT "value" ORDER BY "value") FILTER (WHERE "value" IS NOT NULL) AS "list"
  FROM (
    SELECT "orders"."customer_id" AS "customer",
        (unnest(ARRAY(SELECT "product_tags"."tag" FROM "shop"."product_tags" AS "product_tags"
        WHERE "product_tags"."product_id" = "products"."id"
          AND "product_tags"."tag" IS NOT NULL)))::text COLLATE "C" AS "value"
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
  ) AS "rows"
  GROUP BY "rows"."customer"
) AS "m2" ON "m2"."customer" = "customers"."id"
LEFT JOIN (
  SELECT "rows"."customer" AS "customer",
      array_agg(DISTINCT "value" ORDER BY "value") FILTER (WHERE "value" IS NOT NULL) AS "list"
  FROM (
    SELECT "orders"."customer_id" AS "customer",
        segmentation.finite("orders"."total")::numeric AS "value"
    FROM "shop"."orders" AS "orders"
    WHERE ("orders"."deleted") IS NOT TRUE
  ) AS "rows"
  GROUP BY "rows"."customer"
) AS "m3" ON "m3"."customer" = "customers"."id")sql");
}

TEST(SqlValues, LeavesOutWhatMeansNothing) {
  const auto view = settings("FROM customers SHOW citty, segments, city, orders.total, regions "
                             "WHERE city IS NULL ORDER BY amounts, amount");
  ASSERT_TRUE(view);
  EXPECT_EQ(view->names, (Names{"id", "city"}));
  EXPECT_EQ(view->descending.size(), 1U);
  ASSERT_EQ(view->left_out.size(), 5U);
  EXPECT_EQ(view->left_out[0].text, R"("citty" of SHOW: attribute "citty" does not exist)");
  EXPECT_EQ(view->left_out[0].hint, R"(Perhaps you meant "city".)");
  EXPECT_EQ(view->left_out[1].text, R"("segments" of SHOW: segments cannot be shown)");
  EXPECT_EQ(view->left_out[3].text, R"("regions" of SHOW: "regions" is a lookup, not a value)");
  EXPECT_EQ(view->left_out[4].text, R"("amounts" of ORDER BY: attribute "amounts" does not exist)");
}

TEST(SqlValues, HasTheKeyUnderANameOfItsOwn) {
  // Here "id" is an attribute, so that nothing names the key.
  EXPECT_EQ(shown("id").names, (Names{"customer_key", "id"}));
  EXPECT_EQ(shown("id, extra.customer_key").names, (Names{"customer_key", "id", "extra.customer_key"}));
  const std::string long_name(70, 'x');
  const ViewSettings view = shown("extra." + long_name);
  ASSERT_EQ(view.names.size(), 2U);
  EXPECT_EQ(view.names[0], "id");
  EXPECT_EQ(view.names[1].size(), 63U);
}

TEST(SqlValues, HasNoSettingsWhereTheRuleHasNone) {
  EXPECT_FALSE(settings("city IS NULL"));
  EXPECT_FALSE(settings("FROM customers WHERE city IS NULL"));
  const auto view = settings("city IS NULL LIMIT 0");
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->names.empty());
  EXPECT_EQ(view->limit, 0U);
}
