// Written as segmentation.distance_km is. The compiler must neither fuse nor reorder (-ffp-contract=off).
#include "core/value/distance.hpp"

#include <algorithm>
#include <cmath>

namespace segmentation::core {
namespace {

constexpr double diameter_km = 12742.0176;
// PostgreSQL's RADIANS_PER_DEGREE.
constexpr double radians_per_degree = 0.0174532925199432957692;

double radians(double degrees) noexcept {
  return degrees * radians_per_degree;
}

} // namespace

double distance_km(double latitude, double longitude, const Circle &from) noexcept {
  const double u = std::sin(radians(latitude - from.latitude) / 2);
  const double v = std::sin(radians(longitude - from.longitude) / 2);
  const double a = u * u + std::cos(radians(from.latitude)) * std::cos(radians(latitude)) * (v * v);
  return diameter_km * std::asin(std::min(1.0, std::sqrt(a)));
}

} // namespace segmentation::core
