// What may be written next at a cursor: names, operators, constants, and what goes on behind a condition.
#include "core/meaning/scope.hpp"
#include "core/suggest/suggest.hpp"
#include "unit/meaning_check.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

namespace segmentation::core::test {
namespace {

/// Everything suggested, as one text: completions joined by " | ", what is wanted first, in braces.
std::string all(std::string_view prefix, const Meaning &meaning = shop()) {
  const Suggestions found = suggest(prefix, meaning);
  std::string text;
  if (found.wanted) {
    const WantedValues &wanted = *found.wanted;
    const Relation &relation = meaning.schema.relations[static_cast<std::size_t>(wanted.column.relation)];
    text = "{" + relation.name + "." + column_of(meaning.schema, wanted.column).name;
    for (const std::string &key : wanted.column.json_path) {
      text += "->" + key;
    }
    text += wanted.what == WantedValues::What::keys       ? " keys"
            : wanted.what == WantedValues::What::elements ? " elements"
            : wanted.what == WantedValues::What::fields   ? " fields"
                                                          : "";
    text += " " + std::string(type_words(wanted.type)) + " '" + wanted.typed + "'}";
  }
  for (const Completion &completion : found.completions) {
    text += (text.empty() ? "" : " | ") + completion.text;
  }
  return text;
}

bool offers(std::string_view prefix, std::string_view completion) {
  const Suggestions found = suggest(prefix, shop());
  return std::any_of(found.completions.begin(), found.completions.end(),
                     [&](const Completion &one) { return one.text == completion; });
}

/// What is typed with the completion in its place.
std::string completed(std::string_view prefix, const Completion &completion, std::uint32_t replace_from) {
  return std::string(prefix.substr(0, replace_from)) + completion.text;
}

TEST(Suggest, NamesOfACustomer) {
  EXPECT_EQ(all("ci"), "city");
  EXPECT_EQ(all("CI"), "city");
  EXPECT_EQ(all("number"), "number_of_orders");
  EXPECT_EQ(all("e"), "email_address | extra | \"E-mail\"");
  EXPECT_EQ(all("\"e-"), "\"E-mail\"");
  EXPECT_EQ(all("\"cit"), "\"city\"");
  EXPECT_EQ(all("\"regi"), "\"registered_at\" | \"region_id\" | \"region\".id | \"region\".name | "
                           "\"region\".country | \"region_labels\"");
  EXPECT_EQ(all("region.\"co"), "\"country\"");
  EXPECT_EQ(all("orders MATCHES (\"coun"), "\"count\"") << "in quotes it is the column";
  EXPECT_EQ(all("\xD0\xA2\xD0\xB5"), "\"\xD0\xA2\xD0\xB5\xD0\xBB\xD0\xB5\xD1\x84\xD0\xBE\xD0\xBD\"");
  EXPECT_EQ(all("coun"), "count( | region.country");
  EXPECT_EQ(all("region."), "id | name | country");
  EXPECT_EQ(all("region.c"), "country");
  EXPECT_EQ(all("customer.ci"), "city");
  EXPECT_EQ(all("ord"), "orders MATCHES (");
  EXPECT_EQ(all("storefront."), "product_viewed MATCHES (");
  EXPECT_EQ(all("metafields."), "facts");
  EXPECT_EQ(all("seg"), "segments");
  EXPECT_EQ(all("NO"), "notes MATCHES ( | NOT");
  EXPECT_EQ(all("ann"), "anniversary(");
  EXPECT_TRUE(offers("", "city"));
  EXPECT_TRUE(offers("", "orders MATCHES ("));
  EXPECT_TRUE(offers("   ", "is_loyal"));
  EXPECT_TRUE(offers("NOT ", "vip"));
  EXPECT_TRUE(offers("FROM customers WHERE ", "vip"));
  EXPECT_EQ(all("nothing_like_this"), "");
}

TEST(Suggest, TypesAndKinds) {
  const auto told = [](std::string_view prefix) {
    const Suggestions found = suggest(prefix, shop());
    return found.completions.empty() ? std::string()
                                     : std::string(kind_words(found.completions[0].kind)) + ": " +
                                           std::string(found.completions[0].type);
  };
  EXPECT_EQ(told("cit"), "column: text");
  EXPECT_EQ(told("birth_"), "column: date");
  EXPECT_EQ(told("birthday"), "attribute: date");
  EXPECT_EQ(told("is_loyal"), "attribute: boolean");
  EXPECT_EQ(told("tags"), "attribute: list of text");
  EXPECT_EQ(told("amount_spent"), "attribute: number");
  EXPECT_EQ(told("interests"), "column: list of text");
  EXPECT_EQ(told("scores"), "column: list of number");
  EXPECT_EQ(told("lucky"), "set: list of number");
  EXPECT_EQ(told("extra"), "column: json");
  EXPECT_EQ(told("region.co"), "lookup column: text");
  EXPECT_EQ(told("orders"), "source: ");
  EXPECT_EQ(told("sum"), "function: number");
  EXPECT_EQ(told("city = 'a' A"), "keyword: ");
  EXPECT_EQ(told("city !"), "");
  EXPECT_EQ(told("city I"), "operator: ");
  EXPECT_EQ(told("vip = t"), "value: boolean");
}

TEST(Suggest, NamesInMatches) {
  EXPECT_EQ(all("orders MATCHES (sta"), "status");
  EXPECT_EQ(all("orders MATCHES (da"), "date | days");
  EXPECT_EQ(all("orders MATCHES (coun"), "\"count\" | count");
  EXPECT_EQ(all("orders MATCHES (sum_"), "sum_total | sum_tax | sum_version | sum_count");
  EXPECT_EQ(all("orders MATCHES (max_s"), "max_shipped_on");
  EXPECT_EQ(all("orders MATCHES (chan"), "channel_id | channel.id | channel.name | channel.online");
  EXPECT_EQ(all("orders MATCHES (channel.on"), "online");
  EXPECT_EQ(all("notes MATCHES (da"), "");
  EXPECT_EQ(all("items MATCHES (product_t"), "product_tags");
  EXPECT_EQ(all("items MATCHES (stat"), "status");
  EXPECT_EQ(all("items MATCHES (vers"), "version | orders.version");
  EXPECT_EQ(all("items MATCHES (orders.stat"), "status");
  EXPECT_EQ(all("items MATCHES (category.dep"), "department");
  EXPECT_EQ(all("items MATCHES (dep"), "category.department");
  EXPECT_EQ(all("items MATCHES (city"), "");
  EXPECT_EQ(all("items MATCHES (quantity > 1, (price > 2 OR pri"), "price");
  EXPECT_EQ(all("storefront.product_viewed MATCHES (produ"), "product_id");
  EXPECT_EQ(all("customer_tags MATCHES (t"), "tag");
  EXPECT_TRUE(offers("orders MATCHES (", "months"));
  EXPECT_FALSE(offers("sum(orders.total MATCHES (", "months"));
  EXPECT_TRUE(offers("sum(orders.total MATCHES (", "status"));
  EXPECT_EQ(all("nobody MATCHES (sta"), "");
  EXPECT_EQ(all("orders(sta"), "status:");
  EXPECT_EQ(all("orders(status: 'x', pai"), "paid:");
}

TEST(Suggest, NamesInCalls) {
  EXPECT_EQ(all("count(not"), "notes | notes.customer_id | notes.body");
  EXPECT_EQ(all("count(order_"), "items.order_id");
  EXPECT_EQ(all("count(D"), "DISTINCT");
  EXPECT_EQ(all("sum(orders.t"), "total | tax");
  EXPECT_EQ(all("max(carts."), "customer_id | amount | updated_at");
  EXPECT_EQ(all("points > sum(carts.am"), "amount");
  EXPECT_EQ(all("age(birth"), "birth_date");
  EXPECT_EQ(all("age(ci"), "");
  EXPECT_EQ(all("anniversary(last_"), "last_order_date");
  EXPECT_EQ(all("age(last(orders.ship"), "shipped_on");
  EXPECT_EQ(all("sum(items.product.w"), "weight");
  EXPECT_EQ(all("last(orders.extra.a"), "{orders.extra keys json 'a'}");
  EXPECT_EQ(all("list(items.product_t"), "product_tags");
  EXPECT_EQ(all("mode(items.product_t"), "");
  EXPECT_EQ(all("list(orders.p"), "");
  EXPECT_EQ(all("list(items.category.n"), "name");
  EXPECT_TRUE(offers("", "list("));
  EXPECT_FALSE(offers("points > ", "list("));
  EXPECT_EQ(all("orders.stat"), "status");
  EXPECT_EQ(all("orders MATCHES (sum(to"), "total");
}

TEST(Suggest, DefinedSourcesAndFields) {
  Schema schema = shop_schema();
  DefinedSource bought;
  bought.name = "products_bought";
  bought.of = "items";
  for (const auto &[name, meaning] : {std::pair("brand_name", "product"), std::pair("amount", "quantity")}) {
    DefinedSource::Parameter parameter;
    parameter.name = name;
    parameter.meaning.parts = {{meaning, false}};
    if (name == std::string_view("brand_name")) {
      parameter.meaning.parts.push_back({"brand", false});
    }
    bought.parameters.push_back(std::move(parameter));
  }
  schema.sources.push_back(std::move(bought));
  schema.relations[notes].field = 1;
  schema.relations[notes].value = 1;
  const auto meaning = meaning_of(std::move(schema));
  EXPECT_EQ(all("products", *meaning), "products_bought MATCHES (");
  EXPECT_EQ(all("products_bought MATCHES (bra", *meaning), "brand_name | product.brand");
  EXPECT_EQ(all("products_bought MATCHES (amo", *meaning), "amount");
  EXPECT_EQ(all("products_bought MATCHES (quan", *meaning), "quantity");
  EXPECT_EQ(all("products_bought MATCHES (brand_name = 'n", *meaning), "{product.brand text 'n'}");
  EXPECT_EQ(all("products_bought(brand_name: 'n", *meaning), "{product.brand text 'n'}");
  EXPECT_EQ(all("products_bought MATCHES (amount b", *meaning), "BETWEEN");
  EXPECT_EQ(all("products_bought ", *meaning), "MATCHES ( | NOT MATCHES ( | IS NULL | IS NOT NULL");
  EXPECT_EQ(all("sum(products_bought.am", *meaning), "amount");
  EXPECT_EQ(all("notes.s", *meaning), "{notes.body fields json 's'}");
  EXPECT_EQ(all("notes.size = ", *meaning).find('{'), std::string::npos);
}

TEST(Suggest, NamesElsewhere) {
  EXPECT_EQ(all("FROM customers SHOW ci"), "city");
  EXPECT_EQ(all("FROM customers SHOW name, ci"), "city");
  EXPECT_EQ(all("city = 'x' ORDER BY ci"), "city");
  EXPECT_EQ(all("city = 'x' ORDER BY name, ci"), "city");
  EXPECT_EQ(all("points > sp"), "{customers.points number 'sp'} | spent");
  EXPECT_EQ(all("last_order_date < birth_"), "birth_date");
  EXPECT_EQ(all("items MATCHES (version = vers"), "{items.version number 'vers'} | version | orders.version");
}

TEST(Suggest, Operators) {
  EXPECT_EQ(all("points "),
            "= | != | < | <= | > | >= | BETWEEN | NOT BETWEEN | IN ( | NOT IN ( | IS NULL | IS NOT NULL");
  EXPECT_EQ(all("city n"),
            "NOT IN ( | NOT CONTAINS | NOT CONTAINS ANY ( | NOT CONTAINS ALL ( | NOT STARTS WITH | "
            "NOT ENDS WITH");
  EXPECT_EQ(all("city s"), "STARTS WITH");
  EXPECT_EQ(all("birth_date i"), "IS NULL | IS NOT NULL");
  EXPECT_EQ(all("birthday "), "= | != | BETWEEN | NOT BETWEEN | IS NULL | IS NOT NULL");
  EXPECT_EQ(all("orders "), "MATCHES ( | NOT MATCHES ( | IS NULL | IS NOT NULL");
  EXPECT_EQ(
      all("segments "),
      "CONTAINS | NOT CONTAINS | CONTAINS ANY ( | CONTAINS ALL ( | NOT CONTAINS ANY ( | NOT CONTAINS ALL (");
  EXPECT_EQ(all("customer_tags c"), "CONTAINS | CONTAINS ANY ( | CONTAINS ALL (");
  EXPECT_EQ(all("customer_tags m"), "MATCHES (");
  EXPECT_EQ(all("items MATCHES (product_tags "), "= | != | IN ( | NOT IN ( | CONTAINS | NOT CONTAINS | "
                                                 "CONTAINS ANY ( | CONTAINS ALL ( | NOT CONTAINS ANY ( | "
                                                 "NOT CONTAINS ALL ( | IS NULL | IS NOT NULL");
  EXPECT_EQ(all("orders MATCHES (count i"), "IN ( | IS NULL | IS NOT NULL");
  EXPECT_EQ(all("count(orders) b"), "BETWEEN");
  EXPECT_EQ(all("vip "), "= | != | IS NULL | IS NOT NULL | AND | OR");
  EXPECT_EQ(all("points NOT "), "BETWEEN | IN (");
  EXPECT_EQ(all("city IS "), "NULL | NOT NULL");
  EXPECT_EQ(all("city IS not "), "NULL");
  EXPECT_EQ(all("city STARTS "), "WITH");
  EXPECT_EQ(all("city NOT ends w"), "WITH");
  EXPECT_EQ(all("orders NOT "), "MATCHES (");
  EXPECT_EQ(all("sum(orders.total "), "MATCHES ( | )");
  EXPECT_EQ(all("unknown "), "");
}

TEST(Suggest, Values) {
  EXPECT_EQ(all("vip = "), "true | false | is_loyal | vip");
  EXPECT_EQ(all("vip = t"), "true");
  EXPECT_EQ(all("last_order_date > l"),
            "last_week | last_month | last_quarter | last_year | last_order_date | last(");
  EXPECT_EQ(all("birth_date > -1"), "-180d | -12m | -1y");
  EXPECT_EQ(all("birth_date > '-1"), "-180d | -12m | -1y");
  EXPECT_EQ(all("birth_date BETWEEN t"),
            "today | tomorrow | this_week | this_month | this_quarter | this_year");
  EXPECT_EQ(all("birth_date BETWEEN -7d AND t"),
            "today | tomorrow | this_week | this_month | this_quarter | this_year");
  EXPECT_EQ(all("birthday = t"), "today | tomorrow");
  EXPECT_EQ(all("segments CONTAINS "), "'VIP' | 'Loyal' | ANY ( | ALL (");
  EXPECT_EQ(all("segments CONTAINS 'l"), "'Loyal'");
  EXPECT_EQ(all("segments CONTAINS ANY ('VIP', "), "'VIP' | 'Loyal'");
  EXPECT_EQ(all("city = 'So"), "{customers.city text 'so'}");
  EXPECT_EQ(all("city = 'O''"), "{customers.city text 'o''}");
  EXPECT_EQ(all("city IN ('Sofia', 'V"), "{customers.city text 'v'}");
  EXPECT_EQ(all("city NOT IN ("), "{customers.city text ''}");
  EXPECT_EQ(all("region.country = 'B"), "{region.country text 'b'}");
  EXPECT_EQ(all("customer_tags CONTAINS 'v"), "{customer_tags.tag text 'v'}");
  EXPECT_EQ(all("tags CONTAINS 'v"), "{customer_tags.tag text 'v'}");
  EXPECT_EQ(all("interests CONTAINS 'v"), "{customers.interests elements text 'v'}");
  EXPECT_EQ(all("lucky_numbers CONTAINS 1"), "{lucky_numbers.number number '1'}");
  EXPECT_EQ(all("extra.pet.kind = 'c"), "{customers.extra->pet->kind json 'c'}");
  EXPECT_EQ(all("extra."), "{customers.extra keys json ''}");
  EXPECT_EQ(all("extra.pet.k"), "{customers.extra->pet keys json 'k'}");
  EXPECT_EQ(all("metafields.facts."), "{customers.extra keys json ''}");
  EXPECT_EQ(all("orders MATCHES (status = 'p"), "{orders.status text 'p'}");
  EXPECT_EQ(all("orders(status: 'p"), "{orders.status text 'p'}");
  EXPECT_EQ(all("orders(status: ('a', 'p"), "{orders.status text 'p'}");
  EXPECT_EQ(all("items MATCHES (status = 'p"), "{orders.status text 'p'}");
  EXPECT_EQ(all("items MATCHES (product_tags = 's"), "{product_tags.tag text 's'}");
  EXPECT_EQ(all("last(orders.status) = 'p"), "{orders.status text 'p'}");
  EXPECT_EQ(all("list(orders.status MATCHES (paid)) CONTAINS 'p"), "{orders.status text 'p'}");
  EXPECT_EQ(all("list(items.product_tags) CONTAINS ANY ('p"), "{product_tags.tag text 'p'}");
  EXPECT_EQ(all("orders MATCHES (count > "), all("orders MATCHES (sum_total = "));
  EXPECT_EQ(all("orders MATCHES (count > m"), "months | min_total | min_tax | min_version | min_count | "
                                              "max_total | max_tax | max_version | max_count");
  EXPECT_EQ(all("sum(carts.amount) > 1"), "");
  EXPECT_EQ(all("unknown = 'x"), "");
}

TEST(Suggest, GroupsAndTiersOfForecasts) {
  Schema schema = shop_schema();
  define_value(schema, "forecast_purchases", "sum(orders.total)");
  define_value(schema, "rfm_group", "forecasts.rfm_group");
  define_value(schema, "predicted_spend_tier", "forecasts.predicted_spend_tier");
  const auto meaning = meaning_of(std::move(schema));
  EXPECT_EQ(all("predicted_spend_tier = '", *meaning), "'HIGH' | 'MEDIUM' | 'LOW'");
  EXPECT_EQ(all("rfm_group IN ('NEW', 'a", *meaning), "'ACTIVE' | 'AT_RISK' | 'ALMOST_LOST'");
}

TEST(Suggest, WhatForecastsSay) {
  EXPECT_EQ(all("forecasts."), "") << "nobody has said what purchases are";
  Schema schema = shop_schema();
  define_value(schema, "forecast_purchases", "sum(orders.total)");
  const auto meaning = meaning_of(std::move(schema));
  EXPECT_EQ(all("forecasts.p", *meaning),
            "probability_alive | predicted_purchases | predicted_spend | predicted_spend_tier");
  EXPECT_EQ(all("rfm", *meaning), "forecasts.rfm_group");
  EXPECT_EQ(all("city = forecasts.r", *meaning), "rfm_group") << "no number";
  EXPECT_EQ(all("sum(forecasts.", *meaning), "") << "no rows";
  EXPECT_EQ(all("orders MATCHES (forecasts.", *meaning), "") << "nor of a row";
  EXPECT_EQ(suggest("forecasts.last", *meaning).completions.at(0).type, type_words(ValueType::date));
}

TEST(Suggest, GoingOn) {
  EXPECT_EQ(all("city = 'Sofia' "), "AND | OR");
  EXPECT_EQ(all("city = 'Sofia'"), "AND | OR");
  EXPECT_EQ(all("city = 'Sofia' a"), "AND");
  EXPECT_EQ(all("(city = 'Sofia' "), "AND | OR | )");
  EXPECT_EQ(all("orders MATCHES (status = 'x' "), "AND | OR | , | )");
  EXPECT_EQ(all("orders MATCHES (status = 'x', (paid = true "), "AND | OR | )");
  EXPECT_EQ(all("orders MATCHES (status = 'x') "), "AND | OR");
  EXPECT_EQ(all("orders(status: 'x' "), ", | )");
  EXPECT_EQ(all("city IN ('Sofia' "), ", | )");
  EXPECT_EQ(all("points BETWEEN 1 "), "AND");
  EXPECT_EQ(all("points BETWEEN 1 AND 2 "), "AND | OR");
  EXPECT_EQ(all("age(birth_date "), ")");
  EXPECT_EQ(all("count(orders "), "MATCHES ( | )");
  EXPECT_EQ(all("is_loyal o"), "OR");
  EXPECT_EQ(all("FROM customers "), "WHERE | SHOW");
  EXPECT_EQ(all("FROM customers SHOW city "), "WHERE");
}

TEST(Suggest, ReplacesWhatIsTyped) {
  EXPECT_EQ(suggest("city = 'a' AND po", shop()).replace_from, 15U);
  EXPECT_EQ(suggest("city = 'So", shop()).replace_from, 7U);
  EXPECT_EQ(suggest("region.co", shop()).replace_from, 7U);
  EXPECT_EQ(suggest("birth_date > -3", shop()).replace_from, 13U);
  EXPECT_EQ(suggest("city", shop()).replace_from, 0U);
  EXPECT_EQ(suggest("city ", shop()).replace_from, 5U);
  EXPECT_EQ(suggest("\"E-", shop()).replace_from, 0U);
}

TEST(Suggest, LooksAtTheLastClauseOnly) {
  EXPECT_EQ(all("no such thing = = AND ci"), "city");
  EXPECT_EQ(all("points > 'x' OR ) AND ci"), "city");
  EXPECT_EQ(all("5 < 3 AND orders MATCHES (foo bar, stat"), "status");
  EXPECT_EQ(all("vip AND orders.and = 1 AND ci"), "city");
  EXPECT_EQ(all("-- a comment\ncity = 'x' /* AND */ AND ci"), "city");
  EXPECT_EQ(all("city = 'x' -- AND ci"), "");
  EXPECT_EQ(all("city /* = "), "");
  EXPECT_EQ(all("/* ci"), "");
  EXPECT_EQ(all("city = \"x"), "");
  EXPECT_EQ(all("???"), "");
  EXPECT_EQ(all("city city city"), "");
  EXPECT_EQ(all(")))"), "");
  EXPECT_EQ(all("\xFF ci"), "");
  EXPECT_EQ(all(std::string_view("ci\0ci", 5)), "");
}

TEST(Suggest, WorkIsBounded) {
  const auto begin = std::chrono::steady_clock::now();
  std::string clauses;
  while (clauses.size() < 900'000) {
    clauses += "city = 'Sofia' AND ";
  }
  EXPECT_EQ(all(clauses + "ci"), "city");
  EXPECT_EQ(all("city IN (" + clauses), "");
  EXPECT_EQ(all("vip AND " + clauses + "(city = 'x' "), "AND | OR | )");
  EXPECT_EQ(all(clauses + clauses + "ci"), "") << "beyond the limit";
  EXPECT_EQ(all(std::string(900'000, '(')), "");
  EXPECT_EQ(all(std::string(900'000, '.')), "");
  EXPECT_EQ(all(std::string(900'000, 'x')), "");
  EXPECT_EQ(all(std::string(900'000, '\'') + "x"), "");
  EXPECT_EQ(all("city = '" + std::string(900'000, 'x')).size(), 900'024U);
  std::string nots;
  while (nots.size() < 900'000) {
    nots += "NOT ";
  }
  EXPECT_EQ(all(nots + "ci"), "");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST(Suggest, NothingBound) {
  Meaning nothing;
  EXPECT_EQ(suggest("city", nothing).completions.size(), 0U);
}

/// Every name that is suggested is one that the checker knows, with the first of its operators.
TEST(Suggest, NamesAreKnown) {
  for (const std::string_view prefix :
       {"", "orders MATCHES (", "items MATCHES (", "region.", "FROM customers WHERE "}) {
    const Suggestions found = suggest(prefix, shop());
    EXPECT_GT(found.completions.size(), 2U);
    for (const Completion &completion : found.completions) {
      const bool name = completion.kind <= CompletionKind::set ||
                        (completion.kind == CompletionKind::function && !completion.text.ends_with('('));
      if (!name) {
        continue;
      }
      const std::string begun = completed(prefix, completion, found.replace_from);
      const Suggestions operators = suggest(begun + " ", shop());
      ASSERT_FALSE(operators.completions.empty()) << begun;
      EXPECT_EQ(operators.completions[0].kind, CompletionKind::op) << begun;
    }
  }
}

} // namespace
} // namespace segmentation::core::test
