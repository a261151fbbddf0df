// MATCHES and aggregates: which conditions filter rows, which judge them, and where each may stand.
#include "unit/meaning_check.hpp"

namespace segmentation::core::test {
namespace {

constexpr std::string_view only_top_level =
    "an aggregate condition stands only at the top level of MATCHES | Join it to "
    "the other conditions by a comma or AND.";
constexpr std::string_view not_in_filter =
    "an aggregate condition cannot stand in the MATCHES of an aggregate | Compare "
    "the aggregate itself, outside its parentheses.";

TEST(MeaningMatches, RowConditionsAloneAskForARow) {
  const Case cases[] = {
      {"orders MATCHES ()", "count(orders) > 0"},
      {"orders MATCHES (total > 5)", "count(orders | orders.total > 5) > 0"},
      {"orders MATCHES (total > 5, paid)", "count(orders | all(orders.total > 5, true(orders.paid))) > 0"},
      {"orders MATCHES (total > 5 OR NOT paid)",
       "count(orders | any(orders.total > 5, not(true(orders.paid)))) > 0"},
      {"orders NOT MATCHES (total > 5)", "not(count(orders | orders.total > 5) > 0)"},
      {"NOT orders MATCHES ()", "not(count(orders) > 0)"},
      {"orders IS NULL", "count(orders) = 0"},
      {"orders IS NOT NULL", "not(count(orders) = 0)"},
      {"customer_tags MATCHES (tag STARTS WITH 'x')",
       "count(customer_tags | starts(customer_tags.tag; x)) > 0"},
  };
  expect_outcomes(cases);
}

TEST(MeaningMatches, AggregateConditionsJudgeTheRowsThatAreLeft) {
  const Case cases[] = {
      {"orders MATCHES (count < 2)", "count(orders) < 2"},
      {"orders MATCHES (date > -90d, count >= 5)", "count(orders | from(orders.created_at; -90d+)) >= 5"},
      {"orders NOT MATCHES (date > -90d, count >= 5)",
       "not(count(orders | from(orders.created_at; -90d+)) >= 5)"},
      {"orders MATCHES ((paid AND count >= 5) AND (total > 1, sum_total < 9))",
       "all(count(orders | all(true(orders.paid), orders.total > 1)) >= 5, "
       "sum(orders.total | all(true(orders.paid), orders.total > 1)) < 9)"},
      {"items MATCHES (sum_price > 1, avg(price) > 2, min_quantity > 3, max_date > -3d, distinct_brand > 4)",
       "all(sum(items.price) > 1, avg(items.price) > 2, min(items.quantity) > 3, "
       "from(max(orders.created_at); -3d+), "
       "count_distinct(product.brand) > 4)"},
      {"items MATCHES (days > 1, weeks > 2, months > 3)",
       "all(days(items) > 1, weeks(items) > 2, months(items) > 3)"},
      {"items MATCHES (count(DISTINCT product.brand) > 4)", "count_distinct(product.brand) > 4"},
      {"items MATCHES (distinct_category.name > 4)", "count_distinct(category.name) > 4"},
      {"orders MATCHES (count(*) BETWEEN 1 AND 3)", "all(count(orders) >= 1, count(orders) <= 3)"},
      {"orders MATCHES (count(orders) > 2)", "count(orders) > 2"},
      {"orders MATCHES (paid, sum(total MATCHES (tax > 0)) > avg_total)",
       "sum(orders.total | all(true(orders.paid), orders.tax > 0)) > avg(orders.total | true(orders.paid))"},
      {"orders MATCHES (first(status) = 'x', mode(status) != 'y', avg_total IS NULL)",
       "all(in(first(orders.status); x), not(in(mode(orders.status); y)), not(present(avg(orders.total))))"},
  };
  expect_outcomes(cases);
}

TEST(MeaningMatches, AllAggregatesOfOneMatchesShareTheirFilter) {
  const Checked checked = check("orders MATCHES (paid, count > 1, sum_total > 2)");
  ASSERT_TRUE(checked.rule);
  const Condition &all = *checked.rule->condition;
  ASSERT_EQ(all.children.size(), 2U);
  EXPECT_NE(all.children[0]->left.filter, nullptr);
  EXPECT_EQ(all.children[0]->left.filter, all.children[1]->left.filter);
}

TEST(MeaningMatches, AggregateConditionsStandAtTheTopOnly) {
  const auto told = [](std::string_view piece, std::string_view message) {
    return fmt::format("42601 [{}] {}", piece, message);
  };
  EXPECT_EQ(outcome("orders MATCHES (count >= 5 OR paid)"), told("count", only_top_level));
  EXPECT_EQ(outcome("orders MATCHES (NOT count >= 5)"), told("count", only_top_level));
  EXPECT_EQ(outcome("orders MATCHES (paid, (sum(total) >= 5 OR paid))"), told("sum(total)", only_top_level));
  EXPECT_EQ(outcome("count(orders MATCHES (count > 5)) > 2"), told("count", not_in_filter));
  EXPECT_EQ(outcome("orders MATCHES (sum(total MATCHES (sum_tax > 0)) > 5)"), told("sum_tax", not_in_filter));
}

TEST(MeaningMatches, RowValuesDoNotMixWithAggregates) {
  const std::string told =
      "42804 [total] total belongs to one row, not to all rows together | Compare an aggregate with a "
      "constant or with another aggregate.";
  EXPECT_EQ(outcome("orders MATCHES (count = total)"), told);
  EXPECT_EQ(outcome("orders MATCHES (total > sum_tax)"), told);
}

TEST(MeaningMatches, SourcesDoNotNest) {
  EXPECT_EQ(outcome("orders MATCHES (items MATCHES (price > 3))"),
            "42601 [items] items MATCHES cannot stand in a condition on rows | Test it beside the other "
            "MATCHES, joined by "
            "AND; a detail source reaches its parents' columns itself.");
  EXPECT_EQ(outcome("orders.total MATCHES ()"), "42804 [orders.total] orders.total is not a source | Use "
                                                "orders MATCHES (...) and name the column inside.");
}

TEST(MeaningAggregates, OfCustomers) {
  const Case cases[] = {
      {"count(orders) = 0", "count(orders) = 0"},
      {"count(orders MATCHES ()) = 0", "count(orders) = 0"},
      {"count(orders MATCHES (paid)) = 0", "count(orders | true(orders.paid)) = 0"},
      {"count(orders.status) = 0", "count(orders | present(orders.status)) = 0"},
      {"count(DISTINCT items.category.name) > 2", "count_distinct(category.name) > 2"},
      {"sum(items.total) > 2", "sum(orders.total) > 2"},
      {"avg(items.product.weight MATCHES (date > -1y)) > 2",
       "avg(product.weight | from(orders.created_at; -1y+)) > 2"},
      {"min(orders.date) > -1y", "from(min(orders.created_at); -1y+)"},
      {"max(orders.shipped_on) > -1y", "from(max(orders.shipped_on); -1y+)"},
      {"last(orders.paid) = true", "true(last(orders.paid))"},
      {"first(orders.shipped_on) IS NULL", "not(present(first(orders.shipped_on)))"},
      {"mode(items.product.brand) = 'x'", "in(mode(product.brand); x)"},
      {"count(storefront.product_viewed) > 2", "count(storefront.product_viewed) > 2"},
      {"max(storefront.product_viewed.at) > -7d", "from(max(storefront.product_viewed.at); -7d+)"},
      {"count(customer_tags) > 2", "count(customer_tags) > 2"},
  };
  expect_outcomes(cases);
}

TEST(MeaningAggregates, ArgumentsHaveToFit) {
  const Case cases[] = {
      {"sum(orders) > 5", "42804 [orders] sum(orders) needs a column | Name one, as in sum(orders.total)."},
      {"count(DISTINCT orders) > 5", "42804 [orders] count(DISTINCT orders) needs a column | Name one, as in "
                                     "count(DISTINCT orders.total)."},
      {"sum(orders.status) > 5",
       "42804 [sum(orders.status)] orders.status is a text and does not support sum"},
      {"avg(orders.date) > 5", "42804 [avg(orders.date)] orders.date is a date and does not support avg"},
      {"max(orders.status) = 'x'", "42804 [max(orders.status)] orders.status is a text and does not support "
                                   "max | Use first, last or mode."},
      {"orders MATCHES (min_paid)",
       "42804 [min_paid] paid is a boolean and does not support min | Use first, last or mode."},
      {"first(items.product_tags) = 'x'",
       "42804 [first(items.product_tags)] items.product_tags is a list and does not support first"},
      {"last(notes.body) = 'x'",
       "42804 [last(notes.body)] last needs a date, which \"notes\" does not have | Bind the "
       "source with the column that holds its time."},
      {"notes MATCHES (days > 3)",
       "42804 [days] days needs a date, which \"notes\" does not have | Bind the source with "
       "the column that holds its time."},
      {"sum(ordrs.total) > 5",
       "42703 [ordrs.total] source \"ordrs\" does not exist | Perhaps you meant \"orders\"."},
      {"sum(orders.totl) > 5",
       "42703 [orders.totl] column \"totl\" does not exist in \"orders\" | Perhaps you meant \"total\"."},
  };
  expect_outcomes(cases);
}

TEST(MeaningAggregates, OneWrongFilterIsToldOnce) {
  EXPECT_EQ(outcome("orders MATCHES (totl > 1, count > 1, sum_total > 2)"),
            "42703 [totl] column \"totl\" does not exist in \"orders\" | Perhaps you meant \"total\".");
  EXPECT_EQ(outcome("sum(orders.total MATCHES (totl > 1)) > count(orders)"),
            "42703 [totl] column \"totl\" does not exist in \"orders\" | Perhaps you meant \"total\".");
}

} // namespace
} // namespace segmentation::core::test
