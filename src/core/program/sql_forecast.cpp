// Forecasts as SQL: a customer's purchases added up by day and then for her, and what the core says of the
// totals.
#include "core/program/sql_aggregate.hpp"
#include "core/program/sql_rows.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace segmentation::core::sql {

std::string Aggregates::forecast(const Scalar &scalar) {
  const char *type = scalar.type == Kind::number ? "numeric" : scalar.type == Kind::day ? "date" : "text";
  const auto &model = context_.schema().forecast;
  if (!model) {
    return fmt::format("NULL::{}", type);
  }
  const std::string line = context_.line(4),
                    last = model->goes_on ? "< 'infinity'"
                                          : fmt::format("<= {}", day_literal(model->observed_until));
  const std::string from = fmt::format("FROM ({0}SELECT \"customer\", \"day\", COALESCE(sum(\"value\"), 0) "
                                       "AS \"value\", count(*) AS \"orders\"{1}"
                                       "FROM ({2}) AS \"rows\"{1}WHERE \"day\" > '-infinity' AND \"day\" "
                                       "{3}{1}GROUP BY \"customer\", \"day\"{4}) AS \"days\"",
                                       context_.line(2), context_.line(3), dated_rows(context_, scalar, 4),
                                       last, context_.line(1));
  auto group =
      std::find_if(groups_.begin(), groups_.end(), [&](const Group &one) { return one.from == from; });
  if (group == groups_.end()) {
    groups_.push_back({unused_alias("m", groups_.size() + 1),
                       "\"days\".\"customer\"",
                       from,
                       {{"sum(\"orders\")::bigint", "\"orders\""},
                        {"count(*)", "\"days\""},
                        {"min(\"day\")", "\"first\""},
                        {"max(\"day\")", "\"last\""},
                        {"sum(\"value\")", "\"spend\""},
                        {"(array_agg(\"value\" ORDER BY \"day\"))[1]", "\"first_value\""}}});
    group = groups_.end() - 1;
  }
  return fmt::format("segmentation._forecast('{0}', {1}, {2}.\"orders\", {2}.\"days\", {2}.\"first\", "
                     "{2}.\"last\", {2}.\"spend\", "
                     "{2}.\"first_value\")::{3}",
                     name_of(scalar.forecast), quote_literal(model->printed), group->alias, type);
}

} // namespace segmentation::core::sql
