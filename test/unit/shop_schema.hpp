// A shop for tests, made by hand: customers with columns of every kind and a lookup, orders with a date,
// their items with product and category behind them, sets on customers and on products, sources without a
// date or with a dotted name, defined attributes and segments.
#pragma once

#include "core/meaning/checker.hpp"
#include "core/meaning/schema.hpp"
#include "core/rule/parser.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace segmentation::core::test {

/// Relation indexes of shop_schema().
enum Shop : int {
  customers,
  region,         // lookup of customers
  region_labels,  // set of region
  orders,         // source
  channel,        // lookup of orders
  items,          // source of orders
  product,        // lookup of items
  category,       // lookup of product
  product_tags,   // set of product
  carts,          // source without a primary key
  notes,          // source without a date
  product_viewed, // source with a dotted name
  customer_tags,  // set of customers
  lucky_numbers,  // set of customers, of numbers
};

inline std::string quoted(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) {
    text += c;
    if (c == '"') {
      text += c;
    }
  }
  return text + '"';
}

inline Column make_column(std::string name, Kind kind) {
  Column column;
  column.sql = quoted(name);
  column.name = std::move(name);
  column.kind = kind;
  switch (kind) {
  case Kind::number:
    column.sql_type = "numeric";
    break;
  case Kind::text:
    column.sql_type = "text";
    break;
  case Kind::boolean:
    column.sql_type = "boolean";
    break;
  case Kind::day:
    column.sql_type = "date";
    break;
  case Kind::instant:
    column.sql_type = "timestamp with time zone";
    break;
  case Kind::json:
    column.sql_type = "jsonb";
    break;
  case Kind::text_list:
    column.sql_type = "text[]";
    break;
  case Kind::number_list:
    column.sql_type = "numeric[]";
    break;
  }
  return column;
}

inline Column make_whole(std::string name) {
  Column column = make_column(std::move(name), Kind::number);
  column.sql_type = "integer";
  column.whole = true;
  column.scale = 0;
  return column;
}

inline Column make_money(std::string name) {
  Column column = make_column(std::move(name), Kind::number);
  column.sql_type = "numeric(12,2)";
  column.scale = 2;
  return column;
}

inline Relation make_relation(Role role, std::string name, int of, std::vector<Column> columns) {
  Relation relation;
  relation.role = role;
  relation.from_sql = "\"shop\"." + quoted(name);
  relation.name = std::move(name);
  relation.of = of;
  relation.columns = std::move(columns);
  return relation;
}

/// Returns the index of a column; the schema is made by hand, so a wrong name is a mistake of the test.
inline int column_index(const Relation &relation, std::string_view name) {
  for (std::size_t i = 0; i < relation.columns.size(); ++i) {
    if (relation.columns[i].name == name) {
      return static_cast<int>(i);
    }
  }
  throw std::invalid_argument("no such column: " + std::string(name));
}

inline void join(Schema &schema, Shop relation, std::string_view key, std::string_view of_key) {
  Relation &child = schema.relations[static_cast<std::size_t>(relation)];
  const Relation &parent = schema.relations[static_cast<std::size_t>(child.of)];
  if (child.role == Role::lookup) {
    child.key = column_index(parent, key);
    child.lookup_key = column_index(child, of_key);
  } else {
    child.key = column_index(child, key);
    child.of_key = column_index(parent, of_key);
  }
}

inline void define_value(Schema &schema, std::string name, std::string_view text) {
  Parsed<AttributeExpression> parsed = parse_attribute(text);
  if (!parsed.value) {
    throw std::invalid_argument(parsed.diagnostics.at(0).message);
  }
  DefinedAttribute attribute;
  attribute.name = std::move(name);
  if (parsed.value->value) {
    attribute.value = std::make_shared<const Value>(std::move(*parsed.value->value));
  }
  if (parsed.value->condition) {
    attribute.condition = std::make_shared<const Expr>(std::move(*parsed.value->condition));
  }
  schema.attributes.push_back(std::move(attribute));
}

inline void define_segment(Schema &schema, std::string name, std::string_view rule) {
  Parsed<Rule> parsed = parse_rule(rule);
  if (!parsed.value) {
    throw std::invalid_argument(parsed.diagnostics.at(0).message);
  }
  NamedSegment segment;
  segment.id = static_cast<std::int64_t>(schema.segments.size()) + 1;
  segment.name = std::move(name);
  segment.condition = std::make_shared<const Expr>(std::move(parsed.value->condition));
  schema.segments.push_back(std::move(segment));
}

inline void set_condition(Schema &schema, Shop relation, std::string_view text) {
  Parsed<Expr> parsed = parse_condition(text);
  if (!parsed.value) {
    throw std::invalid_argument(parsed.diagnostics.at(0).message);
  }
  Relation &bound = schema.relations[static_cast<std::size_t>(relation)];
  bound.condition_text = std::string(text);
  bound.condition = std::make_shared<const Expr>(std::move(*parsed.value));
}

/// Returns the shop without attributes and segments.
inline Schema bare_shop_schema() {
  Schema schema;
  auto &relations = schema.relations;
  relations.push_back(make_relation(
      Role::customers, "customers", -1,
      {make_whole("id"), make_column("email_address", Kind::text), make_column("name", Kind::text),
       make_column("city", Kind::text), make_whole("points"), make_money("spent"),
       make_column("vip", Kind::boolean), make_column("birth_date", Kind::day),
       make_column("registered_at", Kind::instant), make_column("extra", Kind::json),
       make_column("interests", Kind::text_list), make_column("scores", Kind::number_list),
       make_column("E-mail", Kind::text), make_column("Телефон", Kind::text), make_whole("region_id")}));
  relations.push_back(
      make_relation(Role::lookup, "region", customers,
                    {make_whole("id"), make_column("name", Kind::text), make_column("country", Kind::text)}));
  relations.push_back(make_relation(Role::set, "region_labels", region,
                                    {make_whole("region_id"), make_column("label", Kind::text)}));
  relations.push_back(make_relation(
      Role::source, "orders", customers,
      {make_whole("id"), make_whole("customer_id"), make_column("status", Kind::text), make_money("total"),
       make_money("tax"), make_column("paid", Kind::boolean), make_column("created_at", Kind::instant),
       make_column("shipped_on", Kind::day), make_whole("version"), make_column("extra", Kind::json),
       make_column("count", Kind::number), make_whole("channel_id")}));
  relations.push_back(make_relation(
      Role::lookup, "channel", orders,
      {make_whole("id"), make_column("name", Kind::text), make_column("online", Kind::boolean)}));
  relations.push_back(make_relation(Role::source, "items", orders,
                                    {make_whole("id"), make_whole("order_id"), make_whole("product_id"),
                                     make_whole("quantity"), make_money("price"), make_whole("version")}));
  relations.push_back(
      make_relation(Role::lookup, "product", items,
                    {make_whole("id"), make_column("name", Kind::text), make_column("brand", Kind::text),
                     make_column("weight", Kind::number), make_column("details", Kind::json),
                     make_column("labels", Kind::text_list), make_whole("category_id")}));
  relations.push_back(make_relation(
      Role::lookup, "category", product,
      {make_whole("id"), make_column("name", Kind::text), make_column("department", Kind::text)}));
  relations.push_back(make_relation(Role::set, "product_tags", product,
                                    {make_whole("product_id"), make_column("tag", Kind::text)}));
  relations.push_back(make_relation(
      Role::source, "carts", customers,
      {make_whole("customer_id"), make_money("amount"), make_column("updated_at", Kind::instant)}));
  relations.push_back(make_relation(Role::source, "notes", customers,
                                    {make_whole("customer_id"), make_column("body", Kind::text)}));
  relations.push_back(
      make_relation(Role::source, "storefront.product_viewed", customers,
                    {make_whole("customer_id"), make_whole("product_id"), make_column("at", Kind::instant)}));
  relations.push_back(make_relation(Role::set, "customer_tags", customers,
                                    {make_whole("customer_id"), make_column("tag", Kind::text)}));
  relations.push_back(make_relation(Role::set, "lucky_numbers", customers,
                                    {make_whole("customer_id"), make_column("number", Kind::number)}));

  relations[customers].key = 0;
  for (const Shop with_key : {customers, region, orders, channel, items, product, category}) {
    relations[static_cast<std::size_t>(with_key)].primary_key = {0};
  }
  join(schema, region, "region_id", "id");
  join(schema, region_labels, "region_id", "id");
  join(schema, orders, "customer_id", "id");
  join(schema, channel, "channel_id", "id");
  join(schema, items, "order_id", "id");
  join(schema, product, "product_id", "id");
  join(schema, category, "category_id", "id");
  join(schema, product_tags, "product_id", "id");
  join(schema, carts, "customer_id", "id");
  join(schema, notes, "customer_id", "id");
  join(schema, product_viewed, "customer_id", "id");
  join(schema, customer_tags, "customer_id", "id");
  join(schema, lucky_numbers, "customer_id", "id");
  relations[orders].date = column_index(relations[orders], "created_at");
  relations[carts].date = column_index(relations[carts], "updated_at");
  relations[product_viewed].date = column_index(relations[product_viewed], "at");
  relations[region_labels].value = 1;
  relations[product_tags].value = 1;
  relations[customer_tags].value = 1;
  relations[lucky_numbers].value = 1;
  return schema;
}

/// Returns the shop with some defined attributes and segments.
inline Schema shop_schema() {
  Schema schema = bare_shop_schema();
  define_value(schema, "number_of_orders", "count(orders)");
  define_value(schema, "paid_total", "sum(orders.total MATCHES (paid = true))");
  define_value(schema, "amount_spent", "paid_total - sum(orders.total MATCHES (status = 'refunded'))");
  define_value(schema, "last_order_date", "last(orders.created_at)");
  define_value(schema, "is_loyal", "number_of_orders >= 5");
  define_value(schema, "birthday", "anniversary(birth_date)");
  define_value(schema, "tags", "customer_tags");
  define_value(schema, "metafields.facts", "extra");
  define_segment(schema, "VIP", "amount_spent > 1000");
  define_segment(schema, "Loyal", "segments CONTAINS 'vip' AND is_loyal");
  return schema;
}

} // namespace segmentation::core::test
