// Conditions of bindings, the relations that a rule reads, and nearest names.
#include "unit/meaning_check.hpp"

namespace segmentation::core::test {
namespace {

std::string binding_outcome(Shop relation, std::string_view condition) {
  Schema schema = bare_shop_schema();
  set_condition(schema, relation, condition);
  const PreparedMeaning prepared = prepare_meaning(std::move(schema));
  if (!prepared.meaning) {
    return mistakes_text(condition, prepared.diagnostics);
  }
  return ConditionText(prepared.meaning->schema)(
      *prepared.meaning->row_conditions.at(static_cast<std::size_t>(relation)));
}

TEST(MeaningBinding, ConditionsReachTheRowItsLookupsAndParents) {
  EXPECT_EQ(binding_outcome(customers, "vip AND country = 'BG'"),
            "all(true(customers.vip), in(region.country; BG))");
  EXPECT_EQ(binding_outcome(orders, "status != 'test' AND online"),
            "all(not(in(orders.status; test)), true(channel.online))");
  EXPECT_EQ(binding_outcome(items, "version = orders.version"), "items.version = orders.version");
  EXPECT_EQ(binding_outcome(items, "date > 2020-01-01"), "from(orders.created_at; 2020-01-01+)");
  EXPECT_EQ(binding_outcome(product, "weight > 0"), "product.weight > 0");
  EXPECT_EQ(binding_outcome(product, "category_id > quantity"), "product.category_id > items.quantity");
  EXPECT_EQ(binding_outcome(customer_tags, "tag != ''"), "not(in(customer_tags.tag; ))");
  EXPECT_EQ(binding_outcome(product_tags, "tag != brand"), "not(product_tags.tag = product.brand)");
  EXPECT_EQ(binding_outcome(orders, "\"count\" > 1"), "orders.count > 1");
  EXPECT_EQ(binding_outcome(orders, "count > 1"), "orders.count > 1");
}

TEST(MeaningBinding, MistakesNameTheBinding) {
  EXPECT_EQ(
      binding_outcome(orders, "totl > 1 AND city = 'x'"),
      "42703 [totl] condition of \"orders\": column \"totl\" does not exist in \"orders\" | Perhaps you "
      "meant "
      "\"total\".\n42703 [city] condition of \"orders\": column \"city\" does not exist in \"orders\" | The "
      "columns "
      "of \"orders\" are \"id\", \"customer_id\", \"status\", \"total\", \"tax\", \"paid\", \"created_at\", "
      "\"shipped_on\", \"version\", \"extra\", \"count\" and \"channel_id\".");
  EXPECT_EQ(binding_outcome(orders, "sum(total) > 1"),
            "42601 [sum(total)] condition of \"orders\": a condition on "
            "single rows takes no aggregates");
  EXPECT_EQ(binding_outcome(customers, "orders MATCHES ()").substr(0, 5), "42601");
  EXPECT_EQ(binding_outcome(customers, "segments CONTAINS 'x'").substr(0, 5), "42703");
}

// Their conditions are judged by SQL, which tells no horizon.
TEST(MeaningBinding, WhatStandsBesideRowsStaysWithTime) {
  const std::string refused = "cannot come and go with time";
  for (const std::string_view moving :
       {"orders.created_at > -30d", "NOT (weight > 0 AND orders.created_at = today)",
        "anniversary(orders.created_at) = today", "age(orders.shipped_on) > 2"}) {
    EXPECT_NE(binding_outcome(product, moving).find(refused), std::string::npos)
        << binding_outcome(product, moving);
  }
  EXPECT_NE(binding_outcome(product_tags, "orders.shipped_on > -30d").find(refused), std::string::npos);
  EXPECT_EQ(binding_outcome(product, "orders.created_at > 2020-01-01"),
            "from(orders.created_at; 2020-01-01+)");
  EXPECT_EQ(binding_outcome(orders, "created_at > -30d").find(refused), std::string::npos);
  EXPECT_EQ(binding_outcome(customers, "anniversary(birth_date) = today").find(refused), std::string::npos);
}

TEST(MeaningBinding, ReadRelationsIncludeTheWayToThem) {
  Schema schema = shop_schema();
  set_condition(schema, carts, "amount > 0");
  set_condition(schema, orders, "online");
  const auto meaning = meaning_of(std::move(schema));
  const auto read = [&](std::string_view rule) {
    const Checked checked = check(rule, *meaning);
    if (!checked.rule) {
      throw std::invalid_argument(mistakes_text(rule, checked.diagnostics));
    }
    return relations_read(*checked.rule->condition, *meaning);
  };
  using Indexes = std::vector<int>;
  EXPECT_EQ(read("city = 'x'"), Indexes{});
  EXPECT_EQ(read("country = 'x'"), Indexes{region});
  EXPECT_EQ(read("region_labels CONTAINS 'x'"), (Indexes{region, region_labels}));
  EXPECT_EQ(read("carts IS NULL"), Indexes{carts});
  // The orders' own condition reads their channel.
  EXPECT_EQ(read("orders IS NULL"), (Indexes{orders, channel}));
  EXPECT_EQ(read("items MATCHES (category.name = 'x')"),
            (Indexes{orders, channel, items, product, category}));
  EXPECT_EQ(read("items MATCHES (product_tags = 'x')"),
            (Indexes{orders, channel, items, product, product_tags}));
  EXPECT_EQ(read("customer_tags CONTAINS 'x' OR age(last(carts.date)) > 1"), (Indexes{carts, customer_tags}));
  EXPECT_EQ(read("segments CONTAINS 'vip'"), (Indexes{orders, channel}));
  EXPECT_EQ(read("count(notes) > points"), Indexes{notes});
}

TEST(MeaningBinding, ReadColumnsIncludeKeysConditionsAndWhatOrdersRows) {
  Schema schema = shop_schema();
  set_condition(schema, orders, "online");
  const auto meaning = meaning_of(std::move(schema));
  const auto names = [&](const std::vector<ColumnRead> &columns) {
    std::string all;
    for (const ColumnRead &read : columns) {
      const Relation &relation = meaning->schema.relations[static_cast<std::size_t>(read.relation)];
      all += (all.empty() ? "" : " ") + relation.name + "." +
             relation.columns[static_cast<std::size_t>(read.column)].name;
    }
    return all;
  };
  const auto read = [&](std::string_view rule) {
    const Checked checked = check(rule, *meaning);
    if (!checked.rule) {
      throw std::invalid_argument(mistakes_text(rule, checked.diagnostics));
    }
    return names(columns_read(*checked.rule->condition, *meaning));
  };
  EXPECT_EQ(read("city = 'x'"), "customers.city");
  EXPECT_EQ(read("sum(orders.total) > 1"),
            "customers.id orders.customer_id orders.total orders.channel_id channel.id channel.online");
  EXPECT_EQ(read("count(orders) > 1"),
            "customers.id orders.customer_id orders.channel_id channel.id channel.online");
  EXPECT_EQ(read("last(orders.total) > 1"), "customers.id orders.id orders.customer_id orders.total "
                                            "orders.created_at orders.channel_id channel.id channel.online");
  EXPECT_EQ(read("orders MATCHES (days > 1)"),
            "customers.id orders.customer_id orders.created_at orders.channel_id channel.id channel.online");
  EXPECT_EQ(read("items MATCHES (category.name = 'x')"),
            "customers.id orders.id orders.customer_id orders.channel_id channel.id channel.online "
            "items.order_id items.product_id product.id product.category_id category.id category.name");
  EXPECT_EQ(read("customer_tags CONTAINS 'x'"), "customers.id customer_tags.customer_id customer_tags.tag");
  EXPECT_EQ(read("segments CONTAINS 'vip'"), "customers.id orders.customer_id orders.status orders.total "
                                             "orders.paid orders.channel_id channel.id channel.online");
}

TEST(MeaningBinding, ReadValuesAreThoseThatRulesName) {
  Schema schema = shop_schema();
  set_condition(schema, orders, "online");
  Relation &fields = schema.relations[carts];
  fields.columns.push_back(make_column("field", Kind::text));
  fields.columns.push_back(make_column("content", Kind::text));
  fields.field = column_index(fields, "field");
  fields.value = column_index(fields, "content");
  const auto meaning = meaning_of(std::move(schema));
  const auto read = [&](std::string_view rule) {
    const Checked checked = check(rule, *meaning);
    if (!checked.rule) {
      throw std::invalid_argument(mistakes_text(rule, checked.diagnostics));
    }
    std::string all;
    for (const ValueRead &value : values_read(*checked.rule->condition, *meaning)) {
      const Relation &relation = meaning->schema.relations[static_cast<std::size_t>(value.relation)];
      all += (all.empty() ? "" : " ") + relation.name + "." +
             relation.columns[static_cast<std::size_t>(value.column)].name;
      for (const std::string &key : value.keys) {
        all += "/" + key;
      }
      all += value.field ? "=" + *value.field : "";
    }
    return all;
  };
  EXPECT_EQ(read("city = 'x' AND NOT points > 3"), "customers.city customers.points");
  // Without the keys on the way, and without what the source's own condition reads.
  EXPECT_EQ(read("sum(orders.total) > points"), "customers.points orders.total");
  EXPECT_EQ(read("extra.a.\"b.c\" = 1 OR extra.a = 'x'"), "customers.extra/a customers.extra/a/b.c");
  EXPECT_EQ(read("carts.size > 3"), "carts.field carts.field=size carts.content");
  EXPECT_EQ(read("customer_tags CONTAINS 'x'"), "customer_tags.tag");
  EXPECT_EQ(read("age(birth_date) > 3"), "customers.birth_date");
  EXPECT_EQ(read("segments CONTAINS 'vip'"), "");
}

TEST(NearestNames, AreThoseWithinAThirdOfTheLength) {
  using Names = std::vector<std::string>;
  const Names known = {"email_address", "city", "country", "county", "counter", "Телефон"};
  EXPECT_EQ(nearest_names("emial_address", known), Names{"email_address"});
  EXPECT_EQ(nearest_names("EMAIL_ADRESS", known), Names{"email_address"});
  EXPECT_EQ(nearest_names("cty", known), Names{"city"});
  EXPECT_EQ(nearest_names("ct", known), Names{});
  EXPECT_EQ(nearest_names("countr", known), (Names{"country", "county", "counter"}));
  EXPECT_EQ(nearest_names("email_adr", {"city", "email", "email_subscription_status"}),
            (Names{"email", "email_subscription_status"}));
  EXPECT_EQ(nearest_names("countr", known, 1), Names{"country"});
  EXPECT_EQ(nearest_names("телифон", known), Names{"Телефон"});
  EXPECT_EQ(nearest_names("", known), Names{});
  EXPECT_EQ(nearest_names("citi", {"city", "city", "cite"}), (Names{"city", "cite"}));
}

} // namespace
} // namespace segmentation::core::test
