// A shop for tests of the SQL printer: relations of every role, kinds of every column.
#pragma once

#include "core/meaning/checker.hpp"
#include "core/rule/parser.hpp"

#include <memory>
#include <string>
#include <vector>

namespace sql_shop {

using namespace segmentation::core;

inline Column column(const std::string &name, Kind kind, const std::string &type = {}) {
  Column made;
  made.name = name;
  made.sql = '"' + name + '"';
  made.kind = kind;
  made.sql_type = type;
  return made;
}

inline Column special(Column made, bool cast) {
  made.may_be_special = true;
  made.needs_cast = cast;
  return made;
}

inline Column cast(Column made) {
  made.needs_cast = true;
  return made;
}

inline Column local(Column made) {
  made.local_time = true;
  return made;
}

inline Relation relation(Role role, const std::string &name, int of, std::vector<Column> columns) {
  Relation made;
  made.role = role;
  made.name = name;
  made.from_sql = "\"shop\".\"" + name + '"';
  made.of = of;
  made.columns = std::move(columns);
  return made;
}

inline Relation &with_condition(Relation &relation, const std::string &text) {
  auto parsed = parse_condition(text);
  relation.condition_text = text;
  relation.condition = std::make_shared<const Expr>(std::move(*parsed.value));
  return relation;
}

enum Index {
  customers,
  orders,
  items,
  products,
  categories,
  product_tags,
  tags,
  visits,
  regions,
  region_labels
};

inline Schema schema() {
  Schema shop;
  shop.zone_name = "Europe/Sofia";
  shop.relations.push_back(
      relation(Role::customers, "customers", -1,
               {column("id", Kind::number, "bigint"), column("city", Kind::text, "text"),
                special(column("amount", Kind::number, "numeric"), false),
                special(column("score", Kind::number, "double precision"), true),
                column("visits_left", Kind::number, "integer"), column("labels", Kind::text_list, "text[]"),
                column("extra", Kind::json, "jsonb"), column("born", Kind::day, "date"),
                column("registered", Kind::instant, "timestamp with time zone"),
                local(column("seen", Kind::instant, "timestamp without time zone")),
                column("active", Kind::boolean, "boolean"), cast(column("email", Kind::text, "citext")),
                column("marks", Kind::number_list, "numeric[]"),
                column("number of \"kids\"", Kind::number, "smallint")}));
  shop.relations[customers].columns.back().sql = "\"number of \"\"kids\"\"\"";
  shop.relations[customers].key = 0;
  shop.relations[customers].primary_key = {0};
  with_condition(shop.relations[customers], "id != 13");

  shop.relations.push_back(relation(
      Role::source, "orders", customers,
      {column("id", Kind::number, "integer"), column("customer_id", Kind::number, "bigint"),
       column("status", Kind::text, "text"), special(column("total", Kind::number, "numeric"), false),
       column("created_at", Kind::instant, "timestamp with time zone"), column("due", Kind::day, "date"),
       column("deleted", Kind::boolean, "boolean")}));
  shop.relations[orders].key = 1;
  shop.relations[orders].of_key = 0;
  shop.relations[orders].date = 4;
  shop.relations[orders].primary_key = {0};
  with_condition(shop.relations[orders], "NOT deleted");

  shop.relations.push_back(
      relation(Role::source, "items", orders,
               {column("order_id", Kind::number, "integer"), column("line", Kind::number, "integer"),
                column("product_id", Kind::number, "integer"),
                special(column("price", Kind::number, "numeric"), false)}));
  shop.relations[items].key = 0;
  shop.relations[items].of_key = 0;
  shop.relations[items].primary_key = {0, 1};

  shop.relations.push_back(
      relation(Role::lookup, "products", items,
               {column("id", Kind::number, "integer"), column("name", Kind::text, "text"),
                column("category_id", Kind::number, "integer"), column("hidden", Kind::boolean, "boolean")}));
  shop.relations[products].key = 2;
  shop.relations[products].lookup_key = 0;
  with_condition(shop.relations[products],
                 "NOT hidden AND (categories.name IS NULL OR categories.name != 'Socks')");

  shop.relations.push_back(
      relation(Role::lookup, "categories", products,
               {column("id", Kind::number, "integer"), column("name", Kind::text, "text")}));
  shop.relations[categories].key = 2;
  shop.relations[categories].lookup_key = 0;

  shop.relations.push_back(
      relation(Role::set, "product_tags", products,
               {column("product_id", Kind::number, "integer"), column("tag", Kind::text, "text")}));
  shop.relations[product_tags].key = 0;
  shop.relations[product_tags].of_key = 0;
  shop.relations[product_tags].value = 1;

  shop.relations.push_back(relation(Role::set, "tags", customers,
                                    {column("customer_id", Kind::number, "bigint"),
                                     column("tag", Kind::text, "text"), column("until", Kind::day, "date")}));
  shop.relations[tags].key = 0;
  shop.relations[tags].of_key = 0;
  shop.relations[tags].value = 1;
  with_condition(shop.relations[tags], "until IS NULL OR until >= today");

  shop.relations.push_back(
      relation(Role::source, "visits", customers,
               {column("email", Kind::text, "text"), column("day", Kind::day, "date"),
                column("page", Kind::text, "text"), column("seconds", Kind::number, "integer")}));
  shop.relations[visits].key = 0;
  shop.relations[visits].of_key = 11;
  shop.relations[visits].date = 1;

  shop.relations.push_back(
      relation(Role::lookup, "regions", customers,
               {column("name", Kind::text, "text"), column("country", Kind::text, "text")}));
  shop.relations[regions].key = 1;
  shop.relations[regions].lookup_key = 0;

  shop.relations.push_back(
      relation(Role::set, "region_labels", regions,
               {column("region", Kind::text, "text"), column("label", Kind::text, "text")}));
  shop.relations[region_labels].key = 0;
  shop.relations[region_labels].of_key = 0;
  shop.relations[region_labels].value = 1;
  with_condition(shop.relations[region_labels], "label != regions.country");

  const auto define = [&shop](const std::string &name, const std::string &expression) {
    auto parsed = parse_attribute(expression);
    DefinedAttribute attribute;
    attribute.name = name;
    if (parsed.value && parsed.value->value) {
      attribute.value = std::make_shared<const Value>(std::move(*parsed.value->value));
    } else if (parsed.value && parsed.value->condition) {
      attribute.condition = std::make_shared<const Expr>(std::move(*parsed.value->condition));
    }
    shop.attributes.push_back(std::move(attribute));
  };
  define("basket", "sum(orders.total) / count(orders)");
  define("share", "sum(orders.total MATCHES (status = 'paid')) / sum(orders.total)");
  define("odd", "(basket / share) / (basket - 3 / visits_left)");
  define("buyer", "orders IS NOT NULL");

  NamedSegment vip;
  vip.id = 7;
  vip.name = "vip";
  vip.condition =
      std::make_shared<const Expr>(std::move(*parse_condition("amount > 1000 OR tags CONTAINS 'VIP'").value));
  shop.segments.push_back(std::move(vip));
  return shop;
}

} // namespace sql_shop
