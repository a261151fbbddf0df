// Random rules over random shops: the program against the oracle, and its horizons against the passing of
// time.
#include "program_random.hpp"

#include <gtest/gtest.h>

namespace segmentation::core::test {
namespace {

void expect_agreement(const Round &round, const Oracle &oracle, const Population &population,
                      const Verdicts &verdicts, bool integer_keys, std::uint64_t seed) {
  for (const Row &customer : round.shop.tables[customers]) {
    const std::int64_t id = *customer[0]->number.at_scale(0);
    const auto found = integer_keys ? population.find(id) : population.find("key " + std::to_string(id));
    ASSERT_TRUE(found) << "seed " << seed;
    for (std::size_t rule = 0; rule < round.rules.size(); ++rule)
      ASSERT_EQ(verdicts.holds[rule * verdicts.customers + *found],
                oracle.judge(*round.rules[rule].condition, customer))
          << "seed " << seed << ", customer " << id << ": " << describe(*round.rules[rule].condition);
  }
}

TEST(ProgramRandom, AgreesWithTheOracle) {
  for (int round = 0; round < rounds(); ++round) {
    const std::uint64_t seed = first_seed() + static_cast<std::uint64_t>(round);
    Dice dice(seed);
    const Round made = make_round(dice, dice.chance(50) ? 6 : 40, 12, 3);
    const bool integer_keys = dice.chance(50);
    const Moment moment = Moment::at(somewhen(dice), made.zone);
    const auto program =
        Program::compile(std::make_shared<Meaning>(made.shop.meaning), made.rules, integer_keys);
    Population population(*program, moment, false);
    feed(made.shop, *program, population, integer_keys, static_cast<std::uint32_t>(dice.between(1, 30)),
         dice.random);
    ASSERT_EQ(population.size(), made.shop.tables[customers].size());
    Verdicts verdicts;
    population.evaluate(0, population.size(), verdicts);
    expect_agreement(made, Oracle(made.shop, moment), population, verdicts, integer_keys, seed);
    if (HasFatalFailure())
      return;
  }
}

TEST(ProgramRandom, RowsAloneTellWhereTheySuffice) {
  std::int64_t members = 0;
  for (int round = 0; round < rounds(); ++round) {
    const std::uint64_t seed = first_seed() + 2'000'000 + static_cast<std::uint64_t>(round);
    Dice dice(seed);
    Round made = make_round(dice, 30, 1, 2);
    if (round % 2 == 0)
      made.rules[0].condition = RandomWorld(dice).usual_rule();
    const Moment moment = Moment::at(somewhen(dice), made.zone);
    const auto program = Program::compile(std::make_shared<Meaning>(made.shop.meaning), made.rules, true);
    if (!program->rows_suffice())
      continue;
    Population population(*program, moment, true, {}, Roll::rows);
    feed(made.shop, *program, population, true, 7, dice.random, Roll::rows);
    Verdicts verdicts;
    population.evaluate(0, population.size(), verdicts);
    const Oracle oracle(made.shop, moment);
    for (const Row &customer : made.shop.tables[customers]) {
      const auto found = population.find(*customer[0]->number.at_scale(0));
      const bool holds = oracle.judge(*made.rules[0].condition, customer);
      ASSERT_EQ(found && verdicts.holds[*found], holds)
          << "seed " << seed << ": " << describe(*made.rules[0].condition);
      members += holds;
    }
  }
  EXPECT_GT(members, rounds() / 10);
}

TEST(ProgramRandom, HorizonsAreNeverLate) {
  std::int64_t finite = 0, checked = 0;
  for (int round = 0; round < rounds(); ++round) {
    const std::uint64_t seed = first_seed() + 1'000'000 + static_cast<std::uint64_t>(round);
    Dice dice(seed);
    // One rule at a time, so that one's horizon does not hide another's.
    Round made = make_round(dice, dice.chance(50) ? 6 : 20, 1, 3);
    if (round % 2 == 0)
      made.rules[0].condition = RandomWorld(dice).usual_rule();
    const Moment moment = Moment::at(somewhen(dice), made.zone);
    const auto program = Program::compile(std::make_shared<Meaning>(made.shop.meaning), made.rules, true);
    Population population(*program, moment, true);
    feed(made.shop, *program, population, true, 16, dice.random);
    Verdicts verdicts;
    population.evaluate(0, population.size(), verdicts);
    expect_agreement(made, Oracle(made.shop, moment), population, verdicts, true, seed);
    if (HasFatalFailure())
      return;
    for (const Row &customer : made.shop.tables[customers]) {
      const std::uint32_t at = *population.find(*customer[0]->number.at_scale(0));
      const Instant until = verdicts.until[at];
      ASSERT_GT(until, moment.now) << "seed " << seed;
      finite += until != instant_infinity;
      const Instant last = std::min(until - 1, moment.now + 800 * microseconds_per_day);
      std::vector<Instant> instants{last, std::max(moment.now, last - microseconds_per_day / 2)};
      for (int i = 0; i < 4; ++i)
        instants.push_back(dice.between(moment.now, last));
      for (const std::int64_t step : {1'800'000'000LL, 3'600'000'000LL, 86'400'000'000LL})
        instants.push_back(std::min(last, moment.now + step));
      for (const Instant instant : instants) {
        const Oracle later(made.shop, Moment::at(instant, made.zone));
        ++checked;
        ASSERT_EQ(verdicts.holds[at], later.judge(*made.rules[0].condition, customer))
            << "seed " << seed << ", customer " << at << ", now " << moment.now << ", at " << instant
            << ", until " << until << ": " << describe(*made.rules[0].condition);
      }
    }
  }
  // The property would be empty if every horizon were infinite, or due at once.
  EXPECT_GT(finite, rounds() / 10);
  EXPECT_GT(checked, rounds());
}

} // namespace
} // namespace segmentation::core::test
