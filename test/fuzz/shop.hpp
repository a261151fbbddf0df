// The shop whose rules are fuzzed: relations of every role, columns of every type, defined words of every
// sort. The schema says all that the tables need to be made: see tables.hpp.
#pragma once

#include "core/meaning/schema.hpp"
#include "core/rule/parser.hpp"

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace segmentation::core::fuzz {

/// Returns a column as the server's side would describe one of this type.
inline Column make_column(std::string_view name, std::string_view type) {
  Column column;
  column.name = name;
  column.sql = "\"" + std::string(name) + "\"";
  column.sql_type = type;
  const auto is = [&](std::initializer_list<std::string_view> types) {
    return std::find(types.begin(), types.end(), type) != types.end();
  };
  if (is({"smallint", "integer", "bigint"})) {
    column.kind = Kind::number;
    column.whole = true;
    column.scale = 0;
  } else if (type.starts_with("numeric") && !type.ends_with("[]")) {
    column.kind = Kind::number;
    column.may_be_special = true;
    if (const auto comma = type.find(','); comma != std::string_view::npos)
      column.scale = std::stoi(std::string(type.substr(comma + 1)));
    column.whole = column.scale == 0;
  } else if (is({"real", "double precision", "money"})) {
    column.kind = Kind::number;
    column.needs_cast = true;
    column.may_be_special = type != "money";
  } else if (is({"boolean"})) {
    column.kind = Kind::boolean;
  } else if (is({"date"})) {
    column.kind = Kind::day;
  } else if (type.starts_with("timestamp")) {
    column.kind = Kind::instant;
    column.local_time = type == "timestamp without time zone";
  } else if (is({"jsonb", "json"})) {
    column.kind = Kind::json;
    column.needs_cast = type == "json";
  } else if (is({"text[]", "character varying[]"})) {
    column.kind = Kind::text_list;
    column.needs_cast = type != "text[]";
  } else if (is({"numeric[]", "integer[]"})) {
    column.kind = Kind::number_list;
    column.needs_cast = type != "numeric[]";
  } else {
    column.kind = Kind::text;
    column.needs_cast = type != "text";
  }
  return column;
}

class ShopMaker {
public:
  Schema schema;

  int add(Role role, std::string name, std::string_view of,
          std::initializer_list<std::pair<std::string_view, std::string_view>> columns) {
    Relation relation;
    relation.role = role;
    relation.from_sql = "\"shop\".\"" + name + "\"";
    relation.name = std::move(name);
    relation.of = of.empty() ? -1 : find(of);
    for (const auto &[column, type] : columns)
      relation.columns.push_back(make_column(column, type));
    schema.relations.push_back(std::move(relation));
    return static_cast<int>(schema.relations.size()) - 1;
  }

  /// Joins the last relation to the one it hangs on.
  void join(std::string_view key, std::string_view of_key) {
    Relation &own = schema.relations.back();
    const Relation &above = schema.relations[static_cast<std::size_t>(own.of)];
    if (own.role == Role::lookup) {
      own.key = column(above, key);
      own.lookup_key = column(own, of_key);
      own.primary_key = {own.lookup_key};
    } else {
      own.key = column(own, key);
      own.of_key = column(above, of_key);
    }
    if (own.role == Role::set)
      own.value = 1;
  }

  Relation &last() { return schema.relations.back(); }
  int column(std::string_view name) { return column(last(), name); }

  void condition(std::string_view text) {
    last().condition_text = text;
    last().condition = std::make_shared<const Expr>(read(parse_condition(text)));
  }
  void attribute(std::string name, std::string_view text) {
    AttributeExpression parsed = read(parse_attribute(text));
    DefinedAttribute attribute;
    attribute.name = std::move(name);
    if (parsed.value)
      attribute.value = std::make_shared<const Value>(std::move(*parsed.value));
    if (parsed.condition)
      attribute.condition = std::make_shared<const Expr>(std::move(*parsed.condition));
    schema.attributes.push_back(std::move(attribute));
  }
  void source(std::string name, std::string of,
              std::initializer_list<std::pair<std::string_view, std::string_view>> parameters,
              std::string_view condition) {
    DefinedSource source;
    source.name = std::move(name);
    source.of = std::move(of);
    for (const auto &[parameter, meaning] : parameters)
      source.parameters.push_back({std::string(parameter), read(parse_name(meaning))});
    if (!condition.empty())
      source.condition = std::make_shared<const Expr>(read(parse_condition(condition)));
    schema.sources.push_back(std::move(source));
  }
  void segment(std::string name, std::string_view rule) {
    NamedSegment segment;
    segment.id = static_cast<std::int64_t>(schema.segments.size()) + 1;
    segment.name = std::move(name);
    segment.condition = std::make_shared<const Expr>(read(parse_rule(rule)).condition);
    schema.segments.push_back(std::move(segment));
  }

private:
  template <typename T> static T read(Parsed<T> parsed) {
    if (!parsed.value)
      throw std::invalid_argument(parsed.diagnostics.at(0).message);
    return std::move(*parsed.value);
  }
  int find(std::string_view name) const {
    for (std::size_t i = 0; i < schema.relations.size(); ++i)
      if (schema.relations[i].name == name)
        return static_cast<int>(i);
    throw std::invalid_argument("no such relation: " + std::string(name));
  }
  static int column(const Relation &relation, std::string_view name) {
    for (std::size_t i = 0; i < relation.columns.size(); ++i)
      if (relation.columns[i].name == name)
        return static_cast<int>(i);
    throw std::invalid_argument("no such column: " + std::string(name));
  }
};

inline void add_people(ShopMaker &shop) {
  shop.add(Role::customers, "customers", "",
           {{"id", "bigint"},
            {"city", "text"},
            {"nick", "character varying(30)"},
            {"code", "character(8)"},
            {"amount", "numeric"},
            {"spent", "numeric(12,2)"},
            {"fine", "numeric(30,10)"},
            {"score", "double precision"},
            {"ratio", "real"},
            {"cash", "money"},
            {"points", "integer"},
            {"level", "smallint"},
            {"big", "bigint"},
            {"labels", "text[]"},
            {"words", "character varying[]"},
            {"marks", "numeric[]"},
            {"lucky", "integer[]"},
            {"extra", "jsonb"},
            {"doc", "json"},
            {"born", "date"},
            {"registered", "timestamp with time zone"},
            {"seen", "timestamp without time zone"},
            {"active", "boolean"},
            {"email", "text"},
            {"date", "date"},
            {"Odd \u00e9 Name", "integer"}});
  shop.last().key = 0;
  shop.last().primary_key = {0};
  shop.condition("id != 13");
  shop.add(Role::lookup, "region", "customers", {{"name", "text"}, {"country", "text"}, {"size", "real"}});
  shop.join("city", "name");
  shop.add(Role::set, "region_labels", "region", {{"region", "text"}, {"label", "text"}});
  shop.join("region", "name");
  shop.condition("label != region.country");
  shop.add(Role::set, "customer_tags", "customers",
           {{"customer_id", "bigint"}, {"tag", "text"}, {"until", "date"}});
  shop.join("customer_id", "id");
  shop.condition("until IS NULL OR until >= today");
  shop.add(Role::set, "numbers", "customers", {{"customer_id", "bigint"}, {"number", "numeric"}});
  shop.join("customer_id", "id");
}

inline void add_purchases(ShopMaker &shop) {
  shop.add(Role::source, "orders", "customers",
           {{"id", "integer"},
            {"customer_id", "bigint"},
            {"status", "character varying(20)"},
            {"total", "numeric(12,2)"},
            {"tax", "numeric"},
            {"weight", "real"},
            {"created_at", "timestamp with time zone"},
            {"shipped_at", "timestamp without time zone"},
            {"due", "date"},
            {"paid", "boolean"},
            {"extra", "jsonb"},
            {"labels", "text[]"},
            {"count", "integer"},
            {"channel_id", "integer"}});
  shop.join("customer_id", "id");
  shop.last().date = shop.column("created_at");
  shop.last().primary_key = {0};
  shop.last().key_is_enforced = true;
  shop.condition("status IS NULL OR status != 'deleted'");
  shop.add(Role::lookup, "channel", "orders", {{"id", "integer"}, {"name", "text"}, {"online", "boolean"}});
  shop.join("channel_id", "id");
  shop.add(Role::source, "items", "orders",
           {{"id", "bigint"},
            {"order_id", "integer"},
            {"product_id", "integer"},
            {"quantity", "smallint"},
            {"price", "numeric(12,2)"},
            {"discount", "double precision"}});
  shop.join("order_id", "id");
  shop.last().primary_key = {0};
  shop.add(Role::lookup, "product", "items",
           {{"id", "integer"},
            {"name", "text"},
            {"brand", "character varying(30)"},
            {"hidden", "boolean"},
            {"weight", "double precision"},
            {"category_id", "integer"},
            {"details", "jsonb"},
            {"labels", "text[]"}});
  shop.join("product_id", "id");
  shop.condition("NOT hidden");
  shop.add(Role::lookup, "category", "product", {{"id", "integer"}, {"name", "text"}, {"level", "integer"}});
  shop.join("category_id", "id");
  shop.add(Role::set, "product_tags", "product", {{"product_id", "integer"}, {"tag", "text"}});
  shop.join("product_id", "id");
}

inline void add_other_sources(ShopMaker &shop) {
  // Neither has a primary key; one has no date; one hangs on another column than the key.
  shop.add(Role::source, "carts", "customers",
           {{"customer_id", "integer"},
            {"amount", "numeric(10,2)"},
            {"updated_at", "timestamp without time zone"},
            {"page", "text"}});
  shop.join("customer_id", "id");
  shop.last().date = 2;
  shop.add(Role::source, "notes", "customers",
           {{"customer_id", "bigint"}, {"body", "text"}, {"stars", "smallint"}, {"at", "date"}});
  shop.join("customer_id", "id");
  shop.add(Role::source, "visits", "customers",
           {{"email", "text"}, {"day", "date"}, {"page", "text"}, {"seconds", "integer"}});
  shop.join("email", "email");
  shop.last().date = 1;
  shop.condition("seconds IS NULL OR seconds >= 0");
  shop.add(Role::source, "storefront.product_viewed", "customers",
           {{"id", "bigint"},
            {"customer_id", "bigint"},
            {"at", "timestamp with time zone"},
            {"product_id", "integer"}});
  shop.join("customer_id", "id");
  shop.last().date = 2;
  shop.last().primary_key = {0};
  shop.add(Role::source, "metafields", "customers",
           {{"id", "integer"}, {"customer_id", "bigint"}, {"field", "text"}, {"value", "text"}});
  shop.join("customer_id", "id");
  shop.last().primary_key = {0};
  shop.last().field = 2;
  shop.last().value = 3;
  shop.add(Role::source, "more", "customers",
           {{"id", "integer"}, {"customer_id", "bigint"}, {"field", "text"}, {"data", "jsonb"}});
  shop.join("customer_id", "id");
  shop.last().primary_key = {0};
  shop.last().field = 2;
  shop.last().value = 3;
}

/// Returns the shop; its zone is filled in by who knows one.
inline Schema make_shop() {
  ShopMaker shop;
  add_people(shop);
  add_purchases(shop);
  add_other_sources(shop);
  shop.attribute("number_of_orders", "count(orders)");
  shop.attribute("amount_spent", "sum(orders.total MATCHES (paid = true)) - sum(orders.total MATCHES "
                                 "(status = 'refunded'))");
  shop.attribute("basket", "sum(orders.total) / count(orders)");
  shop.attribute("share", "sum(orders.total MATCHES (status = 'paid')) / sum(orders.total)");
  shop.attribute("odd", "(basket / share) / (basket - 3 / points)");
  shop.attribute("last_order_date", "last(orders.created_at)");
  shop.attribute("first_seen", "min(carts.updated_at)");
  shop.attribute("buyer", "orders IS NOT NULL");
  shop.attribute("birthday", "anniversary(born)");
  shop.attribute("years", "age(born)");
  shop.attribute("facts", "extra");
  shop.attribute("tags", "customer_tags");
  shop.attribute("is_loyal", "number_of_orders >= 3 AND last_order_date > -90d");
  shop.source("orders_placed", "orders", {{"amount", "total"}, {"state", "status"}, {"spent", "sum_total"}},
              "status != 'cancelled'");
  shop.source("big_orders", "orders_placed", {{"sent", "shipped_at"}}, "amount > 10");
  shop.source("products_purchased", "items",
              {{"id", "product_id"}, {"tag", "product_tags"}, {"category", "category.name"}}, "quantity > 0");
  shop.source("recent_notes", "notes", {}, "at >= -30d");
  shop.segment("VIP", "amount_spent > 100 OR customer_tags CONTAINS 'VIP'");
  shop.segment("Loyal", "segments CONTAINS 'vip' AND is_loyal");
  shop.segment("fresh", "registered > -30d AND NOT carts MATCHES (date < -7d)");
  return std::move(shop.schema);
}

} // namespace segmentation::core::fuzz
