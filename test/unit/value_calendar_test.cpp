// Days, clocks and zones against what PostgreSQL 15 says.
#include "core/value/calendar.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

using namespace segmentation::core;

namespace {

constexpr std::int64_t second = 1'000'000;

struct Pair {
  std::int64_t first;
  std::int64_t second;
};

struct ZoneCase {
  std::string name;
  std::int32_t initial;
  std::vector<Pair> changes;
  std::vector<Pair> to_instant; // local time, instant
  std::vector<Pair> to_local;   // instant, local time
};

const std::vector<ZoneCase> &zone_cases() {
  static const std::vector<ZoneCase> cases = {
#include "value_zone_table.inc"
  };
  return cases;
}

Zone zone_of(const ZoneCase &one) {
  std::vector<Zone::Change> changes;
  for (const Pair &change : one.changes) {
    changes.push_back({change.first * second, static_cast<std::int32_t>(change.second)});
  }
  return Zone(one.initial, changes, false);
}

struct AgeCase {
  Day born;
  Day on;
  std::int32_t years;
};

Day last_sunday(std::int32_t year, std::int32_t month) {
  const Day last = day_of({year, month, 31});
  return last - (weekday_of(last) + 1) % 7;
}

/// The European rule, from 2000 to the year in which its repetition is complete.
Zone sofia() {
  std::vector<Zone::Change> changes;
  for (std::int32_t year = 2000; year <= 2440; ++year) {
    changes.push_back({last_sunday(year, 3) * microseconds_per_day + 3600 * second, 10800});
    changes.push_back({last_sunday(year, 10) * microseconds_per_day + 3600 * second, 7200});
  }
  return Zone(7200, changes, true);
}

} // namespace

TEST(Calendar, DaysAgreeWithPostgres) {
  const struct {
    CivilDate date;
    Day day;
    int weekday;
  } cases[] = {
      {{-4713, 11, 24}, -2451545, 0}, {{-4711, 1, 1}, -2451141, 5},     {{0, 12, 31}, -730120, 6},
      {{1, 1, 1}, -730119, 0},        {{1582, 10, 15}, -152384, 4},     {{1900, 2, 28}, -36466, 2},
      {{1900, 3, 1}, -36465, 3},      {{1999, 12, 31}, -1, 4},          {{2000, 2, 29}, 59, 1},
      {{2400, 2, 29}, 146156, 1},     {{294276, 12, 31}, 106751982, 6}, {{5874897, 12, 31}, 2145031948, 1},
  };
  for (const auto &one : cases) {
    EXPECT_EQ(day_of(one.date), one.day);
    EXPECT_EQ(civil_of(one.day), one.date);
    EXPECT_EQ(weekday_of(one.day), one.weekday);
  }
}

TEST(Calendar, EveryDayGoesThereAndBack) {
  CivilDate expected{-1, 12, 31};
  for (Day day = day_of(expected); day < day_of({2801, 1, 1}); ++day) {
    const CivilDate date = civil_of(day);
    ASSERT_EQ(date, expected);
    ASSERT_TRUE(is_valid(date));
    ASSERT_EQ(day_of(date), day);
    if (++expected.day > days_in_month(expected.year, expected.month)) {
      expected.day = 1;
      if (++expected.month > 12) {
        expected.month = 1;
        ++expected.year;
      }
    }
  }
}

TEST(Calendar, RefusesDaysThatAreNot) {
  EXPECT_FALSE(is_valid({2023, 2, 29}));
  EXPECT_TRUE(is_valid({2024, 2, 29}));
  EXPECT_FALSE(is_valid({1900, 2, 29}));
  EXPECT_FALSE(is_valid({2024, 13, 1}));
  EXPECT_FALSE(is_valid({2024, 0, 1}));
  EXPECT_FALSE(is_valid({2024, 4, 31}));
  EXPECT_FALSE(is_valid({2024, 4, 0}));
}

TEST(Calendar, StepsByMonthClampToTheMonthsEnd) {
  const struct {
    CivilDate from;
    int months;
    CivilDate to;
  } cases[] = {
      {{2024, 3, 31}, -1, {2024, 2, 29}}, {{2023, 3, 31}, -1, {2023, 2, 28}},
      {{2024, 2, 29}, 12, {2025, 2, 28}}, {{2024, 2, 29}, -48, {2020, 2, 29}},
      {{2024, 1, 31}, 13, {2025, 2, 28}}, {{2024, 5, 31}, 1, {2024, 6, 30}},
      {{1, 1, 15}, -1, {0, 12, 15}},      {{2024, 12, 31}, -10000, {1191, 8, 31}},
  };
  for (const auto &one : cases) {
    EXPECT_EQ(civil_of(add_months(day_of(one.from), one.months)), one.to);
  }
}

TEST(Calendar, StepsOutOfTheClockDaysAreInfinite) {
  EXPECT_EQ(add_months(0, -9'999'999'999), day_minus_infinity);
  EXPECT_EQ(add_months(0, 9'999'999'999), day_infinity);
  EXPECT_EQ(add_months(day_infinity, -1), day_infinity);
  EXPECT_EQ(add_months(day_minus_infinity, 1), day_minus_infinity);
  EXPECT_EQ(add_months(0, -12 * 6711), first_clock_day);
  EXPECT_EQ(add_months(0, -12 * 6711 - 1), day_minus_infinity);
  EXPECT_EQ(add_days(0, first_clock_day), first_clock_day);
  EXPECT_EQ(add_days(0, first_clock_day - std::int64_t{1}), day_minus_infinity);
  EXPECT_EQ(add_days(0, last_clock_day), last_clock_day);
  EXPECT_EQ(add_days(0, last_clock_day + std::int64_t{1}), day_infinity);
  EXPECT_EQ(add_days(5, INT64_MIN), day_minus_infinity);
  EXPECT_EQ(add_days(day_infinity, -1), day_infinity);
  EXPECT_EQ(add_hours(1, 24), microseconds_per_day + 1);
  EXPECT_EQ(add_hours(-1, -1), -3600 * second - 1);
  EXPECT_EQ(add_hours(0, INT64_MIN), instant_minus_infinity);
  EXPECT_EQ(add_hours(0, INT64_MAX), instant_infinity);
  EXPECT_EQ(add_hours(instant_minus_infinity, 1), instant_minus_infinity);
}

TEST(Calendar, AgesAgreeWithPostgres) {
  static const AgeCase cases[] = {
#include "value_age_table.inc"
  };
  for (const AgeCase &one : cases) {
    EXPECT_EQ(whole_years(one.born, one.on), one.years) << one.born << " " << one.on;
  }
  EXPECT_FALSE(has_age(day_infinity));
  EXPECT_FALSE(has_age(day_minus_infinity));
  EXPECT_TRUE(has_age(0));
}

TEST(Zone, LocalTimesAgreeWithPostgres) {
  for (const ZoneCase &one : zone_cases()) {
    const Zone zone = zone_of(one);
    for (const Pair &pair : one.to_instant) {
      EXPECT_EQ(zone.to_instant(pair.first * second), pair.second * second) << one.name << " " << pair.first;
      // A part of a second decides nothing.
      EXPECT_EQ(zone.to_instant(pair.first * second + 999'999), pair.second * second + 999'999) << one.name;
    }
    for (const Pair &pair : one.to_local) {
      EXPECT_EQ(zone.to_local(pair.first * second), pair.second * second) << one.name << " " << pair.first;
    }
  }
}

TEST(Zone, MidnightInAGapIsTheHourAfterIt) {
  const ZoneCase *sao_paulo = nullptr;
  for (const ZoneCase &one : zone_cases()) {
    sao_paulo = one.name == "America/Sao_Paulo" ? &one : sao_paulo;
  }
  ASSERT_NE(sao_paulo, nullptr);
  const Zone zone = zone_of(*sao_paulo);
  const Day day = day_of({2017, 10, 15}); // began at 01:00
  EXPECT_EQ(zone.start_of_day(day), day * microseconds_per_day + 3 * 3600 * second);
  EXPECT_EQ(zone.local_day(zone.start_of_day(day)), day);
  EXPECT_EQ(zone.local_day(zone.start_of_day(day) - 1), day - 1);
}

TEST(Zone, RulesGoOnForEver) {
  const Zone zone = sofia();
  // Seconds since 2000-01-01 of local time and instant, as PostgreSQL has them in Europe/Sofia.
  const Pair cases[] = {
      {13835059200, 13835048400},     {15785983800, 15785976600},     {15794179200, 15794168400},
      {31587883200, 31587876000},     {883570820399, 883570809599},   {883589311800, 883589304600},
      {94670899200, 94670892000},     {3092600912523, 3092600901723}, {13822012799, 13822005599},
      {9223323854400, 9223323843600},
  };
  for (const Pair &pair : cases) {
    EXPECT_EQ(zone.to_instant(pair.first * second), pair.second * second) << pair.first;
    const std::int64_t back = zone.to_local(pair.second * second);
    // The hour that does not exist comes back an hour later.
    EXPECT_EQ(back - (pair.first == 15785983800 ? 3600 * second : 0), pair.first * second) << pair.first;
  }
}

TEST(Zone, FourHundredYearsLaterIsTheSame) {
  const Zone zone = sofia();
  constexpr std::int64_t cycle = 146097 * microseconds_per_day;
  for (Day day = day_of({2030, 1, 1}); day < day_of({2031, 12, 31}); ++day) {
    for (int hour = 0; hour < 24; ++hour) {
      const std::int64_t time = day * microseconds_per_day + hour * 3600 * second;
      for (const std::int64_t cycles : {1, 2, 700}) {
        ASSERT_EQ(zone.offset_at(time + cycles * cycle), zone.offset_at(time));
        ASSERT_EQ(zone.to_instant(time + cycles * cycle), zone.to_instant(time) + cycles * cycle);
      }
    }
  }
}

TEST(Zone, WithoutRepetitionTheLastOffsetStays) {
  const Zone zone(3600, {{0, 7200}}, false);
  EXPECT_EQ(zone.offset_at(-1), 3600);
  EXPECT_EQ(zone.offset_at(0), 7200);
  EXPECT_EQ(zone.offset_at(instant_infinity - 1), 7200);
}

TEST(Zone, InfinitiesAndTheEndsOfTimePassThrough) {
  const Zone zone = sofia();
  EXPECT_EQ(zone.to_local(instant_infinity), instant_infinity);
  EXPECT_EQ(zone.to_instant(instant_minus_infinity), instant_minus_infinity);
  EXPECT_EQ(zone.local_day(instant_infinity), day_infinity);
  EXPECT_EQ(zone.local_day(instant_minus_infinity), day_minus_infinity);
  EXPECT_EQ(zone.start_of_day(day_infinity), instant_infinity);
  EXPECT_EQ(zone.start_of_day(day_minus_infinity), instant_minus_infinity);
  EXPECT_EQ(zone.start_of_day(2145031948), instant_infinity);
  EXPECT_EQ(zone.start_of_day(first_clock_day - 1), instant_minus_infinity);
  EXPECT_EQ(zone.local_day(zone.start_of_day(first_clock_day)),
            day_minus_infinity); // its UTC day is no clock day
  EXPECT_EQ(zone.local_day(zone.start_of_day(first_clock_day + 1)), first_clock_day + 1);
  EXPECT_EQ(zone.local_day(zone.start_of_day(last_clock_day)), last_clock_day);
}

TEST(Zone, UtcNeedsNoTable) {
  const Zone utc;
  EXPECT_EQ(utc.to_local(12345), 12345);
  EXPECT_EQ(utc.to_instant(-12345), -12345);
  EXPECT_EQ(utc.local_day(-1), -1);
  const Moment moment = Moment::at(microseconds_per_day, utc);
  EXPECT_EQ(moment.today, 1);
}
