// The Gamma-Gamma model of what purchases are worth: their values vary around a mean of the customer's own,
// and these means among customers. (P. Fader and B. Hardie, "The Gamma-Gamma Model of Monetary Value", 2013.)
// Values are in the shop's currency, and so is gamma.
#pragma once

#include <cstdint>

namespace segmentation::core {

struct GammaGamma {
  double p = 0;
  double q = 0;
  double gamma = 0;
};

/// Returns the logarithm of the likelihood of the mean of so many purchases; both are greater than zero.
double log_likelihood(const GammaGamma &model, std::int64_t purchases, double mean) noexcept;

/// Returns the mean value expected of a customer's future purchases: between her own mean and all customers',
/// the nearer to her own the more purchases there are; all customers' for none. Not a number where customers
/// have no mean (q is at most 1 and there are too few purchases).
double expected_value(const GammaGamma &model, std::int64_t purchases, double mean) noexcept;

} // namespace segmentation::core
