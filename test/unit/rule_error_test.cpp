// What the rule language refuses: state, place to the byte, and what the message says; several mistakes at
// once; limits.
#include "core/rule/parser.hpp"
#include "core/rule/printer.hpp"

#include <gtest/gtest.h>

#include <string>

namespace segmentation::core {
namespace {

struct Row {
  const char *text;
  const char *state;
  const char *piece;     // the piece of text that the mistake points at; empty at the end of the text
  const char *fragment;  // of the message
  const char *hint = ""; // a fragment of it
};

class RuleRefuses : public testing::TestWithParam<Row> {};

TEST_P(RuleRefuses, WithPlaceAndMessage) {
  const Row &row = GetParam();
  const std::string text = row.text;
  const auto parsed = parse_rule(text);
  EXPECT_FALSE(parsed.value.has_value());
  ASSERT_EQ(parsed.diagnostics.size(), 1u) << text;
  const Diagnostic &diagnostic = parsed.diagnostics[0];
  EXPECT_STREQ(sqlstate_code(diagnostic.state), row.state);
  ASSERT_LE(diagnostic.span.end, text.size());
  EXPECT_EQ(text.substr(diagnostic.span.begin, diagnostic.span.end - diagnostic.span.begin), row.piece);
  const auto size = static_cast<std::uint32_t>(text.size());
  if (*row.piece == '\0') {
    EXPECT_EQ(diagnostic.span, (Span{size, size}));
  }
  EXPECT_NE(diagnostic.message.find(row.fragment), std::string::npos) << diagnostic.message;
  EXPECT_NE(diagnostic.hint.find(row.hint), std::string::npos) << diagnostic.hint;
}

INSTANTIATE_TEST_SUITE_P(
    Corpus, RuleRefuses,
    testing::Values(Row{"orders_placed MATCHES (date > 2025-01-01, date < 2025-06-01)", "42601", "date",
                        "\"date\" is given twice", "BETWEEN"},
                    Row{"amount_spent > 1,000", "42601", "1,000", "thousands separator", "Write 1000."},
                    Row{"last_order_date > 1pm", "42601", "1pm", "needs a date"},
                    Row{"last_order_date > -7dT10:00:00", "42601", "-7dT10:00:00", "carries no time"},
                    Row{"amount_spent >", "42601", "", "a value is missing after \">\""},
                    Row{"(number_of_orders > 1", "42601", "(", "not closed"},
                    Row{"number_of_orders > 1 amount_spent > 2", "42601", "amount_spent",
                        "AND or OR is missing"},
                    Row{"city = 'Sofia", "42601", "'", "quote is not closed"},
                    Row{"last_order_date = 2025-02-30", "22008", "2025-02-30", "there is no day"},
                    Row{"", "42601", "", "rule is empty"},
                    Row{"  -- nothing\n", "42601", "", "rule is empty"}));

INSTANTIATE_TEST_SUITE_P(
    Numbers, RuleRefuses,
    testing::Values(Row{"a > 1 000", "42601", "1 000", "thousands separator", "Write 1000."},
                    Row{"a > 1,000,000.5", "42601", "1,000,000.5", "thousands separator", "Write 1000000.5."},
                    Row{"x IN (1,000)", "42601", "1,000", "thousands separator"},
                    Row{"o MATCHES (a > 1,000, b)", "42601", "1,000", "thousands separator"},
                    Row{"a > $5", "42601", "$", "currency sign"},
                    Row{"a > 5\xE2\x82\xAC", "42601", "\xE2\x82\xAC", "currency sign"},
                    Row{"a > 999,99", "42601", "999,99", "decimal point", "Write 999.99."},
                    Row{"a > 1.000,5 AND b", "42601", "1.000,5", "decimal point", "Write 1000.5."},
                    Row{"a > 1,000,99", "42601", "1,000,99", "decimal point", "Write 1000.99."},
                    Row{"o MATCHES (a > 9,5, b = 1)", "42601", "9,5", "decimal point", "Write 9.5."},
                    Row{"o(a: 9,5, b: 1) = true", "42601", "9,5", "decimal point", "Write 9.5."},
                    Row{"a > 7d", "42601", "7d", "needs a sign", "Write -7d"},
                    Row{"a > -7days", "42601", "-7days", "neither a number nor a date"},
                    Row{"a > 12.05.2026", "42601", "12.05.2026", "neither a number nor a date", "2026-05-30"},
                    Row{"a > 30/5/2026", "42601", "30/5/2026", "is not a date"},
                    Row{"a > 2026-5-3", "42601", "2026-5-3", "is not a date"},
                    Row{"a > 10:30", "42601", "10:30", "needs a date"},
                    Row{"a > 2024-02-29T25:00:00", "22008", "2024-02-29T25:00:00", "there is no time"},
                    Row{"a > -99999999d", "22008", "-99999999d", "out of range"},
                    Row{"a = -", "42601", "", "number is missing"}));

INSTANTIATE_TEST_SUITE_P(
    Conditions, RuleRefuses,
    testing::Values(
        Row{"a = 1 OR", "42601", "", "a condition is missing after \"OR\""},
        Row{"a = 1 AND AND b", "42601", "AND", "a condition is missing after \"AND\""},
        Row{"()", "42601", ")", "a condition is missing"}, Row{"a = 1)", "42601", ")", "without an opening"},
        Row{"a = 1 AND (b = 2 ORDER BY c", "42601", "(", "not closed"},
        Row{"a = 1, b = 2", "42601", ",", "a comma joins conditions only inside MATCHES", "Use AND."},
        Row{"a b", "42601", "b", "AND or OR is missing"}, Row{"a 5", "42601", "5", "an operator is missing"},
        Row{"a b = 5", "42601", "b", "an operator, AND or OR is missing"},
        Row{"a DOES NOT CONTAIN 'x'", "42601", "DOES", "an operator, AND or OR is missing"},
        Row{"a NOT CONTAIN 'x'", "42601", "NOT", "an operator, AND or OR is missing"},
        Row{"a = 1 GROUP BY city", "42601", "GROUP", "AND or OR is missing"},
        Row{"a = 5 EUR 6", "42601", "EUR", "AND or OR is missing"},
        Row{"(a + b) > 3", "42601", "+", "does not calculate"},
        Row{"a LIKE 'x'", "42601", "LIKE", "operator \"LIKE\" is not known", "CONTAINS"},
        Row{"a == 5", "42601", "==", "not known", "Use =."},
        Row{"a => 5", "42601", "=>", "not known", "Use >=."},
        Row{"a && b", "42601", "&&", "not known", "Use AND."},
        Row{"a = 1;", "42601", ";", "no meaning", "semicolon"},
        Row{"a = NULL", "42601", "NULL", "NULL", "Use a IS NULL."},
        Row{"a != NULL", "42601", "NULL", "NULL", "Use a IS NOT NULL."},
        Row{"a IS 5", "42601", "5", "NULL is missing"}, Row{"a NOT = 5", "42601", "NOT", "NOT can not stand"},
        Row{"5 < number_of_orders", "42601", "5 < number_of_orders", "begins with a name",
            "Write number_of_orders > 5."},
        Row{"true", "42601", "true", "begins with a name"}, Row{"= 5", "42601", "=", "a name is missing"},
        Row{"a BETWEEN 5", "42601", "", "AND is missing"},
        Row{"a BETWEEN AND 5", "42601", "AND", "a value is missing"},
        Row{"a IN ()", "42601", "()", "list is empty"},
        Row{"a IN 5", "42601", "5", "a list in parentheses is missing"},
        Row{"a IN (1, 2", "42601", "(", "not closed"}, Row{"a IN (1 2)", "42601", "2", "a comma is missing"},
        Row{"a IN (b)", "42601", "b", "constant", "single quotes"},
        Row{"a = (1, 2, 3)", "42601", "(1, 2, 3)", "one value", "Use IN"},
        Row{"a CONTAINS ('b', 'c')", "42601", "('b', 'c')", "one value", "ANY"},
        Row{"a STARTS 'b'", "42601", "'b'", "WITH is missing"},
        Row{"total - paid > 5", "42601", "-", "does not calculate", "define_attribute"},
        Row{"lower(name) = 'x'", "42601", "lower", "there is no function \"lower\""},
        Row{"count(o)", "42601", "", "a comparison is missing after \"count(o)\""},
        Row{"sum() > 5", "42601", ")", "a name is missing"},
        Row{"sum(DISTINCT o.x) > 5", "42601", "DISTINCT", "count() only"},
        Row{"count(*) > 5", "42601", "*", "a name is missing"},
        Row{"age(age(x)) > 3", "42601", "age", "age() does not take"},
        Row{"anniversary('a b') = today", "42601", "'a b'", "is not a name"},
        Row{"a.b. = 5", "42601", "=", "a name is missing after \".\""}));

INSTANTIATE_TEST_SUITE_P(
    Sources, RuleRefuses,
    testing::Values(Row{"o MATCHES a > 5", "42601", "a", "an opening parenthesis is missing"},
                    Row{"o MATCHES (count >= 1, count <= 5)", "42601", "count", "given twice", "BETWEEN"},
                    Row{"o MATCHES (tag = 'a', tag = 'b')", "42601", "tag", "given twice",
                        "Use tag IN (..), or join the two conditions with AND."},
                    Row{"o MATCHES (d = today, d = '2026-05-30')", "42601", "d", "given twice",
                        "Use d BETWEEN .. AND .., or join the two conditions with AND."},
                    Row{"o(tag: 'a', tag: 'b') = true", "42601", "tag", "given twice",
                        "Use tag: (.., ..), or two tests of o joined by AND."},
                    Row{"o(date: today, date: yesterday) = true", "42601", "date", "given twice",
                        "Use date: BETWEEN .. AND .., or two tests of o joined by AND."},
                    Row{"o MATCHES (a = 1,)", "42601", ")", "a condition is missing after \",\""},
                    Row{"o MATCHES (a = 1", "42601", "(", "not closed"},
                    Row{"o(a: 1) = 5", "42601", "5", "true or false is missing"},
                    Row{"o(a: 1, b > 2) = true", "42601", ">", "a colon is missing"},
                    Row{"count(o) MATCHES ()", "42601", "count(o)", "MATCHES needs a source"},
                    Row{"customer_within_distance MATCHES (distance_mi > 2)", "42601", "distance_mi > 2",
                        "only parameters"}));

INSTANTIATE_TEST_SUITE_P(View, RuleRefuses,
                         testing::Values(Row{"FROM orders WHERE x = 1", "42601", "orders",
                                             "a rule is about customers"},
                                         Row{"FROM customers SHOW a", "42601", "", "WHERE is missing"},
                                         Row{"a = 1 ORDER BY", "42601", "", "a name is missing"},
                                         Row{"a = 1 LIMIT x", "42601", "x", "a whole number is missing"},
                                         Row{"a = 1 LIMIT 1.5", "42601", "1.5", "is not a whole number"},
                                         Row{"a LIMIT 1 LIMIT 2", "42601", "LIMIT", "given twice"}));

INSTANTIATE_TEST_SUITE_P(Characters, RuleRefuses,
                         testing::Values(Row{"a = 'x\xFF'", "42601", "\xFF", "byte 0xff is not valid UTF-8"},
                                         Row{"a = \xC0\x80", "42601", "\xC0", "not valid UTF-8"},
                                         Row{"\xED\xA0\x80 = 1", "42601", "\xED", "not valid UTF-8"},
                                         Row{"a \xF4\x90\x80\x80", "42601", "\xF4", "not valid UTF-8"},
                                         Row{"a = 1 -- \xE2\x82", "42601", "\xE2", "not valid UTF-8"},
                                         Row{"a % 5", "42601", "%", "has no meaning here"},
                                         Row{"c = \xE2\x80\x98x\xE2\x80\x99", "42601", "\xE2\x80\x98",
                                             "quotation mark", "straight single quotes"},
                                         Row{"\"a = 1", "42601", "\"", "quoted name is not closed"},
                                         Row{"\"\" = 1", "42601", "\"\"", "is empty"},
                                         Row{"a /* b", "42601", "/*", "comment is not closed"}));

TEST(RuleErrors, IndependentMistakesAreAllReported) {
  const std::string text =
      "a = AND b LIKE 'x' OR (c 5 AND d > 1,000) AND o MATCHES (x =, y > 2025-02-30) AND e IN (1";
  const auto parsed = parse_rule(text);
  ASSERT_EQ(parsed.diagnostics.size(), 7u);
  const char *pieces[] = {"AND", "LIKE", "5", "1,000", ",", "2025-02-30", "("};
  for (std::size_t i = 0; i < 7; ++i) {
    const Span span = parsed.diagnostics[i].span;
    EXPECT_EQ(text.substr(span.begin, span.end - span.begin), pieces[i]) << parsed.diagnostics[i].message;
  }
}

TEST(RuleErrors, BothBoundsOfBetween) {
  const auto parsed = parse_rule("last_order_date BETWEEN 1pm AND 3pm");
  ASSERT_EQ(parsed.diagnostics.size(), 2u);
  EXPECT_EQ(parsed.diagnostics[0].span, (Span{24, 27}));
  EXPECT_EQ(parsed.diagnostics[1].span, (Span{32, 35}));
}

TEST(RuleErrors, AreNoMoreThanTheLimit) {
  std::string text = "a =";
  for (int i = 0; i < 100; ++i)
    text += " AND % a =";
  EXPECT_EQ(parse_rule(text).diagnostics.size(), 10u);
  Limits limits;
  limits.diagnostics = 3;
  const auto three = parse_rule(text, limits).diagnostics;
  ASSERT_EQ(three.size(), 3u);
  EXPECT_EQ(three[0].span, (Span{4, 7})); // the first ones, in the order of the text
  EXPECT_LT(three[0].span.begin, three[1].span.begin);
  limits.diagnostics = 0;
  EXPECT_FALSE(parse_rule(text, limits).value.has_value());
}

TEST(RuleErrors, MessagesAreOneLine) {
  const auto parsed =
      parse_rule("a 'one\ntwo and a text that is much longer than anybody wants to read in a message'");
  ASSERT_EQ(parsed.diagnostics.size(), 1u);
  EXPECT_EQ(parsed.diagnostics[0].message, "an operator is missing before \"'one...\"");
}

std::string repeated(const std::string &piece, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i)
    out += piece;
  return out;
}

void expect_limit(const Diagnostics &diagnostics, const std::string &message, Span span) {
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_EQ(diagnostics[0].state, SqlState::limit_exceeded);
  EXPECT_EQ(diagnostics[0].message, message);
  EXPECT_EQ(diagnostics[0].span, span);
}

TEST(RuleLimits, Depth) {
  const std::string deep = "rule is nested more than 200 levels deep";
  expect_limit(parse_rule(repeated("(", 100'000)).diagnostics, deep, {200, 201});
  expect_limit(parse_rule(repeated("(", 201) + "a" + repeated(")", 201)).diagnostics, deep, {200, 201});
  EXPECT_TRUE(parse_rule(repeated("(", 200) + "a" + repeated(")", 200)).value.has_value());
  expect_limit(parse_rule(repeated("NOT ", 100'000) + "a").diagnostics, deep, {800, 803});
  EXPECT_TRUE(parse_rule(repeated("NOT ", 200) + "a").value.has_value());
  expect_limit(parse_rule(repeated("NOT (", 100'000)).diagnostics, deep, {500, 503});
  expect_limit(parse_rule(repeated("o MATCHES (", 50'000)).diagnostics, deep, {2210, 2211});
  expect_limit(parse_rule(repeated("count(o MATCHES (", 50'000)).diagnostics, deep, {3416, 3417});
  const std::string expression = "expression is nested more than 200 levels deep";
  EXPECT_EQ(parse_attribute(repeated("(", 100'000)).diagnostics.at(0).message, expression);
  EXPECT_EQ(parse_attribute(repeated("- ", 100'000)).diagnostics.at(0).message, expression);
  EXPECT_EQ(parse_attribute(repeated("+ ", 100'000)).diagnostics.at(0).message, expression);
  EXPECT_EQ(parse_attribute("a" + repeated(" + a", 100'000)).diagnostics.at(0).message,
            "expression has more than 200 operations");
  EXPECT_TRUE(parse_attribute("a" + repeated(" + a", 200)).value.has_value());
}

TEST(RuleLimits, Clauses) {
  const std::string text = "a" + repeated(" AND a", 5'000);
  expect_limit(parse_rule(text).diagnostics, "rule has more than 5000 conditions", {30'000, 30'001});
  EXPECT_TRUE(parse_rule(text.substr(0, text.size() - 6)).value.has_value());
}

TEST(RuleLimits, ListValues) {
  const std::string values = "a IN (1" + repeated(",1", 9'999);
  EXPECT_TRUE(parse_rule(values + ")").value.has_value());
  expect_limit(parse_rule(values + ",1)").diagnostics, "list has more than 10000 values", {20'006, 20'007});
}

TEST(RuleLimits, TextBytes) {
  const std::string text = "a = '" + std::string(999'994, 'x') + "'";
  EXPECT_TRUE(parse_rule(text).value.has_value());
  expect_limit(parse_rule(text + " ").diagnostics, "rule is longer than 1000000 bytes",
               {1'000'000, 1'000'001});
}

TEST(RuleLimits, CanonicalFormStaysWithin) {
  // AND takes the comma's place in print and puts the OR into parentheses, one level deeper than it was
  // written.
  Limits limits;
  limits.depth = 2;
  const auto parsed = parse_rule("o MATCHES (a > 1 AND a < 2, b OR c)", limits);
  ASSERT_TRUE(parsed.value.has_value());
  EXPECT_TRUE(parse_rule(print_rule(*parsed.value), limits).value.has_value());
  limits.depth = 1;
  EXPECT_FALSE(parse_rule("o MATCHES (a > 1 AND a < 2, b OR c)", limits).value.has_value());
}

TEST(SqlStates, HaveTheirCodes) {
  EXPECT_STREQ(sqlstate_code(SqlState::undefined_name), "42703");
  EXPECT_STREQ(sqlstate_code(SqlState::ambiguous_name), "42702");
  EXPECT_STREQ(sqlstate_code(SqlState::wrong_type), "42804");
  EXPECT_STREQ(sqlstate_code(SqlState::feature_not_supported), "0A000");
  EXPECT_STREQ(sqlstate_code(SqlState::cycle), "42P17");
  EXPECT_STREQ(sqlstate_code(SqlState::out_of_memory), "53200");
  EXPECT_STREQ(sqlstate_code(SqlState::internal_error), "XX000");
}

} // namespace
} // namespace segmentation::core
