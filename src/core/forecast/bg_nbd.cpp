#include "core/forecast/bg_nbd.hpp"

#include "core/forecast/quiet.hpp"

#include <boost/math/special_functions/beta.hpp>

#include <algorithm>
#include <cmath>

namespace segmentation::core {
namespace {

/// Returns ln of the weight of a customer who has left after her last purchase against one who has not: ln of
/// the odds.
double log_odds_left(const BgNbd &model, const PurchaseHistory &history) noexcept {
  const double x = static_cast<double>(history.frequency);
  return std::log(model.a) - std::log(model.b + x - 1) +
         (model.r + x) * (std::log(model.alpha + history.age) - std::log(model.alpha + history.recency));
}

/// Returns the purchases expected in `horizon` of a customer who is active after x purchases and `age`:
///   (a + b + x - 1) / (a - 1) * (1 - (1 - z)^(r + x) 2F1(r + x, b + x; a + b + x - 1; z)),   z = horizon /
///   (alpha + age + horizon) = (c / e) * (1 - (1 - z)^e 2F1(c - r - x, e; c; z)),   c = a + b + x - 1, e = a
///   - 1.
/// Of the series of 2F1 = 1 + e S, S is summed with c multiplied in, so that neither a = 1 nor a + b + x = 1
/// is special:
///   = -c expm1(e ln(1 - z)) / e - (1 - z)^e c S.
double expected_while_active(const BgNbd &model, double x, double age, double horizon) noexcept {
  if (!(horizon > 0))
    return 0;
  const double z = horizon / (model.alpha + age + horizon);
  const double e = model.a - 1;
  const double c = model.a + model.b + x - 1;
  const double d = model.a + model.b - 1 - model.r; // c - r - x
  const double log_rest = std::log1p(-z);
  double term = d * z; // of c S: (d)_n (e + 1)_(n - 1) z^n / ((c + 1)_(n - 1) n!)
  double sum = term;
  for (int n = 1; n < 1'000'000 && std::abs(term) > 1e-17 * std::abs(sum); n++) {
    term *= (d + n) * (e + n) / ((c + n) * (n + 1)) * z;
    sum += term;
  }
  const double leaving = e == 0 ? log_rest : std::expm1(e * log_rest) / e;
  return -c * leaving - std::exp(e * log_rest) * sum;
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
