// Measures kept from commit to commit: until when they stand, what folds onto them, and what taking a row
// back leaves known.
#include "program_till.hpp"

#include <gtest/gtest.h>

namespace segmentation::core::test {
namespace {

TEST(ProgramCache, RowsThatLeaveAWindowMakeItsMeasuresStale) {
  Till till({orders_since(30, 2), carts_are(1)});
  till.come();
  till.fold(orders, {{2, at(noon - 10 * microseconds_per_day)}});
  till.fold(orders, {{2, at(noon - 5 * microseconds_per_day)}});
  till.fold(carts, {});
  const std::string image = till.image();
  const Instant leaves =
      (noon - 12 * hour) + 21 * microseconds_per_day; // the day that is 31 after the first order
  EXPECT_EQ(till.load(image, leaves - 1), none);
  EXPECT_TRUE(till.holds(0));
  EXPECT_TRUE(till.holds(1));
  EXPECT_EQ(till.load(image, leaves), std::set<int>{orders});
  EXPECT_FALSE(till.holds(0)); // of no rows
  EXPECT_TRUE(till.holds(1));
}

TEST(ProgramCache, AnOlderInstantKnowsOtherRows) {
  Till till({orders_since(30), carts_are(1)});
  till.come();
  till.fold(orders, {{2, at(noon - 31 * microseconds_per_day)}});
  till.fold(carts, {});
  const std::string image = till.image();
  // A transaction that began yesterday still counts the order.
  EXPECT_EQ(till.load(image, noon - 1), std::set<int>{orders});
  EXPECT_TRUE(till.holds(1));
  EXPECT_EQ(till.load(image, noon), none);
  EXPECT_FALSE(till.holds(0));
}

TEST(ProgramCache, RowsFoldedOnMoveTheEdge) {
  Till till({orders_since(30)});
  till.come();
  till.fold(orders, {{2, at(noon - 5 * microseconds_per_day)}});
  EXPECT_EQ(till.load(till.image(), noon + hour), none);
  till.fold(orders, {{2, at(noon - 30 * microseconds_per_day)}});
  const std::string image = till.image();
  EXPECT_EQ(till.load(image, noon + 11 * hour), none);
  EXPECT_EQ(till.load(image, noon + 13 * hour), std::set<int>{orders});
}

TEST(ProgramCache, RowsOfTheFutureEnterInTime) {
  Condition past;
  past.form = Condition::Form::date_before;
  past.left = column(orders, 2);
  past.bound.form.kind = DateForm::Kind::relative;
  past.bound.form.unit = DateUnit::hour;
  past.bound.upper = true;
  Till till({is(fold_of(Fold::count, orders, -1, share(past)), CompareOp::ge, Decimal(1))});
  till.come();
  EXPECT_EQ(till.load(till.image(), noon + 1), none);
  till.fold(orders, {{2, at(noon + 2 * hour)}});
  EXPECT_FALSE(till.holds());
  const std::string image = till.image();
  EXPECT_EQ(till.load(image, noon + 2 * hour - 1), none);
  EXPECT_FALSE(till.holds());
  EXPECT_EQ(till.load(image, noon + 2 * hour), std::set<int>{orders});
}

TEST(ProgramCache, NothingOutlastsADayThatComesTwice) {
  // 01:00 back to 00:00: today steps back.
  const Instant change = std::int64_t{day_of({2026, 3, 29})} * microseconds_per_day + 9060 * 1'000'000LL;
  Schema schema = world_schema();
  schema.zone = world_zone(3);
  Till till({orders_since(30), carts_are(1)}, schema, 1, change - 1'000'000);
  till.come();
  const std::string image = till.image();
  EXPECT_EQ(till.load(image, change - 1), none);
  EXPECT_EQ(till.load(image, change), std::set<int>{orders});
}

TEST(ProgramCache, SetsAndCountsOfValuesAreNotKept) {
  for (const Scalar &measure : {fold_of(Fold::count_distinct, orders, 3), fold_of(Fold::days, orders)}) {
    Till till({is(measure, CompareOp::ge, Decimal(1)),
               is(fold_of(Fold::count, orders), CompareOp::ge, Decimal(1)), carts_are(1)});
    till.come();
    till.fold(orders, {{0, number("1")}, {2, at(noon)}, {3, text("paid")}});
    till.fold(carts, {});
    EXPECT_EQ(till.load(till.image(), noon), std::set<int>{orders});
    EXPECT_FALSE(till.holds(0));
    till.fold(orders, {{0, number("1")}, {2, at(noon)}, {3, text("paid")}});
    EXPECT_TRUE(till.holds(0));
    EXPECT_TRUE(till.holds(2));
  }
  Till mode({is_text(fold_of(Fold::mode, orders, 3), "paid")});
  mode.come();
  EXPECT_EQ(mode.load(mode.image(), noon), std::set<int>{orders});
}

TEST(ProgramCache, TextsAreKept) {
  Till till({is_text(fold_of(Fold::min, orders, 3), "open"), is_text(fold_of(Fold::max, orders, 3), "paid")});
  till.come();
  till.fold(orders, {{3, text("open")}});
  EXPECT_EQ(till.load(till.image(), noon), none);
  EXPECT_TRUE(till.holds(0));
  EXPECT_FALSE(till.holds(1));
  till.fold(orders, {{3, text("paid")}});
  EXPECT_EQ(till.load(till.image(), noon), none);
  EXPECT_TRUE(till.holds(0));
  EXPECT_TRUE(till.holds(1));
  till.fold(orders, {{3, text(std::string(64, 'z'))}});
  EXPECT_EQ(till.load(till.image(), noon), none);
  till.fold(orders, {{3, text(std::string(65, 'z'))}});
  EXPECT_EQ(till.load(till.image(), noon), std::set<int>{orders});
}

TEST(ProgramCache, NumbersOfAnySizeAreKept) {
  const char *big = "123456789012345678901234567890.5";
  Till till(
      {is(fold_of(Fold::sum, orders, 5), CompareOp::eq, *Decimal::parse("123456789012345678901234567893.5")),
       is(fold_of(Fold::max, orders, 5), CompareOp::eq, *Decimal::parse(big)),
       is(fold_of(Fold::sum, orders, 5), CompareOp::eq, Decimal(3)),
       is(fold_of(Fold::last, orders, 5), CompareOp::eq, *Decimal::parse(big))});
  const std::map<int, MaybeValue> three{{0, number("1")}, {2, at(noon)}, {5, number("3")}};
  const std::map<int, MaybeValue> huge{{0, number("2")}, {2, at(noon)}, {5, number(big)}};
  till.come();
  till.fold(orders, three);
  till.fold(orders, huge);
  EXPECT_EQ(till.load(till.image(), noon), none);
  EXPECT_TRUE(till.holds(0) && till.holds(1) && till.holds(3));
  EXPECT_FALSE(till.retract(orders, three));
  EXPECT_FALSE(till.holds(0));
  EXPECT_TRUE(till.holds(1));
  till.fold(orders, three);
  EXPECT_TRUE(till.retract(orders, huge));
  EXPECT_TRUE(till.holds(2));

  // Sums beyond 64 bits come back into their cell.
  Till sums({is(fold_of(Fold::sum, orders, 4), CompareOp::eq, *Decimal::parse("90000000000000000"))});
  const std::map<int, MaybeValue> most{{4, number("90000000000000000")}};
  sums.come();
  sums.fold(orders, most);
  sums.fold(orders, most);
  EXPECT_EQ(sums.load(sums.image(), noon), none);
  EXPECT_FALSE(sums.holds());
  EXPECT_FALSE(sums.retract(orders, most));
  EXPECT_TRUE(sums.holds());
  const std::size_t one = sums.image().size();
  sums.fold(orders, most);
  EXPECT_GT(sums.image().size(), one);
  sums.retract(orders, most);
  EXPECT_EQ(sums.image().size(), one);
}

TEST(ProgramCache, OnlyWhatACellHoldsIsLost) {
  Till till({is(fold_of(Fold::max, orders, 4), CompareOp::ge, Decimal(5)),
             is(fold_of(Fold::count, orders), CompareOp::ge, Decimal(2))});
  till.come();
  for (const char *total : {"5", "7", "6"})
    till.fold(orders, {{4, number(total)}});
  EXPECT_EQ(till.load(till.image(), noon), none);
  EXPECT_FALSE(till.retract(orders, {{4, number("6")}}));
  EXPECT_FALSE(till.retract(orders, {})); // had no total
  EXPECT_FALSE(till.holds(1));
  EXPECT_TRUE(till.retract(orders, {{4, number("7")}}));
  EXPECT_FALSE(till.retract(orders, {{4, number("7")}})) << "is told once";
  // Until all rows are read the feed is nothing to be kept.
  EXPECT_EQ(till.load(till.image(), noon), std::set<int>{orders});
}

TEST(ProgramCache, WhatReplacesTheBestRowMayBeAsGood) {
  Till till({is(fold_of(Fold::max, orders, 4), CompareOp::eq, Decimal(7)),
             is(fold_of(Fold::min, orders, 4), CompareOp::eq, Decimal(5)),
             is_text(fold_of(Fold::last, orders, 3), "paid"),
             is_text(fold_of(Fold::first, orders, 3), "new")});
  till.come();
  const auto order = [](const char *id, int hours, const char *status, const char *total) {
    return std::map<int, MaybeValue>{
        {0, number(id)}, {2, at(noon + hours * hour)}, {3, text(status)}, {4, number(total)}};
  };
  till.fold(orders, order("1", 0, "new", "5"));
  till.fold(orders, order("2", 1, "open", "7"));
  EXPECT_FALSE(till.replace(orders, order("2", 1, "open", "7"), order("2", 1, "paid", "7")));
  for (std::size_t rule = 0; rule < 4; ++rule)
    EXPECT_TRUE(till.holds(rule)) << rule;
  EXPECT_FALSE(till.replace(orders, order("1", 0, "new", "5"), order("1", 0, "new", "4"))) << "is even less";
  EXPECT_FALSE(till.holds(1));
  EXPECT_FALSE(till.replace(orders, order("2", 1, "paid", "7"), order("2", 2, "new", "9")))
      << "is even later";
  EXPECT_FALSE(till.holds(0) || till.holds(2));
  EXPECT_TRUE(till.replace(orders, order("2", 2, "new", "9"), order("2", 2, "new", "8")))
      << "another may be greater";
  EXPECT_EQ(till.load(till.image(), noon), std::set<int>{orders});
}

TEST(ProgramCache, WhatReplacesTheLastRowMayCarryNothing) {
  Till till({is_text(fold_of(Fold::last, orders, 3), "open")});
  till.come();
  till.fold(orders, {{0, number("1")}, {2, at(noon)}, {3, text("open")}});
  EXPECT_TRUE(till.replace(orders, {{0, number("1")}, {2, at(noon)}, {3, text("open")}},
                           {{0, number("1")}, {2, at(noon)}}));
}

TEST(ProgramCache, LostCustomersAreReadAnew) {
  Till till({is(fold_of(Fold::max, orders, 5), CompareOp::eq, Decimal(5)),
             is(fold_of(Fold::sum, orders, 5), CompareOp::eq, Decimal(5)),
             is_text(fold_of(Fold::last, orders, 3), "paid"),
             is(fold_of(Fold::count_distinct, orders, 3), CompareOp::eq, Decimal(1)),
             is(fold_of(Fold::days, orders), CompareOp::eq, Decimal(1)),
             is_text(fold_of(Fold::mode, orders, 3), "paid")});
  till.come();
  const std::map<int, MaybeValue> kept{{0, number("1")}, {2, at(noon)}, {3, text("paid")}, {5, number("5")}};
  till.fold(orders, kept);
  const std::map<int, MaybeValue> gone{
      {0, number("2")}, {2, at(noon + 24 * hour)}, {3, text("open")}, {5, number("1e40")}};
  till.fold(orders, gone);
  till.fold(orders, gone);
  EXPECT_TRUE(till.retract(orders, gone));
  till.population().clear(till.feed_of(orders), 0);
  till.fold(orders, kept);
  for (std::size_t rule = 0; rule < 6; ++rule)
    EXPECT_TRUE(till.holds(rule)) << rule;
  EXPECT_TRUE(till.retract(orders, kept)) << "may be lost again";
}

TEST(ProgramCache, EqualDatesGoByTheKey) {
  Till till({is(fold_of(Fold::last, orders, 4), CompareOp::eq, Decimal(2)),
             is(fold_of(Fold::first, orders, 4), CompareOp::eq, Decimal(1))});
  till.come();
  const auto order = [](const char *id, const char *total) {
    return std::map<int, MaybeValue>{{0, number(id)}, {2, at(noon)}, {4, number(total)}};
  };
  till.fold(orders, order("10", "1"));
  till.fold(orders, order("30", "2"));
  EXPECT_EQ(till.load(till.image(), noon), none);
  till.fold(orders, order("20", "3"));
  EXPECT_TRUE(till.holds(0) && till.holds(1));
  EXPECT_FALSE(till.retract(orders, order("20", "3")));
  EXPECT_TRUE(till.retract(orders, order("30", "2")));
  till.load(till.image(), noon);
  till.fold(orders, order("10", "1"));
  EXPECT_TRUE(till.retract(orders, order("10", "1")));
}

TEST(ProgramCache, KeysOfSeveralColumnsAreKept) {
  Schema schema = world_schema();
  schema.relations[orders].primary_key = {3, 8};
  Till till({is(fold_of(Fold::last, orders, 4), CompareOp::eq, Decimal(2))}, schema);
  till.come();
  const auto order = [](const char *status, const char *channel, const char *total) {
    return std::map<int, MaybeValue>{
        {2, at(noon)}, {3, text(status)}, {4, number(total)}, {8, number(channel)}};
  };
  till.fold(orders, order("b", "2", "2"));
  EXPECT_EQ(till.load(till.image(), noon), none);
  till.fold(orders, order("b", "1", "9"));
  till.fold(orders, order("a", "3", "9"));
  EXPECT_TRUE(till.holds());
  EXPECT_FALSE(till.retract(orders, order("b", "1", "9")));
  EXPECT_TRUE(till.retract(orders, order("b", "2", "2")));
}

TEST(ProgramCache, WithoutAKeyTheValueDecides) {
  Till till({is(fold_of(Fold::last, carts, 2), CompareOp::eq, Decimal(7))});
  till.come();
  till.fold(carts, {{1, at(9000)}, {2, number("7")}});
  till.fold(carts, {{1, at(9000)}, {2, number("6")}});
  EXPECT_EQ(till.load(till.image(), noon), none);
  EXPECT_FALSE(till.retract(carts, {{1, at(9000)}, {2, number("6")}}));
  EXPECT_FALSE(till.retract(carts, {{1, at(8999)}, {2, number("8")}}));
  EXPECT_FALSE(till.retract(carts, {{2, number("8")}})) << "has no date";
  EXPECT_TRUE(till.retract(carts, {{1, at(9001)}, {2, number("6")}})) << "would be the last, and is not";
  till.load({}, noon);
  till.fold(carts, {{1, at(9000)}, {2, number("7")}});
  EXPECT_TRUE(till.retract(carts, {{1, at(9000)}, {2, number("7")}}));
}

TEST(ProgramCache, RowsThatFailTheFilterTakeNothingAlong) {
  Till till({is(fold_of(Fold::count_distinct, orders, 3, is_text(column(orders, 3), "paid")), CompareOp::ge,
                Decimal(1))});
  till.come();
  till.fold(orders, {{3, text("paid")}});
  EXPECT_FALSE(till.retract(orders, {{3, text("open")}}));
  EXPECT_TRUE(till.retract(orders, {{3, text("paid")}}));
}

TEST(ProgramCache, RestartForgets) {
  Till till({is(fold_of(Fold::sum, orders, 5), CompareOp::eq, Decimal(5)),
             is_text(fold_of(Fold::max, orders, 3), "open"),
             is(fold_of(Fold::count_distinct, orders, 3), CompareOp::eq, Decimal(1)),
             is_text(fold_of(Fold::mode, orders, 3), "open"), is_text(column(customers, 1), "Ann")});
  till.come();
  for (int i = 0; i < 3; ++i)
    till.fold(orders, {{0, number("1")}, {2, at(noon)}, {3, text("paid")}, {5, number("1e40")}});
  till.restart(noon + hour);
  EXPECT_EQ(till.population().size(), 0U);
  EXPECT_EQ(till.population().find(42), std::nullopt);
  till.come({{1, text("Ann")}});
  till.fold(orders, {{0, number("1")}, {2, at(noon)}, {3, text("open")}, {5, number("5")}});
  for (std::size_t rule = 0; rule < 5; ++rule)
    EXPECT_TRUE(till.holds(rule)) << rule;

  Till most({is(fold_of(Fold::max, orders, 4), CompareOp::ge, Decimal(5))});
  most.come();
  most.fold(orders, {{4, number("5")}});
  EXPECT_TRUE(most.retract(orders, {{4, number("5")}}));
  most.restart(noon);
  most.come();
  EXPECT_EQ(most.load(most.image(), noon), none) << "lost was who came before";
}

} // namespace
} // namespace segmentation::core::test
