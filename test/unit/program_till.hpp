// One customer at the till: rules, her rows by hand, her image.
#pragma once

#include "program_cache_shop.hpp"

#include <gtest/gtest.h>

namespace segmentation::core::test {

inline constexpr std::int64_t hour = 3'600'000'000;
inline const Instant noon = std::int64_t{day_of({2026, 6, 1})} * microseconds_per_day + 12 * hour;

inline ConditionPtr share(Condition condition) {
  return std::make_shared<Condition>(std::move(condition));
}

inline Scalar column(World relation, int index) {
  Scalar scalar;
  scalar.column = {relation, index, {}};
  scalar.type = world_schema().relations[relation].columns[static_cast<std::size_t>(index)].kind;
  return scalar;
}

inline Scalar fold_of(Fold fold, World source, int argument = -1, ConditionPtr filter = nullptr) {
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

inline ConditionPtr is(Scalar left, CompareOp op, Decimal number) {
  Condition condition;
  condition.form = Condition::Form::number_compare;
  condition.left = std::move(left);
  condition.op = op;
  condition.number = std::move(number);
  return share(condition);
}

inline ConditionPtr is_text(Scalar left, std::string text) {
  Condition condition;
  condition.form = Condition::Form::text_in;
  condition.left = std::move(left);
  condition.texts = {std::move(text)};
  return share(condition);
}

inline ConditionPtr since(Scalar left, int days) {
  Condition condition;
  condition.form = Condition::Form::date_from;
  condition.left = std::move(left);
  condition.bound.form.kind = DateForm::Kind::relative;
  condition.bound.form.amount = -days;
  return share(condition);
}

inline ConditionPtr orders_since(int days, std::int64_t at_least = 1) {
  return is(fold_of(Fold::count, orders, -1, since(column(orders, 2), days)), CompareOp::ge,
            Decimal(at_least));
}

inline ConditionPtr carts_are(std::int64_t at_least) {
  return is(fold_of(Fold::count, carts), CompareOp::ge, Decimal(at_least));
}

inline MaybeValue text(std::string value) {
  return of_text(std::move(value));
}
inline MaybeValue number(const char *digits) {
  return of_number(*Decimal::parse(digits));
}
inline MaybeValue at(std::int64_t when) {
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
    population_->settle(feed_of(relation), lost);
    return !lost.empty();
  }
  /// Has a row replaced by another; tells whether the others must be read.
  bool replace(World relation, std::map<int, MaybeValue> gone, std::map<int, MaybeValue> come) {
    std::vector<std::uint32_t> lost;
    put(relation, std::move(gone));
    population_->retract(feed_of(relation), lost);
    fold(relation, std::move(come));
    population_->settle(feed_of(relation), lost);
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

inline const std::set<int> none;

} // namespace segmentation::core::test
