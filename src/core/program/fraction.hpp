// Exact arithmetic of values: fractions over 128-bit integers while they fit, over Decimals when they do not.
// Knows nothing of rows or customers.
#pragma once

#include "core/value/decimal.hpp"

#include <compare>
#include <optional>

namespace segmentation::core::program {

/// numerator / denominator with a positive denominator; N is __int128 (operations may overflow) or Decimal
/// (never).
template <typename N> struct Fraction {
  N numerator;
  N denominator;
};

using FastFraction = Fraction<__int128>;
using WideFraction = Fraction<Decimal>;

/// What became of a computation: `overflow` says to do it again over Decimals.
enum class Outcome : std::uint8_t { value, missing, overflow };

inline constexpr std::int64_t power_of_ten[19] = {1,
                                                  10,
                                                  100,
                                                  1'000,
                                                  10'000,
                                                  100'000,
                                                  1'000'000,
                                                  10'000'000,
                                                  100'000'000,
                                                  1'000'000'000,
                                                  10'000'000'000,
                                                  100'000'000'000,
                                                  1'000'000'000'000,
                                                  10'000'000'000'000,
                                                  100'000'000'000'000,
                                                  1'000'000'000'000'000,
                                                  10'000'000'000'000'000,
                                                  100'000'000'000'000'000,
                                                  1'000'000'000'000'000'000};

inline bool multiply(__int128 a, __int128 b, __int128 &out) noexcept {
  return !__builtin_mul_overflow(a, b, &out);
}
inline bool add(__int128 a, __int128 b, __int128 &out) noexcept {
  return !__builtin_add_overflow(a, b, &out);
}
inline bool subtract(__int128 a, __int128 b, __int128 &out) noexcept {
  return !__builtin_sub_overflow(a, b, &out);
}
inline int sign_of(__int128 a) noexcept {
  return a < 0 ? -1 : a > 0 ? 1 : 0;
}

inline bool multiply(const Decimal &a, const Decimal &b, Decimal &out) {
  out = a * b;
  return true;
}
inline bool add(const Decimal &a, const Decimal &b, Decimal &out) {
  out = a + b;
  return true;
}
inline bool subtract(const Decimal &a, const Decimal &b, Decimal &out) {
  out = a - b;
  return true;
}
inline int sign_of(const Decimal &a) {
  return a.sign();
}

/// Puts coefficient * 10^-scale into `out`.
inline Outcome from_coefficient(std::int64_t coefficient, std::int32_t scale, FastFraction &out) noexcept {
  if (scale < 0 || scale > 18)
    return Outcome::overflow;
  out = {coefficient, power_of_ten[scale]};
  return Outcome::value;
}
inline Outcome from_coefficient(std::int64_t coefficient, std::int32_t scale, WideFraction &out) {
  out = {Decimal(coefficient, scale), Decimal(1)};
  return Outcome::value;
}

/// Puts a decimal into `out`.
inline Outcome from_decimal(const Decimal &value, FastFraction &out) noexcept {
  return value.is_small() ? from_coefficient(value.coefficient(), value.scale(), out) : Outcome::overflow;
}
inline Outcome from_decimal(const Decimal &value, WideFraction &out) {
  out = {value, Decimal(1)};
  return Outcome::value;
}

/// Computes a op b for + - * /; a division by zero is missing.
template <typename N> Outcome combine(char op, const Fraction<N> &a, const Fraction<N> &b, Fraction<N> &out) {
  N left{}, right{};
  bool fits = true;
  switch (op) {
  case '*':
    fits = multiply(a.numerator, b.numerator, out.numerator) &&
           multiply(a.denominator, b.denominator, out.denominator);
    break;
  case '/': {
    const int sign = sign_of(b.numerator);
    if (sign == 0)
      return Outcome::missing;
    fits = multiply(a.numerator, b.denominator, left) && multiply(a.denominator, b.numerator, right);
    if (fits && sign < 0)
      fits = multiply(left, N{-1}, out.numerator) && multiply(right, N{-1}, out.denominator);
    else if (fits)
      out = {left, right};
    break;
  }
  default:
    if (a.denominator == b.denominator) {
      out.denominator = a.denominator;
      fits = op == '+' ? add(a.numerator, b.numerator, out.numerator)
                       : subtract(a.numerator, b.numerator, out.numerator);
      break;
    }
    fits = multiply(a.numerator, b.denominator, left) && multiply(b.numerator, a.denominator, right) &&
           multiply(a.denominator, b.denominator, out.denominator) &&
           (op == '+' ? add(left, right, out.numerator) : subtract(left, right, out.numerator));
  }
  return fits ? Outcome::value : Outcome::overflow;
}

/// Compares by cross-multiplication; absent where 128 bits do not hold it.
template <typename N> std::optional<std::strong_ordering> order(const Fraction<N> &a, const Fraction<N> &b) {
  if (a.denominator == b.denominator)
    return a.numerator <=> b.numerator;
  N left{}, right{};
  if (!multiply(a.numerator, b.denominator, left) || !multiply(b.numerator, a.denominator, right))
    return std::nullopt;
  return left <=> right;
}

} // namespace segmentation::core::program
