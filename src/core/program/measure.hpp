// Measures: values of one customer, folded from her rows. Each kind states its laws on plain cells; a cell of
// zero bytes is the neutral element of every kind. Knows nothing of rules.
#pragma once

#include "core/meaning/checked.hpp"

#include <cstdint>
#include <vector>

namespace segmentation::core::program {

enum class MeasureKind : std::uint8_t {
  count,     // rows: fold +1, merge +, retract -1
  sum,       // of present arguments: fold +, merge +, retract -
  minimum,   // of present arguments: fold and merge take the smaller; no retract, the next smallest is not
             // known
  maximum,   // likewise the larger
  first,     // argument of the earliest row by (date, tie): fold and merge take the earlier; no retract
  last,      // likewise the later
  distinct,  // different present arguments: set union; no retract, one row does not tell whether another has
             // its value
  periods,   // different local days, weeks, months of the date: set union; no retract
  purchases, // rows with a day added up, and its different days: no retract, one row does not tell whether
             // another is of its day
  mode,      // counts by value and the latest row of each: merge adds counts and takes the later; no retract
  wakening,  // horizons only: the first instant at which a row's moving test may change: min, like minimum
};

/// Tells whether a row can be taken back out of a kind's cell without the other rows.
constexpr bool has_retract(MeasureKind kind) noexcept {
  return kind == MeasureKind::count || kind == MeasureKind::sum;
}

/// How the value of a cell stands.
enum class Presence : std::uint8_t {
  none = 0,  // no row, or a missing value
  here = 1,  // in the cell
  aside = 2, // in the measure's side store: a text, or a number beyond 64 bits at the column's scale
};

struct CountCell {
  std::int64_t rows;

  void fold() noexcept { ++rows; }
  void retract() noexcept { --rows; }
  void merge(const CountCell &other) noexcept { rows += other.rows; }
};

/// A sum of coefficients at the column's scale. False means that it does not fit and nothing was changed: the
/// owner keeps that part aside.
struct SumCell {
  std::int64_t coefficient;

  [[nodiscard]] bool fold(std::int64_t value) noexcept {
    std::int64_t sum;
    if (__builtin_add_overflow(coefficient, value, &sum))
      return false;
    coefficient = sum;
    return true;
  }
  [[nodiscard]] bool retract(std::int64_t value) noexcept {
    std::int64_t sum;
    if (__builtin_sub_overflow(coefficient, value, &sum))
      return false;
    coefficient = sum;
    return true;
  }
  [[nodiscard]] bool merge(const SumCell &other) noexcept { return fold(other.coefficient); }
};

/// The smallest (sign +1) or largest (sign -1) value.
struct ExtremeCell {
  std::int64_t value;
  Presence presence;

  template <int sign> void fold(std::int64_t other) noexcept {
    const bool better = presence == Presence::none || (sign > 0 ? other < value : other > value);
    value = better ? other : value;
    presence = Presence::here;
  }
  template <int sign> void merge(const ExtremeCell &other) noexcept {
    if (other.presence != Presence::none)
      fold<sign>(other.value);
  }
};

/// The earliest or latest row: its date, what breaks ties among rows of one date, and the value it carries.
/// With a tie-break that is not one integer, or a value that is not, those are in the side store.
struct LatestCell {
  std::int64_t date;
  std::int64_t tie;
  std::int64_t value;
  bool any;          // some row was folded
  Presence presence; // of the value

  /// Tells whether a row (date, tie) takes the place of the cell's: later for the last (sign +1), earlier for
  /// the first (-1).
  template <int sign> bool yields_to(std::int64_t other_date, std::int64_t other_tie) const noexcept {
    if (!any)
      return true;
    if (other_date != date)
      return sign > 0 ? other_date > date : other_date < date;
    return sign > 0 ? other_tie > tie : other_tie < tie;
  }
  template <int sign> void merge(const LatestCell &other) noexcept {
    if (other.any && yields_to<sign>(other.date, other.tie))
      *this = other;
  }
};

enum class Period : std::uint8_t { day, week, month };

/// Returns the number of the period that a day lies in; equal for days of one period, different otherwise.
std::int64_t period_of(Period period, Day day) noexcept;

/// How rows of equal date are ordered for first, last and mode.
enum class Tie : std::uint8_t {
  value,   // by the value itself: the source has no primary key
  integer, // by one column that is delivered as an integer
  keys,    // by several columns, or others: compared as encoded bytes
};

/// What something is needed for; each level includes those before it.
enum class Level : std::uint8_t { verdicts, horizons, explaining, nothing };

/// One measure of a program.
struct Measure {
  MeasureKind kind = MeasureKind::count;
  std::int32_t feed = 0;
  int argument = -1;        // a column of the feed
  Kind type = Kind::number; // of the argument
  std::int32_t scale = 0;
  int filter = -1; // a row node
  int date = -1; // first, last, mode, periods, purchases: a column of the feed; -1 where the source has none
  Period period = Period::day;
  Day last_day = day_infinity; // purchases: the last that counts
  Tie tie = Tie::value;
  std::vector<int> ties; // columns of the feed
  int waken_test = -1;   // wakening: the row test
  Level level = Level::verdicts;

  /// What may let rows enter or leave as time goes on: (tracker measure, bound). bound -1: a wakening.
  struct Tracker {
    int measure = -1;
    int bound = -1;
  };
  std::vector<Tracker> trackers;
  bool only_leaves = false; // rows only leave with time: a count only falls
  bool only_enters = false;
};

/// Returns the bytes of a kind's cell; a multiple of 8.
std::size_t cell_bytes(MeasureKind kind) noexcept;

/// Returns about how many bytes a measure takes outside its cell for a usual customer.
std::size_t side_bytes(const Measure &measure) noexcept;

} // namespace segmentation::core::program
