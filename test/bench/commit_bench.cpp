// What the commit of one order costs inside the core: a customer out of her image, an order and two lines
// folded onto her measures, all rules judged, and back into her image.
#include "core/meaning/checker.hpp"
#include "core/program/program.hpp"
#include "core/rule/parser.hpp"

#include <array>
#include <cstring>
#include <stdexcept>

#include <fmt/format.h>

#include <benchmark/benchmark.h>

namespace segmentation::core::test {
namespace {

enum Table : int { customers, orders, lines, tags, carts, social };

Column column(const char *name, Kind kind, const char *type) {
  Column out;
  out.name = name;
  out.sql = fmt::format("\"{}\"", name);
  out.kind = kind;
  out.sql_type = type;
  out.whole = out.sql_type == "bigint" || out.sql_type == "integer";
  if (kind == Kind::number)
    out.scale = out.whole ? 0 : 2;
  return out;
}

Relation relation(Role role, const char *name, int of, int key, std::vector<Column> columns) {
  Relation out;
  out.role = role;
  out.name = name;
  out.from_sql = fmt::format("\"shop\".\"{}\"", name);
  out.of = of;
  out.key = key;
  out.of_key = of < 0 ? -1 : 0;
  out.columns = std::move(columns);
  return out;
}

// The shop of test/bench/shop.sql, in a zone with a hundred years of clock changes.
std::shared_ptr<const Meaning> shop() {
  using enum Kind;
  const Column id = column("id", number, "bigint"), customer = column("customer_id", number, "bigint");
  Schema schema;
  auto &r = schema.relations;
  r.push_back(relation(
      Role::customers, "customers", -1, 0,
      {id, column("organization", text, "text"), column("birth_date", day, "date"),
       column("gender", text, "text"), column("city", text, "text"), column("country", text, "text"),
       column("accepts_marketing", boolean, "boolean"), column("channel", text, "text"),
       column("registered_at", instant, "timestamp with time zone"), column("extra", json, "jsonb")}));
  r.push_back(relation(Role::source, "orders", customers, 1,
                       {id, customer, column("status", text, "text"), column("paid", boolean, "boolean"),
                        column("total", number, "numeric(12,2)"),
                        column("created_at", instant, "timestamp with time zone")}));
  r.push_back(relation(Role::source, "lines", orders, 0,
                       {column("order_id", number, "bigint"), column("category", text, "text"),
                        column("brand", text, "text"), column("quantity", number, "integer"),
                        column("price", number, "numeric(12,2)")}));
  r.push_back(relation(Role::set, "tags", customers, 0, {customer, column("tag", text, "text")}));
  r.push_back(relation(Role::source, "carts", customers, 0,
                       {customer, column("abandoned_at", instant, "timestamp with time zone")}));
  r.push_back(relation(Role::source, "social", customers, 0, {customer, column("provider", text, "text")}));
  r[orders].date = 5;
  r[orders].primary_key = {0};
  r[carts].date = 1;
  r[tags].value = 1;
  std::vector<Zone::Change> changes;
  for (std::int32_t year = 1980; year < 2080; ++year) {
    changes.push_back({std::int64_t{day_of({year, 3, 28})} * microseconds_per_day + 3'600'000'000, 10'800});
    changes.push_back({std::int64_t{day_of({year, 10, 27})} * microseconds_per_day + 3'600'000'000, 7200});
  }
  schema.zone_name = "Europe/Sofia";
  schema.zone = Zone(7200, changes, true);
  return prepare_meaning(std::move(schema)).meaning;
}

// The twenty rules of test/bench/segments.py, each with another threshold where it has one.
std::vector<std::string> rule_texts(int v) {
  const auto one_of = [v](std::initializer_list<const char *> words) {
    return *(words.begin() + static_cast<std::size_t>(v) % words.size());
  };
  return {
      fmt::format("count(orders) >= {}", 5 + v),
      fmt::format("sum(orders.total MATCHES (paid)) BETWEEN {} AND {}", 100 + 10 * v, 500 + 10 * v),
      fmt::format("max(orders.created_at) < -{}d AND sum(orders.total MATCHES (paid)) > {}", 60 + v, 100 + v),
      fmt::format("registered_at >= -{}d", 30 + v),
      fmt::format("avg(orders.total) > {}", 50 + v),
      fmt::format("lines MATCHES (category = 'category {}') AND lines MATCHES (category = 'category 7')",
                  3 + v % 5),
      fmt::format("tags CONTAINS '{}'", one_of({"vip", "wholesale", "newsletter", "complaint", "tag10"})),
      fmt::format("country = '{}' AND city = 'city 0'", one_of({"BG", "RO", "PL", "GR", "HU"})),
      fmt::format("accepts_marketing AND count(orders) > {}", v),
      fmt::format("carts MATCHES (date >= -{}d)", 7 + v % 5),
      fmt::format("anniversary(birth_date) BETWEEN tomorrow AND +{}d", 7 + v),
      fmt::format("orders MATCHES (date >= -180d, count < {})", 2 + v),
      fmt::format("orders MATCHES (status = '{}')", one_of({"returned", "cancelled", "pending"})),
      fmt::format("social MATCHES ({})",
                  one_of({"provider IS NOT NULL", "provider = 'facebook'", "provider = 'google'"})),
      fmt::format("extra.pet = '{}'", one_of({"cat", "dog", "bird", "fish", "none"})),
      fmt::format("channel = 'messenger' AND count(orders) > {} AND sum(orders.total MATCHES (paid)) > {}",
                  v % 7, 10 + v),
      fmt::format("lines MATCHES (brand = 'brand 5', date >= -365d, sum_quantity >= {})", 2 + v),
      fmt::format("orders MATCHES (paid = true, date >= -365d, sum_total > {})", 300 + v),
      fmt::format("organization IS NOT NULL AND orders MATCHES (date >= -{}d)", 90 + v % 5),
      fmt::format("gender = 'f' AND age(birth_date) BETWEEN {} AND {} AND NOT tags CONTAINS 'staff'",
                  25 + v % 40, 34 + v % 40)};
}

std::unique_ptr<Program> compile(int count) {
  const auto meaning = shop();
  std::vector<CheckedRule> rules;
  for (int v = 0; v * 20 < count; ++v)
    for (const std::string &text : rule_texts(v)) {
      const Parsed<Rule> parsed = parse_rule(text);
      Checked checked = check_rule(parsed, *meaning);
      if (!checked.rule)
        throw std::runtime_error(text + ": " + checked.diagnostics.front().message);
      rules.push_back(*checked.rule);
    }
  return Program::compile(meaning, std::move(rules), true);
}

// Rows that go into batches by column; what is asked of json keys is text.
struct Rows {
  explicit Rows(const Program &program) : program_(program) {}

  void put(Population &population, Table table, const std::vector<std::string> &values) {
    for (std::size_t feed = 0; feed < program_.feeds().size(); ++feed) {
      if (program_.feeds()[feed].relation != table)
        continue;
      Batch &batch = population.batch(feed);
      batch.key.cells[batch.rows] = Cell::value;
      batch.key.integers[batch.rows] = 42;
      for (std::size_t c = 0; c < batch.columns.size(); ++c) {
        const ColumnRef &column = program_.feeds()[feed].columns[c].column;
        BatchColumn &out = batch.columns[c];
        out.cells[batch.rows] = Cell::value;
        // A line carries its order's date.
        const std::string &value =
            column.relation == table ? values[static_cast<std::size_t>(column.column)] : values.back();
        if (out.type == Kind::text) {
          kept_.push_back(std::make_unique<std::string>(value));
          out.texts[batch.rows] = {kept_.back()->data(), static_cast<std::uint32_t>(value.size())};
        } else {
          out.integers[batch.rows] = std::stoll(value);
        }
      }
      ++batch.rows;
    }
  }

  std::size_t feed(Table table) const {
    std::size_t feed = 0;
    while (program_.feeds()[feed].relation != table)
      ++feed;
    return feed;
  }

private:
  const Program &program_;
  std::vector<std::unique_ptr<std::string>> kept_;
};

struct Bench {
  std::unique_ptr<Program> program;
  Zone zone = shop()->schema.zone;
  Instant now = std::int64_t{day_of({2026, 6, 1})} * microseconds_per_day + 12 * 3'600'000'000LL;
  Population population;
  Rows rows;
  std::string image;

  explicit Bench(int count)
      : program(compile(count)), population(*program, Moment::at(now, zone), Maintenance{1}), rows(*program) {
    rows.put(population, customers,
             {"42", "Company 7", std::to_string(day_of({1990, 6, 5})), "f", "city 0", "BG", "1", "messenger",
              at(400), "cat"});
    population.fold(0);
    for (int i = 0; i < 10; ++i) {
      rows.put(population, orders, {"1", "42", "shipped", "1", "4250", at(3 + 40 * i)});
      for (int k = 0; k < 2; ++k)
        rows.put(population, lines, {"1", "category 3", "brand 5", "1", "2125", at(3 + 40 * i)});
    }
    rows.put(population, tags, {"42", "vip"});
    rows.put(population, carts, {"42", at(4)});
    rows.put(population, social, {"42", "facebook"});
    for (std::size_t feed = 1; feed < program->feeds().size(); ++feed)
      population.fold(feed);
    population.store(0, 100'000, image);
    // The rows of the order stay in the batches from round to round.
    rows.put(population, orders, {"2", "42", "shipped", "1", "4250", at(0)});
    for (int k = 0; k < 2; ++k)
      rows.put(population, lines, {"2", "category 3", "brand 5", "1", "2125", at(0)});
  }

  std::string at(int days_ago) const { return std::to_string(now - days_ago * microseconds_per_day); }
};

enum Part : int { whole = 0, restart, take_in, load, fold, judge, store, with_until };

void commit_order(benchmark::State &state) {
  Bench bench(static_cast<int>(state.range(0)));
  const auto part = static_cast<Part>(state.range(1));
  Population &population = bench.population;
  const std::size_t order_feed = bench.rows.feed(orders), line_feed = bench.rows.feed(lines);
  std::vector<std::uint8_t> stale;
  Verdicts verdicts;
  std::string image;
  Moment moment = Moment::at(bench.now, bench.zone);
  const auto up_to = [&](Part last) {
    population.restart(moment);
    if (last == restart)
      return;
    const auto customer = population.take_in(42, bench.image);
    if (last == take_in)
      return;
    population.load(*customer, bench.image, stale);
    if (last == load)
      return;
    population.batch(order_feed).rows = 1;
    population.fold(order_feed);
    population.batch(line_feed).rows = 2;
    population.fold(line_feed);
    if (last == fold)
      return;
    if (last == with_until)
      population.evaluate(*customer, 1, verdicts);
    else
      population.judge(*customer, 1, verdicts);
    if (last != judge)
      population.store(*customer, 100'000, image);
  };
  for (auto _ : state) {
    moment.now += 1000;
    up_to(part == whole ? store : part);
  }
  for (const std::uint8_t one : stale)
    if (one != 0)
      state.SkipWithError("the image was not used");
  state.counters["bytes"] = static_cast<double>(bench.image.size());
}
BENCHMARK(commit_order)
    ->ArgNames({"rules", "up to"})
    ->ArgsProduct({{20, 100, 1000}, {whole, restart, take_in, load, fold, judge, with_until}})
    ->Unit(benchmark::kMicrosecond);

} // namespace
} // namespace segmentation::core::test

BENCHMARK_MAIN();
