// Defined attributes: inlining, what they may be, rings, and the checking of a definition.
#include "unit/meaning_check.hpp"

namespace segmentation::core::test {
namespace {

CheckedAttribute attribute_of(std::string_view text, const Meaning &meaning = shop()) {
  const Parsed<AttributeExpression> parsed = parse_attribute(text);
  if (!parsed.value) {
    throw std::invalid_argument("does not parse: " + mistakes_text(text, parsed.diagnostics));
  }
  return check_attribute(*parsed.value, meaning);
}

TEST(MeaningAttributes, ValuesConditionsAndListsAreInlined) {
  const Case cases[] = {
      {"number_of_orders >= 2", "count(orders) >= 2"},
      {"customer.Number_Of_Orders >= 2", "count(orders) >= 2"},
      {"amount_spent > 5",
       "(sum(orders.total | true(orders.paid)) - sum(orders.total | in(orders.status; refunded))) > 5"},
      {"last_order_date < -60d", "before(last(orders.created_at); -60d)"},
      {"is_loyal", "count(orders) >= 5"},
      {"is_loyal = false", "not(count(orders) >= 5)"},
      {"is_loyal != false", "not(not(count(orders) >= 5))"},
      {"is_loyal IS NULL", "not(true)"},
      {"birthday = today", "anniversary(customers.birth_date; today .. today+)"},
      {"tags CONTAINS 'x'", "count(customer_tags | in_folded(customer_tags.tag; x)) > 0"},
      {"metafields.facts.color = 'x'", "in(customers.extra.color:text; x)"},
      {"number_of_orders = 1.5", "42804 [=] a count is a whole number, not 1.5"},
  };
  expect_outcomes(cases);
}

TEST(MeaningAttributes, SpansAreThoseOfTheNaming) {
  const std::string_view rule = "points > 1 AND is_loyal AND amount_spent > 5";
  const Checked checked = check(rule);
  ASSERT_TRUE(checked.rule);
  const Span loyal{15, 23};
  const Span spent{28, 40};
  const auto &children = checked.rule->condition->children;
  EXPECT_EQ(children[1]->span, loyal);
  EXPECT_EQ(children[1]->left.span, loyal);
  EXPECT_EQ(children[2]->left.span, spent);
  EXPECT_EQ(children[2]->left.operands[1].span, spent);
  EXPECT_EQ(children[2]->left.operands[1].filter->span, spent);
  EXPECT_EQ(checked.rule->attributes, (std::vector<int>{0, 1, 2, 4}));
}

TEST(MeaningAttributes, GoBeforeColumnsExceptInTheirOwnDefinition) {
  Schema schema = bare_shop_schema();
  define_value(schema, "spent", "spent / 100");
  define_value(schema, "points", "spent + 1");
  const auto meaning = meaning_of(std::move(schema));
  const Case cases[] = {
      {"spent > 5", "(customers.spent / 100) > 5"},
      {"points > 5", "((customers.spent / 100) + 1) > 5"},
  };
  expect_outcomes(cases, *meaning);
}

TEST(MeaningAttributes, MistakesInsideAreToldWhereItIsNamed) {
  Schema schema = bare_shop_schema();
  define_value(schema, "broken", "count(nothing_such)");
  define_value(schema, "above", "broken + 1");
  const auto meaning = meaning_of(std::move(schema));
  const Checked checked = check("points > 1 AND broken > 5 AND broken > 6", *meaning);
  ASSERT_EQ(checked.diagnostics.size(), 1U);
  EXPECT_EQ(checked.diagnostics[0].message,
            "in attribute \"broken\": source \"nothing_such\" does not exist");
  EXPECT_EQ(checked.diagnostics[0].span, (Span{15, 21}));
  EXPECT_EQ(check("above > 1", *meaning).diagnostics.at(0).message,
            "in attribute \"above\": in attribute \"broken\": source \"nothing_such\" does not exist");
}

TEST(MeaningAttributes, RingsAreRefusedAndPrinted) {
  Schema schema = bare_shop_schema();
  define_value(schema, "a", "b + 1");
  define_value(schema, "b", "c * 2");
  define_value(schema, "c", "a - 3");
  define_value(schema, "d", "segments CONTAINS 's'");
  define_segment(schema, "s", "d");
  const auto meaning = meaning_of(std::move(schema));
  const Case cases[] = {
      {"b > 1", "42P17 [b] attribute \"b\" refers to itself: \"b\" -> \"c\" -> \"a\" -> \"b\""},
      {"d", "42P17 [d] attribute \"d\" refers to itself: \"d\" -> \"s\" -> \"d\""},
  };
  expect_outcomes(cases, *meaning);
}

TEST(MeaningAttributes, DoublingChainsMeetTheLimit) {
  Schema schema = bare_shop_schema();
  define_value(schema, "x0", "points");
  define_value(schema, "y0", "points > 1");
  for (int i = 1; i <= 40; ++i) {
    define_value(schema, fmt::format("x{}", i), fmt::format("x{0} + x{0}", i - 1));
    define_value(schema, fmt::format("y{}", i), fmt::format("y{0} AND NOT y{0}", i - 1));
  }
  const auto meaning = meaning_of(std::move(schema));
  for (const char *rule : {"x40 > 1", "y40"}) {
    const Checked checked = check(rule, *meaning);
    ASSERT_EQ(checked.diagnostics.size(), 1U) << rule;
    EXPECT_EQ(checked.diagnostics[0].state, SqlState::limit_exceeded);
    EXPECT_EQ(checked.diagnostics[0].message,
              "the rule has more than 100000 parts, with the attributes that it names");
  }
  EXPECT_TRUE(check("x10 > 1 AND y10", *meaning).rule.has_value());
}

TEST(MeaningAttributes, TypeOfADefinition) {
  EXPECT_EQ(attribute_of("count(orders)").type, Kind::number);
  EXPECT_EQ(attribute_of("amount_spent / number_of_orders").type, Kind::number);
  EXPECT_EQ(attribute_of("extra.n * 2").type, Kind::number);
  EXPECT_EQ(attribute_of("last(orders.status)").type, Kind::text);
  EXPECT_EQ(attribute_of("last(orders.created_at)").type, Kind::instant);
  EXPECT_EQ(attribute_of("max(orders.shipped_on)").type, Kind::day);
  EXPECT_EQ(attribute_of("age(birth_date)").type, Kind::number);
  EXPECT_EQ(attribute_of("anniversary(birth_date)").type, Kind::day);
  EXPECT_EQ(attribute_of("extra.color").type, Kind::json);
  EXPECT_EQ(attribute_of("customer_tags").type, Kind::text_list);
  EXPECT_EQ(attribute_of("lucky_numbers").type, Kind::number_list);
  EXPECT_EQ(attribute_of("interests").type, Kind::text_list);
  EXPECT_EQ(attribute_of("points > 5 OR vip").type, Kind::boolean);
  EXPECT_EQ(attribute_of("is_loyal").type, Kind::boolean);
}

TEST(MeaningAttributes, MistakesOfADefinition) {
  const auto told = [](std::string_view text) {
    const CheckedAttribute checked = attribute_of(text);
    EXPECT_FALSE(checked.type) << text;
    return mistakes_text(text, checked.diagnostics);
  };
  EXPECT_EQ(told("city + 1"), "42804 [city] city is not a number | Arithmetic takes numbers.");
  EXPECT_EQ(told("pionts + cty"),
            "42703 [pionts] attribute \"pionts\" does not exist | Perhaps you meant \"points\".\n"
            "42703 [cty] attribute \"cty\" does not exist | Perhaps you meant \"city\".");
  EXPECT_EQ(told("orders"),
            "42804 [orders] \"orders\" is a source, not a value | Use orders MATCHES (...) or "
            "count(orders).");
  EXPECT_EQ(told("points > 'x'"), "42804 [>] points is a number and cannot be compared with the text 'x'");
}

} // namespace
} // namespace segmentation::core::test
