#include "core/program/sql_rows.hpp"

#include "core/program/sql_condition.hpp"
#include "core/program/sql_from.hpp"
#include "core/program/sql_printer.hpp"
#include "core/program/sql_scalar.hpp"

#include <fmt/format.h>

#include <set>

namespace segmentation::core::sql {

ColumnRef date_of(const Context &context, int source) {
  for (int at = source; at > 0; at = context.relation(at).of) {
    if (context.relation(at).date >= 0) {
      return {at, context.relation(at).date, {}};
    }
  }
  return {};
}

Kind argument_kind(const Context &context, const Scalar &scalar) {
  switch (scalar.fold) {
  case Fold::sum:
  case Fold::avg:
  case Fold::forecast:
    return Kind::number;
  case Fold::count_distinct: {
    const Kind kind = context.column(scalar.column).kind;
    return kind == Kind::json ? Kind::text : kind;
  }
  default:
    return scalar.type;
  }
}

std::string read(const Context &context, const ColumnRef &column, Kind kind) {
  const std::string value = print_column(column, kind, context.meaning);
  return kind == Kind::text ? bytewise(value) : value;
}

std::string argument(const Context &context, const Scalar &scalar) {
  return read(context, scalar.column, argument_kind(context, scalar));
}

std::string read_date(const Context &context, const ColumnRef &date) {
  return print_column(date, context.column(date).kind, context.meaning);
}

bool is_set_beside(const Context &context, const Scalar &scalar) {
  const int set = set_above(context, scalar.column.relation);
  return scalar.fold == Fold::list && set >= 0 && set != scalar.source;
}

Rows rows_of(const Context &context, const Scalar &scalar, bool only_with_value, int depth) {
  const int source = scalar.source;
  std::set<int> relations{source};
  if (is_set_beside(context, scalar)) {
    Condition present;
    present.form = Condition::Form::list_present;
    present.left.column = scalar.column;
    add_relations(context, present, relations);
  } else if (scalar.column.relation >= 0) {
    relations.insert(scalar.column.relation);
  }
  const bool dated = scalar.fold == Fold::first || scalar.fold == Fold::last || scalar.fold == Fold::mode ||
                     scalar.fold == Fold::days || scalar.fold == Fold::weeks || scalar.fold == Fold::months ||
                     scalar.fold == Fold::forecast;
  if (const ColumnRef date = date_of(context, source); dated && date.relation >= 0) {
    relations.insert(date.relation);
  }
  std::vector<const Condition *> conditions;
  int nearest = source; // the relation that hangs on customers itself
  for (int at = source; at > 0; at = context.relation(at).of) {
    nearest = at;
    conditions.push_back(context.row_condition(at));
  }
  if (scalar.filter) {
    conditions.push_back(scalar.filter.get());
  }
  relations.insert(nearest);
  Rows rows;
  const Relation &customers = context.relation(0);
  if (context.relation(nearest).of_key == customers.key) {
    rows.key = raw_column(context, nearest, context.relation(nearest).key);
  } else {
    relations.insert(0);
    rows.key = raw_column(context, 0, customers.key);
  }
  std::string where;
  const auto add = [&](const std::string &conjunct) {
    where += (where.empty() ? context.line(depth) + "WHERE " : context.line(depth + 1) + "AND ") + conjunct;
  };
  if (!context.only.empty()) {
    add(fmt::format("{} IN ({})", rows.key, context.only));
  }
  for (const Condition *condition : conditions) {
    if (condition != nullptr) {
      add_relations(context, *condition, relations);
      add(print_condition(context, nullptr, *condition, Place::conjunct, depth + 1));
    }
  }
  if (only_with_value) {
    add(argument(context, scalar) + " IS NOT NULL");
  }
  rows.from = from_clause(context, source, relations, depth) + where;
  return rows;
}

std::string dated_rows(const Context &context, const Scalar &scalar, int depth) {
  Scalar dated = scalar;
  dated.fold = Fold::days; // whose rows have their date beside them
  const Rows rows = rows_of(context, dated, false, depth);
  const ColumnRef date = date_of(context, scalar.source);
  std::string day = read_date(context, date);
  if (context.column(date).kind == Kind::instant) {
    day = fmt::format("segmentation.local_day({}, {})", day, zone_literal(context));
  }
  return fmt::format("SELECT {} AS \"customer\", {} AS \"day\", ({})::numeric AS \"value\"{}{}", rows.key,
                     day, argument(context, scalar), context.line(depth), rows.from);
}

} // namespace segmentation::core::sql

namespace segmentation::core {

std::optional<std::string> print_summed_rows(const Scalar &sum, const Meaning &meaning) {
  const sql::Context context{meaning, "now()"};
  if (sum.form != Scalar::Form::aggregate || sum.fold != Fold::sum ||
      sql::date_of(context, sum.source).relation < 0) {
    return std::nullopt;
  }
  return sql::dated_rows(context, sum, 0);
}

} // namespace segmentation::core
