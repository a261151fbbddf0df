// The two quantiles that intervals are made of.
#include "core/value/interval.hpp"

#include <cmath>

namespace segmentation::core {

namespace {

constexpr double tail = 0.025;

/// The continued fraction of the incomplete beta function, by the method of Lentz (1976).
double fraction_of(double a, double b, double x) noexcept {
  constexpr double tiny = 1e-300, precision = 1e-12;
  const auto off_zero = [](double value) { return std::fabs(value) < tiny ? tiny : value; };
  double c = 1, d = 1 / off_zero(1 - (a + b) * x / (a + 1)), fraction = d;
  for (int m = 1; m <= 10000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / off_zero(1 + even * d);
    c = off_zero(1 + even / c);
    fraction *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / off_zero(1 + odd * d);
    c = off_zero(1 + odd / c);
    const double step = d * c;
    fraction *= step;
    if (std::fabs(step - 1) < precision)
      break;
  }
  return fraction;
}

/// The regularised incomplete beta function: how likely a value below x is in Beta(a, b).
double below(double a, double b, double x) noexcept {
  if (x <= 0 || x >= 1)
    return x <= 0 ? 0 : 1;
  const double front =
      std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x));
  // The fraction converges fast on one side of the mean.
  return x < (a + 1) / (a + b + 2) ? front * fraction_of(a, b, x) / a
                                   : 1 - front * fraction_of(b, a, 1 - x) / b;
}

double quantile(double a, double b, double share) noexcept {
  double low = 0, high = 1;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (below(a, b, middle) < share ? low : high) = middle;
  }
  return (low + high) / 2;
}

} // namespace

Share share_of(std::int64_t hits, std::int64_t trials) noexcept {
  const auto h = static_cast<double>(hits), others = static_cast<double>(trials - hits);
  Share share;
  if (hits > 0)
    share.low = quantile(h, others + 1, tail);
  if (others > 0)
    share.high = quantile(h + 1, others, 1 - tail);
  return share;
}

double errors_of_mean(std::int64_t count) noexcept {
  constexpr double z = 1.959963985;
  if (count < 2)
    return 12.71; // nothing is known of how values differ
  const auto degrees = static_cast<double>(count - 1);
  return z + (z * z * z + z) / (4 * degrees) +
         (5 * std::pow(z, 5) + 16 * z * z * z + 3 * z) / (96 * degrees * degrees);
}

} // namespace segmentation::core
