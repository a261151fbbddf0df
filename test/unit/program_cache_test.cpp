// The laws of images one by one: what is kept, until when it stands, what is taken for none, and what taking
// a row back leaves known.
#include "core/program/digest.hpp"
#include "core/program/image.hpp"

#include "program_cache_shop.hpp"

#include <gtest/gtest.h>

namespace segmentation::core::test {
namespace {

constexpr std::int64_t hour = 3'600'000'000;
const Instant noon = std::int64_t{day_of({2026, 6, 1})} * microseconds_per_day + 12 * hour;

ConditionPtr share(Condition condition) {
  return std::make_shared<Condition>(std::move(condition));
}

Scalar column(World relation, int index) {
  Scalar scalar;
  scalar.column = {relation, index, {}};
  scalar.type = world_schema().relations[relation].columns[static_cast<std::size_t>(index)].kind;
  return scalar;
}

Scalar fold_of(Fold fold, World source, int argument = -1, ConditionPtr filter = nullptr) {
  Scalar scalar;
  scalar.form = Scalar::Form::aggregate;
  scalar.fold = fold;
  scalar.source = source;
  if (argument >= 0) {
    scalar.column = {source, argument, {}};
    scalar.type = fold == Fold::count_distinct ? Kind::number : column(source, argument).type;
  }
  scalar.filter = std::move(filter);
  return scalar;
}

ConditionPtr is(Scalar left, CompareOp op, Decimal number) {
  Condition condition;
  condition.form = Condition::Form::number_compare;
  condition.left = std::move(left);
  condition.op = op;
  condition.number = std::move(number);
  return share(condition);
}

ConditionPtr is_text(Scalar left, std::string text) {
  Condition condition;
  condition.form = Condition::Form::text_in;
  condition.left = std::move(left);
  condition.texts = {std::move(text)};
  return share(condition);
}

ConditionPtr since(Scalar left, int days) {
  Condition condition;
  condition.form = Condition::Form::date_from;
  condition.left = std::move(left);
  condition.bound.form.kind = DateForm::Kind::relative;
  condition.bound.form.amount = -days;
  return share(condition);
}

ConditionPtr orders_since(int days, std::int64_t at_least = 1) {
  return is(fold_of(Fold::count, orders, -1, since(column(orders, 2), days)), CompareOp::ge,
            Decimal(at_least));
}

ConditionPtr carts_are(std::int64_t at_least) {
  return is(fold_of(Fold::count, carts), CompareOp::ge, Decimal(at_least));
}

MaybeValue text(std::string value) {
  return of_text(std::move(value));
}
MaybeValue number(const char *digits) {
  return of_number(*Decimal::parse(digits));
}
MaybeValue at(std::int64_t when) {
  return of_date(when);
}

/// One customer, whose rows are given by hand: by relation, columns that are not given are missing.
class Till {
public:
  explicit Till(std::vector<ConditionPtr> rules, Schema schema = world_schema(), std::uint64_t stamp = 1,
                Instant now = noon)
      : now_(now) {
    auto meaning = std::make_shared<Meaning>();
    meaning->schema = std::move(schema);
    meaning->row_conditions.resize(meaning->schema.relations.size());
    start(std::move(meaning), std::move(rules), stamp);
  }
  Till(std::shared_ptr<Meaning> meaning, std::vector<ConditionPtr> rules) : now_(noon) {
    start(std::move(meaning), std::move(rules), 1);
  }

  Population &population() { return *population_; }
  const Program &program() const { return *program_; }
  Instant now() const { return now_; }

  void restart(Instant now) {
    now_ = now;
    population_->restart(Moment::at(now_, zone()));
  }
  const Zone &zone() const { return meaning_->schema.zone; }

  void come(std::map<int, MaybeValue> own = {}) {
    put(customers, std::move(own));
    population_->fold(0);
    ASSERT_EQ(population_->size(), 1U);
  }
  void fold(World relation, std::map<int, MaybeValue> row) {
    put(relation, std::move(row));
    population_->fold(feed_of(relation));
  }
  bool retract(World relation, std::map<int, MaybeValue> row) {
    std::vector<std::uint32_t> lost;
    put(relation, std::move(row));
    population_->retract(feed_of(relation), lost);
    return !lost.empty();
  }
  std::string image(std::size_t limit = 10'000) {
    std::string out;
    population_->store(0, limit, out);
    return out;
  }

  /// Starts anew with an image, and returns which relations' rows must be read after all.
  std::set<int> load(const std::string &image, Instant now) {
    restart(now);
    come();
    std::vector<std::uint8_t> stale;
    population_->load(0, image, stale);
    std::set<int> out;
    for (std::size_t feed = 0; feed < stale.size(); ++feed)
      if (stale[feed] != 0)
        out.insert(program_->feeds()[feed].relation);
    return out;
  }

  bool holds(std::size_t rule = 0) {
    Verdicts verdicts;
    population_->judge(0, 1, verdicts);
    return verdicts.holds[rule] != 0;
  }

  std::size_t feed_of(int relation) const {
    std::size_t feed = 0;
    while (program_->feeds()[feed].relation != relation)
      ++feed;
    return feed;
  }

private:
  void start(std::shared_ptr<Meaning> meaning, std::vector<ConditionPtr> conditions, std::uint64_t stamp) {
    std::vector<CheckedRule> rules;
    for (ConditionPtr &condition : conditions)
      rules.emplace_back().condition = std::move(condition);
    meaning_ = std::move(meaning);
    program_ = Program::compile(meaning_, std::move(rules), true);
    population_ = std::make_unique<Population>(*program_, Moment::at(now_, zone()), Maintenance{stamp});
  }

  void put(World relation, std::map<int, MaybeValue> row) {
    const std::size_t feed = feed_of(relation);
    FeedRow out{number("42"), {}};
    for (const FeedColumn &column : program_->feeds()[feed].columns)
      out.values.push_back(column.column.relation == relation ? row[column.column.column] : std::nullopt);
    feeder().put(feed, std::move(out));
  }
  Feeder &feeder() {
    if (!feeder_)
      feeder_.emplace(*program_, *population_, true);
    return *feeder_;
  }

  Instant now_;
  std::shared_ptr<Meaning> meaning_;
  std::unique_ptr<Program> program_;
  std::unique_ptr<Population> population_;
  std::optional<Feeder> feeder_;
};

const std::set<int> none;

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

TEST(ProgramCache, HerOwnRowIsKept) {
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

TEST(ProgramCache, RulesComeAndGo) {
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

TEST(ProgramCache, AnotherTableOrColumnIsAnother) {
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

TEST(ProgramCache, DigestsDoNotDependOnTheProgram) {
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

TEST(ProgramCache, WhatDoesNotFitIsLeftOut) {
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

TEST(ProgramCache, ColumnsThatMoveByThemselvesAreNotKept) {
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

TEST(ProgramCache, DamagedImagesAreNone) {
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

TEST(ProgramCache, OtherVersionsAreNone) {
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
TEST(ProgramCache, NoBytesDoHarm) {
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

TEST(ProgramCache, FeedsTellWhatTheyRead) {
  const auto reads = [](const Till &till, int relation) {
    std::map<int, std::vector<int>> out;
    for (const FeedReads &one : till.program().feeds()[till.feed_of(relation)].reads)
      out[one.relation] = one.columns;
    return out;
  };
  using Reads = std::map<int, std::vector<int>>;
  Till own({is_text(column(customers, 1), "Ann")});
  EXPECT_EQ(reads(own, customers), (Reads{{customers, {0, 1}}}));
  Till plain({is(fold_of(Fold::sum, orders, 4), CompareOp::ge, Decimal(5))});
  EXPECT_EQ(reads(plain, orders), (Reads{{orders, {1, 4}}})) << "the orders carry the customers' key";
  Till counted({is(fold_of(Fold::count, items), CompareOp::ge, Decimal(5))});
  EXPECT_EQ(reads(counted, items), (Reads{{orders, {0, 1}}, {items, {1}}}));
  Till joined(
      {is(fold_of(Fold::count, items, -1, is_text(column(channel, 1), "web")), CompareOp::ge, Decimal(5))});
  EXPECT_EQ(reads(joined, items), (Reads{{orders, {0, 1, 8}}, {items, {1}}, {channel, {0, 1}}}));
  Till upwards({is(fold_of(Fold::count, orders, -1, is_text(column(customers, 1), "Ann")), CompareOp::ge,
                   Decimal(5))});
  EXPECT_EQ(reads(upwards, orders), (Reads{{customers, {0, 1}}, {orders, {1}}}));
  Condition labelled;
  labelled.form = Condition::Form::list_contains;
  labelled.left = column(labels, 1);
  labelled.texts = {"new"};
  Till listed({is(fold_of(Fold::count, orders, -1, share(labelled)), CompareOp::ge, Decimal(1))});
  EXPECT_EQ(reads(listed, orders), (Reads{{orders, {0, 1}}, {labels, {0, 1}}}));

  // Where the key that rows carry has another type, the customers are joined.
  Schema schema = world_schema();
  schema.relations[orders].columns[1].sql_type = "numeric";
  Till other({is(fold_of(Fold::count, orders), CompareOp::ge, Decimal(5))}, schema);
  EXPECT_EQ(reads(other, orders), (Reads{{customers, {0}}, {orders, {1}}}));
}

} // namespace
} // namespace segmentation::core::test
