// Distances over the Earth's surface, by the haversine formula on a sphere: with half differences u and v of
// latitude and longitude,
//   a = sin(u)^2 + cos(latitude 1) cos(latitude 2) sin(v)^2,   distance = 2 R asin(min(1, sqrt(a))).
// (R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68, 1984.) R is the Earth's mean radius, (2a
// + b) / 3 of the ellipsoid GRS 80, as the International Union of Geodesy and Geophysics has it: 6371.0088
// km. (H. Moritz, "Geodetic Reference System 1980", Journal of Geodesy 74, 2000.) A sphere is off by up to
// 0.5 %.
//
// Binary floating point, alone in the language, and so the same as segmentation.distance_km (in
// sql/15_reading.sql) to the last bit: the same operations in the same order on the same numbers.
#pragma once

#include <cstdint>

namespace segmentation::core {

/// A position's coordinates are read to so many places of a degree, which is a tenth of a micrometre. All
/// digits then fit a double's 53 bits, and dividing by the power of ten below rounds correctly, as
/// PostgreSQL's cast to double precision does.
inline constexpr std::int32_t degree_places = 12;
inline constexpr std::int64_t degree_unit = 1'000'000'000'000;

/// What lies beyond is no position.
inline constexpr std::int64_t most_latitude = 90;
inline constexpr std::int64_t most_longitude = 180;

inline constexpr std::int64_t millimetres_of_mile = 1'609'344;

/// Returns degrees of so many units.
constexpr double degrees_of(std::int64_t units) noexcept {
  return static_cast<double>(units) / static_cast<double>(degree_unit);
}

/// What lies within a distance of a place; in degrees and kilometres.
struct Circle {
  double latitude = 0;
  double longitude = 0;
  double kilometres = 0;
  bool in_miles = false; // as written, and so as shown

  friend bool operator==(const Circle &, const Circle &) = default;
};

/// Returns the kilometres between a position, in degrees, and the circle's centre.
double distance_km(double latitude, double longitude, const Circle &from) noexcept;

} // namespace segmentation::core
