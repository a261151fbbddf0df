// What the rule language accepts: each row is a text and its canonical form, which is a fixed point.
#include "core/rule/parser.hpp"
#include "core/rule/printer.hpp"

#include <gtest/gtest.h>

#include <string>

namespace segmentation::core {
namespace {

std::string all_messages(const Diagnostics &diagnostics) {
  std::string out;
  for (const Diagnostic &diagnostic : diagnostics)
    out += diagnostic.message + "\n";
  return out;
}

struct Row {
  const char *text;
  const char *canonical; // null where the text is canonical
};

void expect_rule(const Row &row) {
  const std::string canonical = row.canonical != nullptr ? row.canonical : row.text;
  const auto parsed = parse_rule(row.text);
  ASSERT_TRUE(parsed.value.has_value()) << row.text << "\n" << all_messages(parsed.diagnostics);
  EXPECT_EQ(print_rule(*parsed.value), canonical) << row.text;
  const auto again = parse_rule(canonical);
  ASSERT_TRUE(again.value.has_value()) << canonical << "\n" << all_messages(again.diagnostics);
  EXPECT_EQ(print_rule(*again.value), canonical);
}

class RuleAccepts : public testing::TestWithParam<Row> {};
TEST_P(RuleAccepts, AndPrintsCanonically) {
  expect_rule(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Shopify, RuleAccepts,
    testing::Values(
        Row{"email_subscription_status = 'SUBSCRIBED'", nullptr}, Row{"number_of_orders = 0", nullptr},
        Row{"abandoned_checkout_date >= -30d", nullptr}, Row{"abandoned_checkout_date > -8m", nullptr},
        Row{"amount_spent BETWEEN 1 AND 999.99", nullptr}, Row{"customer_countries CONTAINS 'CA'", nullptr},
        Row{"customer_tags NOT CONTAINS 'vip'", nullptr}, Row{"companies IS NOT NULL", nullptr},
        Row{"predicted_spend_tier = 'HIGH' AND last_order_date > -30d", nullptr},
        Row{"last_order_date > 2020-05-30T16:00:00", nullptr},
        Row{"last_order_date BETWEEN 2021-01-01 AND today", nullptr},
        Row{"(number_of_orders >= 1) OR (number_of_orders = 0)",
            "number_of_orders >= 1 OR number_of_orders = 0"},
        Row{"email_subscription_status = 'SUBSCRIBED' AND (customer_countries CONTAINS 'CA' OR amount_spent "
            "> 999.99)",
            nullptr},
        Row{"products_purchased MATCHES ()", nullptr}, Row{"products_purchased NOT MATCHES ()", nullptr},
        Row{"products_purchased MATCHES (id IN (2012162031638, 1012132033639))", nullptr},
        Row{"products_purchased MATCHES (id NOT IN (1012132033639))", nullptr},
        Row{"products_purchased MATCHES (id = 1012132033639, date BETWEEN -12m AND today)", nullptr},
        Row{"products_purchased MATCHES (id = 1) AND products_purchased NOT MATCHES (id = 2)", nullptr},
        Row{"products_purchased(tag: 'summer') = true", "products_purchased MATCHES (tag = 'summer')"},
        Row{"shopify_email.opened MATCHES (activity_id = 5240029206, date > -30d)", nullptr},
        Row{"shopify_email.opened(activity_id: 123) = true",
            "shopify_email.opened MATCHES (activity_id = 123)"},
        Row{"storefront.product_viewed MATCHES (id = 8954690273503, date > -7d, count >= 3)", nullptr},
        Row{"storefront_event.product_viewed MATCHES (id = 1)", "storefront.product_viewed MATCHES (id = 1)"},
        Row{"customer_within_distance(coordinates: (45.42, -75.69), distance_mi: 6.2) = true", nullptr},
        Row{"anniversary(date: 'metafields.facts.birth_date') BETWEEN today AND +30d",
            "anniversary(metafields.facts.birth_date) BETWEEN today AND +30d"},
        Row{"customer.points_balance >= 100", "points_balance >= 100"},
        Row{"FROM customers SHOW customer_name, note, orders WHERE amount_spent > 500 ORDER BY updated_at",
            nullptr}));

INSTANTIATE_TEST_SUITE_P(
    Spelling, RuleAccepts,
    testing::Values(
        Row{"a=1 -- to the end", "a = 1"}, Row{"a = 1 -- line\nand b", "a = 1 AND b"},
        Row{"/* x /* nested */ y */ A = 1 and not B <> +007.500", "a = 1 AND NOT b != 7.5"},
        Row{"\xEF\xBB\xBF\x61\xC2\xA0= 1", "a = 1"}, // a byte order mark and a no-break space
        Row{"not (a = 1)", "NOT a = 1"}, Row{"NOT NOT a = 1", "a = 1"}, Row{"NOT (NOT (a AND b))", "a AND b"},
        Row{"NOT NOT NOT a", "NOT a"}, Row{"NOT (a OR b)", nullptr}, Row{"NOT a IN (1)", nullptr},
        Row{"NOT (a NOT IN (1))", "NOT a NOT IN (1)"}, Row{"((((a))))", "a"}, Row{"(a) = 5", "a = 5"},
        Row{"a AND (b AND (c AND d))", "a AND b AND c AND d"}, Row{"(a OR b) OR c", "a OR b OR c"},
        Row{"(a AND b) OR c", "a AND b OR c"}, Row{"a AND (b OR c)", nullptr},
        Row{"a OR b AND c OR d", nullptr}, Row{"x NOT_MATCHES (a = 1)", "x NOT MATCHES (a = 1)"},
        Row{"a = -.5 AND b = - 5 AND c = -0.0 AND d = 00.10", "a = -0.5 AND b = -5 AND c = 0 AND d = 0.1"},
        Row{"a = 00012345678901234567890.10", "a = 12345678901234567890.1"},
        Row{"a BETWEEN .5 AND 7.0", "a BETWEEN 0.5 AND 7"},
        Row{"x = 'it''s' AND y = 'it\\'s \\\\ \\n'", "x = 'it''s' AND y = 'it''s \\\\ \\\\n'"},
        Row{"x = ''", nullptr}, Row{"x = ('a')", "x = 'a'"}, Row{"x CONTAINS ('a')", "x CONTAINS 'a'"},
        Row{"x contains any ('a','b') and t not contains all ('c')",
            "x CONTAINS ANY ('a', 'b') AND t NOT CONTAINS ALL ('c')"},
        Row{"x starts with 'a' or x not ends with 'b'", "x STARTS WITH 'a' OR x NOT ENDS WITH 'b'"},
        Row{"x is null or y is not null", "x IS NULL OR y IS NOT NULL"}, Row{"a = TRUE", "a = true"},
        Row{"a < b AND c != d", nullptr}, Row{"x IN (1,'a',today, true)", "x IN (1, 'a', today, true)"},
        Row{"WHERE a = 1 ORDER BY b desc, c LIMIT 010", "a = 1 ORDER BY b DESC, c LIMIT 10"},
        Row{"FROM customers WHERE a LIMIT 5", "a LIMIT 5"},
        Row{"from Customers show A where B", "FROM customers SHOW a WHERE b"},
        Row{"order = 5 AND limit > 3 AND a > limit AND show", nullptr}));

INSTANTIATE_TEST_SUITE_P(
    Dates, RuleAccepts,
    testing::Values(Row{"d > 7_days_ago AND d < 12_MONTHS_AGO", "d > -7d AND d < -12m"},
                    Row{"d > 2026-05-30 16:00", "d > 2026-05-30T16:00:00"},
                    Row{"d = 2026-05-30t16:00:00.500+0200", "d = 2026-05-30T16:00:00.5+02:00"},
                    Row{"d = '2026-05-30'", nullptr},
                    Row{"d BETWEEN LAST_MONTH and Yesterday", "d BETWEEN last_month AND yesterday"},
                    Row{"d > +4W OR d = -36h", "d > +4w OR d = -36h"}));

INSTANTIATE_TEST_SUITE_P(
    Names, RuleAccepts,
    testing::Values(
        Row{"\"E-mail\" ENDS WITH '@abv.bg'", nullptr}, Row{"\"city\" = 'x'", "city = 'x'"},
        Row{"\"City\" = 'x'", nullptr}, Row{"\"a\"\"b\" = 'x'", nullptr},
        Row{"\"back\\slash\" = 'x'", nullptr}, Row{"\"date\" > 5 AND date > 5", nullptr},
        Row{"\"sum_total\" > \"count\" AND \"months\" = 1", nullptr},
        Row{"\"in\" = 1 AND \"true\" AND \"today\" = 2 AND \"where\"", nullptr},
        Row{"\"order\" = 2", "order = 2"}, Row{"\"segments\" = 'x' AND segments CONTAINS 'x'", nullptr},
        Row{"\"7_days_ago\" = 2", nullptr},
        Row{"list = 1 AND \"list\" CONTAINS 'x' AND a.list > 2",
            "list = 1 AND list CONTAINS 'x' AND a.list > 2"},
        Row{"list MATCHES (a = 1) AND list(a: 1) = false",
            "list MATCHES (a = 1) AND list NOT MATCHES (a = 1)"},
        Row{"metafields.123.x = 5", nullptr},
        Row{"\"metafields\".\"123\".\"X\" = 5", "metafields.123.\"X\" = 5"}, Row{"a . b = 1", "a.b = 1"},
        Row{"a.in = 1 AND a.order.by = 2", nullptr},
        Row{"customer.in = 5 AND customer.date > 1", "\"in\" = 5 AND \"date\" > 1"},
        Row{"customer.customer.x = 1 AND customer.\"customer\".y = 2", "x = 1 AND \"customer\".y = 2"},
        Row{"customer.segments CONTAINS 'x'", "segments CONTAINS 'x'"},
        Row{"customer.memberships MATCHES (a = 1)", "memberships MATCHES (a = 1)"},
        Row{"customer.storefront_event.x MATCHES ()", "storefront.x MATCHES ()"},
        Row{"customer.count = 1 AND customer.\"segments\" = 'x'", "\"count\" = 1 AND \"segments\" = 'x'"},
        Row{"customer.123 = 1", "\"123\" = 1"}, Row{"customer = 1", nullptr},
        Row{"orders MATCHES (customer.x = 1)", nullptr},
        Row{"\xD0\x93\xD0\xA0\xD0\x90\xD0\x94 = '\xD0\x93' AND \"\xD0\x93\" = 1",
            "\xD0\xB3\xD1\x80\xD0\xB0\xD0\xB4 = '\xD0\x93' AND \"\xD0\x93\" = 1"}));

INSTANTIATE_TEST_SUITE_P(
    Sources, RuleAccepts,
    testing::Values(
        Row{"f(a: 1, b: (2,3), c: BETWEEN -7d AND today) = false",
            "f NOT MATCHES (a = 1, b IN (2, 3), c BETWEEN -7d AND today)"},
        Row{"f(a: 1) != true", "f NOT MATCHES (a = 1)"}, Row{"f(a: 1) <> false", "f MATCHES (a = 1)"},
        Row{"f(a: 1) = TRUE", "f MATCHES (a = 1)"}, Row{"f() = true", "f MATCHES ()"},
        Row{"NOT f(a: 'x')", "NOT f MATCHES (a = 'x')"}, Row{"count(a: 1) = true", "count MATCHES (a = 1)"},
        Row{"f(date: -30d, count: 5) = true", "f MATCHES (date = -30d, count = 5)"},
        Row{"f(Count_At_Least: 5, a: 1) = false", "f NOT MATCHES (count >= 5, a = 1)"},
        Row{"f(count_at_least: (1, 2)) AND f(\"count_at_least\": 5)",
            "f MATCHES (count_at_least IN (1, 2)) AND f MATCHES (count_at_least = 5)"},
        Row{"f MATCHES (count_at_least = 5)", nullptr},
        Row{"orders MATCHES (date > -90d AND count >= 5)", "orders MATCHES (date > -90d, count >= 5)"},
        Row{"orders MATCHES (a = 1 OR b = 2, c = 3)", nullptr},
        Row{"orders MATCHES ((a = 1, b = 2) OR NOT (c = 3, d = 4))",
            "orders MATCHES (a = 1 AND b = 2 OR NOT (c = 3 AND d = 4))"},
        Row{"orders MATCHES (date > -90d AND date < -7d)", nullptr},
        Row{"orders MATCHES (x = 1, date > -90d AND date < -7d)",
            "orders MATCHES (x = 1 AND date > -90d AND date < -7d)"},
        Row{"orders MATCHES (date > -90d AND date < -7d, x = 1 OR y)",
            "orders MATCHES (date > -90d AND date < -7d AND (x = 1 OR y))"},
        Row{"orders MATCHES (NOT tag = 'a', tag != 'b')", nullptr},
        Row{"count(orders) > 5 AND count(orders MATCHES (total > 5, status = 'paid')) >= 2", nullptr},
        Row{"COUNT(distinct orders.channel matches (total > 5)) >= 2",
            "count(DISTINCT orders.channel MATCHES (total > 5)) >= 2"},
        Row{"count(distinct) > 1", nullptr}, Row{"count(orders MATCHES ()) = 1", nullptr},
        Row{"sum(orders.total) > avg(orders.total)", nullptr},
        Row{"mode(orders.channel MATCHES (a = 1)) = 'web'", nullptr},
        Row{"min(o.t) = 1 OR max(o.t) = 2 OR first(o.t) = 3 OR last(o.t) = 4", nullptr},
        Row{"orders MATCHES (sum(total) > 5, count(*) > 2)", "orders MATCHES (sum(total) > 5, count > 2)"},
        Row{"age(birth_date) >= 18 AND age = 18", nullptr},
        Row{"anniversary('a.B.\"C d\"') = today", "anniversary(a.b.\"C d\") = today"},
        Row{"anniversary(last(orders.created_at)) = today", nullptr},
        Row{"customer_within_distance MATCHES (distance_km = 6.20, coordinates = (45.420, -75.69))",
            "customer_within_distance(distance_km: 6.2, coordinates: (45.42, -75.69)) = true"},
        Row{"customer_within_distance(coordinates: (1, 2), distance_mi: 3) != true",
            "customer_within_distance(coordinates: (1, 2), distance_mi: 3) = false"},
        Row{"place MATCHES (coordinates = (45.420, -75.69))",
            "place MATCHES (coordinates = (45.42, -75.69))"}));

TEST(Parser, BuildsTheTree) {
  const std::string text = "NOT (a.B = 1 OR \"C\" NOT CONTAINS ANY ('x', 'y')) AND o MATCHES (d > -7d)";
  const auto parsed = parse_rule(text);
  ASSERT_TRUE(parsed.value.has_value());
  const Expr &all = parsed.value->condition;
  ASSERT_EQ(all.kind, Expr::Kind::all);
  ASSERT_EQ(all.children.size(), 2u);
  const Expr &negation = all.children[0];
  ASSERT_EQ(negation.kind, Expr::Kind::negation);
  const Expr &any = negation.children.at(0);
  ASSERT_EQ(any.kind, Expr::Kind::any);
  const Expr &compare = any.children.at(0);
  EXPECT_EQ(compare.kind, Expr::Kind::compare);
  EXPECT_EQ(compare.op, CompareOp::eq);
  ASSERT_EQ(compare.left.name.parts.size(), 2u);
  EXPECT_EQ(compare.left.name.parts[1].text, "b");
  EXPECT_FALSE(compare.left.name.parts[1].quoted);
  const Expr &contains = any.children.at(1);
  EXPECT_EQ(contains.kind, Expr::Kind::contains);
  EXPECT_TRUE(contains.negated);
  EXPECT_EQ(contains.quantifier, Expr::Quantifier::any);
  EXPECT_TRUE(contains.left.name.parts.at(0).quoted);
  ASSERT_EQ(contains.literals.size(), 2u);
  EXPECT_EQ(contains.literals[1].text, "y");
  const Expr &matches = all.children[1];
  EXPECT_EQ(matches.kind, Expr::Kind::matches);
  EXPECT_EQ(matches.source.parts.at(0).text, "o");
  ASSERT_EQ(matches.children.size(), 1u);
  EXPECT_EQ(matches.children[0].literals.at(0).date.amount, -7);
}

TEST(Parser, SpansPointIntoTheText) {
  const std::string text = "x AND (a.b NOT  IN (1, -2) OR count(o) >= 10)";
  const auto parsed = parse_rule(text);
  ASSERT_TRUE(parsed.value.has_value());
  const auto piece = [&](Span span) { return text.substr(span.begin, span.end - span.begin); };
  const Expr &any = parsed.value->condition.children.at(1);
  EXPECT_EQ(piece(any.span), "a.b NOT  IN (1, -2) OR count(o) >= 10");
  EXPECT_EQ(piece(any.op_span), "OR");
  const Expr &in = any.children.at(0);
  EXPECT_EQ(piece(in.span), "a.b NOT  IN (1, -2)");
  EXPECT_EQ(piece(in.op_span), "NOT  IN");
  EXPECT_EQ(piece(in.left.span), "a.b");
  EXPECT_EQ(piece(in.left.name.span), "a.b");
  EXPECT_EQ(piece(in.literals.at(1).span), "-2");
  const Expr &compare = any.children.at(1);
  EXPECT_EQ(piece(compare.left.span), "count(o)");
  EXPECT_EQ(piece(compare.left.name.span), "o");
  EXPECT_EQ(piece(compare.op_span), ">=");
  EXPECT_EQ(piece(compare.literals.at(0).span), "10");
}

TEST(Parser, KeepsViewSettings) {
  const auto parsed =
      parse_rule("FROM customers SHOW a, b.c WHERE d ORDER BY e DESC, f ASC LIMIT 18446744073709551615");
  ASSERT_TRUE(parsed.value.has_value());
  ASSERT_EQ(parsed.value->show.size(), 2u);
  EXPECT_EQ(print_name(parsed.value->show[1]), "b.c");
  ASSERT_EQ(parsed.value->order_by.size(), 2u);
  EXPECT_TRUE(parsed.value->order_by[0].descending);
  EXPECT_FALSE(parsed.value->order_by[1].descending);
  EXPECT_EQ(parsed.value->limit, 18446744073709551615u);
}

TEST(Parser, CloneIsDeepAndEqual) {
  const auto parsed =
      parse_rule("count(o MATCHES (a = 1 OR b IN (2, 3))) > sum(o.t) AND NOT anniversary(last(o.d)) = today "
                 "AND customer_within_distance(coordinates: (1, 2), distance_mi: 3) = false");
  ASSERT_TRUE(parsed.value.has_value());
  Expr copy = clone(parsed.value->condition);
  EXPECT_EQ(print_expr(copy), print_expr(parsed.value->condition));
  copy.children[0].left.filter->children[0].left.name.parts[0].text = "z";
  EXPECT_NE(print_expr(copy), print_expr(parsed.value->condition));
}

TEST(ParseCondition, TakesNoViewSettings) {
  const auto parsed = parse_condition("deleted_at IS NULL AND version = orders.version");
  ASSERT_TRUE(parsed.value.has_value());
  EXPECT_EQ(print_expr(*parsed.value), "deleted_at IS NULL AND version = orders.version");
  EXPECT_FALSE(parse_condition("a = 1 LIMIT 5").value.has_value());
  EXPECT_FALSE(parse_condition("FROM customers WHERE a = 1").value.has_value());
}

class AttributeAccepts : public testing::TestWithParam<Row> {};

TEST_P(AttributeAccepts, AndPrintsCanonically) {
  const std::string canonical = GetParam().canonical != nullptr ? GetParam().canonical : GetParam().text;
  const auto print = [](const AttributeExpression &expression) {
    return expression.value ? "value " + print_value(*expression.value)
                            : "condition " + print_expr(*expression.condition);
  };
  const auto parsed = parse_attribute(GetParam().text);
  ASSERT_TRUE(parsed.value.has_value()) << all_messages(parsed.diagnostics);
  EXPECT_NE(parsed.value->value.has_value(), parsed.value->condition.has_value());
  EXPECT_EQ(print(*parsed.value), canonical);
  const auto again = parse_attribute(canonical.substr(canonical.find(' ') + 1));
  ASSERT_TRUE(again.value.has_value()) << all_messages(again.diagnostics);
  EXPECT_EQ(print(*again.value), canonical);
}

INSTANTIATE_TEST_SUITE_P(
    Expressions, AttributeAccepts,
    testing::Values(
        Row{"a", "value a"}, Row{"(a)", "value a"}, Row{"5", "value 5"}, Row{"'x'", "value 'x'"},
        Row{"today", "value today"}, Row{"a+b*c-(d-e)", "value a + b * c - (d - e)"},
        Row{"(a + b) + c", "value a + b + c"}, Row{"a + (b + c)", "value a + (b + c)"},
        Row{"(a * b) / c * d", "value a * b / c * d"}, Row{"a / (b / c)", "value a / (b / c)"},
        Row{"(a + b) * c", "value (a + b) * c"}, Row{"a -7", "value a - 7"}, Row{"a - -7", "value a - -7"},
        Row{"-5 + a", "value -5 + a"}, Row{"-a * b", "value (0 - a) * b"}, Row{"+a", "value a"},
        Row{"1000-10-5", "value 1000 - 10 - 5"}, Row{"2026-05-30", "value 2026-05-30"},
        Row{"sum(orders.total)/count(orders MATCHES (a = 1, b > 2))",
            "value sum(orders.total) / count(orders MATCHES (a = 1, b > 2))"},
        Row{"last(orders.status)", "value last(orders.status)"},
        Row{"age(date: 'birth_date') * 2", "value age(birth_date) * 2"},
        Row{"starts + ends", "value starts + ends"}, Row{"a.in + b.not", "value a.in + b.not"},
        Row{"a > 5", "condition a > 5"}, Row{"(a > 5 or b) and c", "condition (a > 5 OR b) AND c"},
        Row{"not a", "condition NOT a"}, Row{"f(a: 1)", "condition f MATCHES (a = 1)"},
        Row{"a IS NULL", "condition a IS NULL"}, Row{"a starts with 'x'", "condition a STARTS WITH 'x'"},
        Row{"orders MATCHES (a = 1)", "condition orders MATCHES (a = 1)"}));

} // namespace
} // namespace segmentation::core
