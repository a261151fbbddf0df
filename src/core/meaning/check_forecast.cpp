// The name `forecasts.column`: what the models say of the customer, by the rows that attribute
// forecast_purchases adds up. There is no such relation; a shop's own of that name comes first.
#include "core/meaning/checking.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace segmentation::core {

namespace {

constexpr std::string_view purchases_name = "forecast_purchases";

Kind kind_of(ForecastColumn column) {
  switch (column) {
  case ForecastColumn::predicted_spend_tier:
  case ForecastColumn::rfm_group:
    return Kind::text;
  case ForecastColumn::last_order:
  case ForecastColumn::observed_until:
    return Kind::day;
  default:
    return Kind::number;
  }
}

/// Returns the column that a name part means, without regard to case.
std::optional<ForecastColumn> column_of(const Name::Part &part) {
  for (const ForecastColumn column : forecast_columns()) {
    if (same_name(part, core::name_of(column))) {
      return column;
    }
  }
  return std::nullopt;
}

} // namespace

std::optional<Operand> Checker::forecast_value(NameParts parts, Span span) {
  const auto purchases =
      std::find_if(schema_.attributes.begin(), schema_.attributes.end(), [](const DefinedAttribute &known) {
        return same_name({std::string(purchases_name), false}, known.name);
      });
  if (parts.size() != 2 || !same_name(parts[0], "forecasts") || purchases == schema_.attributes.end()) {
    return std::nullopt;
  }
  const std::optional<ForecastColumn> column = column_of(parts[1]);
  if (!column) {
    std::vector<std::string> known;
    for (const ForecastColumn each : forecast_columns()) {
      known.emplace_back(core::name_of(each));
    }
    report(SqlState::undefined_name, span,
           fmt::format("column \"{}\" does not exist in \"forecasts\"", parts[1].text),
           nearest_hint(parts[1].text, known));
    return Operand{};
  }
  Operand operand = attribute(static_cast<int>(purchases - schema_.attributes.begin()), span);
  if (operand.form == Operand::Form::broken) {
    return operand;
  }
  if (operand.form != Operand::Form::scalar || operand.scalar.form != Scalar::Form::aggregate ||
      operand.scalar.fold != Fold::sum || date_column(schema_, *reach_, operand.scalar.source).relation < 0) {
    report(SqlState::wrong_type, span,
           fmt::format("attribute \"{}\" is no sum over rows of customers that have a date", purchases->name),
           "Call segmentation.forecast_source with a source that has a date, and the column with the value.");
    return Operand{};
  }
  operand.scalar.fold = Fold::forecast;
  operand.scalar.forecast = *column;
  operand.scalar.type = kind_of(*column);
  return operand;
}

} // namespace segmentation::core
