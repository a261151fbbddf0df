// Lists: sets of customers, lists of a row, and the built-in list of segments.
#include "unit/meaning_check.hpp"

namespace segmentation::core::test {
namespace {

TEST(MeaningLists, SetsOfCustomersAreCountedWithoutCase) {
  const Case cases[] = {
      {"customer_tags CONTAINS 'ViP'", "count(customer_tags | in_folded(customer_tags.tag; vip)) > 0"},
      {"customer_tags NOT CONTAINS 'vip'",
       "not(count(customer_tags | in_folded(customer_tags.tag; vip)) > 0)"},
      {"customer_tags CONTAINS ANY ('B', 'a', 'b')",
       "count(customer_tags | in_folded(customer_tags.tag; a, b)) > 0"},
      {"customer_tags CONTAINS ALL ('B', 'a', 'b')",
       "all(count(customer_tags | in_folded(customer_tags.tag; a)) > 0, "
       "count(customer_tags | in_folded(customer_tags.tag; b)) > 0)"},
      {"customer_tags CONTAINS 'ÄÖ'", "count(customer_tags | in_folded(customer_tags.tag; äö)) > 0"},
      {"customer_tags.tag CONTAINS 'x'", "count(customer_tags | in_folded(customer_tags.tag; x)) > 0"},
      {"customer_tags IS NULL", "not(count(customer_tags | present(customer_tags.tag)) > 0)"},
      {"customer_tags IS NOT NULL", "count(customer_tags | present(customer_tags.tag)) > 0"},
      {"lucky_numbers CONTAINS ANY (7, 7.0, 3)", "count(lucky_numbers | in(lucky_numbers.number; 3, 7)) > 0"},
      {"tags CONTAINS 'x'", "count(customer_tags | in_folded(customer_tags.tag; x)) > 0"},
  };
  expect_outcomes(cases);
}

TEST(MeaningLists, ListColumns) {
  const Case cases[] = {
      {"interests CONTAINS 'Golf'", "list(customers.interests; golf)"},
      {"interests CONTAINS ALL ('b', 'A')",
       "all(list(customers.interests; a), list(customers.interests; b))"},
      {"scores CONTAINS ANY (2, 1)", "list(customers.scores; 1, 2)"},
      {"interests IS NULL", "not(list_present(customers.interests))"},
  };
  expect_outcomes(cases);
}

TEST(MeaningLists, OfARowAlsoTakeEqualityAndIn) {
  const Case cases[] = {
      {"items MATCHES (product_tags = 'Sale')", "count(items | list(product_tags.tag; sale)) > 0"},
      {"items MATCHES (product_tags != 'Sale')", "count(items | not(list(product_tags.tag; sale))) > 0"},
      {"items MATCHES (product_tags IN ('b', 'A'))", "count(items | list(product_tags.tag; a, b)) > 0"},
      {"items MATCHES (product_tags NOT IN ('b'))", "count(items | not(list(product_tags.tag; b))) > 0"},
      {"items(product_tags: 'Sale') = false", "not(count(items | list(product_tags.tag; sale)) > 0)"},
      {"items MATCHES (labels = 'x')", "count(items | list(product.labels; x)) > 0"},
      {"items MATCHES (product.product_tags IS NULL)",
       "count(items | not(list_present(product_tags.tag))) > 0"},
      {"items MATCHES (product_tags STARTS WITH 'x')",
       "42804 [STARTS WITH] product_tags is a list and does not support \"STARTS WITH\" | Use product_tags "
       "CONTAINS with a "
       "value."},
  };
  expect_outcomes(cases);
}

TEST(MeaningLists, InItsOwnRowsASetIsTheRowsValue) {
  const Case cases[] = {
      {"customer_tags MATCHES (customer_tags IS NULL)",
       "count(customer_tags | not(present(customer_tags.tag))) > 0"},
      {"customer_tags MATCHES (customer_tags CONTAINS 'Vip', tag != 'VIP')",
       "count(customer_tags | all(in_folded(customer_tags.tag; vip), not(in(customer_tags.tag; VIP)))) > 0"},
      {"lucky_numbers MATCHES (lucky_numbers IN (7, 3), count > 1)",
       "count(lucky_numbers | in(lucky_numbers.number; 3, 7)) > 1"},
  };
  expect_outcomes(cases);
}

TEST(MeaningLists, OfRowsAreCountedByWhatARowAdds) {
  const Case cases[] = {
      {"list(orders.status) CONTAINS 'Paid'", "count(orders | in_folded(orders.status; paid)) > 0"},
      {"list(orders.status MATCHES (date > -90d)) NOT CONTAINS 'Paid'",
       "not(count(orders | all(from(orders.created_at; -90d+), in_folded(orders.status; paid))) > 0)"},
      {"list(items.category.name) CONTAINS ALL ('B', 'a')",
       "all(count(items | in_folded(category.name; a)) > 0, count(items | in_folded(category.name; b)) > 0)"},
      {"list(items.orders.total) CONTAINS ANY (2, 1.50)", "count(items | in(orders.total; 1.5, 2)) > 0"},
      {"list(items.brand) IS NULL", "not(count(items | present(product.brand)) > 0)"},
      {"list(items.product_tags) CONTAINS 'Sale'", "count(items | list(product_tags.tag; sale)) > 0"},
      {"list(items.labels MATCHES (quantity > 1)) IS NOT NULL",
       "count(items | all(items.quantity > 1, list_present(product.labels))) > 0"},
      {"list(orders.extra.x) CONTAINS 'A'",
       "count(orders | any(list(orders.extra.x:texts; a), in_folded(orders.extra.x:text; a))) > 0"},
      {"list(orders.extra.x) CONTAINS 5",
       "count(orders | any(list(orders.extra.x:numbers; 5), in(orders.extra.x:number; 5))) > 0"},
      {"list(orders.extra.x) IS NULL",
       "not(count(orders | any(present(orders.extra.x:text), list_present(orders.extra.x:texts))) > 0)"},
      {"list(customer_tags.tag MATCHES (tag != 'x')) CONTAINS 'Y'",
       "count(customer_tags | all(not(in(customer_tags.tag; x)), in_folded(customer_tags.tag; y))) > 0"},
      {"list(customer_tags.customer_tags) CONTAINS 'Y'",
       "count(customer_tags | in_folded(customer_tags.tag; y)) > 0"},
      {"orders MATCHES (paid = true, list(status) CONTAINS ALL ('x', 'y'))",
       "all(count(orders | all(true(orders.paid), in_folded(orders.status; x))) > 0, "
       "count(orders | all(true(orders.paid), in_folded(orders.status; y))) > 0)"},
  };
  expect_outcomes(cases);
}

TEST(MeaningLists, OfRowsSayWhatTheyCannot) {
  const Case cases[] = {
      {"list(orders.status) = 'paid'",
       "42804 [=] list(orders.status) is a list and does not support \"=\" | Use "
       "list(orders.status) CONTAINS 'paid'."},
      {"list(orders.status) CONTAINS 5", "42804 [CONTAINS] list(orders.status) is a list of texts and cannot "
                                         "contain 5 | Put it in quotes: '5'."},
      {"list(orders.extra.x) CONTAINS ANY (5, 'a')",
       "42804 ['a'] list(orders.extra.x) is a list of numbers and cannot contain 'a'"},
      {"list(orders) CONTAINS 'x'",
       "42804 [orders] list(orders) needs a column | Name one, as in list(orders.status)."},
      {"list(statuses) CONTAINS 'x'",
       "42703 [statuses] source \"statuses\" does not exist | The sources are \"orders\", \"items\", "
       "\"carts\", "
       "\"notes\", \"storefront.product_viewed\", \"customer_tags\" and \"lucky_numbers\"."},
      {"list(orders.paid) IS NULL",
       "42804 [orders.paid] orders.paid is a boolean and does not support list | A list "
       "is of texts or numbers; use MATCHES, min, max or last."},
      {"points > list(orders.total)", "42804 [>] list(orders.total) cannot be compared with another value | "
                                      "A list is tested with CONTAINS."},
      {"age(list(orders.status)) > 1", "42804 [list(orders.status)] list(orders.status) is not a date"},
      {"orders MATCHES (paid = true OR list(status) CONTAINS 'x')",
       "42601 [list(status)] an aggregate condition stands only at the top level of MATCHES | Join it to the "
       "other "
       "conditions by a comma or AND."},
      {"sum(orders.total MATCHES (list(status) CONTAINS 'x')) > 1",
       "42601 [list(status)] an aggregate condition cannot stand in the MATCHES of an aggregate | Compare "
       "the "
       "aggregate itself, outside its parentheses."},
  };
  expect_outcomes(cases);
}

TEST(MeaningLists, OtherOperatorsSayWhatToUse) {
  const Case cases[] = {
      {"customer_tags = 'vip'",
       "42804 [=] customer_tags is a list and does not support \"=\" | Use customer_tags CONTAINS 'vip'."},
      {"customer_tags != 'vip'", "42804 [!=] customer_tags is a list and does not support \"!=\" | Use "
                                 "customer_tags NOT CONTAINS 'vip'."},
      {"customer_tags IN ('a', 'b')", "42804 [IN] customer_tags is a list and does not support \"IN\" | Use "
                                      "customer_tags CONTAINS ANY ('a', 'b')."},
      {"interests NOT IN ('a', 'b', 'c', 'd')",
       "42804 [NOT IN] interests is a list and does not support \"NOT IN\" | Use "
       "interests NOT CONTAINS ANY ('a', 'b', 'c', ...)."},
      {"region_labels = 'x'",
       "42804 [=] region_labels is a list and does not support \"=\" | Use region_labels CONTAINS 'x'."},
      {"customer_tags",
       "42804 [customer_tags] customer_tags is a list, not a condition | Use customer_tags CONTAINS with "
       "a value."},
      {"lucky_numbers CONTAINS '7'",
       "42804 [CONTAINS] lucky_numbers is a list of numbers and cannot contain '7'"},
      {"customer_tags CONTAINS ANY ('a', 7)",
       "42804 [7] customer_tags is a list of texts and cannot contain 7 | Put it in quotes: '7'."},
  };
  expect_outcomes(cases);
}

TEST(MeaningLists, SetWhoseValuesAreNeitherTextsNorNumbersIsRefused) {
  Schema schema = bare_shop_schema();
  schema.relations[customer_tags].columns[1].kind = Kind::boolean;
  const auto meaning = meaning_of(std::move(schema));
  EXPECT_EQ(outcome("customer_tags CONTAINS 'x'", *meaning),
            "42804 [customer_tags] customer_tags is a list of neither texts nor numbers | Bind the set with "
            "a text or "
            "number column as its value.");
}

TEST(MeaningSegments, AreTakenInByName) {
  Schema schema = bare_shop_schema();
  define_segment(schema, "VIP", "points > 100");
  define_segment(schema, "Golf & more", "interests CONTAINS 'golf'");
  const auto meaning = meaning_of(std::move(schema));
  const Case cases[] = {
      {"segments CONTAINS 'vip'", "segment VIP(customers.points > 100)"},
      {"segments NOT CONTAINS 'VIP'", "not(segment VIP(customers.points > 100))"},
      {"segments CONTAINS ANY ('vip', 'golf & more')",
       "any(segment VIP(customers.points > 100), segment Golf & more(list(customers.interests; golf)))"},
      {"segments CONTAINS ALL ('vip', 'golf & more')",
       "all(segment VIP(customers.points > 100), segment Golf & more(list(customers.interests; golf)))"},
      {"segments CONTAINS 'vips' AND segments CONTAINS 'zzzzzz'",
       "42703 ['vips'] segment \"vips\" does not exist | Perhaps you meant \"VIP\".\n"
       "42703 ['zzzzzz'] segment \"zzzzzz\" does not exist"},
      {"segments = 'vip'",
       "42804 [=] segments is a list and does not support \"=\" | Use segments CONTAINS 'vip'."},
      {"segments IS NULL", "42804 [IS NULL] segments does not support \"IS NULL\" | Use segments CONTAINS "
                           "with the name of a segment."},
      {"segments CONTAINS 5", "42804 [CONTAINS] segments is a list of names and cannot contain 5"},
  };
  expect_outcomes(cases, *meaning);
}

TEST(MeaningSegments, SharedOnesAreOneCondition) {
  const Checked checked =
      check("segments CONTAINS 'VIP' OR (segments CONTAINS 'loyal' AND NOT segments CONTAINS 'vip')");
  ASSERT_TRUE(checked.rule);
  const Condition &any = *checked.rule->condition;
  const ConditionPtr vip = any.children[0]->children[0];
  const Condition &loyal = *any.children[1]->children[0];
  EXPECT_EQ(loyal.children[0]->children[0]->children[0], vip);
  EXPECT_EQ(any.children[1]->children[1]->children[0]->children[0], vip);
  EXPECT_EQ(checked.rule->segments, (std::vector<int>{0, 1}));
}

TEST(MeaningSegments, MistakesInsideAreToldOnceWhereItIsNamed) {
  Schema schema = bare_shop_schema();
  define_segment(schema, "broken", "nothing_such = 1 AND nor_this = 2");
  define_segment(schema, "above", "segments CONTAINS 'broken'");
  schema.segments.push_back({9, "by hand", nullptr});
  const auto meaning = meaning_of(std::move(schema));
  const Case cases[] = {
      {"segments CONTAINS 'Broken' AND NOT segments CONTAINS 'broken'",
       "42703 ['Broken'] the rule of segment \"broken\" does not hold up: attribute \"nothing_such\" does "
       "not exist"},
      {"segments CONTAINS 'above'",
       "42703 ['above'] the rule of segment \"above\" does not hold up: the rule of segment "
       "\"broken\" does not hold up: attribute \"nothing_such\" does not exist"},
      {"segments CONTAINS 'by hand'",
       "0A000 ['by hand'] the rule of segment \"by hand\" does not hold up: it has no rule"},
  };
  expect_outcomes(cases, *meaning);
}

TEST(MeaningSegments, RingsAreRefusedAndPrinted) {
  Schema schema = bare_shop_schema();
  define_segment(schema, "a", "segments CONTAINS 'b'");
  define_segment(schema, "b", "points > 1 AND segments CONTAINS 'c'");
  define_segment(schema, "c", "NOT segments CONTAINS 'b'");
  define_segment(schema, "self", "segments CONTAINS 'self'");
  const auto meaning = meaning_of(std::move(schema));
  const Case cases[] = {
      {"segments CONTAINS 'a'", "42P17 ['a'] segment \"b\" refers to itself: \"b\" -> \"c\" -> \"b\""},
      {"segments CONTAINS 'self'", "42P17 ['self'] segment \"self\" refers to itself: \"self\" -> \"self\""},
  };
  expect_outcomes(cases, *meaning);
}

TEST(MeaningSegments, ManyThatShareOneAnotherStayCheap) {
  // Each names the one before it twice: written out, the last would have 2^60 parts.
  Schema schema = bare_shop_schema();
  define_segment(schema, "s0", "points > 1");
  for (int i = 1; i <= 60; ++i) {
    define_segment(schema, fmt::format("s{}", i),
                   fmt::format("segments CONTAINS 's{0}' OR NOT segments CONTAINS 's{0}'", i - 1));
  }
  const auto meaning = meaning_of(std::move(schema));
  const Checked checked = check("segments CONTAINS 's60'", *meaning);
  ASSERT_TRUE(checked.rule);
  EXPECT_EQ(checked.rule->segments.size(), 61U);
  EXPECT_TRUE(relations_read(*checked.rule->condition, *meaning).empty());
}

TEST(MeaningSegments, DeepChainsMeetTheLimit) {
  Schema schema = bare_shop_schema();
  define_segment(schema, "s0", "points > 1");
  for (int i = 1; i <= 2000; ++i) {
    define_segment(schema, fmt::format("s{}", i), fmt::format("segments CONTAINS 's{}'", i - 1));
  }
  const auto meaning = meaning_of(std::move(schema));
  const Checked checked = check("segments CONTAINS 's2000'", *meaning);
  ASSERT_EQ(checked.diagnostics.size(), 1U);
  EXPECT_EQ(checked.diagnostics[0].state, SqlState::limit_exceeded);
  EXPECT_TRUE(check("segments CONTAINS 's100'", *meaning).rule.has_value());
}

} // namespace
} // namespace segmentation::core::test
