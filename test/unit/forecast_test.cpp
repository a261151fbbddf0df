// The models of forecasts against published figures: those of Fader, Hardie and Lee (2005), of Hardie's
// spreadsheets and notes, and what the packages BTYD (R), lifetimes, CLVTools and PyMC-Marketing hold
// themselves against. The published fits of the CDNOW data are met through SQL, in test/data.
#include "core/forecast/fit.hpp"
#include "core/forecast/forecast.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

using namespace segmentation::core;

namespace {

constexpr BgNbd published = {0.243, 4.414, 0.793, 2.426};
// The same fit of the CDNOW sample with more digits, as CLVTools has it.
constexpr BgNbd precise = {0.2425945, 4.4136019, 0.7929199, 2.4258881};
constexpr GammaGamma published_values = {6.25, 3.74, 15.44};

/// Returns the histories and values of customers who behave as the models say.
struct Simulated {
  std::vector<HistoryGroup> histories;
  std::vector<ValueGroup> values;
};

Simulated simulate(const BgNbd &model, const GammaGamma &worth, int customers) {
  std::mt19937_64 random(20050101);
  const auto gamma = [&](double shape, double rate) {
    return std::gamma_distribution<double>(shape, 1 / rate)(random);
  };
  std::uniform_real_distribution<double> uniform;
  Simulated result;
  for (int i = 0; i < customers; i++) {
    const double rate = gamma(model.r, model.alpha), first = gamma(model.a, 1),
                 leaving = first / (first + gamma(model.b, 1));
    const double age = 30 + 10 * uniform(random), nu = gamma(worth.q, worth.gamma);
    PurchaseHistory history{0, 0, age};
    double sum = 0;
    for (double at = std::exponential_distribution<double>(rate)(random); at < age;
         at += std::exponential_distribution<double>(rate)(random)) {
      history.frequency++;
      history.recency = at;
      sum += gamma(worth.p, nu);
      if (uniform(random) < leaving)
        break;
    }
    result.histories.push_back({history, 1});
    if (history.frequency > 0)
      result.values.push_back({history.frequency, sum / static_cast<double>(history.frequency), 1});
  }
  return result;
}

TEST(BgNbd, ExpectsPublishedPurchasesOfNewCustomers) {
  const double times[] = {0.1429, 1, 3, 31.8571, 32, 78},
               wanted[] = {0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8580};
  for (int i = 0; i < 6; i++)
    EXPECT_NEAR(expected_purchases(precise, times[i]), wanted[i], 0.00005) << times[i];
}

TEST(BgNbd, ExpectsPublishedPurchasesOfKnownCustomers) {
  const PurchaseHistory first = {2, 213 / 7.0, 272 / 7.0}, second = {1, 12 / 7.0, 272 / 7.0},
                        third = {0, 0, 272 / 7.0}, sixth = {7, 206 / 7.0, 272 / 7.0};
  EXPECT_NEAR(expected_purchases(precise, first, 39), 1.226, 0.0005);
  EXPECT_NEAR(probability_alive(precise, first), 0.7266, 0.00005);
  EXPECT_NEAR(expected_purchases(precise, second, 39), 0.2034, 0.0001);
  EXPECT_NEAR(probability_alive(precise, second), 0.2124, 0.0001);
  EXPECT_NEAR(expected_purchases(precise, third, 39), 0.1948, 0.0001);
  EXPECT_EQ(probability_alive(precise, third), 1);
  EXPECT_NEAR(expected_purchases(precise, sixth, 39), 3.3376, 0.001);
  EXPECT_NEAR(probability_alive(precise, sixth), 0.6418, 0.00005);
  EXPECT_NEAR(log_likelihood(published, first), -9.4585, 0.001);
}

TEST(BgNbd, GivesPublishedProbabilitiesOfPurchases) {
  EXPECT_NEAR(probability_of_purchases(published, 10, 2), 1.07869e-07, 1e-12);
  EXPECT_NEAR(probability_of_purchases(published, 0, 39), 0.5737864, 1e-7);
  const double wanted[] = {0.0019995214, 0.0015170236, 0.0011633150, 0.0009003148, 0.0007023638,
                           0.0005517902, 0.0004361913, 0.0003467171, 0.0002769613, 0.0002222260};
  for (int x = 11; x <= 20; x++)
    EXPECT_NEAR(probability_of_purchases(published, x, 30), wanted[x - 11], 1e-9) << x;
  double all = 0;
  for (int x = 0; x < 3000; x++)
    all += probability_of_purchases(published, x, 39);
  EXPECT_NEAR(all, 1, 1e-9);
}

TEST(BgNbd, IsSoundForNoPurchasesAndForHundreds) {
  const BgNbd model = {0.25, 4, 0.8, 2.5};
  EXPECT_NEAR(log_likelihood(model, {0, 0, 40}), -0.59947382, 1e-8);
  EXPECT_NEAR(log_likelihood(model, {200, 38, 40}), 100.7957, 0.0001);
  for (const BgNbd &each : {model, BgNbd{20, 1000, 0.001, 0.002}, BgNbd{0.01, 0.001, 50, 900}}) {
    for (std::int64_t x : {0, 1, 200, 280}) // days in 40 weeks
      for (double horizon : {0.0, 0.001, 52.0, 5'218.0}) {
        const PurchaseHistory history = {x, x == 0 ? 0.0 : 39.9, 40};
        const double purchases = expected_purchases(each, history, horizon),
                     alive = probability_alive(each, history);
        EXPECT_TRUE(std::isfinite(purchases) && purchases >= 0) << x << ' ' << horizon << ' ' << purchases;
        EXPECT_TRUE(alive >= 0 && alive <= 1) << x << ' ' << alive;
        EXPECT_TRUE(std::isfinite(log_likelihood(each, history))) << x;
      }
  }
}

TEST(BgNbd, IsExactWhereCustomersHardlyDiffer) {
  // The paper's formula with 120 digits and more.
  const auto active = [](const BgNbd &model, std::int64_t x, double age, double horizon) {
    const PurchaseHistory history = {x, age, age};
    return expected_purchases(model, history, horizon) / probability_alive(model, history);
  };
  EXPECT_NEAR(active({0.24, 10, 4'000, 40'000}, 3, 100, 52), 1.401916700699488, 1e-13);
  EXPECT_NEAR(active({0.24, 10, 400'000, 4e6}, 3, 100, 52), 1.401906628779654, 1e-13);
  EXPECT_NEAR(active({0.24, 4.41, 400, 4'000}, 0, 0, 520), 4.913059434587139, 1e-12);
  EXPECT_NEAR(active({1'000, 1'000, 0.79, 2.42}, 0, 30, 52), 10.70553797306781, 1e-12);
  EXPECT_NEAR(active({1e5, 1e5, 0.79, 2.42}, 0, 30, 52), 10.83444411212305, 1e-12);
  EXPECT_NEAR(active({0.24, 4.41, 0.79, 2.42}, 200, 30, 52), 203.9615355600731, 1e-10);
  EXPECT_TRUE(std::isnan(active({1, 1e-6, 0.79, 2.42}, 1'000'000'000, 1, 52)))
      << "who buys millions of times";
}

TEST(BgNbd, HasNoHoleWhereTheFormulaDividesByZero) {
  // a = 1, and a + b + x = 1: the limits from both sides meet there.
  for (const auto &[a, b] : {std::pair{1.0, 2.5}, std::pair{0.4, 0.6}}) {
    const double below = expected_purchases({0.25, 4, a - 1e-9, b}, 52),
                 at = expected_purchases({0.25, 4, a, b}, 52),
                 above = expected_purchases({0.25, 4, a + 1e-9, b}, 52);
    EXPECT_GT(at, 0);
    EXPECT_NEAR(at, below, 1e-6);
    EXPECT_NEAR(at, above, 1e-6);
  }
}

TEST(BgNbd, AgreesWithItsDefinition) {
  // What is expected is the sum over the distribution.
  for (double time : {1.0, 39.0, 300.0}) {
    double mean = 0;
    for (int x = 1; x < 20'000; x++)
      mean += x * probability_of_purchases(published, x, time);
    EXPECT_NEAR(expected_purchases(published, time), mean, 1e-6 * mean) << time;
  }
}

TEST(GammaGamma, ExpectsPublishedValues) {
  const GammaGamma model = {6.249574, 3.744225, 15.443518};
  EXPECT_NEAR(expected_value(model, 2, 22.345), 24.654, 0.005);
  EXPECT_NEAR(expected_value(model, 1, 11.77), 18.910, 0.005);
  EXPECT_NEAR(expected_value(model, 0, 0), 35.170, 0.005);
  EXPECT_NEAR(expected_value(model, 7, 73.741), 71.465, 0.005);
  EXPECT_TRUE(std::isnan(expected_value({1, 0.5, 10}, 0, 0)));
}

TEST(Fit, FindsTheParametersThatCustomersWereMadeWith) {
  const Simulated shop = simulate(published, published_values, 100'000);
  const BgNbdFit fit = fit_bg_nbd(shop.histories);
  ASSERT_EQ(fit.outcome, FitOutcome::converged);
  EXPECT_NEAR(fit.model.r, 0.243, 0.01);
  EXPECT_NEAR(fit.model.alpha, 4.414, 0.2);
  EXPECT_NEAR(fit.model.a, 0.793, 0.1);
  EXPECT_NEAR(fit.model.b, 2.426, 0.4);
  const GammaGammaFit values = fit_gamma_gamma(shop.values);
  ASSERT_EQ(values.outcome, FitOutcome::converged);
  EXPECT_NEAR(values.model.p, 6.25, 0.2);
  EXPECT_NEAR(values.model.q, 3.74, 0.2);
  EXPECT_NEAR(values.model.gamma, 15.44, 1);
  // It is a maximum: there is nothing better around it, and its likelihood is the customers' own.
  double sum = 0;
  for (const HistoryGroup &group : shop.histories)
    sum += log_likelihood(fit.model, group.history);
  EXPECT_NEAR(fit.log_likelihood, sum, 1e-6 * std::abs(sum));
  for (double factor : {0.97, 1.03})
    for (int i = 0; i < 4; i++) {
      BgNbd other = fit.model;
      double *parameters[] = {&other.r, &other.alpha, &other.a, &other.b};
      *parameters[i] *= factor;
      double less = 0;
      for (const HistoryGroup &group : shop.histories)
        less += log_likelihood(other, group.history);
      EXPECT_LT(less, sum) << i << ' ' << factor;
    }
}

TEST(Fit, CountsAGroupAsItsCustomers) {
  const Simulated shop = simulate(published, published_values, 2'000);
  std::vector<HistoryGroup> twice = shop.histories, grouped = shop.histories;
  twice.insert(twice.end(), shop.histories.begin(), shop.histories.end());
  for (HistoryGroup &group : grouped)
    group.customers = 2;
  const BgNbdFit one = fit_bg_nbd(twice), other = fit_bg_nbd(grouped);
  ASSERT_EQ(one.outcome, FitOutcome::converged);
  EXPECT_NEAR(one.model.b / other.model.b, 1, 1e-4);
  EXPECT_NEAR(one.log_likelihood, other.log_likelihood, 1e-6 * std::abs(one.log_likelihood));
}

TEST(Fit, IsTheSameInAnotherCurrency) {
  const Simulated shop = simulate(published, published_values, 5'000);
  std::vector<ValueGroup> minor = shop.values;
  for (ValueGroup &group : minor)
    group.mean *= 100'000;
  const GammaGammaFit one = fit_gamma_gamma(shop.values), other = fit_gamma_gamma(minor);
  ASSERT_EQ(one.outcome, FitOutcome::converged);
  ASSERT_EQ(other.outcome, FitOutcome::converged);
  EXPECT_NEAR(other.model.p / one.model.p, 1, 1e-4);
  EXPECT_NEAR(other.model.gamma / one.model.gamma, 100'000, 10);
}

TEST(Fit, SaysSoWhereThereIsNothingToFit) {
  EXPECT_EQ(fit_bg_nbd({}).outcome, FitOutcome::failed);
  EXPECT_EQ(fit_gamma_gamma({}).outcome, FitOutcome::failed);
  const HistoryGroup never = {{0, 0, 40}, 1000}, steady = {{40, 40, 40}, 1000};
  EXPECT_NE(fit_bg_nbd({&never, 1}).outcome, FitOutcome::converged);
  EXPECT_NE(fit_bg_nbd({&steady, 1}).outcome, FitOutcome::converged);
  const ValueGroup same = {3, 10, 1000};
  EXPECT_NE(fit_gamma_gamma({&same, 1}).outcome, FitOutcome::converged);
}

TEST(Fit, StopsWhenAsked) {
  static int left;
  const auto stop = []() noexcept { return left-- <= 0; };
  const Simulated shop = simulate(published, published_values, 500);
  for (const int after : {0, 3}) {
    left = after;
    EXPECT_EQ(fit_bg_nbd(shop.histories, stop).outcome, FitOutcome::stopped);
    EXPECT_EQ(left, -1); // and goes no further
    left = after;
    EXPECT_EQ(fit_gamma_gamma(shop.values, stop).outcome, FitOutcome::stopped);
    EXPECT_EQ(left, -1);
  }
}

// The model of the sample, in force from 1997-09-30 on.
constexpr const char *printed_model =
    "0.2425945 4.4136019 0.7929199 2.4258881 6.249574 3.744225 15.443518 -823 1 273 "
    "-1000 -950 -900 -850 1 2 3 5 10 20.5 30 100 5 40";

TEST(Forecast, IsReadAsItIsPrinted) {
  const auto model = ForecastModel::parse(printed_model);
  ASSERT_TRUE(model);
  EXPECT_EQ(model->purchases.alpha, 4.4136019);
  EXPECT_EQ(model->observed_until, -823);
  EXPECT_TRUE(model->goes_on);
  EXPECT_EQ(model->horizon, 273);
  EXPECT_EQ(model->frequency[3], 5);
  EXPECT_EQ(model->monetary[1], Decimal(205, 1));
  EXPECT_EQ(model->high, 40);
  for (const char *wrong : {"", "1 2 3", "0.2425945 x 0.7929199"})
    EXPECT_FALSE(ForecastModel::parse(wrong)) << wrong;
  EXPECT_FALSE(ForecastModel::parse(std::string(printed_model) + " 1"));
}

TEST(Forecast, TellsOfPublishedCustomer) {
  const auto model = *ForecastModel::parse(printed_model);
  // Bought three times in 30.43 weeks; 8.43 weeks are between the last time and the end.
  const PurchaseTotals totals{3, 3, -823 - 272, -823 - 272 + 213, Decimal(7446, 2), Decimal(2977, 2)};
  const Forecast forecast(model, totals);
  EXPECT_EQ(forecast.frequency(), 2);
  EXPECT_NEAR(*forecast.monetary(), 22.345, 1e-9);
  EXPECT_NEAR(*forecast.probability_alive(), 0.7266, 5e-5);
  EXPECT_NEAR(forecast.predicted_purchases(), 1.2260, 5e-5);
  EXPECT_NEAR(forecast.predicted_spend(), 1.2260 * 24.654, 5e-3);
  EXPECT_EQ(forecast.recency_score(), 4);
  EXPECT_EQ(forecast.frequency_score(), 3);
  EXPECT_EQ(forecast.monetary_score(), 4);
  EXPECT_EQ(forecast.rfm_group(), "ACTIVE");
  EXPECT_EQ(forecast.predicted_spend_tier(), "MEDIUM");
}

TEST(Forecast, IsObservedUntilHerLastPurchase) {
  const auto model = *ForecastModel::parse(printed_model);
  const PurchaseTotals later{2, 2, -823 - 70, -823 + 7, Decimal(100), Decimal(40)};
  EXPECT_EQ(Forecast(model, later).age(), 11);
  EXPECT_EQ(Forecast(model, later).recency(), 11);
  EXPECT_EQ(Forecast(model, later).observed_until(), -823 + 7);
  EXPECT_EQ(Forecast(model, later).recency_score(), 5);
}

TEST(Forecast, TellsOfWhoNeverBought) {
  const auto model = *ForecastModel::parse(printed_model);
  const PurchaseTotals none;
  const auto value = [&](const char *column) {
    return forecast_value(model, none, *forecast_column(column));
  };
  using Form = ForecastValue::Form;
  for (const char *column : {"frequency", "recency", "age", "monetary", "probability_alive", "recency_score",
                             "frequency_score", "monetary_score", "last_order"})
    EXPECT_EQ(value(column).form, Form::missing) << column;
  EXPECT_EQ(value("rfm_group").text, "PROSPECTS");
  EXPECT_EQ(value("predicted_spend_tier").text, "LOW");
  EXPECT_EQ(value("predicted_spend").decimal, Decimal(0));
  EXPECT_EQ(value("predicted_purchases").decimal, Decimal(0));
  EXPECT_EQ(value("orders").integer, 0);
  EXPECT_EQ(value("observed_until").integer, -823);
  EXPECT_FALSE(forecast_column("customer_id"));
}

TEST(Forecast, IsSoundForWhatDoublesDoNotHold) {
  const auto model = *ForecastModel::parse(printed_model);
  const auto told = [&](const Decimal &value, ForecastColumn column) {
    const PurchaseTotals totals{2, 2, -823 - 272, -823, value + value, value};
    return forecast_value(model, totals, column);
  };
  const Decimal tiny = *Decimal::parse("1e-400"), huge = *Decimal::parse("1e400");
  EXPECT_EQ(told(tiny, ForecastColumn::monetary).decimal, Decimal(0));
  EXPECT_EQ(told(Decimal(0) - tiny, ForecastColumn::monetary).decimal, Decimal(0));
  EXPECT_EQ(told(tiny, ForecastColumn::predicted_spend).decimal,
            told(Decimal(0), ForecastColumn::predicted_spend).decimal);
  EXPECT_EQ(told(huge, ForecastColumn::monetary).form, ForecastValue::Form::missing);
  EXPECT_EQ(told(huge, ForecastColumn::predicted_spend_tier).text, "HIGH");
}

TEST(Forecast, HasFifteenDigits) {
  auto model = *ForecastModel::parse(printed_model);
  const PurchaseTotals totals{3, 3, -823 - 272, -823 - 272 + 213, Decimal(7446, 2), Decimal(2977, 2)};
  // 213 days are 30.428571428571427 weeks.
  EXPECT_EQ(forecast_value(model, totals, ForecastColumn::recency).decimal.to_string(), "30.4285714285714");
}

} // namespace
