// Many checked rules as one program: rows in, verdicts out. The same code serves one customer and a million.
// Knows nothing of where rows come from: feeds() says which SELECTs to run, batches carry their rows in.
#pragma once

#include "core/meaning/checked.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace segmentation::core {

/// One result column of a feed's SELECT, after column 0, the customer's key.
struct FeedColumn {
  ColumnRef column;
  Kind type = Kind::number; // as delivered; a json key is delivered as the type that rules mean
  std::int32_t scale = 0;   // number: coefficients are delivered at this scale
  std::string sql;
};

/// Columns of a relation that a feed's rows depend on.
struct FeedReads {
  int relation = 0;
  std::vector<int> columns; // ascending
};

/// One SELECT over one bound relation: (key, columns...). feeds()[0] is the customers themselves and must be
/// run first.
struct Feed {
  int relation = 0;
  std::vector<FeedColumn> columns;
  std::string select_all;   // all customers' rows that any verdict depends on, now
  std::string select_until; // all customers' rows that any verdict or horizon depends on
  std::string select_keyed; // rows of the customers in $1, an array of the key's own type
  std::string select_below; // rows of the parents in $1, by what the relation's key refers to; empty for
                            // lookups and customers
  std::vector<FeedReads>
      reads; // what select_keyed reads, by relation: a change of anything else changes no row of it
};

struct TextCell {
  const char *data = nullptr;
  std::uint32_t size = 0;
};

struct ListCell {
  const TextCell *values = nullptr; // number_list: decimal digits
  std::uint32_t count = 0;
};

/// State of a cell.
enum class Cell : std::uint8_t {
  missing = 0,
  value = 1,
  digits =
      2, // a number that does not fit its column's scale or 64 bits: its decimal digits are in texts[row]
};

/// One column of a batch: arrays of Batch::capacity entries; which are used follows from the type.
struct BatchColumn {
  Kind type = Kind::number;
  std::int32_t scale = 0;
  Cell *cells = nullptr;
  std::int64_t *integers = nullptr; // number (coefficient at scale), day, instant, boolean (0, 1)
  TextCell *texts = nullptr;        // text; number digits. The bytes stay the caller's until fold() returns.
  ListCell *lists = nullptr;
};

/// Rows on their way in. The caller writes rows [0, rows) of key and columns, then calls fold().
struct Batch {
  static constexpr std::uint32_t capacity = 1024;
  std::uint32_t rows = 0;
  BatchColumn key;                  // number at scale 0 for integer keys, else text
  std::vector<BatchColumn> columns; // in the order of Feed::columns
};

/// Which customers to judge, when a build is done in several passes: those whose key hashes to `index` of
/// `count`.
struct Slice {
  std::uint32_t index = 0;
  std::uint32_t count = 1;
};

/// Where a population's customers come from.
enum class Roll : std::uint8_t {
  customers_feed, // feeds()[0], run first
  rows,           // the rows of the other feeds; only where Program::rows_suffice()
};

/// Asks for a population that is used again and again, and that keeps measures in images.
struct Maintenance {
  /// Of the database, and another one whenever a feed has stopped reading a column (Feed::reads): what
  /// changed unread is in no image. Images under another stamp are not read.
  std::uint64_t stamp = 0;
};

/// Verdicts over a range of customers.
struct Verdicts {
  std::uint32_t customers = 0;
  std::uint32_t rules = 0;
  std::vector<std::uint8_t> holds; // [rule * customers + customer]
  std::vector<Instant>
      until; // [customer]: the first instant at which any rule's answer may change, with no change of
             // data; may be early, never late; infinity for never. Empty unless horizons were asked for.
};

/// What a program is for: explain() shows more of the rows than judging reads.
enum class Purpose : std::uint8_t { judging, explaining };

/// One line of an explanation.
struct Explanation {
  std::uint32_t depth = 0;
  Span span; // the part of the rule's text that this line is about; what the checker made of one
             // written condition is one line
  std::optional<std::string> actual; // the value found, "missing" for none; absent for AND, OR, NOT
  bool holds = false;
  std::optional<std::string> missing; // what would make it hold, "one more order"; absent where it holds
  std::optional<std::vector<std::string>> rows; // keys of the rows that count, the newest first
  Instant until = instant_infinity;             // when time alone changes this line
  std::vector<std::string> segments;            // whose members it asks for
};

class Program {
public:
  /// Compiles rules into one program. `key_is_integer` tells how customers' keys are delivered. The meaning
  /// is kept.
  static std::unique_ptr<Program> compile(std::shared_ptr<const Meaning> meaning,
                                          std::vector<CheckedRule> rules, bool key_is_integer,
                                          Purpose purpose = Purpose::judging);
  ~Program();

  const std::vector<Feed> &feeds() const noexcept;
  std::size_t rule_count() const noexcept;
  /// Tells whether a customer without rows fails every rule and no rule looks at the customers' own columns.
  /// Then everyone may be judged from rows alone: feeds()[0] is not run, and a population that learns takes
  /// in the customers that the other feeds' select_all names, which are customers then.
  bool rows_suffice() const noexcept;
  /// Tells whether time alone may change an answer.
  bool moves() const noexcept;
  /// Bytes of state that one customer takes, without variable parts: for sizing slices.
  std::size_t state_bytes() const noexcept;

  /// Returns a feed's select_keyed over rows that are in no table: for each relation, by index, what stands
  /// in FROM in its place; empty for those that are read as they are.
  std::string select_given(std::size_t feed, const std::vector<std::string> &from) const;

  struct Impl;
  const Impl &impl() const noexcept { return *impl_; }

private:
  Program();
  std::unique_ptr<Impl> impl_;
};

/// The customers being judged, and their measures so far.
class Population {
public:
  /// The program and the moment's zone must outlive it. Without `horizons` no time is spent on them.
  Population(const Program &program, const Moment &moment, bool horizons, Slice slice = {},
             Roll roll = Roll::customers_feed);
  /// A population to be kept and started anew for each commit. It knows horizons; it explains little.
  Population(const Program &program, const Moment &moment, Maintenance maintenance);
  ~Population();

  /// Returns the batch to fill for a feed; valid until the population is gone, reused by fold().
  Batch &batch(std::size_t feed);
  /// Folds the batch's rows into the measures and empties it. Rows of unknown customers, missing keys and
  /// other slices fall out. A customers row delivered twice counts once.
  void fold(std::size_t feed);

  /// Customers known after the customers feed; they are numbered in the order of arrival.
  std::uint32_t size() const noexcept;
  std::int64_t integer_key(std::uint32_t customer) const;
  TextCell text_key(std::uint32_t customer) const;
  std::optional<std::uint32_t> find(std::int64_t key) const;
  std::optional<std::uint32_t> find(std::string_view key) const;
  /// Tells whether a customer, known or not, is of this population's slice.
  bool is_mine(std::int64_t key) const noexcept;
  bool is_mine(std::string_view key) const noexcept;

  /// Judges customers [first, first + count) by all rules. For a customer whom the customers' own condition
  /// leaves out is every rule is false.
  void evaluate(std::uint32_t first, std::uint32_t count, Verdicts &verdicts);

  /// Explains one rule, of this text, for one customer, whole condition first, children deeper. The program's
  /// purpose must be that, and the population one of few customers.
  std::vector<Explanation> explain(std::size_t rule, std::uint32_t customer, std::string_view text);

  /// Judges as evaluate() does, without `until`. The cheap way for a few.
  void judge(std::uint32_t first, std::uint32_t count, Verdicts &verdicts);

  std::size_t memory_bytes() const noexcept;

  // Of populations for maintenance alone. An image is what store() wrote of a customer: her measures of each
  // feed, her own row's columns, and until when they stand. One that is empty, damaged, of another version,
  // zone or stamp is taken for none.

  /// Forgets all customers and goes to another moment of the same zone. Keeps memory, and is cheap.
  void restart(const Moment &moment);

  /// Takes a customer in without her row of feeds()[0], where the image holds all that the program keeps of
  /// it. Absent where it does not: then feeds()[0] is to be run for her.
  std::optional<std::uint32_t> take_in(std::int64_t key, std::string_view image);
  std::optional<std::uint32_t> take_in(std::string_view key, std::string_view image);

  /// Loads the measures of the other feeds. Sets stale[feed] where her rows must be read and folded after
  /// all: a measure is missing, is of a kind that no image holds, or rows may have entered or left it since.
  /// Her measures of such a feed are those of no rows.
  void load(std::uint32_t customer, std::string_view image, std::vector<std::uint8_t> &stale);

  /// Takes the batch's rows, filled in as for fold(), back out of the measures, and empties it. Appends to
  /// `lost`, once, the customers for whom a measure cannot be told without their other rows: clear() and fold
  /// all their rows of the feed. What replaces the rows is folded afterwards; then settle() is to be called.
  void retract(std::size_t feed, std::vector<std::uint32_t> &lost);
  /// Appends to `lost`, likewise, the customers of whom a row was taken out that was their first, last, least
  /// or greatest, unless one that was folded since is at least as much.
  void settle(std::size_t feed, std::vector<std::uint32_t> &lost);

  /// Tells of each of the batch's rows whether it is there at all for rules (its relation's and its parents'
  /// conditions hold), and whether any measure can see it, now or as time goes on. Leaves the batch as it is.
  void sift(std::size_t feed, std::uint8_t *there, std::uint8_t *seen);

  /// Makes a customer's measures of a feed those of no rows.
  void clear(std::size_t feed, std::uint32_t customer);

  /// Writes a customer's image, of at most `limit` bytes: of what does not fit, feeds are left out, the
  /// largest first.
  void store(std::uint32_t customer, std::size_t limit, std::string &image);

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace segmentation::core
