// How fast rows are folded and customers judged, inside the core alone: no server, rows already in memory.
#include "unit/program_world.hpp"

#include <cstring>
#include <random>

#include <benchmark/benchmark.h>

namespace segmentation::core::test {
namespace {

constexpr std::int64_t people = 100'000;
constexpr std::uint32_t order_rows = 1'000'000;
const Instant now = std::int64_t{day_of({2026, 6, 1})} * microseconds_per_day;

ConditionPtr share(Condition condition) {
  return std::make_shared<Condition>(std::move(condition));
}

Scalar column(World relation, int index, Kind type) {
  Scalar scalar;
  scalar.column = {relation, index, {}};
  scalar.type = type;
  return scalar;
}

ConditionPtr recent(int days) {
  Condition condition;
  condition.form = Condition::Form::date_from;
  condition.left = column(orders, 2, Kind::instant);
  condition.bound.form.kind = DateForm::Kind::relative;
  condition.bound.form.amount = -days;
  return share(condition);
}

ConditionPtr status(std::vector<std::string> texts) {
  Condition condition;
  condition.form = Condition::Form::text_in;
  condition.left = column(orders, 3, Kind::text);
  condition.texts = std::move(texts);
  return share(condition);
}

ConditionPtr paid() {
  Condition condition;
  condition.form = Condition::Form::is_true;
  condition.left = column(orders, 6, Kind::boolean);
  return share(condition);
}

ConditionPtr all(std::vector<ConditionPtr> children) {
  Condition condition;
  condition.form = Condition::Form::all;
  condition.children = std::move(children);
  return share(condition);
}

Scalar aggregate(Fold fold, int argument, Kind type, ConditionPtr filter) {
  Scalar scalar;
  scalar.form = Scalar::Form::aggregate;
  scalar.type = type;
  scalar.fold = fold;
  scalar.source = orders;
  if (argument >= 0)
    scalar.column = {orders, argument, {}};
  scalar.filter = std::move(filter);
  return scalar;
}

ConditionPtr number(Scalar left, CompareOp op, Decimal value) {
  Condition condition;
  condition.form = Condition::Form::number_compare;
  condition.left = std::move(left);
  condition.op = op;
  condition.number = std::move(value);
  return share(condition);
}

ConditionPtr before(Scalar left, int days) {
  Condition condition;
  condition.form = Condition::Form::date_before;
  condition.left = std::move(left);
  condition.bound.form.kind = DateForm::Kind::relative;
  condition.bound.form.amount = -days;
  return share(condition);
}

// About fifteen measures of orders, asked by so many rules with different constants.
std::vector<CheckedRule> rules(int count) {
  const std::vector<Scalar> numbers{
      aggregate(Fold::count, -1, Kind::number, nullptr),
      aggregate(Fold::count, -1, Kind::number, paid()),
      aggregate(Fold::sum, 4, Kind::number, paid()),
      aggregate(Fold::sum, 4, Kind::number, all({paid(), recent(90)})),
      aggregate(Fold::count, -1, Kind::number, recent(90)),
      aggregate(Fold::count, -1, Kind::number, recent(30)),
      aggregate(Fold::sum, 4, Kind::number, all({status({"paid", "shipped"}), recent(365)})),
      aggregate(Fold::count, -1, Kind::number, status({"refunded"})),
      aggregate(Fold::max, 4, Kind::number, nullptr),
      aggregate(Fold::min, 4, Kind::number, paid()),
      aggregate(Fold::avg, 4, Kind::number, paid()),
  };
  const std::vector<Scalar> dates{
      aggregate(Fold::max, 2, Kind::instant, nullptr),
      aggregate(Fold::min, 2, Kind::instant, paid()),
      aggregate(Fold::max, 2, Kind::instant, status({"refunded"})),
  };
  std::vector<CheckedRule> out;
  for (int i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    Condition either;
    either.form = Condition::Form::any;
    either.children = {number(numbers[(at + 3) % numbers.size()], CompareOp::lt, Decimal(i * 7 + 3)),
                       before(dates[at % dates.size()], 10 + i)};
    Condition vip;
    vip.form = Condition::Form::is_true;
    vip.left = column(customers, 5, Kind::boolean);
    if (i % 3 == 0)
      either.children.push_back(share(vip));
    out.emplace_back().condition =
        all({number(numbers[at % numbers.size()], CompareOp::ge, Decimal(i * 50 + 1, 1)), share(either)});
  }
  return out;
}

struct Data {
  std::vector<std::int64_t> key, id, created, total, is_paid, channel;
  std::vector<TextCell> status;

  Data() {
    std::mt19937_64 random(7);
    static const char *const words[] = {"paid", "shipped", "refunded", "open", "cancelled"};
    for (std::uint32_t i = 0; i < order_rows; ++i) {
      key.push_back(static_cast<std::int64_t>(random() % people) * 2 + 10);
      id.push_back(i);
      created.push_back(now - static_cast<std::int64_t>(
                                  random() % (800 * static_cast<std::uint64_t>(microseconds_per_day))));
      total.push_back(static_cast<std::int64_t>(random() % 50'000));
      is_paid.push_back(static_cast<std::int64_t>(random() % 4 != 0));
      const char *word = words[random() % 5];
      status.push_back({word, static_cast<std::uint32_t>(std::strlen(word))});
    }
  }
};

const Data &data() {
  static const Data data;
  return data;
}

void feed_customers(Population &population) {
  Batch &batch = population.batch(0);
  for (std::int64_t id = 0; id < people; ++id) {
    batch.key.cells[batch.rows] = Cell::value;
    batch.key.integers[batch.rows] = id * 2 + 10;
    for (BatchColumn &column : batch.columns) {
      column.cells[batch.rows] = Cell::value;
      column.integers[batch.rows] = id % 3 == 0;
    }
    if (++batch.rows == Batch::capacity)
      population.fold(0);
  }
  population.fold(0);
}

void feed_orders(const Program &program, Population &population, const Data &rows) {
  for (std::uint32_t first = 0; first < order_rows; first += Batch::capacity) {
    Batch &batch = population.batch(1);
    const std::uint32_t count = std::min(Batch::capacity, order_rows - first);
    std::memset(batch.key.cells, 1, count);
    std::memcpy(batch.key.integers, &rows.key[first], count * 8);
    for (std::size_t c = 0; c < batch.columns.size(); ++c) {
      BatchColumn &column = batch.columns[c];
      std::memset(column.cells, 1, count);
      switch (program.feeds()[1].columns[c].column.column) {
      case 0:
        std::memcpy(column.integers, &rows.id[first], count * 8);
        break;
      case 2:
        std::memcpy(column.integers, &rows.created[first], count * 8);
        break;
      case 3:
        std::memcpy(column.texts, &rows.status[first], count * sizeof(TextCell));
        break;
      case 4:
        std::memcpy(column.integers, &rows.total[first], count * 8);
        break;
      case 8:
        std::memcpy(column.integers, &rows.channel[first], count * 8);
        break;
      default:
        std::memcpy(column.integers, &rows.is_paid[first], count * 8);
      }
    }
    batch.rows = count;
    population.fold(1);
  }
}

struct Bench {
  std::unique_ptr<Program> program;
  Zone zone;
  Moment moment;

  explicit Bench(int count) : Bench(rules(count)) {}
  explicit Bench(std::vector<CheckedRule> rules) {
    auto meaning = std::make_shared<Meaning>();
    meaning->schema = world_schema();
    meaning->row_conditions.resize(meaning->schema.relations.size());
    program = Program::compile(meaning, std::move(rules), true);
    moment = Moment::at(now, zone);
  }
};

// One million rows into the measures of a hundred thousand customers.
void fold_orders(benchmark::State &state) {
  Bench bench(static_cast<int>(state.range(0)));
  data();
  for (auto _ : state) {
    state.PauseTiming();
    Population population(*bench.program, bench.moment, state.range(1) != 0);
    feed_customers(population);
    state.ResumeTiming();
    feed_orders(*bench.program, population, data());
  }
  state.SetItemsProcessed(state.iterations() * order_rows);
  state.counters["bytes/customer"] = static_cast<double>(bench.program->state_bytes());
}
BENCHMARK(fold_orders)
    ->ArgNames({"rules", "horizons"})
    ->Args({20, 0})
    ->Args({100, 0})
    ->Args({100, 1})
    ->Unit(benchmark::kMillisecond);

void evaluate_rules(benchmark::State &state) {
  Bench bench(static_cast<int>(state.range(0)));
  Population population(*bench.program, bench.moment, state.range(1) != 0);
  feed_customers(population);
  feed_orders(*bench.program, population, data());
  Verdicts verdicts;
  std::int64_t members = 0;
  for (auto _ : state) {
    members = 0;
    for (std::uint32_t first = 0; first < population.size(); first += 10'000) {
      population.evaluate(first, 10'000, verdicts);
      for (const std::uint8_t holds : verdicts.holds)
        members += holds;
    }
  }
  state.SetItemsProcessed(state.iterations() * people * state.range(0));
  state.counters["members"] = static_cast<double>(members);
}
BENCHMARK(evaluate_rules)
    ->ArgNames({"rules", "horizons"})
    ->Args({20, 0})
    ->Args({100, 0})
    ->Args({100, 1})
    ->Unit(benchmark::kMillisecond);

enum class Listing : std::uint8_t { near, far, text };

// Rows of which so many in a hundred bear a value of a list, whatever its length. Numbers lie near each other
// as serial ones do, or far apart; each text has bytes of its own.
struct Listed : Data {
  std::vector<Decimal> numbers;
  std::vector<std::string> texts;
  std::string bytes;

  static std::string text_of(std::int64_t number) { return std::to_string(1'000'000 + number); }

  Listed(std::int64_t values, std::int64_t percent, Listing listing) : Data(data()) {
    const std::int64_t apart = listing == Listing::far ? 1'000'000'014 : 14;
    std::mt19937_64 random(11);
    for (std::int64_t i = 0; i < values; ++i) {
      numbers.emplace_back(i * apart);
      texts.push_back(text_of(i * 14));
    }
    bytes.reserve(std::size_t{order_rows} * 7);
    for (std::uint32_t i = 0; i < order_rows; ++i) {
      const auto number = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(values)) * apart;
      const bool hit = static_cast<std::int64_t>(random() % 100) < percent;
      channel.push_back(hit ? number : number + 7);
      status[i] = {bytes.data() + bytes.size(), 7};
      bytes += text_of(channel.back()).substr(0, 7);
    }
  }

  std::vector<CheckedRule> rule(bool text) const {
    Condition listed;
    listed.form = text ? Condition::Form::text_in : Condition::Form::number_in;
    listed.left = text ? column(orders, 3, Kind::text) : column(orders, 8, Kind::number);
    if (text)
      listed.texts = texts;
    else
      listed.numbers = numbers;
    std::vector<CheckedRule> out(1);
    out[0].condition =
        number(aggregate(Fold::count, -1, Kind::number, share(listed)), CompareOp::gt, Decimal(0));
    return out;
  }
};

// What a long list costs: the same rows, as many of them in a list of ten as in one of ten thousand.
void fold_listed(benchmark::State &state) {
  const auto listing = static_cast<Listing>(state.range(2));
  const Listed rows(state.range(0), state.range(1), listing);
  const Bench bench(rows.rule(listing == Listing::text));
  for (auto _ : state) {
    state.PauseTiming();
    Population population(*bench.program, bench.moment, false);
    feed_customers(population);
    state.ResumeTiming();
    feed_orders(*bench.program, population, rows);
  }
  state.SetItemsProcessed(state.iterations() * order_rows);
}
BENCHMARK(fold_listed)
    ->ArgNames({"values", "percent", "listing"})
    ->ArgsProduct({{10, 10'000}, {5, 95}, {0, 1, 2}})
    ->Unit(benchmark::kMillisecond);

void compile_rules(benchmark::State &state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(Bench(static_cast<int>(state.range(0))));
}
BENCHMARK(compile_rules)->Arg(1)->Arg(100)->Unit(benchmark::kMicrosecond);

} // namespace
} // namespace segmentation::core::test

BENCHMARK_MAIN();
