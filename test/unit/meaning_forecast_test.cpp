// forecasts.column: by which rows, of which type, and how it is refused.
#include "unit/meaning_check.hpp"

#include <string>

namespace segmentation::core::test {
namespace {

std::shared_ptr<const Meaning> shop_with(const char *purchases) {
  Schema schema = shop_schema();
  define_value(schema, "Forecast_Purchases", purchases);
  define_value(schema, "rfm_group", "forecasts.rfm_group");
  return meaning_of(std::move(schema));
}

TEST(MeaningForecast, IsOfTheRowsThatPurchasesAddUp) {
  const auto meaning = shop_with("sum(orders.total MATCHES (paid = true))");
  const std::string rows = "orders.total | true(orders.paid)";
  EXPECT_EQ(outcome("forecasts.predicted_spend > 500", *meaning), "forecast(" + rows + ") > 500");
  EXPECT_EQ(outcome("Forecasts.RFM_Group = 'AT_RISK'", *meaning), outcome("rfm_group = 'AT_RISK'", *meaning));
  EXPECT_EQ(check("rfm_group = 'AT_RISK'", *meaning).rule->attributes.size(), 2U);
  EXPECT_EQ(outcome("forecasts.last_order >= 2026-01-01", *meaning),
            "from(forecast(" + rows + "); 2026-01-01)");
  EXPECT_EQ(check("forecasts.age > 1", *meaning).rule->condition->left.forecast, ForecastColumn::age);
}

TEST(MeaningForecast, IsRefused) {
  const auto meaning = shop_with("sum(orders.total)");
  EXPECT_EQ(
      outcome("forecasts.rfm_grup = 'NEW'", *meaning),
      "42703 [forecasts.rfm_grup] column \"rfm_grup\" does not exist in \"forecasts\" | Perhaps you meant "
      "\"rfm_group\".");
  EXPECT_EQ(outcome("forecasts.rfm_group > 3", *meaning).substr(0, 5), "42804");
  EXPECT_EQ(outcome("forecasts MATCHES (frequency > 1)", *meaning).substr(0, 5), "42703");
  EXPECT_EQ(outcome("forecasts.rfm_group = 'NEW'").substr(0, 5), "42703");
  EXPECT_EQ(outcome("orders MATCHES (forecasts.age > 1)", *meaning).substr(0, 5), "42703");
  for (const char *wrong : {"count(orders)", "number_of_orders", "sum(orders.total) * 2"})
    EXPECT_EQ(outcome("rfm_group = 'NEW'", *shop_with(wrong)).substr(0, 5), "42804") << wrong;
  EXPECT_EQ(outcome("rfm_group = 'NEW'", *shop_with("forecasts.spend")).substr(0, 5), "42P17");
}

} // namespace
} // namespace segmentation::core::test
