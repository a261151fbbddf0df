// Names: what they resolve to, in which order, and how unknown and misused ones are told.
#include "unit/meaning_check.hpp"

namespace segmentation::core::test {
namespace {

TEST(MeaningNames, ResolveWithoutCaseAndWithOptionalPrefix) {
  const Case cases[] = {
      {"City = 'x'", "in(customers.city; x)"},           {"customer.city = 'x'", "in(customers.city; x)"},
      {"CUSTOMERS.city = 'x'", "in(customers.city; x)"}, {"\"E-mail\" = 'x'", "in(customers.E-mail; x)"},
      {"\"e-MAIL\" = 'x'", "in(customers.E-mail; x)"},   {"ТЕЛЕФОН = 'x'", "in(customers.Телефон; x)"},
      {"\"City\" = 'x'", "in(customers.city; x)"},
  };
  expect_outcomes(cases);
}

TEST(MeaningNames, ColumnSpelledExactlyGoesBeforeOneInOtherCase) {
  Schema schema = bare_shop_schema();
  schema.relations[customers].columns.push_back(make_column("CITY", Kind::number));
  schema.relations[customers].columns.push_back(make_column("Size", Kind::text));
  schema.relations[customers].columns.push_back(make_column("SIZE", Kind::text));
  const auto meaning = meaning_of(std::move(schema));
  const Case cases[] = {
      {"city = 'x'", "in(customers.city; x)"},
      {"\"CITY\" = 5", "customers.CITY = 5"},
      {"size = 'x'", "42702 [size] \"size\" is ambiguous | Use customers.\"Size\" or customers.\"SIZE\"."},
      {"customers.\"Size\" = 'x'", "in(customers.Size; x)"},
  };
  expect_outcomes(cases, *meaning);
}

TEST(MeaningNames, OwnColumnsGoBeforeLookups) {
  const Case cases[] = {
      {"name = 'x'", "in(customers.name; x)"},
      {"region.name = 'x'", "in(region.name; x)"},
      {"customers.region.name = 'x'", "in(region.name; x)"},
      {"country = 'BG'", "in(region.country; BG)"},
      {"region_labels CONTAINS 'Far'", "list(region_labels.label; far)"},
      {"region.region_labels CONTAINS 'Far'", "list(region_labels.label; far)"},
  };
  expect_outcomes(cases);
}

TEST(MeaningNames, ColumnOfSeveralLookupsIsAmbiguous) {
  Schema schema = bare_shop_schema();
  schema.relations.push_back(make_relation(Role::lookup, "company", customers,
                                           {make_whole("id"), make_column("country", Kind::text)}));
  schema.relations.back().key = 14;
  schema.relations.back().lookup_key = 0;
  const auto meaning = meaning_of(std::move(schema));
  const Case cases[] = {
      {"country = 'BG'", "42702 [country] \"country\" is ambiguous | Use region.country or company.country."},
      {"company.country = 'BG'", "in(company.country; BG)"},
  };
  expect_outcomes(cases, *meaning);
}

TEST(MeaningNames, RowsReachLookupsSetsAndParents) {
  const Case cases[] = {
      {"items MATCHES (price > 1)", "count(items | items.price > 1) > 0"},
      {"items MATCHES (brand = 'x')", "count(items | in(product.brand; x)) > 0"},
      {"items MATCHES (department = 'x')", "count(items | in(category.department; x)) > 0"},
      {"items MATCHES (product.category.name = 'x')", "count(items | in(category.name; x)) > 0"},
      {"items MATCHES (items.product.name = 'x')", "count(items | in(product.name; x)) > 0"},
      {"items MATCHES (details.color = 'x')", "count(items | in(product.details.color:text; x)) > 0"},
      {"items MATCHES (status = 'x')", "count(items | in(orders.status; x)) > 0"},
      {"items MATCHES (version = orders.version)", "count(items | items.version = orders.version) > 0"},
      {"items MATCHES (online)", "count(items | true(channel.online)) > 0"},
      {"items MATCHES (orders.channel.name = 'x')", "count(items | in(channel.name; x)) > 0"},
      {"items MATCHES (product_tags CONTAINS 'X')", "count(items | list(product_tags.tag; x)) > 0"},
      {"items MATCHES (name = 'x')",
       "42702 [name] \"name\" is ambiguous | Use product.name or category.name."},
  };
  expect_outcomes(cases);
}

TEST(MeaningNames, DateIsTheSourcesOrItsNearestParents) {
  const Case cases[] = {
      {"orders MATCHES (date > -7d)", "count(orders | from(orders.created_at; -7d+)) > 0"},
      {"items MATCHES (date > -7d)", "count(items | from(orders.created_at; -7d+)) > 0"},
      {"storefront.product_viewed MATCHES (date > -7d)",
       "count(storefront.product_viewed | from(storefront.product_viewed.at; -7d+)) > 0"},
      {"max(items.date) > -7d", "from(max(orders.created_at); -7d+)"},
      {"notes MATCHES (date > -7d)",
       "42703 [date] \"notes\" has no date | Bind it with the column that holds its time."},
  };
  expect_outcomes(cases);
}

TEST(MeaningNames, WordsWinOverColumnsUnlessQuoted) {
  Schema schema = bare_shop_schema();
  auto &columns = schema.relations[orders].columns;
  columns.push_back(make_column("date", Kind::text));
  columns.push_back(make_column("sum_total", Kind::number));
  columns.push_back(make_column("sum_insured", Kind::number));
  schema.relations[customers].columns.push_back(make_column("segments", Kind::text));
  const auto meaning = meaning_of(std::move(schema));
  const Case cases[] = {
      {"orders MATCHES (date > -7d)", "count(orders | from(orders.created_at; -7d+)) > 0"},
      {"orders MATCHES (\"date\" = 'x')", "count(orders | in(orders.date; x)) > 0"},
      {"orders MATCHES (count > 3)", "count(orders) > 3"},
      {"orders MATCHES (\"count\" > 3)", "count(orders | orders.count > 3) > 0"},
      {"orders MATCHES (sum_total > 3)", "sum(orders.total) > 3"},
      {"orders MATCHES (\"sum_total\" > 3)", "count(orders | orders.sum_total > 3) > 0"},
      // There is no column "insured", so this is a column after all.
      {"orders MATCHES (sum_insured > 3)", "count(orders | orders.sum_insured > 3) > 0"},
      {"\"segments\" = 'x'", "in(customers.segments; x)"},
  };
  expect_outcomes(cases, *meaning);
}

TEST(MeaningNames, UnknownOnesNameTheNearest) {
  const Case cases[] = {
      {"emial_address = 'x'", "42703 [emial_address] attribute \"emial_address\" does not exist | Perhaps "
                              "you meant \"email_address\"."},
      {"customer.cty = 'x'",
       "42703 [customer.cty] attribute \"cty\" does not exist | Perhaps you meant \"city\"."},
      {"number_of_order > 1",
       "42703 [number_of_order] attribute \"number_of_order\" does not exist | Perhaps you "
       "meant \"number_of_orders\"."},
      {"ordrs MATCHES ()", "42703 [ordrs] source \"ordrs\" does not exist | Perhaps you meant \"orders\"."},
      {"orders MATCHES (totl > 5)",
       "42703 [totl] column \"totl\" does not exist in \"orders\" | Perhaps you meant \"total\"."},
      {"items MATCHES (product.brnd = 'x')",
       "42703 [product.brnd] column \"brnd\" does not exist in \"product\" | Perhaps you meant \"brand\"."},
      {"carts MATCHES (zzz = 1)",
       "42703 [zzz] column \"zzz\" does not exist in \"carts\" | The columns of \"carts\" are "
       "\"customer_id\", \"amount\" and \"updated_at\"."},
      {"zzz > 5", "42703 [zzz] attribute \"zzz\" does not exist"},
      {"shipped_on > -7d",
       "42703 [shipped_on] attribute \"shipped_on\" does not exist | It belongs to the rows of "
       "\"orders\": use orders MATCHES (shipped_on ...)."},
      {"count > 5",
       "42703 [count] attribute \"count\" does not exist | Inside MATCHES it counts rows; elsewhere use "
       "count(...) with a source."},
      {"city = sofia",
       "42703 [sofia] attribute \"sofia\" does not exist | Put a text in single quotes: 'sofia'."},
  };
  expect_outcomes(cases);
}

TEST(MeaningNames, ThingsOfAnotherKindAreToldAsSuch) {
  const Case cases[] = {
      {"orders > 5",
       "42804 [orders] \"orders\" is a source, not a value | Use orders MATCHES (...) or count(orders)."},
      {"orders.total > 5",
       "42804 [orders.total] orders.total has a value for each row of \"orders\", not one for the "
       "customer | Use orders MATCHES (total ...) or an aggregate such as last(orders.total)."},
      {"orders.totl > 5",
       "42703 [orders.totl] column \"totl\" does not exist in \"orders\" | Perhaps you meant \"total\"."},
      {"city MATCHES ()",
       "42804 [city] \"city\" is a value of the customer, not a source | Compare it with an operator, "
       "without MATCHES."},
      {"is_loyal MATCHES ()",
       "42804 [is_loyal] \"is_loyal\" is a value of the customer, not a source | Compare it with "
       "an operator, without MATCHES."},
      {"product MATCHES ()", "42804 [product] \"product\" is a lookup, not a source | Use it inside the "
                             "MATCHES (...) of a source."},
      {"region = 'x'",
       "42804 [region] \"region\" is a lookup, not a value | Name one of its columns: \"region.id\", "
       "\"region.name\" or \"region.country\"."},
      {"customers = 1",
       "42804 [customers] \"customers\" is a table, not a value | Name one of its columns behind a dot."},
      {"city.key = 'x'", "42703 [city.key] \"city\" is a text and has nothing behind a dot"},
      {"orders MATCHES (city = 'x')",
       "42703 [city] column \"city\" does not exist in \"orders\" | It belongs to the "
       "customer: test it beside MATCHES (...), joined by AND."},
      {"orders MATCHES (is_loyal)",
       "42703 [is_loyal] column \"is_loyal\" does not exist in \"orders\" | It belongs to the "
       "customer: test it beside MATCHES (...), joined by AND."},
      {"orders MATCHES (items.price > 5)",
       "42804 [items.price] items.price cannot be reached from a row of \"orders\" | "
       "Test it beside orders MATCHES (...), joined by AND."},
      {"items MATCHES (product_tags.product_id = 1)",
       "42703 [product_tags.product_id] \"product_tags\" is a list and has no column \"product_id\" | Use "
       "product_tags "
       "CONTAINS with one of its values."},
  };
  expect_outcomes(cases);
}

TEST(MeaningNames, AllIndependentMistakesAreToldInTheOrderOfTheText) {
  EXPECT_EQ(outcome("cty = 'x' AND (city > 5 OR orders MATCHES (count > 'x', totl > 1)) AND points = 1"),
            "42703 [cty] attribute \"cty\" does not exist | Perhaps you meant \"city\".\n"
            "42804 [>] city is a text and does not support \">\" | Use =, !=, IN, CONTAINS, STARTS WITH or "
            "ENDS WITH.\n"
            "42804 [>] count is a number and cannot be compared with the text 'x'\n"
            "42703 [totl] column \"totl\" does not exist in \"orders\" | Perhaps you meant \"total\".");
}

TEST(MeaningNames, MistakesAreLimited) {
  Limits limits;
  limits.diagnostics = 2;
  EXPECT_EQ(check("a1 = 1 AND a2 = 1 AND a3 = 1", shop(), limits).diagnostics.size(), 2U);
  EXPECT_EQ(check("a1 = 1 AND a2 = 1 AND a3 = 1").diagnostics.size(), 3U);
}

TEST(MeaningNames, NothingBoundIsOneMistake) {
  const Meaning empty;
  EXPECT_EQ(outcome("city = 'x' AND points = 1", empty),
            "42703 [city = 'x' AND points = 1] no customers are bound | Bind the table of customers with "
            "bind_customers.");
}

TEST(MeaningNames, MeaningMadeWithoutPreparationWorksToo) {
  Meaning meaning;
  meaning.schema = shop_schema();
  EXPECT_EQ(outcome("items MATCHES (brand = 'x')", meaning), "count(items | in(product.brand; x)) > 0");
}

} // namespace
} // namespace segmentation::core::test
