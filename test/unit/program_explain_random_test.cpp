// What explain() says about random rules and shops, held against the oracle: whether a rule holds, when that
// changes, and that what is missing is just enough.
#include "core/meaning/checker.hpp"
#include "core/rule/parser.hpp"

#include "program_random.hpp"

#include <gtest/gtest.h>

namespace segmentation::core::test {
namespace {

std::vector<Explanation> explained(const Round &round, const Moment &moment, const Row &customer,
                                   Dice &dice) {
  const auto program =
      Program::compile(std::make_shared<Meaning>(round.shop.meaning), round.rules, true, Purpose::explaining);
  Population population(*program, moment, true);
  feed(round.shop, *program, population, true, 16, dice.random);
  return population.explain(0, *population.find(*customer[0]->number.at_scale(0)), {});
}

TEST(ProgramExplainRandom, HoldsAsTheOracleDoesAndTurnsWhenItDoes) {
  std::int64_t turned = 0;
  for (int round = 0; round < rounds(); ++round) {
    const std::uint64_t seed = first_seed() + 5'000'000 + static_cast<std::uint64_t>(round);
    Dice dice(seed);
    Round made = make_round(dice, 4, 1, 3);
    // A birthday may come round more often than explain() looks ahead; a window does not.
    const bool is_usual = round % 2 == 0;
    if (is_usual) {
      made.rules[0].condition = RandomWorld(dice).usual_rule();
      made.shop.meaning.row_conditions.assign(made.shop.meaning.row_conditions.size(), nullptr);
    }
    const Moment moment = Moment::at(somewhen(dice), made.zone);
    const Row &customer = made.shop.tables[customers][static_cast<std::size_t>(dice.between(0, 3))];
    const Explanation whole = explained(made, moment, customer, dice).at(0);
    const auto holds_at = [&](Instant instant) {
      return Oracle(made.shop, Moment::at(instant, made.zone)).judge(*made.rules[0].condition, customer);
    };
    const auto told = [&] { return fmt::format("seed {}: {}", seed, describe(*made.rules[0].condition)); };
    ASSERT_EQ(whole.holds, holds_at(moment.now)) << told();
    ASSERT_FALSE(whole.holds && whole.missing) << told();
    const Instant last = std::min(whole.until - 1, moment.now + 800 * microseconds_per_day);
    for (const Instant instant : {last, dice.between(moment.now, last), dice.between(moment.now, last)})
      ASSERT_EQ(whole.holds, holds_at(instant)) << told() << " at " << instant;
    if (!is_usual || whole.until == instant_infinity)
      continue;
    ++turned;
    ASSERT_NE(whole.holds, holds_at(whole.until)) << told();
  }
  EXPECT_GT(turned, rounds() / 20);
}

/// A shop of one customer whose orders are few and small.
struct Till {
  explicit Till(Dice &dice) : dice(dice) {
    shop.meaning = *prepare_meaning(world_schema()).meaning;
    shop.tables.resize(shop.meaning.schema.relations.size());
    Row customer(10);
    customer[0] = of_number(Decimal(3));
    customer[2] = of_number(Decimal(dice.between(-500, 2000), 2));
    shop.tables[customers].push_back(std::move(customer));
    for (std::int64_t orders = dice.between(0, 5); orders > 0; --orders)
      add_order(Decimal(dice.between(1, 5000), 2), dice.chance(60));
  }

  void add_order(Decimal total, bool paid) {
    Row row(9);
    row[0] = of_number(Decimal(static_cast<std::int64_t>(shop.tables[orders].size()) + 1));
    row[1] = of_number(Decimal(3));
    row[4] = of_number(std::move(total));
    row[6] = of_date(paid);
    shop.tables[orders].push_back(std::move(row));
  }
  void remove_paid_order() {
    auto &rows = shop.tables[orders];
    rows.erase(std::find_if(rows.begin(), rows.end(), [](const Row &row) { return row[6]->at != 0; }));
  }

  Explanation ask(const std::string &rule) {
    const Zone utc;
    const Checked checked = check_rule(parse_rule(rule), shop.meaning);
    const auto program =
        Program::compile(std::make_shared<Meaning>(shop.meaning), {*checked.rule}, true, Purpose::explaining);
    Population population(*program, Moment::at(0, utc), false);
    feed(shop, *program, population, true, 16, dice.random);
    return population.explain(0, 0, rule).at(0);
  }

  Dice &dice;
  Shop shop;
};

// "one more order with ...", "3 fewer orders with ...", "12.40 more", "2.51 less credit".
struct Wanted {
  Decimal amount;
  bool more;
};
Wanted read_missing(const std::string &missing) {
  const std::string first = missing.substr(0, missing.find(' '));
  const bool is_less =
      missing.find(" fewer ") != std::string::npos || missing.find(" less") != std::string::npos;
  return {first == "one" ? Decimal(1) : *Decimal::parse(first), !is_less};
}

enum class Asked : std::uint8_t { count, sum, credit };

void give(Till &till, Asked asked, Decimal amount, bool more) {
  switch (asked) {
  case Asked::count:
    for (std::int64_t n = *amount.at_scale(0); n > 0; --n)
      more ? till.add_order(Decimal(1), true) : till.remove_paid_order();
    return;
  case Asked::sum:
    return till.add_order(more ? amount : Decimal(0) - amount, true);
  default: {
    Decimal &credit = till.shop.tables[customers][0][2]->number;
    credit = more ? credit + amount : credit - amount;
  }
  }
}

TEST(ProgramExplainRandom, WhatIsMissingIsJustEnough) {
  int lacked = 0;
  for (int round = 0; round < rounds(); ++round) {
    Dice dice(first_seed() + 6'000'000 + static_cast<std::uint64_t>(round));
    const Till till(dice);
    const auto asked = static_cast<Asked>(dice.between(0, 2));
    const char *op = dice.pick(std::vector<const char *>{">=", ">", "<=", "<", "="});
    const std::string number = asked == Asked::count ? std::to_string(dice.between(0, 7))
                                                     : Decimal(dice.between(-1000, 12'000), 2).to_string();
    const std::string test = asked == Asked::count ? "orders MATCHES (paid = true, count {} {})"
                             : asked == Asked::sum ? "sum(orders.total MATCHES (paid = true)) {} {}"
                                                   : "credit {} {}";
    std::string rule = fmt::format(fmt::runtime(test), op, number);
    if (dice.chance(30))
      rule = fmt::format("NOT ({})", rule);
    Till now = till;
    const Explanation before = now.ask(rule);
    if (before.holds || !before.missing || !std::isdigit(static_cast<unsigned char>(before.missing->front())))
      if (before.holds || !before.missing || !before.missing->starts_with("one "))
        continue;
    ++lacked;
    const Wanted wanted = read_missing(*before.missing);
    Till enough = till;
    give(enough, asked, wanted.amount, wanted.more);
    ASSERT_TRUE(enough.ask(rule).holds) << rule << ": " << *before.missing;
    const Decimal step = asked == Asked::count ? Decimal(1) : Decimal(1, 2);
    Till less = till;
    give(less, asked, wanted.amount - step, wanted.more);
    ASSERT_FALSE(less.ask(rule).holds) << rule << ": less than " << *before.missing;
  }
  EXPECT_GT(lacked, rounds() / 5);
}

} // namespace
} // namespace segmentation::core::test
