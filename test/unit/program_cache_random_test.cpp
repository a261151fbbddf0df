// Measures kept in images, through random changes of rows, rules and time, against the oracle.
#include "program_cache_shop.hpp"

#include <gtest/gtest.h>

namespace segmentation::core::test {
namespace {

struct Counts {
  std::int64_t taken_in = 0, loaded = 0, stale = 0, lost = 0, folded = 0, retracted = 0, judged = 0,
               until = 0;
};

class Life {
public:
  explicit Life(std::uint64_t seed, Counts &counts)
      : seed_(seed), dice_(seed), world_(dice_), counts_(counts),
        round_(make_round(dice_, dice_.between(3, 8), static_cast<int>(dice_.between(1, 10)), 2)) {
    for (CheckedRule &rule : round_.rules)
      if (dice_.chance(60))
        rule.condition = world_.usual_rule();
    integer_keys_ = dice_.chance(50);
    now_ = somewhen(dice_);
    choose_rules();
    for (const Row &customer : round_.shop.tables[customers])
      everyone_.insert(id_of(customer[0]));
  }

  void run() {
    Changes nothing;
    nothing.customers = everyone_;
    commit(nothing);
    for (int step = 0; step < 12 && !testing::Test::HasFatalFailure(); ++step) {
      pass_time();
      if (dice_.chance(20))
        choose_rules();
      Changes changes;
      Shopkeeper keeper(round_.shop, world_, dice_, *program_);
      for (std::int64_t n = dice_.between(0, 3); n > 0; --n)
        keeper.change(changes);
      ASSERT_TRUE(changes.unannounced.empty())
          << "seed " << seed_ << ": feed " << changes.unannounced.begin()->first
          << " does not tell that it reads " << changes.unannounced.begin()->second;
      for (const std::int64_t id : everyone_)
        if (dice_.chance(30))
          changes.customers.insert(id);
      commit(changes);
    }
  }

private:
  // Some of the rules, in another order.
  void choose_rules() {
    std::vector<CheckedRule> rules;
    for (const CheckedRule &rule : round_.rules)
      if (dice_.chance(80))
        rules.push_back(rule);
    if (rules.empty())
      rules.push_back(round_.rules.front());
    std::shuffle(rules.begin(), rules.end(), dice_.random);
    rules_ = rules;
    population_.reset();
    program_ = Program::compile(std::make_shared<Meaning>(round_.shop.meaning), rules, integer_keys_);
    // What is not read any more changes unseen, so images of then must not come to life again.
    std::set<std::tuple<int, int, int>> reads;
    for (const Feed &feed : program_->feeds())
      for (const FeedReads &one : feed.reads)
        for (const int column : one.columns)
          reads.emplace(feed.relation, one.relation, column);
    if (!std::includes(reads.begin(), reads.end(), reads_.begin(), reads_.end()))
      ++stamp_;
    reads_ = std::move(reads);
    population_ = std::make_unique<Population>(*program_, Moment::at(now_, round_.zone), Maintenance{stamp_});
  }

  // Mostly by little; often to the edge of some window; at times backwards, as a transaction that began
  // earlier and commits later has it.
  void pass_time() {
    const std::int64_t kind = dice_.between(0, 9);
    if (kind < 4)
      now_ += dice_.between(0, 3'600'000'000);
    else if (kind < 7 && !edges_.empty())
      now_ = std::max(now_ - 3'600'000'000, dice_.pick(edges_) + dice_.between(-1, 1));
    else if (kind < 8)
      now_ -= dice_.between(0, 40 * 3'600'000'000LL);
    else
      now_ += dice_.between(0, 10 * microseconds_per_day);
    edges_.clear();
  }

  const Row &customer(std::int64_t id) const {
    for (const Row &row : round_.shop.tables[customers])
      if (id_of(row[0]) == id)
        return row;
    throw std::logic_error("no such customer");
  }

  void commit(const Changes &changes) {
    const Moment moment = Moment::at(now_, round_.zone);
    population_->restart(moment);
    Feeder feeder(*program_, *population_, integer_keys_);
    const auto &feeds = program_->feeds();
    std::vector<std::map<std::int64_t, std::vector<FeedRow>>> rows;
    for (const Feed &feed : feeds)
      rows.push_back(Feeder::rows(round_.shop, feed));
    std::set<std::pair<std::size_t, std::int64_t>> read_anew = changes.reads;
    for (const std::int64_t id : changes.customers) {
      const std::string &image = images_[id];
      const bool own_row_changed = changes.reads.contains({0, id});
      const auto taken = own_row_changed ? std::nullopt : feeder.take_in(id, image);
      counts_.taken_in += taken.has_value();
      if (!taken)
        feeder.fold_all(0, rows[0].at(id));
      std::vector<std::uint8_t> stale;
      population_->load(*feeder.find(id), image, stale);
      for (std::size_t feed = 1; feed < feeds.size(); ++feed) {
        (stale[feed] != 0 ? counts_.stale : counts_.loaded) += 1;
        if (stale[feed] != 0)
          read_anew.emplace(feed, id);
      }
    }
    for (std::size_t feed = 1; feed < feeds.size(); ++feed) {
      std::vector<std::uint32_t> lost;
      bool comes = true;
      const auto send = [&] { comes ? population_->fold(feed) : population_->retract(feed, lost); };
      for (const Delta &delta : changes.deltas) {
        if (delta.feed != feed || (delta.row.key && read_anew.contains({feed, id_of(delta.row.key)})))
          continue;
        if (delta.comes != comes || dice_.chance(20))
          send();
        comes = delta.comes;
        feeder.put(feed, delta.row);
        (comes ? counts_.folded : counts_.retracted) += 1;
      }
      send();
      population_->settle(feed, lost);
      std::sort(lost.begin(), lost.end());
      ASSERT_EQ(std::adjacent_find(lost.begin(), lost.end()), lost.end()) << "seed " << seed_;
      counts_.lost += static_cast<std::int64_t>(lost.size());
      for (const std::int64_t id : changes.customers) {
        const std::uint32_t at = *feeder.find(id);
        if (read_anew.contains({feed, id}) || std::binary_search(lost.begin(), lost.end(), at)) {
          population_->clear(feed, at);
          feeder.fold_all(feed, rows[feed][id]);
        }
      }
    }
    judge(changes, feeder, moment);
  }

  void judge(const Changes &changes, const Feeder &feeder, const Moment &moment) {
    const Oracle oracle(round_.shop, moment);
    Verdicts verdicts, with_until;
    population_->judge(0, population_->size(), verdicts);
    population_->evaluate(0, population_->size(), with_until);
    ASSERT_EQ(verdicts.holds, with_until.holds) << "seed " << seed_;
    judge_one_by_one(with_until);
    for (const std::int64_t id : changes.customers) {
      const std::uint32_t at = *feeder.find(id);
      const Instant until = with_until.until[at];
      ASSERT_GT(until, now_) << "seed " << seed_;
      std::vector<Moment> later;
      if (dice_.chance(30)) {
        const Instant last = std::min(until - 1, now_ + 100 * microseconds_per_day);
        later.push_back(Moment::at(last, round_.zone));
        later.push_back(Moment::at(dice_.between(now_, last), round_.zone));
      }
      for (std::size_t rule = 0; rule < rules_.size(); ++rule) {
        const bool holds = verdicts.holds[rule * verdicts.customers + at] != 0;
        ++counts_.judged;
        ASSERT_EQ(holds, oracle.judge(*rules_[rule].condition, customer(id)))
            << "seed " << seed_ << ", customer " << id << " at " << now_ << ": "
            << describe(*rules_[rule].condition);
        for (const Moment &then : later) {
          ++counts_.until;
          ASSERT_EQ(holds, Oracle(round_.shop, then).judge(*rules_[rule].condition, customer(id)))
              << "seed " << seed_ << ", customer " << id << " at " << then.now << ", judged at " << now_
              << ", until " << until << ": " << describe(*rules_[rule].condition);
        }
      }
      if (until != instant_infinity)
        edges_.push_back(until);
      std::string &image = images_[id];
      const auto limit = static_cast<std::size_t>(dice_.chance(80) ? 4000 : dice_.between(0, 400));
      population_->store(at, limit, image);
      ASSERT_LE(image.size(), limit) << "seed " << seed_;
      if (dice_.chance(3))
        image.resize(image.size() / 2);
    }
  }

  // A few customers are judged another way than many.
  void judge_one_by_one(const Verdicts &together) {
    Verdicts one;
    for (std::uint32_t at = 0; at < population_->size(); ++at) {
      population_->evaluate(at, 1, one);
      ASSERT_EQ(one.until[0], together.until[at]) << "seed " << seed_;
      for (std::size_t rule = 0; rule < rules_.size(); ++rule)
        ASSERT_EQ(one.holds[rule], together.holds[rule * together.customers + at])
            << "seed " << seed_ << ": " << describe(*rules_[rule].condition);
      population_->judge(at, 1, one);
      for (std::size_t rule = 0; rule < rules_.size(); ++rule)
        ASSERT_EQ(one.holds[rule], together.holds[rule * together.customers + at]) << "seed " << seed_;
    }
  }

  std::uint64_t seed_;
  Dice dice_;
  RandomWorld world_;
  Counts &counts_;
  Round round_;
  bool integer_keys_ = true;
  Instant now_ = 0;
  std::vector<CheckedRule> rules_;
  std::set<std::tuple<int, int, int>> reads_; // feed, relation, column
  std::uint64_t stamp_ = 0;
  std::unique_ptr<Program> program_;
  std::unique_ptr<Population> population_;
  std::set<std::int64_t> everyone_;
  std::map<std::int64_t, std::string> images_;
  std::vector<Instant> edges_;
};

TEST(ProgramCacheRandom, MeasuresInImagesAreThoseOfAllRows) {
  Counts counts;
  for (int round = 0; round < rounds(); ++round) {
    Life life(first_seed() + 3'000'000 + static_cast<std::uint64_t>(round), counts);
    if (HasFatalFailure())
      return;
    life.run();
    if (HasFatalFailure())
      return;
  }
  RecordProperty("loaded", std::to_string(counts.loaded));
  RecordProperty("stale", std::to_string(counts.stale));
  // Nothing would be tested if all were read anew.
  EXPECT_GT(counts.taken_in, rounds() * 10);
  EXPECT_GT(counts.loaded, rounds() * 10);
  EXPECT_GT(counts.stale, rounds() * 10);
  EXPECT_GT(counts.folded, rounds());
  EXPECT_GT(counts.retracted, rounds());
  EXPECT_GT(counts.lost, rounds() / 5);
  EXPECT_GT(counts.judged, rounds() * 20);
  EXPECT_GT(counts.until, rounds() * 20);
}

} // namespace
} // namespace segmentation::core::test
