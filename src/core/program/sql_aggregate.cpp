// Aggregates as grouped subqueries. Rows that count are those whose own condition and whose parents'
// conditions hold. first and last look at rows that have both a date and a value; mode at rows that have a
// value, those without a date being the earliest.
#include "core/program/sql_aggregate.hpp"

#include "core/program/sql_condition.hpp"
#include "core/program/sql_from.hpp"
#include "core/program/sql_printer.hpp"
#include "core/program/sql_rows.hpp"
#include "core/program/sql_scalar.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace segmentation::core::sql {

namespace {

const char *name_of(Fold fold) {
  switch (fold) {
  case Fold::count:
    return "count";
  case Fold::count_distinct:
    return "distinct";
  case Fold::sum:
    return "sum";
  case Fold::avg:
    return "avg";
  case Fold::min:
    return "min";
  case Fold::max:
    return "max";
  case Fold::first:
    return "first";
  case Fold::last:
    return "last";
  case Fold::mode:
    return "mode";
  case Fold::list:
    return "list";
  case Fold::days:
    return "days";
  case Fold::weeks:
    return "weeks";
  case Fold::forecast:
    return "forecast";
  case Fold::months:
    break;
  }
  return "months";
}

/// Returns what orders rows of one date: the primary key, or the value where there is none.
std::vector<std::string> ties(const Context &context, const Scalar &scalar) {
  const Relation &source = context.relation(scalar.source);
  std::vector<std::string> out;
  for (const int key : source.primary_key) {
    const ColumnRef column{scalar.source, key, {}};
    out.push_back(read(context, column, context.column(column).kind));
  }
  if (out.empty()) {
    out.push_back(argument(context, scalar));
  }
  return out;
}

std::string first_or_last(const Context &context, const Scalar &scalar) {
  const char *direction = scalar.fold == Fold::last ? " DESC" : "";
  const std::string value = argument(context, scalar);
  const ColumnRef date = date_of(context, scalar.source);
  std::string order;
  std::string filter = value + " IS NOT NULL";
  if (date.relation >= 0) {
    order = read_date(context, date) + direction;
    filter += " AND " + read_date(context, date) + " IS NOT NULL";
  }
  for (const std::string &tie : ties(context, scalar)) {
    order += (order.empty() ? "" : ", ") + tie + direction;
  }
  return fmt::format("(array_agg({} ORDER BY {}) FILTER (WHERE {}))[1]", value, order, filter);
}

/// Prints the number of distinct periods; infinite dates are periods of their own.
std::string periods(const Context &context, const Scalar &scalar) {
  const ColumnRef date = date_of(context, scalar.source);
  if (date.relation < 0) {
    return "0";
  }
  const std::string value = read_date(context, date);
  if (context.column(date).kind == Kind::instant) {
    if (scalar.fold == Fold::days) {
      return fmt::format("count(DISTINCT segmentation.local_day({}, {}))", value, zone_literal(context));
    }
    return fmt::format("count(DISTINCT date_trunc('{}', segmentation.local_time({}, {})))",
                       scalar.fold == Fold::weeks ? "week" : "month", value, zone_literal(context));
  }
  switch (scalar.fold) {
  case Fold::days:
    return fmt::format("count(DISTINCT {})", value);
  case Fold::weeks:
    // Julian day 0 was a Monday. A date may lie beyond what date_trunc takes.
    return fmt::format("count(DISTINCT floor(extract(julian FROM {}) / 7))", value);
  default:
    return fmt::format("count(DISTINCT extract(year FROM {0}) * 12 + COALESCE(extract(month FROM {0}), 0))",
                       value);
  }
}

std::string aggregate(const Context &context, const Scalar &scalar) {
  switch (scalar.fold) {
  case Fold::count:
    return "count(*)";
  case Fold::count_distinct:
    return fmt::format("count(DISTINCT {})", argument(context, scalar));
  case Fold::sum:
  case Fold::avg:
    return fmt::format("sum({})", argument(context, scalar));
  case Fold::min:
  case Fold::max:
    if (argument_kind(context, scalar) == Kind::boolean) {
      return fmt::format("{}({})", scalar.fold == Fold::min ? "bool_and" : "bool_or",
                         argument(context, scalar));
    }
    return fmt::format("{}({})", name_of(scalar.fold), argument(context, scalar));
  case Fold::first:
  case Fold::last:
    return first_or_last(context, scalar);
  default:
    return periods(context, scalar);
  }
}

bool is_counted(Fold fold) {
  return fold == Fold::count || fold == Fold::count_distinct || fold == Fold::sum || fold == Fold::days ||
         fold == Fold::weeks || fold == Fold::months;
}

/// Prints the values that a row adds to a list, one each where it has several.
std::string added_values(const Context &context, const Scalar &scalar, int depth) {
  const bool numbers = scalar.type == Kind::number || scalar.type == Kind::number_list;
  const Kind element = numbers ? Kind::number : Kind::text;
  std::string values;
  if (is_set_beside(context, scalar)) {
    const std::string value = print_column(scalar.column, element, context.meaning);
    values = fmt::format("unnest(ARRAY(SELECT {} {}{}AND {} IS NOT NULL))", value,
                         print_set_rows(context, scalar, depth), context.line(depth + 1), value);
  } else if (const Kind held = context.column(scalar.column).kind; held == Kind::json) {
    // A row may hold a value or an array.
    values = fmt::format("unnest(COALESCE({}, ARRAY[{}]))",
                         print_column(scalar.column, Kind::text_list, context.meaning),
                         print_column(scalar.column, Kind::text, context.meaning));
  } else if (held == Kind::text_list || held == Kind::number_list) {
    values = fmt::format("unnest({})", print_column(scalar.column, held, context.meaning));
  } else {
    values = print_column(scalar.column, element, context.meaning);
  }
  if (!numbers) {
    return bytewise(fmt::format("({})::text", values));
  }
  return scalar.type == Kind::number_list ? fmt::format("segmentation.finite({}::numeric)", values)
                                          : values + "::numeric";
}

} // namespace

std::string Aggregates::unused_alias(const char *prefix, std::size_t number) const {
  std::string name = prefix + std::to_string(number);
  const auto &relations = context_.schema().relations;
  while (std::any_of(relations.begin(), relations.end(),
                     [&](const Relation &one) { return one.name == name; })) {
    name += '_';
  }
  return quote_identifier(name);
}

std::string Aggregates::column(const Scalar &scalar, const std::string &expression, const std::string &name) {
  const Rows rows = rows_of(context_, scalar, false, 1);
  auto group =
      std::find_if(groups_.begin(), groups_.end(), [&](const Group &one) { return one.from == rows.from; });
  if (group == groups_.end()) {
    groups_.push_back({unused_alias("m", groups_.size() + 1), rows.key, rows.from, {}});
    group = groups_.end() - 1;
  }
  auto &columns = group->columns;
  auto column = std::find_if(columns.begin(), columns.end(),
                             [&](const Column &one) { return one.expression == expression; });
  if (column == columns.end()) {
    columns.push_back({expression, quote_identifier(fmt::format("{}_{}", name, columns.size() + 1))});
    column = columns.end() - 1;
  }
  return group->alias + "." + column->name;
}

std::string Aggregates::mode(const Scalar &scalar) {
  const Rows rows = rows_of(context_, scalar, true, 2);
  const std::string value = argument(context_, scalar);
  const ColumnRef date = date_of(context_, scalar.source);
  const std::string next = "," + context_.line(4);
  std::string inner =
      fmt::format("SELECT {0} AS \"customer\"{2}{1} AS \"value\"{2}count(*) OVER (PARTITION BY {0}, {1}) "
                  "AS \"times\"",
                  rows.key, value, next);
  std::string order = "\"times\" DESC";
  if (date.relation >= 0) {
    inner += next + read_date(context_, date) + " AS \"at\"";
    order += ", \"at\" DESC NULLS LAST";
  }
  int number = 0;
  for (const std::string &tie : ties(context_, scalar)) {
    const std::string name = fmt::format("\"tie_{}\"", ++number);
    inner += next + tie + " AS " + name;
    order += ", " + name + " DESC";
  }
  const std::string from = fmt::format("FROM ({}{}{}{}{}) AS \"rows\"", context_.line(2), inner,
                                       context_.line(2), rows.from, context_.line(1));
  const std::string expression = fmt::format("(array_agg(\"value\" ORDER BY {}))[1]", order);
  auto group =
      std::find_if(groups_.begin(), groups_.end(), [&](const Group &one) { return one.from == from; });
  if (group == groups_.end()) {
    groups_.push_back(
        {unused_alias("m", groups_.size() + 1), "\"rows\".\"customer\"", from, {{expression, "\"mode\""}}});
    group = groups_.end() - 1;
  }
  return group->alias + ".\"mode\"";
}

std::string Aggregates::list(const Scalar &scalar) {
  const Rows rows = rows_of(context_, scalar, false, 2);
  const std::string from = fmt::format(
      "FROM ({0}SELECT {1} AS \"customer\",{2}{3} AS \"value\"{0}{4}{5}) AS \"rows\"", context_.line(2),
      rows.key, context_.line(4), added_values(context_, scalar, 4), rows.from, context_.line(1));
  auto group =
      std::find_if(groups_.begin(), groups_.end(), [&](const Group &one) { return one.from == from; });
  if (group == groups_.end()) {
    groups_.push_back(
        {unused_alias("m", groups_.size() + 1),
         "\"rows\".\"customer\"",
         from,
         {{"array_agg(DISTINCT \"value\" ORDER BY \"value\") FILTER (WHERE \"value\" IS NOT NULL)",
           "\"list\""}}});
    group = groups_.end() - 1;
  }
  return fmt::format("COALESCE({}.\"list\", '{{}}')", group->alias);
}

std::string Aggregates::value(const Scalar &scalar) {
  if (scalar.fold == Fold::mode) {
    return mode(scalar);
  }
  if (scalar.fold == Fold::forecast) {
    return forecast(scalar);
  }
  if (scalar.fold == Fold::list) {
    return list(scalar);
  }
  const std::string name = column(scalar, aggregate(context_, scalar), name_of(scalar.fold));
  return is_counted(scalar.fold) ? "COALESCE(" + name + ", 0)" : name;
}

std::string Aggregates::sum_of(const Scalar &scalar) {
  return column(scalar, aggregate(context_, scalar), "sum");
}

std::string Aggregates::count_of(const Scalar &scalar) {
  return column(scalar, fmt::format("count({})::numeric", argument(context_, scalar)), "values");
}

std::string Aggregates::keep(const std::string &expression) {
  auto kept =
      std::find_if(kept_.begin(), kept_.end(), [&](const Kept &one) { return one.expression == expression; });
  if (kept == kept_.end()) {
    kept_.push_back({unused_alias("v", kept_.size() + 1), expression});
    kept = kept_.end() - 1;
  }
  return kept->alias + ".\"value\"";
}

std::string Aggregates::print_joins(int depth) const {
  const std::string key = raw_column(context_, 0, context_.relation(0).key);
  std::string out;
  for (const Group &group : groups_) {
    out += context_.line(depth) + "LEFT JOIN (" + (context_.pretty ? context_.line(depth + 1) : "");
    out += "SELECT " + group.key + " AS \"customer\"";
    for (const Column &column : group.columns) {
      out += "," + context_.line(depth + 3) + column.expression + " AS " + column.name;
    }
    out += context_.line(depth + 1) + group.from + context_.line(depth + 1) + "GROUP BY " + group.key;
    out += (context_.pretty ? context_.line(depth) : "") +
           fmt::format(") AS {0} ON {0}.\"customer\" = {1}", group.alias, key);
  }
  for (const Kept &kept : kept_) {
    out += context_.line(depth) +
           fmt::format("CROSS JOIN LATERAL (SELECT {} AS \"value\") AS {}", kept.expression, kept.alias);
  }
  return out;
}

} // namespace segmentation::core::sql
