// Decimals against exact rational arithmetic.
#include "core/value/decimal.hpp"

#include <boost/multiprecision/cpp_int.hpp>
#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>
#include <vector>

using boost::multiprecision::cpp_rational;
using segmentation::core::Decimal;

namespace {

Decimal decimal(std::string_view text) {
  const auto value = Decimal::parse(text);
  EXPECT_TRUE(value.has_value()) << text;
  return value.value_or(Decimal());
}

cpp_rational rational(std::string text) {
  const auto point = text.find('.');
  std::string below = "1";
  if (point != std::string::npos) {
    below.append(text.size() - point - 1, '0');
    text.erase(point, 1);
  }
  const bool negative = text.front() == '-';
  text.erase(0, text.find_first_not_of(negative ? "-0" : "0"));
  const boost::multiprecision::cpp_int top(text.empty() ? "0" : text);
  return cpp_rational(negative ? boost::multiprecision::cpp_int(-top) : top,
                      boost::multiprecision::cpp_int(below));
}

std::string random_digits(std::mt19937_64 &random) {
  const auto below = [&](std::uint64_t limit) { return static_cast<std::size_t>(random() % limit); };
  static const std::vector<std::string> edges = {
      "9223372036854775807",
      "-9223372036854775808",
      "9223372036854775808",
      "-9223372036854775809",
      "0",
      "922337203685477580.7",
      "0.0000000000000000001",
      "-0.9223372036854775808",
      "18446744073709551616",
      "170141183460469231731687303715884105727",
      "1",
      "-1",
      "10",
      "0.1",
  };
  if (below(4) == 0) {
    return edges[below(edges.size())];
  }
  std::string text = below(2) == 0 ? "-" : "";
  text += static_cast<char>('1' + below(9));
  for (std::size_t n = below(below(3) == 0 ? 45 : 8); n > 0; --n) {
    text += static_cast<char>('0' + below(10));
  }
  if (below(2) == 0) {
    text += '.';
    for (std::size_t n = 1 + below(below(3) == 0 ? 45 : 4); n > 0; --n) {
      text += static_cast<char>('0' + (below(3) == 0 ? 0 : below(10)));
    }
  }
  return text;
}

} // namespace

TEST(Decimal, ReadsWhatNumericPrints) {
  EXPECT_EQ(decimal("12.50").to_string(), "12.5");
  EXPECT_EQ(decimal("-3.5").to_string(), "-3.5");
  EXPECT_EQ(decimal("+7").to_string(), "7");
  EXPECT_EQ(decimal("000").to_string(), "0");
  EXPECT_EQ(decimal("-0.00").to_string(), "0");
  EXPECT_EQ(decimal("1200").to_string(), "1200");
  EXPECT_EQ(decimal("0.000001").to_string(), "0.000001");
  EXPECT_EQ(decimal("1e3").to_string(), "1000");
  EXPECT_EQ(decimal("1.25E-2").to_string(), "0.0125");
  EXPECT_EQ(decimal("-1.5e+25").to_string(), "-15000000000000000000000000");
  EXPECT_EQ(decimal("0099999999999999999999.010").to_string(), "99999999999999999999.01");
  EXPECT_EQ(decimal("-00000000000000000000000000000001").to_string(), "-1");
  EXPECT_EQ(decimal("0e99999").to_string(), "0");
  EXPECT_TRUE(decimal("1.0000000000000000000000000000000").is_small());
}

TEST(Decimal, ReadsNothingElse) {
  for (const char *text : {"", "-", "NaN", "Infinity", "-Infinity", ".5", "5.", "1e", "1e+", "1 ", " 1",
                           "1,5", "0x10", "--1", "1e999999999999999999999", "1.2.3", "1e5.0"}) {
    EXPECT_FALSE(Decimal::parse(text).has_value()) << text;
  }
}

TEST(Decimal, HoldsTheLongestNumeric) {
  const std::string digits = std::string(131072, '9') + "." + std::string(16383, '7');
  EXPECT_EQ(decimal(digits).to_string(), digits);
  EXPECT_FALSE(Decimal::parse("1e200000").has_value());
  EXPECT_FALSE(Decimal::parse(std::string(200000, '1')).has_value());
}

TEST(Decimal, ComparesByValue) {
  EXPECT_EQ(decimal("1.0"), Decimal(1));
  EXPECT_EQ(Decimal(100, 2), Decimal(1));
  EXPECT_LT(Decimal(99, 2), Decimal(1));
  EXPECT_GT(Decimal(1), Decimal(std::numeric_limits<std::int64_t>::max(), 19));
  EXPECT_GT(Decimal(1), Decimal(std::numeric_limits<std::int64_t>::max(), 30));
  EXPECT_LT(Decimal(-1), Decimal(std::numeric_limits<std::int64_t>::min(), 30));
  EXPECT_LT(Decimal(0), Decimal(1, 40));
  EXPECT_GT(Decimal(0), Decimal(-1, 40));
}

TEST(Decimal, GivesItsCoefficient) {
  EXPECT_EQ(decimal("12.5").at_scale(2), 1250);
  EXPECT_EQ(decimal("12.5").at_scale(1), 125);
  EXPECT_EQ(decimal("12.5").at_scale(0), std::nullopt);
  EXPECT_EQ(decimal("1200").at_scale(-2), 12);
  EXPECT_EQ(decimal("0").at_scale(1000), 0);
  EXPECT_EQ(decimal("9223372036854775807").at_scale(0), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(decimal("-9223372036854775808").at_scale(0), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(decimal("9223372036854775807").at_scale(1), std::nullopt);
  EXPECT_EQ(decimal("9223372036854775808").at_scale(0), std::nullopt);
  EXPECT_EQ(decimal("90000000000000000000").at_scale(-1), 9'000'000'000'000'000'000);
  EXPECT_EQ(Decimal(1, 30).at_scale(2), std::nullopt);
}

TEST(Decimal, KnowsWholeNumbers) {
  EXPECT_TRUE(decimal("3.00").is_whole());
  EXPECT_TRUE(Decimal(300, 2).is_whole());
  EXPECT_FALSE(Decimal(301, 2).is_whole());
  EXPECT_FALSE(Decimal(1, 30).is_whole());
  EXPECT_TRUE(Decimal(0, 30).is_whole());
  EXPECT_TRUE(decimal("123456789012345678901234567890").is_whole());
  EXPECT_FALSE(decimal("123456789012345678901234567890.5").is_whole());
}

TEST(Decimal, ArithmeticIsExact) {
  std::mt19937_64 random(20260530);
  for (int i = 0; i < 20'000; ++i) {
    const std::string x = random_digits(random);
    const std::string y = random_digits(random);
    const Decimal a = decimal(x);
    const Decimal b = decimal(y);
    const cpp_rational p = rational(x);
    const cpp_rational q = rational(y);
    ASSERT_EQ(rational((a + b).to_string()), p + q) << x << " + " << y;
    ASSERT_EQ(rational((a - b).to_string()), p - q) << x << " - " << y;
    ASSERT_EQ(rational((a * b).to_string()), p * q) << x << " * " << y;
    ASSERT_EQ(a < b, p < q) << x << " < " << y;
    ASSERT_EQ(a == b, p == q) << x << " = " << y;
    ASSERT_EQ(a.sign(), p.sign()) << x;
    ASSERT_EQ(a.is_whole(), boost::multiprecision::denominator(p) == 1) << x;
    ASSERT_EQ((a + b) - b, a) << x << ", " << y;
    ASSERT_EQ(decimal(a.to_string()), a);
  }
}

TEST(Decimal, CopiesAndMoves) {
  const Decimal big = decimal("123456789012345678901234567890.5");
  Decimal copy = big;
  EXPECT_EQ(copy, big);
  Decimal moved = std::move(copy);
  EXPECT_EQ(moved, big);
  copy = moved;
  EXPECT_EQ(copy, big);
  copy = Decimal(5);
  EXPECT_EQ(copy, Decimal(5));
  EXPECT_FALSE(moved.is_small());
  EXPECT_TRUE((moved - moved).is_small());
}
