#include "core/forecast/bg_nbd.hpp"

#include "core/forecast/quiet.hpp"

#include <boost/math/special_functions/beta.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace segmentation::core {
namespace {

/// Returns ln of the weight of a customer who has left after her last purchase against one who has not: ln of
/// the odds.
double log_odds_left(const BgNbd &model, const PurchaseHistory &history) noexcept {
  const double x = static_cast<double>(history.frequency);
  return std::log(model.a) - std::log(model.b + x - 1) +
         (model.r + x) * (std::log(model.alpha + history.age) - std::log(model.alpha + history.recency));
}

/// Returns the purchases expected in `horizon` of a customer who is active after x purchases and `age`. While
/// active she would make n of them with the probability of a negative binomial,
///   (r + x)_n / n! z^n (1 - z)^(r + x),   z = horizon / (alpha + age + horizon),
/// and of n she makes g(n), since she may leave after each:
///   g(n + 1) = g(n) + (b + x)_n / (a + b + x)_n.
/// All terms are positive, whatever the parameters are: nothing cancels, and neither a = 1 nor a + b + x = 1
/// is special.
double expected_while_active(const BgNbd &model, double x, double age, double horizon) noexcept {
  constexpr double large = 1e200;
  constexpr int most_terms = 1'000'000;
  if (!(horizon > 0))
    return 0;
  const double z = horizon / (model.alpha + age + horizon), shape = model.r + x;
  double log_scale = shape * std::log1p(-z); // of sum and weight
  double weight = 1, more = 1, stays = 1, made = 0, sum = 0;
  for (int n = 0; n < most_terms && !(more < 1 && weight * made <= 1e-17 * sum); n++) {
    more = (shape + n) / (n + 1) * z; // times the probability of n + 1 against that of n
    weight *= more;
    made += stays;
    stays *= (model.b + x + n) / (model.a + model.b + x + n);
    sum += weight * made;
    if (sum > large) {
      sum /= large;
      weight /= large;
      log_scale += std::log(large);
    }
  }
  // A customer who buys at most daily does not come near so many.
  return more < 1 ? std::exp(log_scale) * sum : std::numeric_limits<double>::quiet_NaN();
}

} // namespace

double log_likelihood(const BgNbd &model, const PurchaseHistory &history) noexcept {
  const auto &[r, alpha, a, b] = model;
  const double x = static_cast<double>(history.frequency);
  const double common = std::lgamma(r + x) - std::lgamma(r) + r * std::log(alpha) + std::lgamma(a + b) +
                        std::lgamma(b + x) - std::lgamma(b) - std::lgamma(a + b + x) -
                        (r + x) * std::log(alpha + history.age);
  if (history.frequency == 0)
    return common;
  // ln(1 + odds), whichever of both is the larger.
  const double odds = log_odds_left(model, history);
  return common + std::max(odds, 0.0) + std::log1p(std::exp(-std::abs(odds)));
}

double probability_alive(const BgNbd &model, const PurchaseHistory &history) noexcept {
  return history.frequency == 0 ? 1 : 1 / (1 + std::exp(log_odds_left(model, history)));
}

double expected_purchases(const BgNbd &model, const PurchaseHistory &history, double horizon) noexcept {
  return expected_while_active(model, static_cast<double>(history.frequency), history.age, horizon) *
         probability_alive(model, history);
}

double expected_purchases(const BgNbd &model, double time) noexcept {
  return expected_while_active(model, 0, 0, time);
}

double probability_of_purchases(const BgNbd &model, std::int64_t purchases, double time) noexcept {
  const auto &[r, alpha, a, b] = model;
  const double x = static_cast<double>(purchases);
  const double log_beta = std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b);
  const double staying =
      std::exp(std::lgamma(a) + std::lgamma(b + x) - std::lgamma(a + b + x) - log_beta + std::lgamma(r + x) -
               std::lgamma(r) - std::lgamma(x + 1) + r * std::log(alpha / (alpha + time)) +
               (purchases == 0 ? 0 : x * std::log(time / (alpha + time))));
  if (purchases == 0)
    return staying;
  // Whoever would have made x or more purchases, had she not left after the last of x: the upper tail of a
  // negative binomial.
  const double leaving =
      std::exp(std::lgamma(a + 1) + std::lgamma(b + x - 1) - std::lgamma(a + b + x) - log_beta);
  return staying + leaving * boost::math::ibeta(x, r, time / (alpha + time), Quiet());
}

} // namespace segmentation::core
