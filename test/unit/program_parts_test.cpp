// The parts of the program one by one: constants, laws of measures, keys and slices, the clock.
#include "core/program/bound.hpp"
#include "core/program/constants.hpp"
#include "core/program/keys.hpp"
#include "core/program/measure.hpp"
#include "core/program/show.hpp"
#include "core/program/side.hpp"

#include "program_random.hpp"

#include <gtest/gtest.h>

namespace segmentation::core::program {
namespace {

using test::Dice;

constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();
constexpr CompareOp range_ops[] = {CompareOp::eq, CompareOp::lt, CompareOp::le, CompareOp::gt, CompareOp::ge};

TEST(ProgramConstants, RangesSayWhatComparisonSays) {
  const std::vector<std::int64_t> coefficients{
      lowest, lowest + 1, -1000, -101, -100, -99, -1, 0, 1, 99, 100, 101, 150, 151, highest - 1, highest};
  std::vector<Decimal> numbers;
  for (const char *text : {"0", "1", "-1", "1.00", "1.005", "-1.005", "1.5", "0.001", "-0.001", "1e30",
                           "-1e30", "92233720368547758.07", "92233720368547758.075", "92233720368547758.08",
                           "-92233720368547758.08", "-92233720368547758.085", "-92233720368547758.09",
                           "1.00000000000000000000000000001", "-0.99999999999999999999999999"})
    numbers.push_back(*Decimal::parse(text));
  for (const std::int32_t scale : {0, 2, 6})
    for (const Decimal &number : numbers)
      for (const CompareOp op : range_ops) {
        const Range range = range_of(op, number, scale);
        for (const std::int64_t one : coefficients)
          EXPECT_EQ(one >= range.low && one <= range.high, holds(op, Decimal(one, scale) <=> number))
              << one << " at " << scale << ", op " << static_cast<int>(op) << ", " << number.to_string();
      }
}

TEST(ProgramConstants, SetsHoldExactlyTheirValues) {
  for (const int count : {0, 1, 5, 7, 10'000}) {
    std::vector<Decimal> numbers;
    std::vector<std::string> texts;
    for (int i = 0; i < count; ++i) {
      numbers.emplace_back(i * 3, 1);
      texts.push_back("value " + std::to_string(i * 3));
    }
    const NumberSet number_set(numbers, 2);
    const TextSet text_set(texts);
    for (int i = -2; i < count * 3 + 2; ++i) {
      const bool in = i >= 0 && i < count * 3 && i % 3 == 0;
      EXPECT_EQ(number_set.contains(std::int64_t{i} * 10), in);
      EXPECT_FALSE(number_set.contains(std::int64_t{i} * 10 + 5));
      EXPECT_EQ(number_set.contains(Decimal(i, 1)), in);
      EXPECT_EQ(text_set.contains("value " + std::to_string(i)), in);
    }
    EXPECT_FALSE(text_set.contains(""));
  }
}

TEST(ProgramConstants, NumbersFarApartAreASetToo) {
  constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();
  for (const int count : {1, 7, 10'000}) {
    std::vector<std::int64_t> values{lowest, lowest + 1};
    for (std::int64_t i = -count / 2; i < count; ++i)
      values.push_back(i * 3'000'000'019);
    for (std::int64_t i = 1; i < 5; ++i)
      values.push_back(std::int64_t{count} * 3'000'000'019 + i);
    values.push_back(highest);
    const NumberSet set({values.begin(), values.end()}, 0);
    for (const std::int64_t value : values) {
      EXPECT_TRUE(set.contains(value)) << value;
      for (const std::int64_t step : {-64, -7, 7, 64})
        EXPECT_FALSE(set.contains(
            static_cast<std::int64_t>(static_cast<std::uint64_t>(value) + static_cast<std::uint64_t>(step))))
            << value << " and " << step;
    }
  }
}

// Cells of equal content; bytes alone would compare padding.
bool same(const ExtremeCell &a, const ExtremeCell &b) {
  return a.presence == b.presence && (a.presence == Presence::none || a.value == b.value);
}
bool same(const LatestCell &a, const LatestCell &b) {
  return a.any == b.any && (!a.any || std::tie(a.date, a.tie, a.value) == std::tie(b.date, b.tie, b.value));
}

TEST(ProgramMeasures, MergeIsTheFoldOfBothAndRetractUndoes) {
  Dice dice(99);
  for (int round = 0; round < 300; ++round) {
    CountCell counts[3]{};
    SumCell sums[3]{};
    ExtremeCell smallest[3]{}, largest[3]{};
    LatestCell first[3]{}, last[3]{};
    const std::int64_t rows = dice.between(0, 8);
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::int64_t value = dice.between(-5, 5), date = dice.between(0, 3), part = dice.between(0, 1);
      for (const std::int64_t into : {part, std::int64_t{2}}) {
        counts[into].fold();
        ASSERT_TRUE(sums[into].fold(value));
        smallest[into].fold<1>(value);
        largest[into].fold<-1>(value);
        const LatestCell one{date, row, value, true, Presence::here};
        first[into].merge<-1>(one);
        last[into].merge<1>(one);
      }
    }
    // Both orders of merging give the fold of everything.
    for (const int into : {0, 1}) {
      CountCell count = counts[into];
      count.merge(counts[1 - into]);
      EXPECT_EQ(count.rows, counts[2].rows);
      SumCell sum = sums[into];
      ASSERT_TRUE(sum.merge(sums[1 - into]));
      EXPECT_EQ(sum.coefficient, sums[2].coefficient);
      ExtremeCell low = smallest[into], high = largest[into];
      low.merge<1>(smallest[1 - into]);
      high.merge<-1>(largest[1 - into]);
      EXPECT_TRUE(same(low, smallest[2]));
      EXPECT_TRUE(same(high, largest[2]));
      LatestCell early = first[into], late = last[into];
      early.merge<-1>(first[1 - into]);
      late.merge<1>(last[1 - into]);
      EXPECT_TRUE(same(early, first[2]));
      EXPECT_TRUE(same(late, last[2]));
    }
    CountCell count = counts[2];
    SumCell sum = sums[2];
    const std::int64_t value = dice.between(-100, 100);
    count.fold();
    count.retract();
    ASSERT_TRUE(sum.fold(value));
    ASSERT_TRUE(sum.retract(value));
    EXPECT_EQ(count.rows, counts[2].rows);
    EXPECT_EQ(sum.coefficient, sums[2].coefficient);
  }
  EXPECT_TRUE(has_retract(MeasureKind::count) && has_retract(MeasureKind::sum));
  EXPECT_FALSE(has_retract(MeasureKind::minimum) || has_retract(MeasureKind::last) ||
               has_retract(MeasureKind::distinct));
}

TEST(ProgramMeasures, ASumThatDoesNotFitIsLeftUnchanged) {
  SumCell sum{highest - 1};
  EXPECT_TRUE(sum.fold(1));
  EXPECT_FALSE(sum.fold(1));
  EXPECT_EQ(sum.coefficient, highest);
  SumCell low{lowest};
  EXPECT_FALSE(low.retract(1));
  EXPECT_FALSE(low.merge(SumCell{-1}));
  EXPECT_EQ(low.coefficient, lowest);
}

TEST(ProgramMeasures, PeriodsOfDays) {
  const Day monday = day_of({2026, 6, 1});
  EXPECT_EQ(weekday_of(monday), 0);
  EXPECT_EQ(period_of(Period::week, monday), period_of(Period::week, monday + 6));
  EXPECT_NE(period_of(Period::week, monday), period_of(Period::week, monday - 1));
  EXPECT_EQ(period_of(Period::month, monday), period_of(Period::month, monday + 29));
  EXPECT_NE(period_of(Period::month, monday), period_of(Period::month, monday - 1));
  EXPECT_NE(period_of(Period::month, monday), period_of(Period::month, day_of({2025, 6, 1})));
  for (const Period period : {Period::day, Period::week, Period::month}) {
    EXPECT_EQ(period_of(period, day_infinity), day_infinity);
    EXPECT_EQ(period_of(period, day_minus_infinity), day_minus_infinity);
  }
}

TEST(ProgramSide, EncodedKeysSortAsTheirValues) {
  std::vector<Decimal> numbers;
  for (const char *text :
       {"-1e50", "-123456789012345678901", "-123456789012345678900.5", "-92233720368547758.08", "-2",
        "-1.005", "-1.004", "-1", "0", "0.001", "0.0011", "0.01", "1", "1.05", "10", "92233720368547758.07",
        "92233720368547758.08", "123456789012345678900.5", "1e50"})
    numbers.push_back(*Decimal::parse(text));
  const std::vector<std::string> texts{"", "a", "a b", "aa", "b", "\xC3\xA9"};
  const std::vector<std::int64_t> integers{lowest, -1, 0, 1, 255, 256, highest};
  const auto expect_ascending = [](const auto &values, const auto &write) {
    for (std::size_t i = 1; i < values.size(); ++i) {
      std::string before, after;
      write(values[i - 1], before);
      write(values[i], after);
      EXPECT_LT(before, after) << "at " << i;
    }
  };
  expect_ascending(numbers, [](const Decimal &value, std::string &out) { encode(value, 2, out); });
  expect_ascending(texts,
                   [](const std::string &value, std::string &out) { encode(std::string_view(value), out); });
  expect_ascending(integers, [](std::int64_t value, std::string &out) { encode(value, out); });
}

TEST(ProgramSide, SeenValuesTellCustomersAndKindsApart) {
  SeenValues seen;
  for (int again = 0; again < 2; ++again)
    for (std::uint32_t customer = 0; customer < 300; ++customer)
      for (std::int64_t value = 0; value < 10; ++value) {
        EXPECT_EQ(seen.add(customer, value), again == 0);
        EXPECT_EQ(seen.add(customer, std::to_string(value)), again == 0);
      }
}

// A batch's key column over arrays of its own.
struct KeyColumn {
  std::vector<Cell> cells;
  std::vector<std::int64_t> integers;
  std::vector<TextCell> texts;
  BatchColumn column;

  explicit KeyColumn(const std::vector<std::int64_t> &keys)
      : cells(keys.size(), Cell::value), integers(keys) {
    column.cells = cells.data();
    column.integers = integers.data();
  }
  explicit KeyColumn(const std::vector<std::string> &keys) : cells(keys.size(), Cell::value) {
    for (const std::string &key : keys)
      texts.push_back({key.data(), static_cast<std::uint32_t>(key.size())});
    column.type = Kind::text;
    column.cells = cells.data();
    column.texts = texts.data();
  }
};

TEST(ProgramKeys, IntegersCloseTogetherAndFarApart) {
  for (const std::int64_t step : {std::int64_t{1}, std::int64_t{1'000'000'007}, highest / 600}) {
    KeyTable table(true, {});
    std::vector<std::int64_t> keys;
    for (std::int64_t i = -500; i < 500; ++i)
      keys.push_back(i * step / 2 * 2);
    keys.push_back(keys.front()); // delivered twice
    KeyColumn column(keys);
    column.cells[7] = Cell::missing;
    std::uint16_t fresh[Batch::capacity];
    const std::uint32_t count = table.insert(column.column, static_cast<std::uint32_t>(keys.size()), fresh);
    std::set<std::int64_t> distinct(keys.begin(), keys.end());
    if (std::count(keys.begin(), keys.end(), keys[7]) == 1)
      distinct.erase(keys[7]);
    EXPECT_EQ(count, distinct.size());
    EXPECT_EQ(table.size(), count);
    std::vector<std::uint32_t> found(keys.size());
    table.find(column.column, static_cast<std::uint32_t>(keys.size()), found.data());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (i == 7) {
        EXPECT_EQ(found[i], KeyTable::none);
        continue;
      }
      ASSERT_NE(found[i], KeyTable::none);
      EXPECT_EQ(table.integer(found[i]), keys[i]);
      EXPECT_EQ(table.find(keys[i]), found[i]);
    }
    EXPECT_EQ(table.find(lowest), KeyTable::none);
    EXPECT_EQ(table.find(highest), KeyTable::none);
  }
}

TEST(ProgramKeys, TextsAndSlices) {
  std::vector<std::string> keys{"", "a",
                                "a much longer key than the others, with \xD0\xB4\xD1\x83\xD0\xBC\xD0\xB8"};
  for (int i = 0; i < 900; ++i)
    keys.push_back("key " + std::to_string(i));
  KeyColumn column(keys);
  std::uint16_t fresh[Batch::capacity];
  std::uint32_t in_all = 0;
  std::vector<std::uint32_t> found(keys.size());
  std::vector<int> times(keys.size(), 0);
  for (std::uint32_t slice = 0; slice < 3; ++slice) {
    KeyTable table(false, {slice, 3});
    in_all += table.insert(column.column, static_cast<std::uint32_t>(keys.size()), fresh);
    EXPECT_GT(table.size(), keys.size() / 5);
    table.find(column.column, static_cast<std::uint32_t>(keys.size()), found.data());
    for (std::size_t i = 0; i < keys.size(); ++i)
      if (found[i] != KeyTable::none) {
        ++times[i];
        const TextCell cell = table.text(found[i]);
        EXPECT_EQ(std::string_view(cell.data, cell.size), keys[i]);
      }
  }
  EXPECT_EQ(in_all, keys.size());
  EXPECT_EQ(std::count(times.begin(), times.end(), 1), static_cast<std::ptrdiff_t>(keys.size()));
}

std::vector<Bound> moving_bounds() {
  std::vector<Bound> out;
  for (const bool upper : {false, true}) {
    for (const DateUnit unit : {DateUnit::day, DateUnit::week, DateUnit::month, DateUnit::year})
      for (const int amount : {-13, -2, -1, 0, 1, 5}) {
        Bound &bound = out.emplace_back();
        bound.upper = upper;
        bound.form.kind = DateForm::Kind::relative;
        bound.form.unit = unit;
        bound.form.amount = amount;
      }
    for (const PeriodUnit period :
         {PeriodUnit::week, PeriodUnit::month, PeriodUnit::quarter, PeriodUnit::year})
      for (const int offset : {-1, 0}) {
        Bound &bound = out.emplace_back();
        bound.upper = upper;
        bound.form.kind = DateForm::Kind::period;
        bound.form.period = period;
        bound.form.period_offset = offset;
      }
  }
  return out;
}

TEST(ProgramClock, TheFirstDayBeyondIsTheFirst) {
  Dice dice(5);
  for (const Bound &bound : moving_bounds())
    for (int i = 0; i < 40; ++i) {
      const Day value = day_of({2023, 1, 1}) + static_cast<Day>(dice.between(0, 1500));
      const Day first = first_day_beyond(bound, value);
      EXPECT_GT(bound_day(bound, first), value);
      EXPECT_LE(bound_day(bound, first - 1), value) << print_date_form(bound.form) << " " << value;
    }
}

TEST(ProgramClock, FlipsAreExactForDaysAndInstants) {
  Dice dice(6);
  for (int zone_number = 0; zone_number < 5; ++zone_number) {
    const Zone zone = test::world_zone(zone_number);
    for (const Bound &bound : moving_bounds())
      for (const bool day_value : {false, true}) {
        const std::vector<BoundUse> bounds{{bound, day_value}};
        const std::vector<WindowUse> windows;
        const Instant now = (test::world_day + dice.between(-30, 30)) * microseconds_per_day +
                            dice.between(0, 86'399) * 1'000'000;
        const Clock clock(Moment::at(now, zone), bounds, windows);
        const std::int64_t value = day_value
                                       ? test::world_day + dice.between(-400, 400)
                                       : (test::world_day + dice.between(-400, 400)) * microseconds_per_day;
        const Instant flip = clock.flip(0, value);
        if (value < clock.threshold(0)) {
          EXPECT_EQ(flip, instant_infinity);
          continue;
        }
        ASSERT_GT(flip, now);
        ASSERT_NE(flip, instant_infinity);
        const Clock before(Moment::at(flip - 1, zone), bounds, windows),
            after(Moment::at(flip + 7'200'000'000, zone), bounds, windows);
        EXPECT_GE(value, before.threshold(0)) << print_date_form(bound.form) << ", zone " << zone_number;
        // Early by an hour at most, where the clock is set back over midnight.
        EXPECT_LT(value, after.threshold(0)) << print_date_form(bound.form) << ", zone " << zone_number;
      }
  }
}

TEST(ProgramClock, ADayThatBeginsTwiceIsNotTrustedBeyondItsFirstMinute) {
  const std::vector<BoundUse> bounds;
  const std::vector<WindowUse> windows;
  const Zone zone = test::world_zone(3);
  const Instant change =
      std::int64_t{test::world_day} * microseconds_per_day + 9060 * std::int64_t{1'000'000};
  const Moment first_run = Moment::at(change - 30'000'000, zone), between = Moment::at(change, zone);
  ASSERT_EQ(first_run.today, test::world_day);
  ASSERT_EQ(between.today, test::world_day - 1);
  EXPECT_EQ(Clock(first_run, bounds, windows).steady_until(), change);
  EXPECT_EQ(Clock(between, bounds, windows).steady_until(), instant_infinity);
  // Asked the day before, the day begins at its first run.
  EXPECT_EQ(
      Clock(Moment::at(change - microseconds_per_day, zone), bounds, windows).day_begins(test::world_day),
      change - 60'000'000);
}

TEST(ProgramClock, HoursFlipToTheMicrosecond) {
  const Zone zone;
  for (const bool upper : {false, true}) {
    Bound bound;
    bound.upper = upper;
    bound.form.kind = DateForm::Kind::relative;
    bound.form.unit = DateUnit::hour;
    bound.form.amount = -36;
    const std::vector<BoundUse> bounds{{bound, false}};
    const std::vector<WindowUse> windows;
    const Instant now = 1'000'000'000'000, value = now - 35 * 3'600'000'000;
    const Instant flip = Clock(Moment::at(now, zone), bounds, windows).flip(0, value);
    EXPECT_EQ(flip, value + 36 * 3'600'000'000 + (upper ? 0 : 1));
    EXPECT_GE(value, Clock(Moment::at(flip - 1, zone), bounds, windows).threshold(0));
    EXPECT_LT(value, Clock(Moment::at(flip, zone), bounds, windows).threshold(0));
  }
}

TEST(ProgramClock, AgesChangeOnBirthdays) {
  const Zone zone = test::world_zone(1);
  const std::vector<BoundUse> bounds;
  const std::vector<WindowUse> windows;
  const Moment moment = Moment::at(zone.start_of_day(day_of({2026, 5, 30})) + 3'600'000'000, zone);
  const Clock clock(moment, bounds, windows);
  EXPECT_EQ(clock.age(day_of({1990, 5, 31})), 35);
  EXPECT_EQ(clock.age_flip(day_of({1990, 5, 31})), zone.start_of_day(day_of({2026, 5, 31})));
  EXPECT_EQ(clock.age_flip(day_of({1990, 5, 30})), zone.start_of_day(day_of({2027, 5, 30})));
  EXPECT_EQ(clock.age_flip(day_infinity), instant_infinity);
}

TEST(ProgramClock, AnniversariesEnterAndLeaveTheirWindow) {
  const Zone zone = test::world_zone(1);
  const std::vector<BoundUse> bounds;
  WindowUse week; // [today, +7d]
  week.from.form.kind = week.to.form.kind = DateForm::Kind::relative;
  week.to.form.amount = 7;
  week.to.upper = true;
  const std::vector<WindowUse> windows{week};
  const auto clock_on = [&](CivilDate date) {
    return Clock(Moment::at(zone.start_of_day(day_of(date)) + 1, zone), bounds, windows);
  };
  const Day born = day_of({1990, 6, 10}), leap = day_of({2004, 2, 29});
  EXPECT_FALSE(clock_on({2026, 6, 2}).in_window(0, born));
  EXPECT_TRUE(clock_on({2026, 6, 3}).in_window(0, born));
  EXPECT_TRUE(clock_on({2026, 6, 10}).in_window(0, born));
  EXPECT_FALSE(clock_on({2026, 6, 11}).in_window(0, born));
  EXPECT_EQ(clock_on({2026, 6, 2}).window_flip(0, born), zone.start_of_day(day_of({2026, 6, 3})));
  EXPECT_EQ(clock_on({2026, 6, 3}).window_flip(0, born), zone.start_of_day(day_of({2026, 6, 11})));
  EXPECT_EQ(clock_on({2026, 6, 11}).window_flip(0, born), zone.start_of_day(day_of({2027, 6, 3})));
  EXPECT_TRUE(clock_on({2026, 2, 28}).in_window(0, leap));
  EXPECT_FALSE(clock_on({2026, 3, 1}).in_window(0, leap));
  EXPECT_TRUE(clock_on({2028, 2, 29}).in_window(0, leap));
  EXPECT_TRUE(clock_on({2025, 12, 30}).in_window(0, day_of({1980, 1, 2})));
}

TEST(ProgramShow, ValuesReadAsPeopleWriteThem) {
  const Zone zone = test::world_zone(1), utc;
  const Instant instant =
      std::int64_t{day_of({2026, 5, 30})} * microseconds_per_day + 13 * std::int64_t{3'600'000'000};
  EXPECT_EQ(show(Kind::instant, instant, 0, zone), "2026-05-30 16:00:00+03");
  EXPECT_EQ(show(Kind::instant, instant + 120'000, 0, test::world_zone(3)), "2026-05-30 09:30:00.12-03:30");
  EXPECT_EQ(show(Kind::instant, -1, 0, utc), "1999-12-31 23:59:59.999999+00");
  EXPECT_EQ(show(Kind::instant, instant_infinity, 0, zone), "infinity");
  EXPECT_EQ(show(Kind::day, day_of({2026, 5, 30}), 0, zone), "2026-05-30");
  EXPECT_EQ(show(Kind::day, day_of({0, 3, 1}), 0, zone), "0001-03-01 BC");
  EXPECT_EQ(show(Kind::boolean, 1, 0, zone), "true");
  EXPECT_EQ(show(Kind::number, 1250, 2, zone), "12.5");
  EXPECT_EQ(show(WideFraction{Decimal(100, 2), Decimal(3)}), "0.333333");
  EXPECT_EQ(show(WideFraction{Decimal(-200, 2), Decimal(3)}), "-0.666667");
  EXPECT_EQ(show(WideFraction{Decimal(1), Decimal(4)}), "0.25");
  EXPECT_EQ(show(WideFraction{Decimal(700), Decimal(5, 1)}), "1400");
  EXPECT_EQ(show_padded(Decimal(124, 1), 2), "12.40");
  EXPECT_EQ(show_padded(Decimal(12), 2), "12.00");
  EXPECT_EQ(show_padded(Decimal(12345, 3), 2), "12.345");
  EXPECT_EQ(show_padded(Decimal(1), 0), "1");
}

} // namespace
} // namespace segmentation::core::program
