// The C++ side of what is live: schema, parsed rules, compiled programs and the customers being judged. Never
// calls the server; the server's side calls it within run_core only.
#pragma once

#include "core/meaning/checker.hpp"
#include "core/program/program.hpp"
#include "pg/boundary/failure.hpp"
#include "pg/live/plain.hpp"

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace segmentation::pg {

/// A column without which a definition would lose its meaning, by the indexes of the input; -1 where the
/// definition has none: it does not check.
struct Need {
  const char *kind; // binding, attribute, source, segment
  const char *name;
  int relation;
  int column;
};

/// Everything bound and defined, as the core sees it.
class LiveCore {
public:
  /// Parses and checks what the catalogs hold. Fails, naming the binding, attribute or segment, where
  /// something does not read. The input must outlive it.
  static LiveCore *make(const SchemaInput &input, bool key_is_integer, Failure &failure);

  /// Checks a rule's text and fails with all mistakes in it. `context` says whose rule it is; empty for the
  /// caller's own.
  std::optional<core::CheckedRule> check(const char *rule, Excerpt excerpt, Failure &failure,
                                         std::string_view context = {}) const;
  /// Checks the rule of a segment, given by its index in the input, and adds what people say by hand.
  std::optional<core::CheckedRule> check_segment(int index, Excerpt excerpt, Failure &failure) const;
  /// Adds what people say by hand about a segment, given by its id, to a rule that is to be its.
  void add_hands(std::int32_t segment, core::CheckedRule &rule) const;
  /// Fails with the first segment or defined attribute that does not check.
  void check_everything(Failure &failure) const;
  /// Returns the names of the bindings that a rule reads and of the defined attributes and sources that it
  /// names, itself or through others, ascending.
  std::vector<std::string> uses(const char *rule, Failure &failure) const;

  /// Returns which columns the bound conditions, attributes, sources and segments read.
  std::vector<Need> needs() const;

  const SchemaInput &input() const noexcept { return *input_; }
  const std::shared_ptr<const core::Meaning> &meaning() const noexcept { return meaning_; }
  bool key_is_integer() const noexcept { return key_is_integer_; }

private:
  const SchemaInput *input_ = nullptr;
  std::shared_ptr<const core::Meaning> meaning_;
  bool key_is_integer_ = false;
};

/// A customer's key as the core carries it.
struct CustomerKey {
  std::int64_t integer;
  const char *text; // not zero-terminated; nullptr for integer keys
  std::uint32_t size;
};

/// A program and the customers whom it judges.
class Work {
public:
  Work(const LiveCore &live, std::vector<core::CheckedRule> rules,
       core::Purpose purpose = core::Purpose::judging);

  /// Compiles the rules of texts; fails with the mistakes of the first that does not check.
  static Work *make(const LiveCore &live, const char *const *rules, int count, Excerpt excerpt,
                    Failure &failure);
  /// Compiles the rule that a segment, given by its id, is to have, with what people say by hand about it.
  static Work *make_for(const LiveCore &live, std::int32_t segment, const char *rule, Excerpt excerpt,
                        Failure &failure);
  /// Compiles a rule's text to explain it: rule 0, and after it those of the segments that it names.
  static Work *make_explaining(const LiveCore &live, const char *rule, Failure &failure);
  /// Compiles the rules of segments, given as indexes into the input's list.
  static Work *make_for_segments(const LiveCore &live, const int *segments, int count, Failure &failure);

  /// Returns the turn in which a segment's members are written: after those whose stored members its rule
  /// reads. Most are in turn 0.
  int turn(std::size_t rule) const noexcept { return turns_[rule]; }
  int turn_count() const noexcept;
  /// Of make_explaining(): the segments, as indexes, whose rules are those from 1 on.
  const std::vector<int> &named() const noexcept { return named_; }
  /// Tells whether another of the rules reads the stored members of a segment.
  bool is_read(std::size_t rule) const noexcept { return is_read_[rule] != 0; }

  const core::Program &program() const noexcept { return *program_; }
  const core::Zone &zone() const noexcept { return meaning_->schema.zone; }
  bool key_is_integer() const noexcept { return key_is_integer_; }
  /// Starts with no customer, at an instant. Earlier customers are forgotten.
  void start(core::Instant now, bool horizons, core::Slice slice, core::Roll roll);
  core::Population &population() noexcept { return *population_; }
  std::uint32_t size() const noexcept { return population_ ? population_->size() : 0; }
  std::size_t rule_count() const noexcept { return program_->rule_count(); }

  /// Judges a range of customers and keeps for each rule the set of those for whom it holds, and with
  /// horizons until when that is so for each of them.
  void evaluate(std::uint32_t first, std::uint32_t count);
  bool holds(std::size_t rule, std::uint32_t customer) const noexcept {
    return (words_[rule * stride_ + customer / 64] >> (customer % 64)) & 1;
  }
  void clear(std::size_t rule, std::uint32_t customer) noexcept {
    words_[rule * stride_ + customer / 64] &= ~(std::uint64_t{1} << (customer % 64));
  }
  void set(std::size_t rule, std::uint32_t customer, bool holds) noexcept {
    clear(rule, customer);
    words_[rule * stride_ + customer / 64] |= std::uint64_t{holds} << (customer % 64);
  }
  std::uint64_t count_holding(std::size_t rule) const noexcept;
  /// The verdicts as they are, for who wants them back after they have been compared with what is stored.
  std::vector<std::uint64_t> save() const { return words_; }
  void restore(std::vector<std::uint64_t> words) noexcept { words_ = std::move(words); }
  /// Sorts the customers by key; `list_next` goes by it.
  void sort_by_key();
  /// Writes up to `limit` customers for whom a rule still holds, in the order of their keys, from position
  /// `from` of that order on; returns the next position, and in `count` how many were written.
  std::uint32_t list_next(std::size_t rule, std::uint32_t from, std::uint32_t limit, CustomerKey *out,
                          std::uint32_t &count) const;
  /// A customer, and the first instant at which time alone may change a verdict about her.
  struct Due {
    CustomerKey customer;
    core::Instant at;
  };
  /// Likewise writes customers of whom there is such an instant.
  std::uint32_t list_dues(std::uint32_t from, std::uint32_t limit, Due *out, std::uint32_t &count) const;
  CustomerKey key(std::uint32_t customer) const;
  std::optional<std::uint32_t> find(const CustomerKey &key) const;
  /// Tells whether a customer, known or not, is of the slice that was started with.
  bool is_mine(const CustomerKey &key) const noexcept;

private:
  void take_turns(const std::vector<std::vector<int>> &histories, const int *segments);

  std::shared_ptr<const core::Meaning> meaning_;
  bool key_is_integer_ = false;
  std::unique_ptr<core::Program> program_;
  std::vector<int> turns_; // by rule; empty for rules that are no segments'
  std::vector<int> named_;
  std::vector<std::uint8_t> is_read_;
  core::Moment moment_;
  std::unique_ptr<core::Population> population_;
  core::Verdicts verdicts_;
  std::vector<std::uint64_t> words_;
  std::size_t stride_ = 0;
  std::vector<core::Instant> until_; // by customer; empty without horizons
  std::vector<std::uint32_t> order_;
};

} // namespace segmentation::pg
