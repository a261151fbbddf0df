// A rule as one SELECT.
#include "core/program/sql_printer.hpp"

#include "core/program/sql_aggregate.hpp"
#include "core/program/sql_condition.hpp"
#include "core/program/sql_from.hpp"

namespace segmentation::core {

std::string print_sql(const CheckedRule &rule, const Meaning &meaning, const SqlOptions &options) {
  const sql::Context context{meaning, options.now, options.pretty};
  sql::Aggregates aggregates(context);
  std::set<int> relations{0};
  std::string where = "WHERE ";
  if (const Condition *customers = context.row_condition(0)) {
    sql::add_relations(context, *customers, relations);
    where += sql::print_condition(context, &aggregates, *customers, sql::Place::conjunct, 1) +
             context.line(1) + "AND " +
             sql::print_condition(context, &aggregates, *rule.condition, sql::Place::conjunct, 1);
  } else {
    where += sql::print_condition(context, &aggregates, *rule.condition, sql::Place::alone, 1);
  }
  sql::add_relations(context, *rule.condition, relations);
  // The joins follow from what the conditions asked for, so they are printed last.
  return "SELECT " + sql::raw_column(context, 0, context.relation(0).key) + context.line(0) +
         sql::from_clause(context, 0, relations, 0) + aggregates.print_joins(0) + context.line(0) + where;
}

std::string print_customers(const Meaning &meaning) {
  Condition everyone;
  everyone.form = Condition::Form::constant;
  everyone.truth = true;
  CheckedRule rule;
  rule.condition = std::make_shared<const Condition>(std::move(everyone));
  return print_sql(rule, meaning);
}

} // namespace segmentation::core
