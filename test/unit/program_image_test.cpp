// Images: what they hold, for which program, and which bytes are taken for none.
#include "core/program/digest.hpp"
#include "core/program/image.hpp"

#include "program_till.hpp"

#include <gtest/gtest.h>

namespace segmentation::core::test {
namespace {

TEST(ProgramImage, HerOwnRowIsKept) {
  const std::vector<ConditionPtr> rules{is_text(column(customers, 1), "Ann"), since(column(customers, 7), 30),
                                        is(column(customers, 4), CompareOp::gt, Decimal(1))};
  Till till(rules);
  const auto take_in = [](Till &till, const std::string &image) {
    till.restart(noon);
    return till.population().take_in(42, image).has_value();
  };
  const std::map<int, MaybeValue> own{
      {1, text("Ann")}, {4, number("123456789012345678901234567890")}, {7, at(noon - hour)}};
  till.come(own);
  const std::string image = till.image();
  ASSERT_TRUE(take_in(till, image));
  EXPECT_TRUE(till.holds(0) && till.holds(1) && till.holds(2));
  EXPECT_EQ(till.population().integer_key(0), 42);
  EXPECT_EQ(till.population().take_in(42, image), 0U);
  EXPECT_EQ(till.population().size(), 1U);
  EXPECT_FALSE(take_in(till, {}));

  Till fewer({rules[1]});
  ASSERT_TRUE(take_in(fewer, image));
  EXPECT_TRUE(fewer.holds(0));
  Till more({rules[0], rules[1], rules[2], is(column(customers, 2), CompareOp::gt, Decimal(1))});
  EXPECT_FALSE(take_in(more, image));
  Till nothing({carts_are(0)});
  ASSERT_TRUE(take_in(nothing, image));
  EXPECT_TRUE(nothing.holds());
  EXPECT_EQ(nothing.population().take_in("42", image), std::nullopt) << "keys are integers";

  // A text that is compared with others is kept itself, unless it is long.
  Condition same;
  same.form = Condition::Form::scalar_compare;
  same.left = column(customers, 1);
  same.right = fold_of(Fold::max, orders, 3);
  for (const std::size_t size : {4, 64, 65}) {
    Till named({share(same)});
    named.come({{1, text(std::string(size, 'x'))}});
    const std::string with_name = named.image();
    ASSERT_EQ(take_in(named, with_name), size <= 64);
    if (size > 64)
      continue;
    named.fold(orders, {{3, text(std::string(size, 'x'))}});
    EXPECT_TRUE(named.holds());
  }
}

TEST(ProgramImage, RulesComeAndGo) {
  const std::vector<ConditionPtr> rules{
      orders_since(30), is(fold_of(Fold::max, orders, 4), CompareOp::ge, Decimal(5)), carts_are(1)};
  Till both(rules), first({rules[0], rules[2]}), turned({rules[2], rules[1], rules[0]});
  both.come();
  both.fold(orders, {{2, at(noon)}, {4, number("5")}});
  both.fold(carts, {});
  const std::string image = both.image();
  EXPECT_EQ(first.load(image, noon), none);
  EXPECT_TRUE(first.holds(0) && first.holds(1));
  EXPECT_EQ(turned.load(image, noon), none);
  EXPECT_TRUE(turned.holds(0) && turned.holds(1) && turned.holds(2));
  EXPECT_EQ(turned.image(), turned.image());
  EXPECT_EQ(both.load(turned.image(), noon), none);
  // One more measure of the orders: they are read, the carts are not.
  EXPECT_EQ(both.load(first.image(), noon), std::set<int>{orders});
  EXPECT_TRUE(both.holds(2));
}

TEST(ProgramImage, AnotherTableOrColumnIsAnother) {
  const std::vector<ConditionPtr> rules{is(fold_of(Fold::sum, orders, 4), CompareOp::ge, Decimal(5)),
                                        carts_are(1)};
  Till till(rules);
  till.come();
  const std::string image = till.image();
  const auto load = [&](const std::function<void(Schema &)> &change, std::uint64_t stamp = 1) {
    Schema schema = world_schema();
    change(schema);
    Till other(rules, schema, stamp);
    return other.load(image, noon);
  };
  const std::set<int> everything{orders, carts};
  EXPECT_EQ(load([](Schema &) {}), none);
  EXPECT_EQ(load([](Schema &s) { s.relations[orders].storage = 7; }), std::set<int>{orders});
  EXPECT_EQ(load([](Schema &s) { s.relations[customers].storage = 7; }), everything);
  EXPECT_EQ(load([](Schema &s) { s.relations[orders].columns[4].sql_type = "money"; }),
            std::set<int>{orders});
  EXPECT_EQ(load([](Schema &s) { s.relations[orders].columns[4].scale = 3; }), std::set<int>{orders});
  EXPECT_EQ(load([](Schema &s) { s.relations[carts].columns[0].sql_type = "integer"; }),
            std::set<int>{carts});
  EXPECT_EQ(load([](Schema &s) { s.relations[carts].from_sql = "\"other\".\"carts\""; }),
            std::set<int>{carts});
  EXPECT_EQ(load([](Schema &s) { s.relations[tags].storage = 7; }), none);
  EXPECT_EQ(load([](Schema &s) { s.zone_name = "Etc/UTC"; }), everything);
  EXPECT_EQ(load([](Schema &s) { s.zone = world_zone(1); }), everything);
  EXPECT_EQ(load([](Schema &) {}, 2), everything);
}

TEST(ProgramImage, DigestsDoNotDependOnTheProgram) {
  for (int round = 0; round < 100; ++round) {
    Dice dice(first_seed() + 4'000'000 + static_cast<std::uint64_t>(round));
    Round made = make_round(dice, 3, 6, 2);
    const auto digests = [&](const std::vector<CheckedRule> &rules) {
      const auto program = Program::compile(std::make_shared<Meaning>(made.shop.meaning), rules, true);
      const program::Digests all = program::digests_of(program->impl());
      std::set<std::uint64_t> out(all.measures.begin(), all.measures.end());
      EXPECT_EQ(out.size(), all.measures.size()) << "two measures with one digest, round " << round;
      out.insert(all.bits.begin(), all.bits.end());
      out.insert(all.stored.begin(), all.stored.end());
      return out;
    };
    const auto together = digests(made.rules);
    std::shuffle(made.rules.begin(), made.rules.end(), dice.random);
    EXPECT_EQ(digests(made.rules), together) << round;
    for (const CheckedRule &rule : made.rules) {
      const auto alone = digests({rule});
      EXPECT_TRUE(std::includes(together.begin(), together.end(), alone.begin(), alone.end())) << round;
    }
  }
}

TEST(ProgramImage, WhatDoesNotFitIsLeftOut) {
  std::vector<ConditionPtr> rules{carts_are(1)};
  for (int days = 1; days < 20; ++days)
    rules.push_back(orders_since(days));
  Till till(rules);
  till.come();
  till.fold(orders, {{2, at(noon)}});
  till.fold(carts, {});
  const std::size_t whole = till.image().size();
  const std::string most = till.image(whole), less = till.image(whole - 1), least = till.image(24);
  EXPECT_LE(till.image(10).size(), 10U);
  EXPECT_LE(least.size(), 24U);
  EXPECT_LT(less.size(), whole);
  EXPECT_EQ(till.load(most, noon), none);
  EXPECT_EQ(till.load(less, noon), std::set<int>{orders});
  EXPECT_TRUE(till.holds(0));
  EXPECT_EQ(till.load(least, noon), (std::set<int>{orders, carts}));
}

TEST(ProgramImage, ColumnsThatMoveByThemselvesAreNotKept) {
  // A channel counts for a year after some day; what an order reads of it changes with no row changed.
  const auto meaning = [](bool moves) {
    auto out = std::make_shared<Meaning>();
    out->schema = world_schema();
    out->schema.relations[channel].columns.push_back(world_column("opened", Kind::day));
    out->row_conditions.resize(out->schema.relations.size());
    Scalar opened;
    opened.column = {channel, 2, {}};
    opened.type = Kind::day;
    auto condition = std::make_shared<Condition>(*since(opened, 365));
    if (!moves) {
      condition->bound.form = {};
      condition->bound.form.year = 2020;
    }
    out->row_conditions[channel] = condition;
    return out;
  };
  const auto rule =
      is(fold_of(Fold::count, orders, -1, is_text(column(channel, 1), "web")), CompareOp::ge, Decimal(1));
  Till moving(meaning(true), {rule}), still(meaning(false), {rule});
  for (Till *till : {&moving, &still})
    till->come();
  EXPECT_EQ(still.load(still.image(), noon), none);
  EXPECT_EQ(moving.load(moving.image(), noon), std::set<int>{orders});
}

/// A till whose image has something of everything.
Till full_till() {
  Till till({orders_since(30), is_text(fold_of(Fold::min, orders, 3), "open"),
             is(fold_of(Fold::sum, orders, 5), CompareOp::ge, Decimal(5)),
             is(fold_of(Fold::max, orders, 5), CompareOp::ge, Decimal(5)),
             is_text(fold_of(Fold::last, orders, 3), "paid"),
             is(fold_of(Fold::first, orders, 4), CompareOp::ge, Decimal(5)),
             is(fold_of(Fold::last, carts, 2), CompareOp::ge, Decimal(5)),
             is_text(column(customers, 1), "Ann"), since(column(customers, 7), 30)});
  return till;
}

std::string fill(Till &till) {
  till.come({{1, text("Ann")}, {7, at(noon)}});
  till.fold(orders,
            {{0, number("1")}, {2, at(noon)}, {3, text("paid")}, {4, number("7")}, {5, number("1e40")}});
  till.fold(orders,
            {{0, number("2")}, {2, at(noon - hour)}, {3, text("open")}, {4, number("8")}, {5, number("3")}});
  till.fold(carts, {{1, at(9000)}, {2, number("7")}});
  return till.image();
}

TEST(ProgramImage, DamagedImagesAreNone) {
  Till till = full_till();
  const std::string image = fill(till);
  const std::set<int> everything{orders, carts};
  ASSERT_EQ(till.load(image, noon), none);
  const auto is_none = [&](const std::string &bytes) {
    till.restart(noon);
    return !till.population().take_in(42, bytes) && till.load(bytes, noon) == everything;
  };
  for (std::size_t size = 0; size < image.size(); ++size)
    ASSERT_TRUE(is_none(image.substr(0, size))) << size;
  EXPECT_TRUE(is_none(image + '\0'));
  for (std::size_t bit = 0; bit < image.size() * 8; ++bit) {
    std::string flipped = image;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    ASSERT_TRUE(is_none(flipped)) << bit;
  }
}

TEST(ProgramImage, OtherVersionsAreNone) {
  namespace image = program::image;
  Till till = full_till();
  const std::string whole = fill(till);
  for (const int step : {-1, 1, 100}) {
    std::string other = whole;
    image::Head head;
    std::memcpy(&head, other.data(), sizeof head);
    head.version = static_cast<std::uint16_t>(head.version + step);
    std::memcpy(other.data(), &head, sizeof head);
    image::seal(other);
    EXPECT_EQ(till.load(other, noon), (std::set<int>{orders, carts})) << step;
  }
}

// Bytes whose check is right are believed; even so nothing is read that is not there, and what is loaded can
// be worked with.
TEST(ProgramImage, NoBytesDoHarm) {
  namespace image = program::image;
  Till till = full_till();
  const std::string whole = fill(till);
  Dice dice(first_seed());
  std::int64_t loaded = 0;
  for (int round = 0; round < rounds() * 100; ++round) {
    std::string bytes = whole;
    const auto from = static_cast<std::int64_t>(sizeof(image::Head));
    if (dice.chance(10))
      bytes.resize(static_cast<std::size_t>(dice.between(from, static_cast<std::int64_t>(bytes.size()))));
    for (std::int64_t n = dice.between(1, 4); n > 0 && bytes.size() > sizeof(image::Head); --n) {
      // Section counts too, but neither version nor stamp.
      const std::int64_t place =
          dice.chance(5) ? 6 : dice.between(from, static_cast<std::int64_t>(bytes.size()) - 1);
      char &byte = bytes[static_cast<std::size_t>(place)];
      byte = static_cast<char>(dice.chance(50) ? dice.between(0, 255) : byte ^ 1 << dice.between(0, 7));
    }
    if (dice.chance(5))
      for (std::size_t i = sizeof(image::Head); i < bytes.size(); ++i)
        bytes[i] = static_cast<char>(dice.between(0, 255));
    image::seal(bytes);
    // In memory of just that size, so that a byte too far is seen.
    const std::unique_ptr<char[]> exact(new char[bytes.size()]);
    std::memcpy(exact.get(), bytes.data(), bytes.size());
    const std::string_view view(exact.get(), bytes.size());
    till.restart(noon);
    if (!till.population().take_in(42, view))
      till.come();
    std::vector<std::uint8_t> stale;
    till.population().load(0, view, stale);
    loaded += std::count(stale.begin() + 1, stale.end(), std::uint8_t{0});
    till.retract(orders, {{0, number("2")}, {2, at(noon - hour)}, {3, text("open")}, {5, number("3")}});
    till.fold(orders,
              {{0, number("3")}, {2, at(noon)}, {3, text("paid")}, {4, number("7")}, {5, number("-1e40")}});
    till.fold(carts, {{1, at(9000)}, {2, number("7")}});
    Verdicts verdicts;
    till.population().evaluate(0, 1, verdicts);
    till.image();
  }
  EXPECT_GT(loaded, rounds());
}

} // namespace
} // namespace segmentation::core::test
