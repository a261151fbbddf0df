// How Boost's functions tell of what they cannot compute.
#pragma once

#include <boost/math/policies/policy.hpp>

namespace segmentation::core {

/// What does not converge or is out of range comes back as not a number instead of being thrown.
using Quiet = boost::math::policies::policy<
    boost::math::policies::domain_error<boost::math::policies::ignore_error>,
    boost::math::policies::pole_error<boost::math::policies::ignore_error>,
    boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
    boost::math::policies::evaluation_error<boost::math::policies::ignore_error>,
    boost::math::policies::promote_double<false>>;

} // namespace segmentation::core
