// What values are told to be, and that the table of operators says what the checker says.
#include "core/meaning/describe.hpp"
#include "unit/meaning_check.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace segmentation::core::test {
namespace {

Described described(std::string_view value, const Standing &standing) {
  const Parsed<AttributeExpression> parsed = parse_attribute(value);
  const std::optional<Described> found = describe_value(*parsed.value.value().value, standing, shop());
  EXPECT_TRUE(found) << value;
  return found.value_or(Described());
}

std::string constant_for(ValueType type, std::string_view op) {
  switch (type) {
  case ValueType::number:
  case ValueType::number_list:
    return "1";
  case ValueType::boolean:
    return "true";
  case ValueType::date:
  case ValueType::anniversary:
    return "today";
  case ValueType::segments:
    return "'VIP'";
  case ValueType::json:
    return op.find("WITH") == op.npos && op.find("CONTAINS") == op.npos ? "1" : "'x'";
  default:
    return "'x'";
  }
}

std::string test_of(std::string_view value, std::string_view op, std::string_view constant) {
  if (op.ends_with("NULL")) {
    return fmt::format("{} {}", value, op);
  }
  if (op.ends_with("MATCHES")) {
    return fmt::format("{} {} ()", value, op);
  }
  if (op.ends_with("BETWEEN")) {
    return fmt::format("{} {} {} AND {}", value, op, constant, constant);
  }
  const bool list = op.ends_with("IN") || op.ends_with("ANY") || op.ends_with("ALL");
  return list ? fmt::format("{} {} ({})", value, op, constant) : fmt::format("{} {} {}", value, op, constant);
}

constexpr std::array all_operators = {"=",
                                      "!=",
                                      "<",
                                      "<=",
                                      ">",
                                      ">=",
                                      "BETWEEN",
                                      "NOT BETWEEN",
                                      "IN",
                                      "NOT IN",
                                      "STARTS WITH",
                                      "ENDS WITH",
                                      "CONTAINS",
                                      "NOT CONTAINS",
                                      "CONTAINS ANY",
                                      "CONTAINS ALL",
                                      "NOT CONTAINS ANY",
                                      "NOT CONTAINS ALL",
                                      "NOT STARTS WITH",
                                      "NOT ENDS WITH",
                                      "MATCHES",
                                      "NOT MATCHES",
                                      "IS NULL",
                                      "IS NOT NULL"};

/// Has the checker judge the value with each operator.
void expect_agreement(std::string_view value, const Standing &standing) {
  const Described told = described(value, standing);
  const std::vector<Operator> operators = operators_of(told);
  for (const std::string_view op : all_operators) {
    const bool offered =
        std::any_of(operators.begin(), operators.end(), [&](const Operator &one) { return one.words == op; });
    std::string rule = test_of(value, op, constant_for(told.type, op));
    if (standing.in_row) {
      rule = fmt::format("{} MATCHES ({})",
                         shop().schema.relations[static_cast<std::size_t>(standing.root)].name, rule);
    }
    const Parsed<Rule> parsed = parse_rule(rule);
    const bool right = parsed.value && check_rule(parsed.value->condition, shop()).rule.has_value();
    EXPECT_EQ(offered, right) << rule;
  }
}

TEST(Describe, OperatorsAgreeWithTheChecker) {
  for (const std::string_view value : {"points",
                                       "city",
                                       "vip",
                                       "birth_date",
                                       "registered_at",
                                       "extra",
                                       "extra.pet",
                                       "interests",
                                       "scores",
                                       "region.country",
                                       "region_labels",
                                       "customer_tags",
                                       "lucky_numbers",
                                       "segments",
                                       "number_of_orders",
                                       "is_loyal",
                                       "birthday",
                                       "tags",
                                       "last_order_date",
                                       "orders",
                                       "count(orders)",
                                       "age(birth_date)",
                                       "first(orders.status)",
                                       "list(orders.status)",
                                       "list(orders.total)",
                                       "list(items.labels)",
                                       "list(items.product_tags)"}) {
    expect_agreement(value, {});
  }
  for (const std::string_view value : {"status", "total", "paid", "date", "extra", "extra.x", "count",
                                       "months", "sum_total", "channel.online"}) {
    expect_agreement(value, {orders, true});
  }
  for (const std::string_view value :
       {"product_tags", "product.labels", "product.details.x", "category.name"}) {
    expect_agreement(value, {items, true});
  }
}

TEST(Describe, Types) {
  const auto words = [](std::string_view value) {
    return std::string(type_words(described(value, {}).type));
  };
  EXPECT_EQ(words("points"), "number");
  EXPECT_EQ(words("city"), "text");
  EXPECT_EQ(words("is_loyal"), "boolean");
  EXPECT_EQ(words("birth_date"), "date");
  EXPECT_EQ(words("birthday"), "date");
  EXPECT_EQ(words("customer_tags"), "list of text");
  EXPECT_EQ(words("scores"), "list of number");
  EXPECT_EQ(words("extra.x"), "json");
  EXPECT_EQ(words("list(items.product_tags)"), "list of text");
  EXPECT_EQ(words("list(orders.extra.x)"), "list of text");
  EXPECT_EQ(words("list(orders.total)"), "list of number");
}

TEST(Describe, AttributesWithABrokenOne) {
  Schema schema = shop_schema();
  define_value(schema, "broken", "sum(nowhere.total)");
  define_value(schema, "uses_broken", "broken + 1");
  define_value(schema, "ring", "ring_of_ring + 1");
  define_value(schema, "ring_of_ring", "ring + 1");
  define_value(schema, "whole", "points + 1");
  Meaning meaning;
  meaning.schema = std::move(schema);
  const auto all = describe_attributes(meaning);
  ASSERT_EQ(all.size(), 13U);
  EXPECT_EQ(all[0]->type, ValueType::number);
  EXPECT_FALSE(all[8]);
  EXPECT_FALSE(all[9]);
  EXPECT_FALSE(all[10]);
  EXPECT_FALSE(all[11]);
  ASSERT_TRUE(all[12]);
  EXPECT_EQ(all[12]->type, ValueType::number);
}

TEST(Describe, ColumnsBehindValues) {
  EXPECT_EQ(described("first(orders.status)", {}).column->relation, orders);
  EXPECT_EQ(described("tags", {}).column->relation, customer_tags);
  EXPECT_EQ(described("list(items.category.name)", {}).column->relation, category);
  EXPECT_FALSE(described("sum(orders.total)", {}).column);
  EXPECT_FALSE(described("age(birth_date)", {}).column);
}

} // namespace
} // namespace segmentation::core::test
