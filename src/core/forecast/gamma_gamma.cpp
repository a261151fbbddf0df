#include "core/forecast/gamma_gamma.hpp"

#include <cmath>
#include <limits>

namespace segmentation::core {

double log_likelihood(const GammaGamma &model, std::int64_t purchases, double mean) noexcept {
  const auto &[p, q, gamma] = model;
  const double x = static_cast<double>(purchases);
  const double px = p * x;
  return std::lgamma(px + q) - std::lgamma(px) - std::lgamma(q) + q * std::log(gamma) +
         (px - 1) * std::log(mean) + px * std::log(x) - (px + q) * std::log(gamma + x * mean);
}

double expected_value(const GammaGamma &model, std::int64_t purchases, double mean) noexcept {
  const double x = static_cast<double>(purchases);
  const double weight = model.p * x + model.q - 1;
  return weight > 0 ? model.p * (model.gamma + (purchases == 0 ? 0 : x * mean)) / weight
                    : std::numeric_limits<double>::quiet_NaN();
}

} // namespace segmentation::core
