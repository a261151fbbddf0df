// How SQL reads one column, so that what comes out is of the kind's own type and never an error: what does
// not read as its type is NULL. Both paths read columns this way; functions named here are in
// sql/15_reading.sql.
#include "core/program/sql_printer.hpp"
#include "core/program/sql_text.hpp"

#include <fmt/format.h>

namespace segmentation::core {

namespace {

using sql::Context;
using sql::quote_literal;
using sql::zone_literal;

/// Prints reading a jsonb value as a type.
std::string json_as(const std::string &json, const std::string &parent, const std::string &key, Kind type,
                    const Context &context) {
  switch (type) {
  case Kind::json:
    return json;
  case Kind::number:
    return fmt::format("CASE WHEN jsonb_typeof({0}) = 'number' THEN ({0})::numeric END", json);
  case Kind::boolean:
    return fmt::format("CASE WHEN jsonb_typeof({0}) = 'boolean' THEN ({0})::boolean END", json);
  case Kind::day:
    return fmt::format("segmentation.json_day({}, {})", json, zone_literal(context));
  case Kind::instant:
    return fmt::format("segmentation.json_instant({}, {})", json, zone_literal(context));
  case Kind::text_list:
    return fmt::format("segmentation.json_texts({})", json);
  case Kind::number_list:
    return fmt::format("segmentation.json_numbers({})", json);
  case Kind::text:
    break;
  }
  const std::string text = key.empty() ? json + " #>> '{}'" : parent + " ->> " + key;
  return fmt::format("CASE WHEN jsonb_typeof({}) IN ('string', 'number', 'boolean') THEN {} END", json, text);
}

std::string read_json(std::string json, const ColumnRef &column, Kind type, const Context &context) {
  std::string parent;
  std::string key;
  for (const std::string &step : column.json_path) {
    parent = json;
    key = quote_literal(step);
    json += " -> " + key;
  }
  return json_as(json, parent, key, type, context);
}

/// Prints reading a text as a type: the values of key-value fields have none of their own.
std::string read_text(const std::string &text, Kind type, const Context &context) {
  switch (type) {
  case Kind::number:
    return fmt::format("segmentation.text_number({})", text);
  case Kind::boolean:
    return fmt::format("segmentation.text_boolean({})", text);
  case Kind::day:
    return fmt::format("segmentation.json_day(to_jsonb({}), {})", text, zone_literal(context));
  case Kind::instant:
    return fmt::format("segmentation.json_instant(to_jsonb({}), {})", text, zone_literal(context));
  default:
    return text;
  }
}

std::string read_number(const std::string &raw, const Column &column) {
  if (column.may_be_special) {
    return fmt::format("segmentation.finite({})", raw);
  }
  return column.needs_cast ? raw + "::numeric" : raw;
}

const char *type_of(Kind kind) {
  switch (kind) {
  case Kind::number:
    return "numeric";
  case Kind::text:
    return "text";
  case Kind::boolean:
    return "boolean";
  case Kind::day:
    return "date";
  case Kind::instant:
    return "timestamptz";
  case Kind::json:
    return "jsonb";
  case Kind::text_list:
    return "text[]";
  case Kind::number_list:
    return "numeric[]";
  }
  return "text";
}

} // namespace

std::string relation_alias(const Relation &relation) {
  return sql::quote_identifier(relation.name);
}

std::string print_column(const ColumnRef &column, Kind type, const Meaning &meaning) {
  const Context context{meaning, "now()"};
  const Column &definition = context.column(column);
  const std::string raw = sql::raw_column(context, column.relation, column.column);
  switch (definition.kind) {
  case Kind::number:
    return read_number(raw, definition);
  case Kind::json:
    return read_json(definition.needs_cast ? raw + "::jsonb" : raw, column, type, context);
  case Kind::instant: {
    std::string instant = raw;
    if (definition.local_time) {
      instant = fmt::format("segmentation.instant_of({}, {})", raw, zone_literal(context));
    } else if (definition.needs_cast) {
      instant += "::timestamptz";
    }
    return type == Kind::day ? fmt::format("segmentation.local_day({}, {})", instant, zone_literal(context))
                             : instant;
  }
  case Kind::day: {
    const std::string day = definition.needs_cast ? raw + "::date" : raw;
    return type == Kind::instant
               ? fmt::format("segmentation.start_of_day({}, {})", day, zone_literal(context))
               : day;
  }
  case Kind::text:
    return read_text(definition.needs_cast ? raw + "::text" : raw, type, context);
  default:
    return definition.needs_cast ? fmt::format("{}::{}", raw, type_of(definition.kind)) : raw;
  }
}

} // namespace segmentation::core
