// Exact decimal numbers of any size: money never passes through binary floating point.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace segmentation::core {

/// An exact decimal: coefficient * 10^-scale. Small ones (coefficient in 64 bits) live inline; larger ones in
/// a big integer. Values compare by number, not by digits: 1.0 == 1.
class Decimal {
public:
  Decimal() noexcept = default;
  explicit Decimal(std::int64_t coefficient, std::int32_t scale = 0) noexcept
      : coefficient_(coefficient), scale_(scale) {}
  Decimal(const Decimal &other);
  Decimal(Decimal &&other) noexcept;
  Decimal &operator=(const Decimal &other);
  Decimal &operator=(Decimal &&other) noexcept;
  ~Decimal();

  /// Reads [+-]digits[.digits][e[+-]digits] as PostgreSQL's numeric prints it. Absent for anything else (NaN,
  /// Infinity).
  static std::optional<Decimal> parse(std::string_view text);

  /// Returns plain digits without an exponent and without trailing fractional zeros: "-3.5", "0", "1200".
  std::string to_string() const;

  bool is_whole() const;
  int sign() const;
  /// Returns the coefficient at the given scale where value * 10^scale is whole and fits 64 bits; absent
  /// otherwise.
  std::optional<std::int64_t> at_scale(std::int32_t scale) const;
  /// True where the value is coefficient() * 10^-scale() with both inline.
  bool is_small() const noexcept { return big_ == nullptr; }
  std::int64_t coefficient() const noexcept { return coefficient_; }
  std::int32_t scale() const noexcept { return scale_; }

  friend Decimal operator+(const Decimal &a, const Decimal &b);
  friend Decimal operator-(const Decimal &a, const Decimal &b);
  friend Decimal operator*(const Decimal &a, const Decimal &b);
  friend std::strong_ordering operator<=>(const Decimal &a, const Decimal &b);
  friend bool operator==(const Decimal &a, const Decimal &b) { return (a <=> b) == 0; }

private:
  struct Big;
  friend struct DecimalArithmetic;
  struct DeleteBig {
    void operator()(Big *big) const noexcept;
  };
  std::int64_t coefficient_ = 0;
  std::int32_t scale_ = 0;
  std::unique_ptr<Big, DeleteBig> big_;
};

} // namespace segmentation::core
