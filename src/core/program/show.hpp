// Values as explain() shows them: plain digits, ISO dates, instants in the shop's zone.
#pragma once

#include "core/meaning/schema.hpp"
#include "core/program/fraction.hpp"

#include <string>

namespace segmentation::core::program {

/// Prints a number (at its scale), boolean, day or instant: "12.5", "true", "2026-05-30", "2026-05-30
/// 16:00:00+03".
std::string show(Kind type, std::int64_t value, std::int32_t scale, const Zone &zone);

/// Prints a fraction as plain digits, rounded to six places.
std::string show(const WideFraction &fraction);

/// Prints a number with at least so many places: "12.40".
std::string show_padded(const Decimal &number, std::int32_t places);

/// Returns with how many places numbers of a scale are shown: amounts with all that their column declares. A
/// scale that was only assumed is none.
constexpr std::int32_t padded_places(std::int32_t scale) noexcept {
  return scale <= 4 ? scale : 0;
}

/// Prints kilometres to one place, in the unit that the rule is written in: "12.4 km", "7.7 mi".
std::string show_distance(double kilometres, bool in_miles);

/// Prints kilometres that are too many, rounded up, so that nothing seems to lack nothing.
std::string show_lack(double kilometres, bool in_miles);

} // namespace segmentation::core::program
