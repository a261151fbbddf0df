// Decimal arithmetic: 64-bit coefficients by 128-bit integers, everything larger by Boost.Multiprecision,
// which no other file includes.
#include "core/value/decimal.hpp"

#include <boost/multiprecision/cpp_int.hpp>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace segmentation::core {

namespace {

using boost::multiprecision::cpp_int;
__extension__ typedef __int128 int128;

constexpr std::int64_t smallest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
// PostgreSQL's numeric has at most 131072 digits before the point and 16383 after it.
constexpr std::int64_t most_exponent = 131'072 + 16'383;
// 64 bits times 10^19 still fit 128 bits.
constexpr std::int32_t most_shift = 19;

constexpr int128 power_of_ten(std::int32_t exponent) noexcept {
  int128 power = 1;
  while (exponent-- > 0) {
    power *= 10;
  }
  return power;
}

struct Powers {
  int128 values[most_shift + 1] = {};
  constexpr Powers() noexcept {
    for (std::int32_t i = 0; i <= most_shift; ++i) {
      values[i] = power_of_ten(i);
    }
  }
};
constexpr Powers powers;

cpp_int big_power_of_ten(std::int32_t exponent) {
  return boost::multiprecision::pow(cpp_int(10), static_cast<unsigned>(exponent));
}

std::strong_ordering order(int comparison) noexcept {
  return comparison <=> 0;
}

} // namespace

struct Decimal::Big {
  cpp_int coefficient;
};

void Decimal::DeleteBig::operator()(Big *big) const noexcept {
  delete big;
}

Decimal::Decimal(const Decimal &other)
    : coefficient_(other.coefficient_), scale_(other.scale_),
      big_(other.big_ ? new Big(*other.big_) : nullptr) {
}

Decimal::Decimal(Decimal &&other) noexcept = default;

Decimal &Decimal::operator=(const Decimal &other) {
  if (this != &other) {
    *this = Decimal(other);
  }
  return *this;
}

Decimal &Decimal::operator=(Decimal &&other) noexcept = default;

Decimal::~Decimal() = default;

/// The ways between the two representations; a big coefficient is used only where 64 bits do not hold the
/// value.
struct DecimalArithmetic {
  static Decimal make(int128 coefficient, std::int32_t scale) {
    while ((coefficient > largest || coefficient < smallest) && scale > 0 && coefficient % 10 == 0) {
      coefficient /= 10;
      --scale;
    }
    if (coefficient <= largest && coefficient >= smallest) {
      return Decimal(static_cast<std::int64_t>(coefficient), scale);
    }
    return make_big(cpp_int(coefficient), scale);
  }

  static Decimal make_big(const cpp_int &given, std::int32_t scale) {
    cpp_int coefficient = given;
    while (scale > 0 && coefficient % 10 == 0) {
      coefficient /= 10;
      --scale;
    }
    if (coefficient <= largest && coefficient >= smallest) {
      return Decimal(coefficient.convert_to<std::int64_t>(), scale);
    }
    Decimal result(0, scale);
    result.big_.reset(new Decimal::Big{coefficient});
    return result;
  }

  static cpp_int coefficient_of(const Decimal &value) {
    return value.big_ ? value.big_->coefficient : cpp_int(value.coefficient_);
  }

  /// Returns the coefficient at a scale not below the value's own.
  static cpp_int coefficient_at(const Decimal &value, std::int32_t scale) {
    cpp_int coefficient = coefficient_of(value);
    if (scale > value.scale_) {
      coefficient *= big_power_of_ten(scale - value.scale_);
    }
    return coefficient;
  }

  /// Adds `sign` * b, with sign 1 or -1.
  static Decimal add(const Decimal &a, const Decimal &b, int sign) {
    const std::int32_t scale = std::max(a.scale_, b.scale_);
    if (a.is_small() && b.is_small() && scale - std::min(a.scale_, b.scale_) <= most_shift) {
      return make(int128{a.coefficient_} * powers.values[scale - a.scale_] +
                      sign * int128{b.coefficient_} * powers.values[scale - b.scale_],
                  scale);
    }
    return make_big(coefficient_at(a, scale) + sign * coefficient_at(b, scale), scale);
  }

  static Decimal multiply(const Decimal &a, const Decimal &b) {
    if (a.is_small() && b.is_small()) {
      return make(int128{a.coefficient_} * b.coefficient_, a.scale_ + b.scale_);
    }
    return make_big(coefficient_of(a) * coefficient_of(b), a.scale_ + b.scale_);
  }

  static std::strong_ordering compare_small(const Decimal &a, const Decimal &b) noexcept {
    if (a.scale_ == b.scale_) {
      return a.coefficient_ <=> b.coefficient_;
    }
    if (a.scale_ > b.scale_) {
      return 0 <=> compare_small(b, a);
    }
    const std::int32_t shift = b.scale_ - a.scale_;
    if (shift > most_shift && a.coefficient_ != 0) {
      // a's coefficient has more than 19 digits at b's scale: it outweighs anything in 64 bits.
      return a.coefficient_ <=> std::int64_t{0};
    }
    const int128 left = int128{a.coefficient_} * powers.values[std::min(shift, most_shift)];
    const int128 right = b.coefficient_;
    return left < right ? std::strong_ordering::less
                        : (left > right ? std::strong_ordering::greater : std::strong_ordering::equal);
  }

  static std::strong_ordering compare(const Decimal &a, const Decimal &b) {
    if (a.is_small() && b.is_small()) {
      return compare_small(a, b);
    }
    if (a.sign() != b.sign()) {
      return a.sign() <=> b.sign();
    }
    const std::int32_t scale = std::max(a.scale_, b.scale_);
    return order(coefficient_at(a, scale).compare(coefficient_at(b, scale)));
  }
};

std::optional<Decimal> Decimal::parse(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  const auto take_digits = [&text] {
    std::size_t length = 0;
    while (length < text.size() && text[length] >= '0' && text[length] <= '9') {
      ++length;
    }
    const std::string_view digits = text.substr(0, length);
    text.remove_prefix(length);
    return digits;
  };
  std::string_view whole = take_digits();
  std::string_view fraction;
  if (whole.empty()) {
    return std::nullopt;
  }
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    fraction = take_digits();
    if (fraction.empty()) {
      return std::nullopt;
    }
  }
  std::int64_t exponent = 0;
  if (!text.empty() && (text.front() == 'e' || text.front() == 'E')) {
    text.remove_prefix(1);
    const bool below = !text.empty() && text.front() == '-';
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
      text.remove_prefix(1);
    }
    const std::string_view digits = take_digits();
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    if (read.ec != std::errc() || exponent > most_exponent) {
      return std::nullopt;
    }
    exponent = below ? -exponent : exponent;
  }
  if (!text.empty() || whole.size() + fraction.size() > static_cast<std::size_t>(most_exponent)) {
    return std::nullopt;
  }
  while (!fraction.empty() && fraction.back() == '0') {
    fraction.remove_suffix(1);
  }
  while (whole.size() > 1 && whole.front() == '0') {
    whole.remove_prefix(1);
  }
  std::int64_t scale = static_cast<std::int64_t>(fraction.size()) - exponent;
  std::string digits;
  digits.reserve(whole.size() + fraction.size() + 1);
  digits.append(negative ? "-" : "").append(whole).append(fraction);
  std::int64_t coefficient = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), coefficient);
  if (read.ec == std::errc() && scale >= 0) {
    return coefficient == 0 ? Decimal() : Decimal(coefficient, static_cast<std::int32_t>(scale));
  }
  // cpp_int reads a leading zero as octal.
  const std::string_view magnitude = std::string_view(digits).substr(negative ? 1 : 0);
  const std::size_t first = std::min(magnitude.find_first_not_of('0'), magnitude.size() - 1);
  cpp_int value{std::string(magnitude.substr(first))};
  if (scale < 0) {
    value *= big_power_of_ten(static_cast<std::int32_t>(-scale));
    scale = 0;
  }
  if (negative) {
    value.backend().negate();
  }
  return DecimalArithmetic::make_big(value, static_cast<std::int32_t>(scale));
}

std::string Decimal::to_string() const {
  std::string digits = big_ ? big_->coefficient.str() : std::to_string(coefficient_);
  const bool negative = digits.front() == '-';
  if (negative) {
    digits.erase(0, 1);
  }
  if (scale_ > 0) {
    const auto scale = static_cast<std::size_t>(scale_);
    if (digits.size() <= scale) {
      digits.insert(0, scale + 1 - digits.size(), '0');
    }
    digits.insert(digits.size() - scale, 1, '.');
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') {
      digits.pop_back();
    }
  } else if (scale_ < 0 && digits != "0") {
    digits.append(static_cast<std::size_t>(-scale_), '0');
  }
  return negative ? "-" + digits : digits;
}

bool Decimal::is_whole() const {
  if (scale_ <= 0) {
    return true;
  }
  if (is_small()) {
    // Below 10^-18 a non-zero 64-bit coefficient is always a fraction; 10^19 exceeds every one of them.
    return scale_ > most_shift ? coefficient_ == 0 : coefficient_ % powers.values[scale_] == 0;
  }
  return big_->coefficient % big_power_of_ten(scale_) == 0;
}

int Decimal::sign() const {
  return big_ ? big_->coefficient.sign() : (coefficient_ > 0 ? 1 : (coefficient_ < 0 ? -1 : 0));
}

std::optional<std::int64_t> Decimal::at_scale(std::int32_t scale) const {
  if (is_small() && coefficient_ == 0) {
    return 0;
  }
  const std::int64_t shift = std::int64_t{scale} - scale_;
  if (is_small()) {
    if (shift > most_shift || shift < -most_shift) {
      return std::nullopt;
    }
    if (shift < 0) {
      const int128 divisor = powers.values[-shift];
      return coefficient_ % divisor == 0 ? std::optional(static_cast<std::int64_t>(coefficient_ / divisor))
                                         : std::nullopt;
    }
    const int128 value = int128{coefficient_} * powers.values[shift];
    return value <= largest && value >= smallest ? std::optional(static_cast<std::int64_t>(value))
                                                 : std::nullopt;
  }
  // A big coefficient only shrinks into 64 bits.
  if (shift >= 0) {
    return std::nullopt;
  }
  cpp_int quotient;
  cpp_int remainder;
  boost::multiprecision::divide_qr(big_->coefficient, big_power_of_ten(static_cast<std::int32_t>(-shift)),
                                   quotient, remainder);
  if (remainder != 0 || quotient > largest || quotient < smallest) {
    return std::nullopt;
  }
  return quotient.convert_to<std::int64_t>();
}

Decimal operator+(const Decimal &a, const Decimal &b) {
  return DecimalArithmetic::add(a, b, 1);
}

Decimal operator-(const Decimal &a, const Decimal &b) {
  return DecimalArithmetic::add(a, b, -1);
}

Decimal operator*(const Decimal &a, const Decimal &b) {
  return DecimalArithmetic::multiply(a, b);
}

std::strong_ordering operator<=>(const Decimal &a, const Decimal &b) {
  return DecimalArithmetic::compare(a, b);
}

} // namespace segmentation::core
