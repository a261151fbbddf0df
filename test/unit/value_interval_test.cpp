// Intervals against sums of the binomial distribution's own terms, and against printed tables.
#include "core/value/interval.hpp"

#include <cmath>
#include <gtest/gtest.h>

using segmentation::core::errors_of_mean;
using segmentation::core::Share;
using segmentation::core::share_of;

namespace {

/// How likely so many hits or fewer are.
double up_to(std::int64_t hits, std::int64_t trials, double share) {
  double sum = 0;
  for (std::int64_t i = 0; i <= hits; ++i) {
    const auto h = static_cast<double>(i), n = static_cast<double>(trials);
    sum += std::exp(std::lgamma(n + 1) - std::lgamma(h + 1) - std::lgamma(n - h + 1) + h * std::log(share) +
                    (n - h) * std::log1p(-share));
  }
  return sum;
}

TEST(Interval, EndsWhereTheTailsAreAsLikelyAsTheySay) {
  for (const std::int64_t trials : {4, 10, 100, 2500, 40000})
    for (const std::int64_t hits : {std::int64_t{1}, trials / 10, trials / 3, trials / 2, trials - 1}) {
      if (hits < 1)
        continue;
      const Share share = share_of(hits, trials);
      EXPECT_NEAR(1 - up_to(hits - 1, trials, share.low), 0.025, 1e-6) << hits << " of " << trials;
      EXPECT_NEAR(up_to(hits, trials, share.high), 0.025, 1e-6) << hits << " of " << trials;
    }
}

TEST(Interval, NoneAndAllAreNoRangeOfZero) {
  EXPECT_EQ(share_of(0, 1000).low, 0);
  EXPECT_NEAR(share_of(0, 1000).high, 0.003682, 1e-6);
  EXPECT_NEAR(share_of(1000, 1000).low, 1 - 0.003682, 1e-6);
  EXPECT_EQ(share_of(1000, 1000).high, 1);
  EXPECT_EQ(share_of(0, 0).low, 0);
  EXPECT_EQ(share_of(0, 0).high, 1);
}

TEST(Interval, MeansByStudentsTable) {
  EXPECT_NEAR(errors_of_mean(4), 3.182, 0.15);
  EXPECT_NEAR(errors_of_mean(8), 2.365, 0.02);
  EXPECT_NEAR(errors_of_mean(31), 2.042, 0.002);
  EXPECT_NEAR(errors_of_mean(100000), 1.960, 0.001);
}

} // namespace
