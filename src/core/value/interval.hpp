// What a sample says of the whole.
#pragma once

#include <cstdint>

namespace segmentation::core {

/// An interval of shares.
struct Share {
  double low = 0;
  double high = 1;
};

/// Returns the 95 % interval of the share of which `hits` of `trials` independent draws were (Clopper and
/// Pearson, 1934). It holds the true share at least as often as it says, of rare things too: none in a
/// thousand is up to 0.37 %.
Share share_of(std::int64_t hits, std::int64_t trials) noexcept;

/// Returns how many standard errors to either side of a mean of `count` values its 95 % interval is: the
/// quantile of Student's t (its expansion by Fisher and Cornish, 1960).
double errors_of_mean(std::int64_t count) noexcept;

} // namespace segmentation::core
