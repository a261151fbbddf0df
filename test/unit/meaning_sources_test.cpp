// Defined sources: parameters, conditions, sources of sources; and key-value fields.
#include "unit/meaning_check.hpp"

namespace segmentation::core::test {
namespace {

Name name_of(std::string_view text) {
  Parsed<Name> parsed = parse_name(text);
  if (!parsed.value) {
    throw std::invalid_argument(parsed.diagnostics.at(0).message);
  }
  return std::move(*parsed.value);
}

DefinedSource source(std::string name, std::string of,
                     std::vector<std::pair<std::string, std::string_view>> parameters,
                     std::string_view condition = {}) {
  DefinedSource defined;
  defined.name = std::move(name);
  defined.of = std::move(of);
  for (auto &[parameter, meaning] : parameters) {
    defined.parameters.push_back({std::move(parameter), name_of(meaning)});
  }
  if (!condition.empty()) {
    defined.condition = std::make_shared<const Expr>(std::move(*parse_condition(condition).value));
  }
  return defined;
}

Schema schema_with_sources() {
  Schema schema = shop_schema();
  schema.relations.push_back(
      make_relation(Role::source, "extra_fields", customers,
                    {make_whole("customer_id"), make_column("field", Kind::text),
                     make_column("value", Kind::text), make_column("data", Kind::json)}));
  Relation &fields = schema.relations.back();
  fields.key = 0;
  fields.of_key = 0;
  fields.field = 1;
  fields.value = 2;
  schema.relations.push_back(fields);
  schema.relations.back().name = "more";
  schema.relations.back().value = 3;
  schema.sources.push_back(source("products_purchased", "items",
                                  {{"id", "product_id"},
                                   {"tag", "product_tags"},
                                   {"category", "category.name"},
                                   {"spent", "sum_price"},
                                   {"ship city", "orders.status"}},
                                  "quantity > 0"));
  schema.sources.push_back(
      source("shoes", "Products_Purchased", {{"price", "weight"}}, "category = 'Shoes'"));
  schema.sources.push_back(source("shopify_email.opened", "notes", {}, "body = 'opened'"));
  schema.sources.push_back(source("spenders", "shoes", {{"much", "sum_price"}}));
  schema.sources.push_back(source("tagged", "customer_tags", {{"label", "tag"}}));
  schema.sources.push_back(source("orphan", "nowhere", {}));
  schema.sources.push_back(source("ring", "round", {}));
  schema.sources.push_back(source("round", "ring", {}));
  schema.sources.push_back(source("wrong", "items", {{"colour", "color"}}, "size = 3"));
  return schema;
}

const Meaning &sources() {
  static const std::shared_ptr<const Meaning> meaning = meaning_of(schema_with_sources());
  return *meaning;
}

TEST(MeaningSources, ParametersStandForColumnsListsAndAggregates) {
  const Case cases[] = {
      {"products_purchased MATCHES (id = 7)",
       "count(items | all(items.quantity > 0, items.product_id = 7)) > 0"},
      {"products_purchased(tag: 'summer') = true",
       "count(items | all(items.quantity > 0, list(product_tags.tag; summer))) > 0"},
      {"products_purchased MATCHES (Category = 'Shoes', price > 3)",
       "count(items | all(items.quantity > 0, all(in(category.name; Shoes), items.price > 3))) > 0"},
      {"products_purchased MATCHES (spent > 3)", "sum(items.price | items.quantity > 0) > 3"},
      {"products_purchased MATCHES (distinct_id > 3, months >= 2)",
       "all(count_distinct(items.product_id | items.quantity > 0) > 3, months(items | items.quantity > 0) >= "
       "2)"},
      {"products_purchased MATCHES (\"ship city\" = 'x')",
       "count(items | all(items.quantity > 0, in(orders.status; x))) > 0"},
      {"products_purchased MATCHES (products_purchased.id = 7)",
       "count(items | all(items.quantity > 0, items.product_id = 7)) > 0"},
      {"products_purchased MATCHES (items.id = 7)",
       "count(items | all(items.quantity > 0, items.id = 7)) > 0"},
      {"sum(products_purchased.price MATCHES (id = 7)) > 1",
       "sum(items.price | all(items.quantity > 0, items.product_id = 7)) > 1"},
      {"count(DISTINCT products_purchased.category) > 1",
       "count_distinct(category.name | items.quantity > 0) > 1"},
      {"count(products_purchased) > 1", "count(items | items.quantity > 0) > 1"},
      {"products_purchased MATCHES (count(products_purchased) > 1)", "count(items | items.quantity > 0) > 1"},
      {"products_purchased IS NULL", "count(items | items.quantity > 0) = 0"},
      {"shopify_email.opened MATCHES ()", "count(notes | in(notes.body; opened)) > 0"},
  };
  expect_outcomes(cases, sources());
}

TEST(MeaningSources, OfADefinedSourceSpeakItsWordsAndKeepItsCondition) {
  const Case cases[] = {
      {"shoes MATCHES (id = 7)",
       "count(items | all(all(items.quantity > 0, in(category.name; Shoes)), items.product_id = 7)) > 0"},
      {"shoes MATCHES (price > 7)",
       "count(items | all(all(items.quantity > 0, in(category.name; Shoes)), product.weight > 7)) > 0"},
      // A parameter in the words of another, and an aggregate of one.
      {"spenders MATCHES (much > 5)",
       "sum(product.weight | all(items.quantity > 0, in(category.name; Shoes))) > 5"},
      {"shoes IS NOT NULL", "not(count(items | all(items.quantity > 0, in(category.name; Shoes))) = 0)"},
  };
  expect_outcomes(cases, sources());
}

TEST(MeaningSources, AParameterHidesNoLookupOfItsName) {
  const Case cases[] = {
      {"products_purchased MATCHES (category.department = 'x')",
       "count(items | all(items.quantity > 0, in(category.department; x))) > 0"},
      {"products_purchased MATCHES (distinct_category.department > 1)",
       "count_distinct(category.department | items.quantity > 0) > 1"},
      {"tagged IS NULL", "count(customer_tags) = 0"},
      {"tagged MATCHES (label = 'vip')", "count(customer_tags | in(customer_tags.tag; vip)) > 0"},
  };
  expect_outcomes(cases, sources());
}

TEST(MeaningSources, MistakesSpeakOfTheSourceThatWasNamed) {
  const Case cases[] = {
      {"shoes MATCHES (colour = 'red')",
       "42703 [colour] column \"colour\" does not exist in \"shoes\" | The columns of \"shoes\" are "
       "\"price\", \"id\", \"tag\", \"category\", \"spent\", \"ship city\", \"order_id\", \"product_id\", "
       "\"quantity\" and \"version\"."},
      {"products_purchased MATCHES (categori = 'x')",
       "42703 [categori] column \"categori\" does not exist in \"products_purchased\" | Perhaps you meant "
       "\"category\"."},
      {"shoes = 3",
       "42804 [shoes] \"shoes\" is a source, not a value | Use shoes MATCHES (...) or count(shoes)."},
      {"sum(shoes) > 3", "42804 [shoes] sum(shoes) needs a column | Name one, as in sum(shoes.product_id)."},
      {"orphan MATCHES ()",
       "42703 [orphan] source \"orphan\" stands for \"nowhere\", which does not exist | Define "
       "it anew with define_source, replace => true."},
      {"count(ring) > 1",
       "42P17 [ring] source \"ring\" stands for itself: \"ring\" -> \"round\" -> \"ring\""},
      {"wrong MATCHES (price > 1)",
       "42703 [wrong] in source \"wrong\": column \"size\" does not exist in \"items\" | The columns of "
       "\"items\" are \"id\", \"order_id\", \"product_id\", \"quantity\", \"price\" and \"version\"."},
      {"product_purchased MATCHES ()",
       "42703 [product_purchased] source \"product_purchased\" does not exist | "
       "Perhaps you meant \"products_purchased\"."},
  };
  expect_outcomes(cases, sources());
}

TEST(MeaningSources, TellWhatIsWrongWithThemBeforeAnyoneUsesThem) {
  const auto mistakes = [](int defined) { return mistakes_text("", check_source(defined, sources())); };
  EXPECT_EQ(mistakes(0), "");
  EXPECT_EQ(mistakes(1), "");
  EXPECT_EQ(mistakes(5), "42703 [] source \"orphan\" stands for \"nowhere\", which does not exist | Define "
                         "it anew with define_source, replace => true.");
  EXPECT_NE(mistakes(8).find("parameter \"colour\": column \"color\" does not exist in \"items\""),
            std::string::npos);
}

TEST(MeaningSources, ARuleTellsWhichItNames) {
  const Checked checked = check("shoes MATCHES () AND orders MATCHES ()", sources());
  ASSERT_TRUE(checked.rule);
  EXPECT_EQ(checked.rule->sources, (std::vector<int>{0, 1}));
}

TEST(MeaningFields, AreReadAsWhatTheyAreComparedWith) {
  const Case cases[] = {
      {"extra_fields.facts.birth_date < 2000-01-01",
       "before(last(extra_fields.value | in(extra_fields.field; facts.birth_date)); 2000-01-01)"},
      {"extra_fields.size > 3", "last(extra_fields.value | in(extra_fields.field; size)) > 3"},
      {"extra_fields.\"Size\" = 'L'", "in(last(extra_fields.value | in(extra_fields.field; Size)); L)"},
      {"extra_fields.likes", "true(last(extra_fields.value | in(extra_fields.field; likes)))"},
      {"extra_fields.size IS NULL", "not(present(last(extra_fields.value | in(extra_fields.field; size))))"},
      {"extra_fields.size CONTAINS 'x'",
       "contains(last(extra_fields.value | in(extra_fields.field; size)); x)"},
      {"more.colours CONTAINS 'Red'", "count(more | all(in(more.field; colours), "
                                      "any(contains(more.data:text; Red), list(more.data:texts; red)))) > 0"},
      {"more.colours IS NOT NULL",
       "any(present(last(more.data:text | in(more.field; colours))), "
       "count(more | all(in(more.field; colours), list_present(more.data:texts))) > 0)"},
      {"extra_fields MATCHES (field STARTS WITH 'x')",
       "count(extra_fields | starts(extra_fields.field; x)) > 0"},
  };
  expect_outcomes(cases, sources());
}

} // namespace
} // namespace segmentation::core::test
