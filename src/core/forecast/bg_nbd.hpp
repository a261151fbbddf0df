// The BG/NBD model of repeat purchases: how often customers buy while they are active, and when they cease to
// be. (P. Fader, B. Hardie and K. Lee, "Counting Your Customers the Easy Way: An Alternative to the
// Pareto/NBD Model", Marketing Science 24, 2005.) While active a customer buys at random with a rate of her
// own, which is gamma distributed (r, alpha); after each purchase she leaves with a probability of her own,
// which is beta distributed (a, b). Times are in any unit, the same for recency, age, horizon and alpha; here
// it is weeks.
//
// Formulas are the paper's, with the log-likelihood as in Hardie's note 027 (numerically stable for many
// purchases). Expectations are summed as what they are the mean of, instead of by the hypergeometric function
// that the paper has for that sum: where customers hardly differ its series is lost in rounding, or
// overflows.
#pragma once

#include <cstdint>

namespace segmentation::core {

struct BgNbd {
  double r = 0;
  double alpha = 0;
  double a = 0;
  double b = 0;
};

/// What is known of a customer: purchases after the first one, the time from the first to the last, and from
/// the first until the end of observation.
struct PurchaseHistory {
  std::int64_t frequency = 0;
  double recency = 0;
  double age = 0;
};

/// Returns the logarithm of the likelihood of a customer's history.
double log_likelihood(const BgNbd &model, const PurchaseHistory &history) noexcept;

/// Returns the probability that a customer has not left; 1 for one who bought once, since nobody leaves
/// before the second purchase.
double probability_alive(const BgNbd &model, const PurchaseHistory &history) noexcept;

/// Returns the purchases expected of a customer in the time after the observation. Not a number where they
/// would be hundreds of thousands.
double expected_purchases(const BgNbd &model, const PurchaseHistory &history, double horizon) noexcept;

/// Returns the purchases after the first one expected in a new customer's first `time`.
double expected_purchases(const BgNbd &model, double time) noexcept;

/// Returns the probability that a new customer makes so many purchases after the first one in her first
/// `time`.
double probability_of_purchases(const BgNbd &model, std::int64_t purchases, double time) noexcept;

} // namespace segmentation::core
