// Values of customers as one SELECT: what the views of segments with SHOW and ORDER BY stand on.
#include "core/program/sql_aggregate.hpp"
#include "core/program/sql_condition.hpp"
#include "core/program/sql_from.hpp"
#include "core/program/sql_printer.hpp"
#include "core/program/sql_scalar.hpp"

#include <fmt/format.h>

namespace segmentation::core {

namespace {

using namespace sql;

class ValuePrinter {
public:
  ValuePrinter(const Context &context, Aggregates &aggregates, bool json_keys)
      : context_(context), aggregates_(aggregates), json_keys_(json_keys) {}

  std::string shown(const CheckedValue &value) const {
    const Scalar &scalar = value.scalar;
    switch (value.form) {
    case CheckedValue::Form::json:
      return scalar.column.json_path.empty() ? raw(scalar)
             : json_keys_                    ? print_column(scalar.column, Kind::json, context_.meaning)
                                             : key_as_text(scalar);
    case CheckedValue::Form::list:
      return is_fold(scalar) ? aggregates_.value(scalar) : is_set(scalar) ? set(scalar) : raw(scalar);
    case CheckedValue::Form::scalar:
      if (scalar.form == Scalar::Form::column && scalar.column.json_path.empty()) {
        return raw(scalar);
      }
      break;
    default:
      break;
    }
    return computed(value);
  }

  std::string ordered(const CheckedValue &value) const {
    const Scalar &scalar = value.scalar;
    switch (value.form) {
    case CheckedValue::Form::json:
      // As jsonb, numbers go before one another as numbers do. Its null is a value to PostgreSQL.
      return fmt::format("NULLIF({}, 'null'::jsonb)",
                         print_column(scalar.column, Kind::json, context_.meaning));
    case CheckedValue::Form::list:
      return is_fold(scalar)  ? aggregates_.value(scalar)
             : is_set(scalar) ? set(scalar)
                              : print_scalar(context_, nullptr, scalar);
    default:
      return computed(value);
    }
  }

private:
  std::string computed(const CheckedValue &value) const {
    switch (value.form) {
    case CheckedValue::Form::truth:
      return fmt::format("({}) IS TRUE",
                         print_condition(context_, &aggregates_, *value.condition, Place::alone, 1));
    case CheckedValue::Form::anniversary:
      return fmt::format("segmentation.next_anniversary({}, {})",
                         print_day(context_, &aggregates_, value.scalar), print_today(context_));
    default:
      return value.scalar.type == Kind::number ? number(value.scalar)
                                               : print_scalar(context_, &aggregates_, value.scalar);
    }
  }

  std::string number(const Scalar &scalar) const {
    const Fraction fraction = print_number(context_, &aggregates_, scalar);
    return fraction.denominator.empty()
               ? fraction.numerator
               : fmt::format("{} / NULLIF({}, 0)", as_numeric(fraction), fraction.denominator);
  }

  std::string raw(const Scalar &scalar) const {
    return raw_column(context_, scalar.column.relation, scalar.column.column);
  }

  /// Prints a key below a json column as text: of a string its contents, of an object or array its JSON.
  std::string key_as_text(const Scalar &scalar) const {
    ColumnRef above = scalar.column;
    above.json_path.pop_back();
    return fmt::format("{} ->> {}", print_column(above, Kind::json, context_.meaning),
                       quote_literal(scalar.column.json_path.back()));
  }

  static bool is_fold(const Scalar &scalar) { return scalar.form == Scalar::Form::aggregate; }
  bool is_set(const Scalar &scalar) const { return set_above(context_, scalar.column.relation) >= 0; }

  std::string set(const Scalar &scalar) const {
    const bool numbers = scalar.type == Kind::number_list || scalar.type == Kind::number;
    std::string value = print_column(scalar.column, numbers ? Kind::number : Kind::text, context_.meaning);
    const std::string rows =
        print_set_rows(context_, scalar, 3) + context_.line(4) + "AND " + value + " IS NOT NULL";
    if (!numbers) {
      value = bytewise(value);
    }
    const std::string open = context_.pretty ? context_.line(3) : "";
    const std::string close = context_.pretty ? context_.line(2) : "";
    return fmt::format("ARRAY({}SELECT DISTINCT {} AS \"value\" {}{}ORDER BY 1{})::{}[]", open, value, rows,
                       context_.line(3), close, numbers ? "numeric" : "text");
  }

  const Context &context_;
  Aggregates &aggregates_;
  const bool json_keys_;
};

/// Adds the relations that a value reads beside the customer's row.
void add_relations_of(const Context &context, const CheckedValue &value, std::set<int> &relations) {
  if (value.form == CheckedValue::Form::truth) {
    add_relations(context, *value.condition, relations);
  } else if (value.form == CheckedValue::Form::list && value.scalar.form == Scalar::Form::column) {
    Condition present;
    present.form = Condition::Form::list_present;
    present.left = value.scalar;
    add_relations(context, present, relations);
  } else {
    add_relations(context, value.scalar, relations);
  }
}

} // namespace

std::string print_values(const std::vector<CheckedValue> &shown, const std::vector<CheckedValue> &order,
                         const Meaning &meaning, const ValueOptions &options) {
  const Context context{meaning, options.now, options.pretty, options.only};
  Aggregates aggregates(context);
  const ValuePrinter printer(context, aggregates, options.json_keys);
  std::set<int> relations{0};
  std::string list = raw_column(context, 0, context.relation(0).key) + " AS \"key\"";
  int number = 0;
  for (const CheckedValue &value : shown) {
    add_relations_of(context, value, relations);
    list += fmt::format(",{}{} AS \"value_{}\"", context.line(2), printer.shown(value), ++number);
  }
  number = 0;
  for (const CheckedValue &value : order) {
    add_relations_of(context, value, relations);
    list += fmt::format(",{}{} AS \"order_{}\"", context.line(2), printer.ordered(value), ++number);
  }
  std::string where;
  if (const Condition *own = context.row_condition(0); own != nullptr && options.only_customers) {
    add_relations(context, *own, relations);
    where = context.line(0) + "WHERE " + print_condition(context, &aggregates, *own, Place::alone, 1);
  }
  // The joins follow from what the values asked for, so they are printed last.
  return "SELECT " + list + context.line(0) + from_clause(context, 0, relations, 0) +
         aggregates.print_joins(0) + where;
}

} // namespace segmentation::core
