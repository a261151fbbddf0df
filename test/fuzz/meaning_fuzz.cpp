// Whatever checks: it compiles, the program and the printed SQL find the same customers, and so does the
// canonical form. One to three rules, parted by semicolons, share one program. The server that PGHOST ...
// name runs the SELECTs of both paths; its answers are kept, so that an input costs few new ones.
#include "core/program/sql_printer.hpp"
#include "core/program/sql_text.hpp"
#include "fuzz/mutator.hpp"
#include "fuzz/rows.hpp"
#include "fuzz/tables.hpp"

#include <set>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t *data, std::size_t size, std::size_t max_size);

namespace segmentation::core::fuzz {
namespace {

using Members = std::set<std::int64_t>;

// Longer rules cost the server much and show little.
constexpr std::size_t longest = 1500;
constexpr const char *some_customers = "{1,2,3,5,13,21,34,58,62,99}";

Limits small_limits() {
  Limits limits;
  limits.depth = 20;
  limits.clauses = 40;
  limits.list_values = 50;
  return limits;
}

class Fuzzer {
public:
  Fuzzer() : cache_(server_) {
    Schema schema = make_shop();
    schema.zone_name = zone_name;
    schema.zone = read_zone(server_);
    TableMaker(schema, server_).make();
    server_.begin();
    const Result result = server_.query(
        "SELECT (extract(epoch FROM now() - TIMESTAMPTZ '2000-01-01 00:00:00+00') * 1000000)::bigint");
    now_ = Bytes({PQgetvalue(result.get(), 0, 0), 8}).take<std::int64_t>();
    PreparedMeaning prepared = prepare_meaning(std::move(schema));
    if (!prepared.meaning)
      give_up("the shop's own conditions", prepared.diagnostics.front().message);
    meaning_ = prepared.meaning;
    phrases_ = std::make_unique<Phrases>(*meaning_);
    mutator_ = std::make_unique<Mutator>(*phrases_, limits_);
  }

  Server &server() { return server_; }
  Mutator &mutator() { return *mutator_; }
  const std::shared_ptr<const Meaning> &meaning() const { return meaning_; }

  /// Returns the rules of a text that check.
  std::vector<CheckedRule> check(std::string_view text) const {
    std::vector<CheckedRule> rules;
    for (std::size_t count = 0; count < 3; ++count) {
      const std::size_t end = text.find(';');
      const Parsed<Rule> parsed = parse_rule(text.substr(0, end), limits_);
      Checked checked = check_rule(parsed, *meaning_, limits_);
      if (checked.rule.has_value() != checked.diagnostics.empty() || (checked.rule && !parsed.value))
        give_up("a rule that is both right and wrong", std::string(text.substr(0, end)));
      if (checked.rule)
        rules.push_back(std::move(*checked.rule));
      if (end == std::string_view::npos)
        break;
      text.remove_prefix(end + 1);
    }
    return rules;
  }

  void run(std::string_view text) {
    ++inputs_;
    text_ = text;
    std::vector<CheckedRule> rules = check(text);
    if (rules.empty())
      return;
    ++checked_;
    Dice dice(hash(text));
    std::vector<Members> expected;
    for (const CheckedRule &rule : rules) {
      const auto members = ask(print_sql(rule, *meaning_));
      if (!members)
        return;
      expected.push_back(*members);
      if (relations_read(*rule.condition, *meaning_).size() > meaning_->schema.relations.size())
        fail("more relations are read than there are");
    }
    check_canonical(text, rules);
    const std::unique_ptr<const Program> program = Program::compile(meaning_, rules, true);
    const Moment moment = Moment::at(now_, meaning_->schema.zone);
    compare(*program, moment, expected, false, dice);
    compare(*program, moment, expected, true, dice);
    compare_some(*Program::compile(meaning_, rules, true, Purpose::explaining), moment, expected, dice);
    ++compared_;
    cache_.trim();
    if (answers_.size() > 20'000)
      answers_.clear();
  }

  void report() const {
    std::fprintf(stderr, "%zu inputs, %zu checked, %zu compared; %zu queries\n", inputs_, checked_, compared_,
                 server_.queries);
  }

private:
  static std::uint64_t hash(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text)
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return hash;
  }

  [[noreturn]] void fail(const std::string &what) const {
    std::fprintf(stderr, "%s\n--- rules\n%.*s\n--- SQL\n", what.c_str(), static_cast<int>(text_.size()),
                 text_.data());
    for (const CheckedRule &rule : check(text_))
      std::fprintf(stderr, "%s;\n", print_sql(rule, *meaning_).c_str());
    std::abort();
  }

  /// True for what a rule may cost, false for what is wrong: out of memory, too complex, too long.
  static bool is_limit(std::string_view state) {
    return state.starts_with("53") || state.starts_with("54") || state.starts_with("57014");
  }

  /// Returns the customers that SQL finds; absent where the server ran into a limit.
  std::optional<Members> ask(const std::string &sql) {
    if (const auto found = answers_.find(sql); found != answers_.end())
      return found->second;
    const Result result = server_.query(sql);
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) {
      const char *state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
      if (state != nullptr && is_limit(state))
        return std::nullopt;
      fail(std::string("the server refuses: ") + PQresultErrorMessage(result.get()) + sql);
    }
    Members members;
    for (int i = 0; i < PQntuples(result.get()); ++i)
      if (!members.insert(Bytes({PQgetvalue(result.get(), i, 0), 8}).take<std::int64_t>()).second)
        fail("SQL names a customer twice");
    return answers_[sql] = std::move(members);
  }

  /// The canonical form of a rule checks, and means the same.
  void check_canonical(std::string_view text, const std::vector<CheckedRule> &rules) {
    std::string canonical;
    for (std::size_t count = 0; count < 3; ++count) {
      const std::size_t end = text.find(';');
      const Parsed<Rule> parsed = parse_rule(text.substr(0, end), limits_);
      if (parsed.value && check_rule(parsed.value->condition, *meaning_, limits_).rule)
        printed_.push_back(print_rule(*parsed.value));
      if (end == std::string_view::npos)
        break;
      text.remove_prefix(end + 1);
    }
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const Parsed<Rule> parsed = parse_rule(printed_[i], limits_);
      if (!parsed.value)
        fail("the canonical form does not parse: " + printed_[i]);
      const Checked checked = check_rule(parsed.value->condition, *meaning_, limits_);
      if (!checked.rule)
        fail("the canonical form does not check: " + printed_[i]);
      const std::string sql = print_sql(rules[i], *meaning_), again = print_sql(*checked.rule, *meaning_);
      if (sql != again && ask(sql) != ask(again))
        fail("the canonical form means something else: " + printed_[i]);
    }
    printed_.clear();
  }

  /// Runs the feeds into a population. False where the server ran into a limit.
  bool feed(const Program &program, Population &population, std::size_t first, bool horizons,
            const char *keys, Dice &dice) {
    const auto step = static_cast<std::uint32_t>(dice.chance(70) ? Batch::capacity : 1 + dice.below(40));
    for (std::size_t i = first; i < program.feeds().size(); ++i) {
      const Feed &feed = program.feeds()[i];
      const std::string &select = keys != nullptr ? feed.select_keyed
                                  : horizons      ? feed.select_until
                                                  : feed.select_all;
      std::string error;
      const Rows *rows = cache_.get(select, feed, keys, error);
      if (rows == nullptr) {
        if (is_limit(error))
          return false;
        fail("the server refuses: " + error + select);
      }
      for (std::uint32_t row = 0; row < rows->size(); row += step) {
        rows->fill(population.batch(i), row, std::min(step, rows->size() - row));
        population.fold(i);
      }
    }
    return true;
  }

  static std::string list(const Members &members) {
    std::string out;
    for (const std::int64_t member : members)
      out += " " + std::to_string(member);
    return out;
  }

  void compare(const Program &program, const Moment &moment, const std::vector<Members> &expected,
               bool horizons, Dice &dice) {
    std::vector<Members> found(expected.size());
    std::map<std::int64_t, Instant> until;
    const bool rows_suffice = program.rows_suffice();
    const std::uint32_t slices = dice.chance(80) ? 1 : 2;
    for (std::uint32_t slice = 0; slice < slices; ++slice) {
      Population population(program, moment, horizons, {slice, slices},
                            rows_suffice ? Roll::rows : Roll::customers_feed);
      if (!feed(program, population, rows_suffice ? 1 : 0, horizons, nullptr, dice))
        return;
      Verdicts verdicts;
      population.evaluate(0, population.size(), verdicts);
      for (std::uint32_t i = 0; i < population.size(); ++i) {
        for (std::size_t rule = 0; rule < found.size(); ++rule)
          if (verdicts.holds[rule * verdicts.customers + i] != 0)
            found[rule].insert(population.integer_key(i));
        if (horizons)
          until[population.integer_key(i)] = verdicts.until[i];
      }
    }
    for (std::size_t rule = 0; rule < found.size(); ++rule)
      if (found[rule] != expected[rule])
        fail("rule " + std::to_string(rule + 1) + (horizons ? ", with horizons" : "") +
             "\nby SQL:    " + list(expected[rule]) + "\nby program:" + list(found[rule]));
    if (horizons)
      check_horizons(expected, until, dice);
  }

  /// Before a customer's horizon her answers stay what they are.
  void check_horizons(const std::vector<Members> &expected, const std::map<std::int64_t, Instant> &until,
                      Dice &dice) {
    std::vector<Instant> moments;
    for (const auto &[customer, instant] : until) {
      if (instant <= now_)
        fail("a horizon that has passed, of customer " + std::to_string(customer));
      moments.push_back(std::min(instant - 1, now_ + 800 * microseconds_per_day));
    }
    if (moments.empty() || !dice.chance(40))
      return;
    const Instant later =
        dice.chance(30) ? *std::min_element(moments.begin(), moments.end()) : dice.pick(moments);
    const std::vector<CheckedRule> rules = check(text_);
    SqlOptions options;
    options.now = sql::instant_literal(later);
    for (std::size_t rule = 0; rule < rules.size(); ++rule) {
      const auto members = ask(print_sql(rules[rule], *meaning_, options));
      if (!members)
        return;
      for (const auto &[customer, instant] : until)
        if (instant > later && members->contains(customer) != expected[rule].contains(customer))
          fail("rule " + std::to_string(rule + 1) + ": horizon of customer " + std::to_string(customer) +
               ", " + sql::instant_literal(instant) + ", is late: her answer differs at " + options.now);
    }
  }

  /// A few customers by their keys, with explanations.
  void compare_some(const Program &program, const Moment &moment, const std::vector<Members> &expected,
                    Dice &dice) {
    Population population(program, moment, dice.chance(50));
    if (!feed(program, population, 0, false, some_customers, dice))
      return;
    Verdicts verdicts;
    population.evaluate(0, population.size(), verdicts);
    for (std::uint32_t i = 0; i < population.size(); ++i)
      for (std::size_t rule = 0; rule < expected.size(); ++rule) {
        const std::string who =
            "rule " + std::to_string(rule + 1) + ", customer " + std::to_string(population.integer_key(i));
        const bool holds = verdicts.holds[rule * verdicts.customers + i] != 0;
        if (holds != expected[rule].contains(population.integer_key(i)))
          fail(who + ", by her key: " + (holds ? "only the program finds her" : "only SQL finds her"));
        const std::vector<Explanation> lines = population.explain(rule, i, text_);
        if (lines.empty())
          fail(who + ": no explanation");
        for (const Explanation &line : lines)
          if (line.span.begin > line.span.end || line.span.end > text_.size())
            fail(who + ": an explanation of something outside the text");
      }
  }

  Server server_;
  RowCache cache_;
  std::shared_ptr<const Meaning> meaning_;
  std::unique_ptr<Phrases> phrases_;
  std::unique_ptr<Mutator> mutator_;
  Limits limits_ = small_limits();
  Instant now_ = 0;
  std::string_view text_;
  std::vector<std::string> printed_;
  std::unordered_map<std::string, Members> answers_;
  std::size_t inputs_ = 0, checked_ = 0, compared_ = 0;
};

Fuzzer *fuzzer = nullptr;

std::string text_of(const std::uint8_t *data, std::size_t size) {
  return {reinterpret_cast<const char *>(data), size};
}

std::size_t give(const std::string &text, std::uint8_t *data, std::size_t max_size) {
  const std::size_t size = std::min(text.size(), max_size);
  std::copy_n(text.begin(), size, data);
  return size;
}

} // namespace
} // namespace segmentation::core::fuzz

using namespace segmentation::core::fuzz;

// Short stacks of who allocated what: most of the time would go into them.
extern "C" __attribute__((visibility("default"))) const char *__asan_default_options() {
  return "malloc_context_size=3:quarantine_size_mb=16";
}

extern "C" int LLVMFuzzerInitialize(int *, char ***) {
  fuzzer = new Fuzzer;
  std::atexit([] {
    fuzzer->report();
    fuzzer->server().finish();
  });
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  if (size <= longest)
    fuzzer->run({reinterpret_cast<const char *>(data), size});
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  Dice dice(seed);
  if (dice.chance(3))
    return LLVMFuzzerMutate(data, size, max_size);
  const std::string text = text_of(data, size);
  // What does not check tells little about what comes after the checker: most of it is tried again.
  std::string mutated;
  for (int tries = dice.chance(10) ? 1 : 4; tries > 0; --tries) {
    mutated = fuzzer->mutator().mutate(text, dice);
    const auto rules = 1 + static_cast<std::size_t>(std::count(mutated.begin(), mutated.end(), ';'));
    if (mutated.size() <= longest && fuzzer->check(mutated).size() == rules)
      break;
  }
  return give(mutated, data, max_size);
}

extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t *data, std::size_t size,
                                                 const std::uint8_t *other, std::size_t other_size,
                                                 std::uint8_t *out, std::size_t max_size, unsigned seed) {
  Dice dice(seed);
  return give(fuzzer->mutator().cross(text_of(data, size), text_of(other, other_size), dice), out, max_size);
}
