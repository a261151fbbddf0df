// Judges customers in blocks: each value is gathered from the customers' cells once, then every node is a
// loop over bytes.
#include "core/program/population.hpp"

#include <algorithm>
#include <cstring>

namespace segmentation::core {
namespace program {
namespace {

constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();

// Bytes of the customers whose value, in place, lies in the range.
void in_range(const Loaded &loaded, Range range, std::uint32_t count, std::uint8_t *__restrict out) {
  if (range.low > range.high) {
    std::memset(out, 0, count);
    return;
  }
  const auto low = static_cast<std::uint64_t>(range.low);
  const std::uint64_t width = static_cast<std::uint64_t>(range.high) - low;
  for (std::uint32_t i = 0; i < count; ++i)
    out[i] = static_cast<std::uint8_t>((static_cast<std::uint64_t>(loaded.values[i]) - low <= width) &
                                       (loaded.presence[i] == Presence::here));
}

template <typename Cell>
void gather(const std::byte *at, std::size_t stride, std::uint32_t count, Loaded &out) {
  for (std::uint32_t i = 0; i < count; ++i, at += stride) {
    const auto &cell = *reinterpret_cast<const Cell *>(at);
    out.values[i] = cell.value;
    out.presence[i] = cell.presence;
    out.any_aside |= cell.presence == Presence::aside;
  }
}

} // namespace

// sum / count op number, without dividing: sum * 10^a op number * count * 10^b. False where it does not fit.
bool compare_ratio(const Test &test, std::int32_t scale, std::int64_t sum, std::int64_t count,
                   std::uint8_t &out) {
  const std::int32_t digits = test.number.scale() - scale;
  __int128 left = sum, right = test.number.coefficient();
  if (!multiply(right, count, right) || digits > 18 || digits < -18)
    return false;
  if (digits > 0 ? !multiply(left, power_of_ten[digits], left)
                 : !multiply(right, power_of_ten[-digits], right))
    return false;
  out = holds(test.compare, left <=> right);
  return true;
}

Presence age_of(const Clock &clock, bool is_day, std::int64_t born, std::int64_t &out) {
  const Day day = is_day ? static_cast<Day>(born) : clock.zone().local_day(born);
  out = 0;
  if (!has_age(day))
    return Presence::none;
  out = clock.age(day);
  return Presence::here;
}

Presence compute(const ValueNode &node, const Graph &graph, std::int64_t a, Presence has_a, std::int64_t b,
                 Presence has_b, std::int64_t &out) {
  out = 0;
  if (has_a == Presence::none || has_b == Presence::none)
    return Presence::none;
  if (has_a == Presence::aside || has_b == Presence::aside)
    return Presence::aside;
  const auto raise = [&](int operand) {
    const std::int32_t scale = graph.values[static_cast<std::size_t>(operand)].scale;
    return node.op == '*' ? 1 : power_of_ten[node.scale - scale];
  };
  std::int64_t x = 0, y = 0;
  const bool over_a = __builtin_mul_overflow(a, raise(node.a), &x);
  const bool over_b = __builtin_mul_overflow(b, raise(node.b), &y);
  const bool over = node.op == '+'   ? __builtin_add_overflow(x, y, &out)
                    : node.op == '-' ? __builtin_sub_overflow(x, y, &out)
                                     : __builtin_mul_overflow(x, y, &out);
  return over || over_a || over_b ? Presence::aside : Presence::here;
}

void Customers::load_measure(const CustomerLeaf &leaf, std::uint32_t first, std::uint32_t count,
                             Loaded &out) const {
  const int index = leaf.index;
  const Measure &measure = plan.measure(index);
  const FeedState &feed = feeds[static_cast<std::size_t>(measure.feed)];
  const std::byte *at = cell(measure, index, first);
  switch (measure.kind) {
  case MeasureKind::count:
  case MeasureKind::distinct:
  case MeasureKind::periods:
  case MeasureKind::sum:
    static_assert(sizeof(CountCell) == 8 && sizeof(SumCell) == 8);
    for (std::uint32_t i = 0; i < count; ++i, at += feed.stride)
      std::memcpy(&out.values[i], at, 8);
    std::fill_n(out.presence, count, Presence::here);
    if (const auto &rest = sides[static_cast<std::size_t>(index)].numbers; !rest.empty())
      for (std::uint32_t i = 0; i < count; ++i)
        if (rest.contains(first + i)) {
          out.presence[i] = Presence::aside;
          out.any_aside = true;
        }
    break;
  case MeasureKind::minimum:
  case MeasureKind::maximum:
  case MeasureKind::wakening:
    gather<ExtremeCell>(at, feed.stride, count, out);
    break;
  case MeasureKind::first:
  case MeasureKind::last:
    gather<LatestCell>(at, feed.stride, count, out);
    break;
  case MeasureKind::mode:
    for (std::uint32_t i = 0; i < count; ++i) {
      const ModeEntry *entry = mode_of(index, first + i);
      out.presence[i] = entry == nullptr ? Presence::none : entry->is_text ? Presence::aside : Presence::here;
      out.values[i] = entry == nullptr ? 0 : entry->integer;
      out.any_aside |= out.presence[i] == Presence::aside;
    }
    break;
  case MeasureKind::purchases:
    for (std::uint32_t i = 0; i < count; ++i) {
      out.presence[i] = value_of(leaf, first + i, out.values[i]);
      out.any_aside |= out.presence[i] == Presence::aside;
    }
    break;
  }
}

void Customers::load_computed(const ValueNode &node, std::uint32_t first, std::uint32_t count, Loaded &out) {
  if (node.form == ValueNode::Form::constant) {
    std::fill_n(out.values, count, node.number.coefficient());
    std::fill_n(out.presence, count, Presence::here);
    return;
  }
  const Loaded &a = load(node.a, first, count);
  const ValueNode &left = plan.customers.values[static_cast<std::size_t>(node.a)];
  if (node.form == ValueNode::Form::age) {
    for (std::uint32_t i = 0; i < count; ++i) {
      out.presence[i] = Presence::none;
      out.values[i] = 0;
      if (a.presence[i] != Presence::none)
        out.presence[i] = age_of(clock, left.type == Kind::day, a.values[i], out.values[i]);
    }
    return;
  }
  const Loaded &b = load(node.b, first, count);
  for (std::uint32_t i = 0; i < count; ++i) {
    out.presence[i] =
        compute(node, plan.customers, a.values[i], a.presence[i], b.values[i], b.presence[i], out.values[i]);
    out.any_aside |= out.presence[i] == Presence::aside;
  }
}

const Loaded &Customers::load(int value, std::uint32_t first, std::uint32_t count) {
  auto &place = loaded[static_cast<std::size_t>(value)];
  if (!place)
    place = std::make_unique<Loaded>();
  Loaded &out = *place;
  if (out.block == block_number)
    return out;
  out.block = block_number;
  out.any_aside = false;
  const ValueNode &node = plan.customers.values[static_cast<std::size_t>(value)];
  if (node.form != ValueNode::Form::leaf) {
    load_computed(node, first, count, out);
    return out;
  }
  const CustomerLeaf &leaf = plan.leaves[static_cast<std::size_t>(node.leaf)];
  if (!leaf.stored) {
    load_measure(leaf, first, count, out);
    return out;
  }
  const StoredColumn &column = stored[static_cast<std::size_t>(leaf.index)];
  std::copy_n(column.integers.begin() + first, count, out.values);
  static_assert(static_cast<int>(Cell::digits) == static_cast<int>(Presence::aside) &&
                static_cast<int>(Cell::value) == static_cast<int>(Presence::here));
  std::memcpy(out.presence, column.cells.data() + first, count);
  out.any_aside = !column.numbers.empty();
  return out;
}

void Customers::judge_test(const Test &test, std::uint32_t first, std::uint32_t count, std::uint8_t *out) {
  CustomerReader reader(*this);
  const Judge judge(plan.customers, clock, reader);
  const auto slowly = [&](std::uint32_t i) {
    reader.at(first + i);
    return static_cast<std::uint8_t>(judge.holds(test));
  };
  const ValueNode &left = plan.customers.values[static_cast<std::size_t>(test.left)];
  const bool is_ratio = left.form == ValueNode::Form::ratio;
  if (is_ratio && test.op == TestOp::compare_number && test.number.is_small()) {
    const auto &sum = plan.leaves[static_cast<std::size_t>(left.leaf)];
    const auto &number = plan.leaves[static_cast<std::size_t>(left.second)];
    const Measure &summed = plan.measure(sum.index), &counted = plan.measure(number.index);
    const bool wide = !sides[static_cast<std::size_t>(sum.index)].numbers.empty();
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto *total = reinterpret_cast<const SumCell *>(cell(summed, sum.index, first + i));
      const auto *rows = reinterpret_cast<const CountCell *>(cell(counted, number.index, first + i));
      out[i] = 0;
      if (rows->rows > 0 &&
          (wide || !compare_ratio(test, left.scale, total->coefficient, rows->rows, out[i])))
        out[i] = slowly(i);
    }
    return;
  }
  const bool flat =
      left.flat && (test.right < 0 || plan.customers.values[static_cast<std::size_t>(test.right)].flat);
  const Loaded *values = flat ? &load(test.left, first, count) : nullptr;
  switch (flat ? test.op : TestOp::list_present) {
  case TestOp::compare_number:
    in_range(*values, test.range, count, out);
    break;
  case TestOp::number_in:
    for (std::uint32_t i = 0; i < count; ++i)
      out[i] = values->presence[i] == Presence::here && test.numbers.contains(values->values[i]);
    break;
  case TestOp::is_true:
    in_range(*values, {1, 1}, count, out);
    break;
  case TestOp::date_from:
    in_range(*values, {clock.threshold(test.bound), highest}, count, out);
    break;
  case TestOp::date_before: {
    const std::int64_t bound = clock.threshold(test.bound);
    in_range(*values, bound == lowest ? Range{1, 0} : Range{lowest, bound - 1}, count, out);
    break;
  }
  case TestOp::present:
    for (std::uint32_t i = 0; i < count; ++i)
      out[i] = values->presence[i] != Presence::none;
    return;
  case TestOp::compare_values: {
    const ValueNode &right = plan.customers.values[static_cast<std::size_t>(test.right)];
    if (right.type != left.type || right.scale != left.scale) {
      for (std::uint32_t i = 0; i < count; ++i)
        out[i] = slowly(i);
      return;
    }
    const Loaded &others = load(test.right, first, count);
    for (std::uint32_t i = 0; i < count; ++i) {
      const bool in_place = values->presence[i] == Presence::here && others.presence[i] == Presence::here;
      out[i] = in_place ? holds(test.compare, values->values[i] <=> others.values[i])
                        : (values->any_aside || others.any_aside) && slowly(i) != 0;
    }
    return;
  }
  default:
    for (std::uint32_t i = 0; i < count; ++i)
      out[i] = slowly(i);
    return;
  }
  if (values->any_aside)
    for (std::uint32_t i = 0; i < count; ++i)
      if (values->presence[i] == Presence::aside)
        out[i] = slowly(i);
}

void Customers::evaluate(std::uint32_t first, std::uint32_t count, bool with_until, Verdicts &verdicts) {
  make_room();
  const std::size_t rules = plan.roots.size();
  verdicts.customers = count;
  verdicts.rules = static_cast<std::uint32_t>(rules);
  verdicts.holds.resize(rules * count);
  verdicts.until.assign(with_until ? count : 0, instant_infinity);
  if (count <= Single::most) {
    if (!single)
      single = std::make_unique<Single>(*this);
    for (std::uint32_t i = 0; i < count; ++i)
      if (with_until)
        verdicts.until[i] = single->judge_until(first + i, verdicts.holds.data() + i, count);
      else
        single->judge(first + i, verdicts.holds.data() + i, count);
    keep_steady(verdicts);
    return;
  }
  for (std::uint32_t done = 0; done < count; done += block_customers) {
    const std::uint32_t part = std::min(block_customers, count - done);
    judge_block(first + done, part, Level::verdicts, with_until);
    for (std::size_t rule = 0; rule < rules; ++rule) {
      const auto root = static_cast<std::size_t>(plan.roots[rule]);
      std::memcpy(&verdicts.holds[rule * count + done], &node_bytes[root * block_customers], part);
      if (!with_until || !plan.customers.nodes[root].moves)
        continue;
      const Instant *until = &node_until[until_place[root] * block_customers];
      for (std::uint32_t i = 0; i < part; ++i)
        verdicts.until[done + i] = std::min(verdicts.until[done + i], until[i]);
    }
  }
  keep_steady(verdicts);
}

void Customers::keep_steady(Verdicts &verdicts) const {
  if (clock.steady_until() != instant_infinity)
    for (Instant &until : verdicts.until)
      until = std::min(until, clock.steady_until());
}

} // namespace program

void Population::evaluate(std::uint32_t first, std::uint32_t count, Verdicts &verdicts) {
  impl_->evaluate(first, count, impl_->horizons, verdicts);
}

void Population::judge(std::uint32_t first, std::uint32_t count, Verdicts &verdicts) {
  impl_->evaluate(first, count, false, verdicts);
}

} // namespace segmentation::core
