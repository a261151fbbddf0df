// Date forms: what is read, its canonical spelling, and why the rest is refused.
#include "core/rule/date_form.hpp"

#include <gtest/gtest.h>

namespace segmentation::core {
namespace {

struct Good {
  const char *text;
  const char *canonical;
};

class DateFormReads : public testing::TestWithParam<Good> {};

TEST_P(DateFormReads, AndPrintsCanonically) {
  const DateReading reading = read_date_form(GetParam().text);
  ASSERT_TRUE(reading.form.has_value()) << GetParam().text;
  EXPECT_EQ(print_date_form(*reading.form), GetParam().canonical);
  const DateReading again = read_date_form(GetParam().canonical);
  ASSERT_TRUE(again.form.has_value()) << GetParam().canonical;
  EXPECT_EQ(*again.form, *reading.form);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, DateFormReads,
    testing::Values(
        Good{"2026-05-30", "2026-05-30"}, Good{"0001-01-01", "0001-01-01"}, Good{"9999-12-31", "9999-12-31"},
        Good{"2024-02-29", "2024-02-29"}, Good{"2000-02-29", "2000-02-29"},
        Good{"2026-05-30T16:00:00", "2026-05-30T16:00:00"}, Good{"2026-05-30t16:00", "2026-05-30T16:00:00"},
        Good{"2026-05-30 16:00:00", "2026-05-30T16:00:00"},
        Good{"2026-05-30T16:00:00.500", "2026-05-30T16:00:00.5"},
        Good{"2026-05-30T16:00:00.000000", "2026-05-30T16:00:00"},
        Good{"2026-05-30T16:00:00.123456000", "2026-05-30T16:00:00.123456"},
        Good{"2026-05-30T16:00:00z", "2026-05-30T16:00:00Z"},
        Good{"2026-05-30T16:00:00+00:00", "2026-05-30T16:00:00Z"},
        Good{"2026-05-30T16:00:00+02", "2026-05-30T16:00:00+02:00"},
        Good{"2026-05-30T16:00:00-0330", "2026-05-30T16:00:00-03:30"}, Good{"today", "today"},
        Good{"TODAY", "today"}, Good{"Yesterday", "yesterday"}, Good{"tomorrow", "tomorrow"},
        Good{"-1d", "yesterday"}, Good{"+1D", "tomorrow"}, Good{"-0d", "today"}, Good{"+0m", "today"},
        Good{"+0h", "-0h"}, Good{"-7d", "-7d"}, Good{"+4w", "+4w"}, Good{"-12m", "-12m"}, Good{"-1y", "-1y"},
        Good{"-36H", "-36h"}, Good{"-007d", "-7d"}, Good{"7_days_ago", "-7d"}, Good{"1_day_ago", "yesterday"},
        Good{"30_DAYS_AGO", "-30d"}, Good{"12_months_ago", "-12m"}, Good{"2_weeks_ago", "-2w"},
        Good{"3_years_ago", "-3y"}, Good{"5_hours_ago", "-5h"}, Good{"this_week", "this_week"},
        Good{"LAST_WEEK", "last_week"}, Good{"this_month", "this_month"}, Good{"last_month", "last_month"},
        Good{"this_quarter", "this_quarter"}, Good{"last_quarter", "last_quarter"},
        Good{"this_year", "this_year"}, Good{"last_year", "last_year"}));

struct Refused {
  const char *text;
  DateError error;
};

class DateFormRefuses : public testing::TestWithParam<Refused> {};

TEST_P(DateFormRefuses, WithTheReason) {
  const DateReading reading = read_date_form(GetParam().text);
  EXPECT_FALSE(reading.form.has_value()) << GetParam().text;
  EXPECT_EQ(reading.error, GetParam().error) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Texts, DateFormRefuses,
    testing::Values(
        Refused{"", DateError::not_a_date}, Refused{"-", DateError::not_a_date},
        Refused{"-d", DateError::not_a_date}, Refused{"-7", DateError::not_a_date},
        Refused{"-7x", DateError::not_a_date}, Refused{"-7days", DateError::not_a_date},
        Refused{"7d", DateError::not_a_date}, Refused{"2026", DateError::not_a_date},
        Refused{"2026-5-3", DateError::not_a_date}, Refused{"2026-05-30x", DateError::not_a_date},
        Refused{"26-05-30", DateError::not_a_date}, Refused{"2026-05-30T", DateError::not_a_date},
        Refused{"2026-05-30T16", DateError::not_a_date},
        Refused{"2026-05-30T16:00:00+", DateError::not_a_date},
        Refused{"2026-05-30T16:00:00+16:00", DateError::not_a_date},
        Refused{"2026-05-30T16:00:00.", DateError::not_a_date}, Refused{"7_days", DateError::not_a_date},
        Refused{"7_moons_ago", DateError::not_a_date}, Refused{"next_week", DateError::not_a_date},
        Refused{"last_day", DateError::not_a_date}, Refused{"+7_days_ago", DateError::not_a_date},
        Refused{"2025-02-29", DateError::no_such_day}, Refused{"1900-02-29", DateError::no_such_day},
        Refused{"2025-13-01", DateError::no_such_day}, Refused{"2025-00-01", DateError::no_such_day},
        Refused{"2025-04-31", DateError::no_such_day}, Refused{"0000-01-01", DateError::no_such_day},
        Refused{"2025-02-30T10:00:00", DateError::no_such_day},
        Refused{"2025-02-28T24:00:00", DateError::no_such_day},
        Refused{"2025-02-28T10:60:00", DateError::no_such_day}, Refused{"1pm", DateError::time_without_day},
        Refused{"10:00", DateError::time_without_day}, Refused{"10:00:00", DateError::time_without_day},
        Refused{"3 PM", DateError::time_without_day}, Refused{"T16:00", DateError::time_without_day},
        Refused{"-7dT10:00:00", DateError::offset_with_time},
        Refused{"-7d 10:00", DateError::offset_with_time},
        Refused{"7_days_agoT10:00", DateError::offset_with_time},
        Refused{"today 10:00", DateError::offset_with_time},
        Refused{"todayT10:00", DateError::offset_with_time},
        Refused{"-99999999999999999999d", DateError::out_of_range},
        Refused{"+10001y", DateError::out_of_range},
        Refused{"2026-05-30T16:00:00.1234567", DateError::out_of_range}));

TEST(DateForm, MembersSayWhatWasWritten) {
  const DateForm instant = *read_date_form("2026-05-30T16:01:02.5-03:30").form;
  EXPECT_EQ(instant.kind, DateForm::Kind::instant);
  EXPECT_EQ(instant.year, 2026);
  EXPECT_EQ(instant.month, 5);
  EXPECT_EQ(instant.day, 30);
  EXPECT_EQ(instant.microseconds, 57'662'500'000);
  EXPECT_EQ(instant.utc_offset, -12'600);
  EXPECT_FALSE(instant.is_days());
  EXPECT_FALSE(instant.moves());
  EXPECT_FALSE(read_date_form("2026-05-30T16:00").form->utc_offset.has_value());

  const DateForm hours = *read_date_form("-36h").form;
  EXPECT_EQ(hours.amount, -36);
  EXPECT_EQ(hours.unit, DateUnit::hour);
  EXPECT_FALSE(hours.is_days());
  EXPECT_TRUE(hours.moves());

  const DateForm period = *read_date_form("last_quarter").form;
  EXPECT_EQ(period.period, PeriodUnit::quarter);
  EXPECT_EQ(period.period_offset, -1);
  EXPECT_TRUE(period.is_days());
  EXPECT_EQ(read_date_form("tomorrow").form, read_date_form("+1d").form);
}

} // namespace
} // namespace segmentation::core
