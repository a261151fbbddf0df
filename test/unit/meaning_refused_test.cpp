// Mistakes whose hints depend on how a name was typed.
#include "meaning_check.hpp"

#include <gtest/gtest.h>

namespace segmentation::core::test {
namespace {

TEST(MeaningRefused, AConstantWithoutItsSignsIsHintedAtAsTyped) {
  const Case cases[] = {
      {"city = SUBSCRIBED", "42703 [SUBSCRIBED] attribute \"subscribed\" does not exist | Put a text in "
                            "single quotes: 'SUBSCRIBED'."},
      {"orders MATCHES (status = Summer)",
       "42703 [Summer] column \"summer\" does not exist in \"orders\" | The columns of \"orders\" are "
       "\"id\", "
       "\"customer_id\", \"status\", \"total\", \"tax\", \"paid\", \"created_at\", \"shipped_on\", "
       "\"version\", "
       "\"extra\", \"count\" and \"channel_id\". Put a text in single quotes: 'Summer'."},
      {"registered_at > qqqq",
       "42703 [qqqq] attribute \"qqqq\" does not exist | Write a date as today, -7d or 2026-05-30."},
      {"zzzz > Qqqq",
       "42703 [zzzz] attribute \"zzzz\" does not exist\n"
       "42703 [Qqqq] attribute \"qqqq\" does not exist | A text stands in single quotes: 'Qqqq'; a date is "
       "written as today, -7d or 2026-05-30."},
      {"points > qqqq", "42703 [qqqq] attribute \"qqqq\" does not exist"},
  };
  expect_outcomes(cases);
}

} // namespace
} // namespace segmentation::core::test
