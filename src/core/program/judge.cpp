// Values and tests one by one, exactly.
#include "core/program/judge.hpp"

#include "core/value/fold_case.hpp"

#include <algorithm>

namespace segmentation::core::program {
namespace {

// The degrees of a number beyond 128 bits, cut to their places. Found by halving: it is rare.
std::optional<double> degrees_of_wide(const WideFraction &number, std::int64_t most) {
  const bool below = number.numerator.sign() < 0;
  const Decimal size = below ? Decimal(0) - number.numerator : number.numerator;
  if (number.denominator * Decimal(most) < size)
    return std::nullopt;
  const Decimal wanted = size * Decimal(degree_unit);
  std::int64_t low = 0, high = most * degree_unit; // low * denominator <= wanted
  while (low < high) {
    const std::int64_t middle = low + (high - low + 1) / 2;
    if (number.denominator * Decimal(middle) <= wanted)
      low = middle;
    else
      high = middle - 1;
  }
  return degrees_of(below ? -low : low);
}

} // namespace

bool text_passes(const Test &test, std::string_view text, std::string &scratch) {
  if (test.ignore_case) {
    fold_case_into(text, scratch);
    text = scratch;
  }
  switch (test.op) {
  case TestOp::text_in:
    return test.texts.contains(text);
  case TestOp::text_starts:
    return text.starts_with(test.texts.texts().front());
  case TestOp::text_ends:
    return text.ends_with(test.texts.texts().front());
  case TestOp::text_contains:
    return text.find(test.texts.texts().front()) != std::string_view::npos;
  default:
    return false;
  }
}

bool list_passes(const Test &test, const ListCell &list, std::string &scratch) {
  for (std::uint32_t i = 0; i < list.count; ++i) {
    const std::string_view one = view(list.values[i]);
    switch (test.op) {
    case TestOp::list_present:
      return true;
    case TestOp::list_contains_text:
      fold_case_into(one, scratch);
      if (test.texts.contains(scratch))
        return true;
      break;
    case TestOp::list_contains_number:
      if (const auto number = Decimal::parse(one); number && test.numbers.contains(*number))
        return true;
      break;
    default:
      return false;
    }
  }
  return false;
}

bool Judge::leaf_number(const ValueNode &node, int leaf, LeafValue &out) const {
  reader_.read(leaf, out);
  if (out.present && out.big)
    if (const auto fits = out.big->at_scale(node.scale)) {
      out.integer = *fits;
      out.big.reset();
    }
  return out.present;
}

template <typename N> Outcome Judge::fraction(int value, Fraction<N> &out) const {
  const ValueNode &one = node(value);
  switch (one.form) {
  case ValueNode::Form::constant:
    return from_decimal(one.number, out);
  case ValueNode::Form::leaf: {
    LeafValue leaf;
    if (!leaf_number(one, one.leaf, leaf))
      return Outcome::missing;
    return leaf.big ? from_decimal(*leaf.big, out) : from_coefficient(leaf.integer, one.scale, out);
  }
  case ValueNode::Form::ratio: {
    LeafValue count;
    reader_.read(one.second, count);
    if (count.integer == 0)
      return Outcome::missing;
    LeafValue sum;
    leaf_number(one, one.leaf, sum);
    Fraction<N> top{}, bottom{};
    Outcome outcome = sum.big ? from_decimal(*sum.big, top) : from_coefficient(sum.integer, one.scale, top);
    if (outcome == Outcome::value)
      outcome = from_coefficient(count.integer, 0, bottom);
    return outcome == Outcome::value ? combine('/', top, bottom, out) : outcome;
  }
  case ValueNode::Form::age: {
    Day born = 0;
    if (!local_day(one.a, born) || !has_age(born))
      return Outcome::missing;
    return from_coefficient(clock_.age(born), 0, out);
  }
  case ValueNode::Form::arithmetic: {
    Fraction<N> left{}, right{};
    const Outcome a = fraction(one.a, left), b = fraction(one.b, right);
    if (a == Outcome::missing || b == Outcome::missing)
      return Outcome::missing;
    if (a == Outcome::overflow || b == Outcome::overflow)
      return Outcome::overflow;
    return combine(one.op, left, right, out);
  }
  case ValueNode::Form::missing:
    break;
  }
  return Outcome::missing;
}

std::optional<WideFraction> Judge::number(int value) const {
  WideFraction out;
  if (fraction(value, out) != Outcome::value)
    return std::nullopt;
  return out;
}

bool Judge::text(int value, std::string_view &out) const {
  const ValueNode &one = node(value);
  if (one.form != ValueNode::Form::leaf)
    return false;
  LeafValue leaf;
  reader_.read(one.leaf, leaf);
  out = leaf.text;
  return leaf.present;
}

bool Judge::boolean(int value, bool &out) const {
  std::int64_t integer = 0;
  const bool here = date(value, integer);
  out = integer != 0;
  return here;
}

bool Judge::date(int value, std::int64_t &out) const {
  const ValueNode &one = node(value);
  if (one.form != ValueNode::Form::leaf)
    return false;
  LeafValue leaf;
  reader_.read(one.leaf, leaf);
  out = leaf.integer;
  return leaf.present;
}

bool Judge::local_day(int value, Day &out) const {
  std::int64_t at = 0;
  if (!date(value, at))
    return false;
  out = node(value).type == Kind::day ? static_cast<Day>(at) : clock_.zone().local_day(at);
  return true;
}

bool Judge::present(int value) const {
  const ValueNode &one = node(value);
  if (one.form == ValueNode::Form::leaf) {
    LeafValue leaf;
    reader_.read(one.leaf, leaf);
    return leaf.present;
  }
  FastFraction fast{};
  const Outcome outcome = fraction(value, fast);
  return outcome == Outcome::overflow ? number(value).has_value() : outcome == Outcome::value;
}

bool Judge::compare_numbers(const Test &test) const {
  const ValueNode &one = node(test.left);
  if (one.form == ValueNode::Form::leaf) {
    LeafValue leaf;
    if (!leaf_number(one, one.leaf, leaf))
      return false;
    if (leaf.big)
      return program::holds(test.compare, *leaf.big <=> test.number);
    return leaf.integer >= test.range.low && leaf.integer <= test.range.high;
  }
  FastFraction left{}, right{};
  const Outcome outcome = fraction(test.left, left);
  if (outcome == Outcome::missing)
    return false;
  if (outcome == Outcome::value && from_decimal(test.number, right) == Outcome::value)
    if (const auto ordering = order(left, right))
      return program::holds(test.compare, *ordering);
  const auto wide = number(test.left);
  return wide && program::holds(test.compare, *order(*wide, WideFraction{test.number, Decimal(1)}));
}

bool Judge::number_in(const Test &test) const {
  const ValueNode &one = node(test.left);
  if (one.form == ValueNode::Form::leaf) {
    LeafValue leaf;
    if (!leaf_number(one, one.leaf, leaf))
      return false;
    return leaf.big ? test.numbers.contains(*leaf.big) : test.numbers.contains(leaf.integer);
  }
  const auto wide = number(test.left);
  if (!wide)
    return false;
  const auto &numbers = test.numbers.numbers();
  const auto at =
      std::lower_bound(numbers.begin(), numbers.end(), *wide, [](const Decimal &a, const WideFraction &b) {
        return *order(WideFraction{a, Decimal(1)}, b) < 0;
      });
  return at != numbers.end() && *order(WideFraction{*at, Decimal(1)}, *wide) == 0;
}

bool Judge::compare_values(const Test &test) const {
  const Kind left = node(test.left).type, right = node(test.right).type;
  if (left == Kind::text) {
    std::string_view a, b;
    return text(test.left, a) && text(test.right, b) && program::holds(test.compare, a.compare(b) <=> 0);
  }
  if (left == Kind::number) {
    FastFraction a{}, b{};
    const Outcome first = fraction(test.left, a), second = fraction(test.right, b);
    if (first == Outcome::missing || second == Outcome::missing)
      return false;
    if (first == Outcome::value && second == Outcome::value)
      if (const auto ordering = order(a, b))
        return program::holds(test.compare, *ordering);
    const auto wide_a = number(test.left), wide_b = number(test.right);
    return wide_a && wide_b && program::holds(test.compare, *order(*wide_a, *wide_b));
  }
  if (left != right) { // a day and an instant: by local day
    Day a = 0, b = 0;
    return local_day(test.left, a) && local_day(test.right, b) && program::holds(test.compare, a <=> b);
  }
  std::int64_t a = 0, b = 0;
  return date(test.left, a) && date(test.right, b) && program::holds(test.compare, a <=> b);
}

std::optional<double> Judge::degrees(int value, std::int64_t most) const {
  FastFraction fast{};
  const Outcome outcome = fraction(value, fast);
  if (outcome == Outcome::missing)
    return std::nullopt;
  if (outcome == Outcome::value) {
    __int128 limit = 0, units = 0;
    // A limit that does not fit is one that the number does not reach.
    if (multiply(fast.denominator, most, limit) && (fast.numerator > limit || fast.numerator < -limit))
      return std::nullopt;
    if (multiply(fast.numerator, degree_unit, units))
      return degrees_of(static_cast<std::int64_t>(units / fast.denominator));
  }
  const auto wide = number(value);
  return wide ? degrees_of_wide(*wide, most) : std::nullopt;
}

std::optional<double> Judge::distance(const Test &test) const {
  const auto latitude = degrees(test.left, most_latitude);
  const auto longitude = latitude ? degrees(test.right, most_longitude) : std::nullopt;
  return longitude ? std::optional(distance_km(*latitude, *longitude, test.circle)) : std::nullopt;
}

bool Judge::holds(const Test &test) const {
  switch (test.op) {
  case TestOp::compare_number:
    return compare_numbers(test);
  case TestOp::number_in:
    return number_in(test);
  case TestOp::text_in:
  case TestOp::text_starts:
  case TestOp::text_ends:
  case TestOp::text_contains: {
    std::string_view value;
    std::string scratch;
    return text(test.left, value) && text_passes(test, value, scratch);
  }
  case TestOp::is_true: {
    bool value = false;
    return boolean(test.left, value) && value;
  }
  case TestOp::date_from:
  case TestOp::date_before: {
    std::int64_t value = 0;
    return date(test.left, value) &&
           (value >= clock_.threshold(test.bound)) == (test.op == TestOp::date_from);
  }
  case TestOp::compare_values:
    return compare_values(test);
  case TestOp::present:
    return present(test.left);
  case TestOp::list_contains_text:
  case TestOp::list_contains_number:
  case TestOp::list_present: {
    LeafValue leaf;
    reader_.read(node(test.left).leaf, leaf);
    std::string scratch;
    return leaf.present && leaf.list != nullptr && list_passes(test, *leaf.list, scratch);
  }
  case TestOp::anniversary: {
    Day day = 0;
    return local_day(test.left, day) && clock_.in_window(test.window, day);
  }
  case TestOp::within_distance: {
    const auto kilometres = distance(test);
    return kilometres && *kilometres <= test.circle.kilometres;
  }
  }
  return false;
}

Instant Judge::value_until(int value) const {
  const ValueNode &one = node(value);
  if (!one.moves)
    return instant_infinity;
  switch (one.form) {
  case ValueNode::Form::leaf:
    return reader_.until(one.leaf);
  case ValueNode::Form::ratio:
    return std::min(reader_.until(one.leaf), reader_.until(one.second));
  case ValueNode::Form::age: {
    Day born = 0;
    const Instant inner = value_until(one.a);
    return local_day(one.a, born) ? std::min(inner, clock_.age_flip(born)) : inner;
  }
  case ValueNode::Form::arithmetic:
    return std::min(value_until(one.a), value_until(one.b));
  default:
    return instant_infinity;
  }
}

Instant Judge::until(const Test &test) const {
  if (!test.moves)
    return instant_infinity;
  Instant until = value_until(test.left);
  if (test.right >= 0)
    until = std::min(until, value_until(test.right));
  if (test.bound >= 0) {
    std::int64_t value = 0;
    if (date(test.left, value))
      until = std::min(until, clock_.flip(test.bound, value));
  }
  if (test.window >= 0) {
    Day day = 0;
    if (local_day(test.left, day))
      until = std::min(until, clock_.window_flip(test.window, day));
  }
  return until;
}

} // namespace segmentation::core::program
