// What the fitted models say of one customer, from her purchases: days on which she bought count as one
// purchase each. Both paths ask here: the evaluator of rules, and the SQL functions under to_sql, view
// forecasts and refresh_forecasts.
#pragma once

#include "core/forecast/bg_nbd.hpp"
#include "core/forecast/gamma_gamma.hpp"
#include "core/value/calendar.hpp"
#include "core/value/decimal.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace segmentation::core {

/// A customer's purchases added up.
struct PurchaseTotals {
  std::int64_t orders = 0; // rows
  std::int64_t days = 0;   // different days; 0 for who has never bought
  Day first = 0;
  Day last = 0;
  Decimal spend;
  Decimal first_value; // what the rows of the first day are worth
};

/// What a refresh has found out about a shop: both models, and where scores and tiers are cut.
struct ForecastModel {
  BgNbd purchases; // time in weeks
  GammaGamma values;
  Day observed_until = 0;
  bool goes_on = true;          // purchases after observed_until count, too
  std::int32_t horizon = 0;     // days
  std::array<Day, 4> recency{}; // a score is 1 and the number of these that a customer is above
  std::array<std::int64_t, 4> frequency{};
  std::array<Decimal, 4> monetary;
  double low = 0, high = 0; // predicted spend of the tiers' edges
  std::string printed;      // what it was read from

  /// Reads what segmentation._forecast_model() prints: the members in this order, goes_on as 0 or 1, apart by
  /// one blank each.
  static std::optional<ForecastModel> parse(std::string_view text);

  /// Returns the last day whose purchases count.
  Day last_day() const noexcept { return goes_on ? day_infinity - 1 : observed_until; }
};

/// What can be asked of a forecast: the columns of view forecasts, by their names there.
enum class ForecastColumn : std::uint8_t {
  frequency,
  recency, // weeks, as age
  age,
  monetary,
  probability_alive,
  predicted_purchases,
  predicted_spend,
  predicted_spend_tier,
  recency_score,
  frequency_score,
  monetary_score,
  rfm_group,
  orders,
  spend,
  last_order,
  observed_until,
};

/// Returns all columns.
std::span<const ForecastColumn> forecast_columns() noexcept;

/// Returns the column of a name, which is in lower case.
std::optional<ForecastColumn> forecast_column(std::string_view name) noexcept;
std::string_view name_of(ForecastColumn column) noexcept;

/// Returns all that a column of texts can say; nothing for others.
std::span<const std::string_view> texts_of(ForecastColumn column) noexcept;

/// One customer's forecast. What is observed of her ends with the model's last day or, where she has bought
/// since, with her last purchase. Absent values are missing: all but orders, spend, what is predicted, tier,
/// group and observed_until of who has never bought.
class Forecast {
public:
  Forecast(const ForecastModel &model, const PurchaseTotals &totals) : model_(model), totals_(totals) {}

  std::optional<std::int64_t> frequency() const noexcept;
  std::optional<double> recency() const noexcept;
  std::optional<double> age() const noexcept;
  /// Returns the mean value of a purchase after the first day; absent where there is none.
  std::optional<double> monetary() const;
  std::optional<double> probability_alive() const noexcept;
  double predicted_purchases() const noexcept;
  double predicted_spend() const;
  std::string_view predicted_spend_tier() const;
  std::optional<std::int64_t> recency_score() const noexcept;
  std::optional<std::int64_t> frequency_score() const noexcept;
  std::optional<std::int64_t> monetary_score() const;
  std::string_view rfm_group() const;
  std::optional<Day> last_order() const noexcept;
  Day observed_until() const noexcept;

private:
  bool has_bought() const noexcept { return totals_.days > 0; }
  PurchaseHistory history() const noexcept;

  const ForecastModel &model_;
  const PurchaseTotals &totals_;
};

/// A column's value as rules read it. Numbers that are computed in double precision have the 15 digits that
/// PostgreSQL's cast to numeric gives them.
struct ForecastValue {
  enum class Form : std::uint8_t { missing, integer, decimal, text, day };
  Form form = Form::missing;
  std::int64_t integer = 0; // integer; day
  Decimal decimal;
  std::string_view text; // lasts for ever
};
ForecastValue forecast_value(const ForecastModel &model, const PurchaseTotals &totals, ForecastColumn column);

/// Returns the group of Shopify's grid for scores of 1 to 5. Half scores count as the lower whole one.
std::string_view rfm_group(std::int64_t recency, std::int64_t frequency, std::int64_t monetary) noexcept;

/// Returns a decimal as PostgreSQL's cast to double precision does; infinity, or zero, where that refuses one
/// that is too large or too small.
double to_double(const Decimal &number);

} // namespace segmentation::core
