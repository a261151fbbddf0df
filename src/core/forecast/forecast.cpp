#include "core/forecast/forecast.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace segmentation::core {
namespace {

constexpr double days_of_week = 7;

constexpr std::array<std::string_view, 16> column_names = {"frequency",
                                                           "recency",
                                                           "age",
                                                           "monetary",
                                                           "probability_alive",
                                                           "predicted_purchases",
                                                           "predicted_spend",
                                                           "predicted_spend_tier",
                                                           "recency_score",
                                                           "frequency_score",
                                                           "monetary_score",
                                                           "rfm_group",
                                                           "orders",
                                                           "spend",
                                                           "last_order",
                                                           "observed_until"};

/// Takes words off a text one by one; any that does not read makes all of it wrong.
class Words {
public:
  explicit Words(std::string_view text) : rest_(text) {}

  template <typename Number> void read(Number &out) {
    const std::string_view word = next();
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), out);
    is_right_ &= error == std::errc() && end == word.data() + word.size();
  }
  void read(Decimal &out) {
    if (auto number = Decimal::parse(next()))
      out = *std::move(number);
    else
      is_right_ = false;
  }
  bool are_all_read() const noexcept { return is_right_ && rest_.empty(); }

private:
  std::string_view next() noexcept {
    const std::size_t end = std::min(rest_.find(' '), rest_.size());
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return word;
  }

  std::string_view rest_;
  bool is_right_ = true;
};

template <typename Value, typename Cuts> std::int64_t score(const Value &value, const Cuts &cuts) {
  return 1 + std::count_if(cuts.begin(), cuts.end(), [&](const auto &cut) { return value > cut; });
}

ForecastValue integer(std::optional<std::int64_t> value) {
  ForecastValue out;
  if (value)
    out = {ForecastValue::Form::integer, *value, {}, {}};
  return out;
}

ForecastValue day(Day value) {
  return {ForecastValue::Form::day, value, {}, {}};
}

ForecastValue text(std::string_view value) {
  return {ForecastValue::Form::text, 0, {}, value};
}

ForecastValue decimal(std::optional<double> value) {
  constexpr int digits_after_first = 14;
  char digits[64];
  ForecastValue out;
  if (!value || !std::isfinite(*value))
    return out;
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, *value,
                                          std::chars_format::scientific, digits_after_first);
  if (auto number = error == std::errc() ? Decimal::parse({digits, end}) : std::nullopt)
    out = {ForecastValue::Form::decimal, 0, *std::move(number), {}};
  return out;
}

} // namespace

double to_double(const Decimal &number) {
  const std::string digits = number.to_string();
  double out = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), out).ec != std::errc::result_out_of_range)
    return out;
  if (Decimal(-1) < number && number < Decimal(1))
    return 0;
  return digits.front() == '-' ? -HUGE_VAL : HUGE_VAL;
}

std::optional<ForecastModel> ForecastModel::parse(std::string_view text) {
  Words words(text);
  ForecastModel model;
  int goes_on = 0;
  for (double *number : {&model.purchases.r, &model.purchases.alpha, &model.purchases.a, &model.purchases.b,
                         &model.values.p, &model.values.q, &model.values.gamma})
    words.read(*number);
  words.read(model.observed_until);
  words.read(goes_on);
  words.read(model.horizon);
  for (Day &cut : model.recency)
    words.read(cut);
  for (std::int64_t &cut : model.frequency)
    words.read(cut);
  for (Decimal &cut : model.monetary)
    words.read(cut);
  words.read(model.low);
  words.read(model.high);
  model.goes_on = goes_on != 0;
  model.printed = text;
  if (!words.are_all_read())
    return std::nullopt;
  return model;
}

std::optional<ForecastColumn> forecast_column(std::string_view name) noexcept {
  const auto found = std::find(column_names.begin(), column_names.end(), name);
  if (found == column_names.end())
    return std::nullopt;
  return static_cast<ForecastColumn>(found - column_names.begin());
}

std::span<const ForecastColumn> forecast_columns() noexcept {
  static constexpr auto columns = [] {
    std::array<ForecastColumn, column_names.size()> all{};
    for (std::size_t i = 0; i < all.size(); ++i)
      all[i] = static_cast<ForecastColumn>(i);
    return all;
  }();
  return columns;
}

std::string_view name_of(ForecastColumn column) noexcept {
  return column_names[static_cast<std::size_t>(column)];
}

std::span<const std::string_view> texts_of(ForecastColumn column) noexcept {
  static constexpr std::array<std::string_view, 3> tiers = {"HIGH", "MEDIUM", "LOW"};
  static constexpr std::array<std::string_view, 11> groups = {
      "CHAMPIONS",        "LOYAL",       "ACTIVE",  "NEW",      "PROMISING", "NEEDS_ATTENTION", "AT_RISK",
      "PREVIOUSLY_LOYAL", "ALMOST_LOST", "DORMANT", "PROSPECTS"};
  if (column == ForecastColumn::rfm_group)
    return groups;
  if (column == ForecastColumn::predicted_spend_tier)
    return tiers;
  return {};
}

PurchaseHistory Forecast::history() const noexcept {
  const auto weeks = [](Day from, Day to) {
    return static_cast<double>(std::int64_t{to} - from) / days_of_week; // dates may lie very far apart
  };
  return {totals_.days - 1, weeks(totals_.first, totals_.last), weeks(totals_.first, observed_until())};
}

std::optional<std::int64_t> Forecast::frequency() const noexcept {
  return has_bought() ? std::optional(totals_.days - 1) : std::nullopt;
}

std::optional<double> Forecast::recency() const noexcept {
  return has_bought() ? std::optional(history().recency) : std::nullopt;
}

std::optional<double> Forecast::age() const noexcept {
  return has_bought() ? std::optional(history().age) : std::nullopt;
}

std::optional<double> Forecast::monetary() const {
  if (totals_.days < 2)
    return std::nullopt;
  return to_double(totals_.spend - totals_.first_value) / static_cast<double>(totals_.days - 1);
}

std::optional<double> Forecast::probability_alive() const noexcept {
  return has_bought() ? std::optional(core::probability_alive(model_.purchases, history())) : std::nullopt;
}

double Forecast::predicted_purchases() const noexcept {
  return has_bought() ? expected_purchases(model_.purchases, history(), model_.horizon / days_of_week) : 0;
}

double Forecast::predicted_spend() const {
  if (!has_bought())
    return 0;
  return predicted_purchases() *
         expected_value(model_.values, totals_.days - 1, std::max(monetary().value_or(0), 0.0));
}

std::string_view Forecast::predicted_spend_tier() const {
  const double spend = predicted_spend();
  return spend <= 0 || spend < model_.low ? "LOW" : spend > model_.high ? "HIGH" : "MEDIUM";
}

std::optional<std::int64_t> Forecast::recency_score() const noexcept {
  return has_bought() ? std::optional(score(totals_.last, model_.recency)) : std::nullopt;
}

std::optional<std::int64_t> Forecast::frequency_score() const noexcept {
  return has_bought() ? std::optional(score(totals_.orders, model_.frequency)) : std::nullopt;
}

std::optional<std::int64_t> Forecast::monetary_score() const {
  return has_bought() ? std::optional(score(totals_.spend, model_.monetary)) : std::nullopt;
}

std::string_view Forecast::rfm_group() const {
  return has_bought() ? core::rfm_group(*recency_score(), *frequency_score(), *monetary_score())
                      : "PROSPECTS";
}

std::optional<Day> Forecast::last_order() const noexcept {
  return has_bought() ? std::optional(totals_.last) : std::nullopt;
}

Day Forecast::observed_until() const noexcept {
  return has_bought() ? std::max(model_.observed_until, totals_.last) : model_.observed_until;
}

ForecastValue forecast_value(const ForecastModel &model, const PurchaseTotals &totals,
                             ForecastColumn column) {
  const Forecast forecast(model, totals);
  switch (column) {
  case ForecastColumn::frequency:
    return integer(forecast.frequency());
  case ForecastColumn::recency:
    return decimal(forecast.recency());
  case ForecastColumn::age:
    return decimal(forecast.age());
  case ForecastColumn::monetary:
    return decimal(forecast.monetary());
  case ForecastColumn::probability_alive:
    return decimal(forecast.probability_alive());
  case ForecastColumn::predicted_purchases:
    return decimal(forecast.predicted_purchases());
  case ForecastColumn::predicted_spend:
    return decimal(forecast.predicted_spend());
  case ForecastColumn::predicted_spend_tier:
    return text(forecast.predicted_spend_tier());
  case ForecastColumn::recency_score:
    return integer(forecast.recency_score());
  case ForecastColumn::frequency_score:
    return integer(forecast.frequency_score());
  case ForecastColumn::monetary_score:
    return integer(forecast.monetary_score());
  case ForecastColumn::rfm_group:
    return text(forecast.rfm_group());
  case ForecastColumn::orders:
    return integer(totals.orders);
  case ForecastColumn::spend:
    return {ForecastValue::Form::decimal, 0, totals.spend, {}};
  case ForecastColumn::last_order:
    return forecast.last_order() ? day(*forecast.last_order()) : ForecastValue{};
  case ForecastColumn::observed_until:
    return day(forecast.observed_until());
  }
  return {};
}

std::string_view rfm_group(std::int64_t recency, std::int64_t frequency, std::int64_t monetary) noexcept {
  static constexpr std::array<std::array<std::string_view, 5>, 5> groups = {{
      {"DORMANT", "DORMANT", "ALMOST_LOST", "PROMISING", "NEW"},
      {"DORMANT", "DORMANT", "ALMOST_LOST", "ACTIVE", "ACTIVE"},
      {"AT_RISK", "AT_RISK", "NEEDS_ATTENTION", "ACTIVE", "ACTIVE"},
      {"AT_RISK", "AT_RISK", "LOYAL", "LOYAL", "CHAMPIONS"},
      {"PREVIOUSLY_LOYAL", "PREVIOUSLY_LOYAL", "LOYAL", "LOYAL", "CHAMPIONS"},
  }};
  return groups[static_cast<std::size_t>((frequency + monetary) / 2 - 1)]
               [static_cast<std::size_t>(recency - 1)];
}

} // namespace segmentation::core
