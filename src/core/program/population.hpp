// The inside of a Population: customers' own rows in arrays, their measures as one block of cells per
// customer and feed.
#pragma once

#include "core/program/cache.hpp"
#include "core/program/kept_rows.hpp"
#include "core/program/keys.hpp"
#include "core/program/measure.hpp"
#include "core/program/plan.hpp"
#include "core/program/row_program.hpp"
#include "core/program/show.hpp"
#include "core/program/side.hpp"
#include "core/program/single.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>

namespace segmentation::core {

namespace program {

/// Of so many customers explain() can be asked.
inline constexpr std::uint32_t explained_customers = 16;
inline constexpr std::uint32_t block_customers = 256;

/// A column of the customers feed whose values are kept.
struct StoredColumn {
  std::vector<Cell> cells;
  std::vector<std::int64_t> integers;
  std::vector<std::string> texts;
  std::unordered_map<std::uint32_t, Decimal> numbers; // beyond 64 bits
};

/// A cell of the customers feed as it came, for explain().
struct Card {
  Cell cell = Cell::missing;
  std::int64_t integer = 0;
  std::string text;
  std::vector<std::string> list;
};

/// Rows that count, as explain() names them: how many, and the newest of them, newest first.
struct NamedRows {
  struct Row {
    std::int64_t date;
    std::int64_t number; // of the key; the larger is the newer of one date
    std::string key;
  };
  std::int64_t count = 0;
  std::vector<Row> newest;
};
inline constexpr std::size_t most_named_rows = 20;

/// The arrays behind a batch.
struct BatchMemory {
  std::vector<Cell> cells;
  std::vector<std::int64_t> integers;
  std::vector<TextCell> texts;
  std::vector<ListCell> lists;
};

/// Measures of one feed that share a filter: its rows are picked once.
struct FoldGroup {
  int filter = -1;
  std::vector<int> measures;
};

/// A row that was its customer's earliest, latest, least or greatest, and was taken out.
struct Vacancy {
  int measure;
  std::uint32_t customer;
  std::int64_t value; // of an extreme; for the first or last its date
  std::int64_t tie;
};

struct FeedState {
  Batch batch;
  std::vector<BatchMemory> memory;
  std::unique_ptr<RowProgram> rows;
  std::vector<FoldGroup> groups;
  std::size_t stride = 0;
  std::vector<std::byte> block;                                              // customer after customer
  std::map<std::pair<std::uint32_t, int>, std::vector<std::string>> members; // by (customer, RowPlan::lists)
  std::map<std::pair<std::uint32_t, int>, NamedRows> named;                  // by (customer, RowPlan::shown)
  std::vector<Vacancy> vacancies;
  std::vector<std::uint8_t> lost; // by customer, as far as it goes: a measure is not known any more
};

/// Rows of a batch whose customers are known.
struct KnownRows {
  std::uint32_t count = 0;
  std::uint16_t rows[Batch::capacity];
  std::uint32_t customers[Batch::capacity]; // by row
  std::byte *blocks[Batch::capacity];       // by row
};

/// A value of a block of customers.
struct Loaded {
  std::int64_t values[block_customers];
  Presence presence[block_customers];
  bool any_aside = false;
  std::uint64_t block = 0; // for which block it was loaded; 0 for none
};

/// Until when a value of each customer of a block stays.
struct LoadedUntil {
  Instant until[block_customers];
  std::uint64_t block = 0;
};

/// All that a Population holds.
struct Customers {
  Customers(const Program::Impl &plan, const Moment &moment, bool horizons, Slice slice, Roll roll);

  const Program::Impl &plan;
  Clock clock;
  bool horizons;
  Roll roll;
  KeyTable keys;

  // Customers' own rows.
  std::vector<std::vector<std::uint8_t>> bits; // by Program::Impl::bits, then by customer
  std::vector<int> bit_place;                  // by row node: position in bits
  std::vector<StoredColumn> stored;
  std::vector<std::vector<Card>> cards; // of the first customers: her columns
  KeptRows kept;                        // of a program that explains: all that came

  // Of a population for maintenance.
  std::unique_ptr<const CachePlan> cache;
  std::vector<image::Item> own_items;                        // scratch of take_in()
  std::vector<std::uint8_t> filled;                          // scratch of load()
  std::vector<std::pair<std::size_t, std::size_t>> sections; // scratch of store(): start and size

  // Measures.
  bool laid_out = false;
  Level level = Level::verdicts;
  std::vector<FeedState> feeds;
  std::vector<std::size_t> offsets; // by measure
  std::vector<Side> sides;          // by measure

  // Scratch of evaluate().
  std::uint64_t block_number = 0;
  std::vector<std::unique_ptr<Loaded>> loaded;            // by value of the customers' graph
  std::vector<std::unique_ptr<LoadedUntil>> loaded_until; // likewise
  std::vector<std::uint8_t> node_bytes;
  std::vector<Instant> node_until;
  std::vector<std::size_t> until_place; // by node
  std::unique_ptr<Single> single;       // made when a few are judged

  void prepare_batch(std::size_t feed);
  void lay_out();
  void lay_out(Level for_level);
  /// Gives every feed's block room for all customers.
  void make_room();
  void fold_customers();
  void fold_rows(std::size_t feed);
  void retract_rows(std::size_t feed, std::vector<std::uint32_t> &lost);
  void fill_vacancies(std::size_t feed, std::vector<std::uint32_t> &lost);
  void lose(std::size_t feed, const std::vector<std::uint32_t> &customers, std::vector<std::uint32_t> &lost);
  /// Finds the customers of the batch's rows; with none known, nothing is to be done.
  bool know_rows(std::size_t feed, bool learn, KnownRows &known);
  /// Writes those of the known rows that pass the group's filter to `picked`, and returns how many.
  std::uint32_t pick_rows(std::size_t feed, const FoldGroup &group, const KnownRows &known,
                          std::uint16_t *picked) const;
  void keep_card(std::uint32_t customer, std::uint32_t row);
  void keep_list(std::size_t feed, std::size_t index, const KnownRows &known);
  void keep_rows(std::size_t feed, std::size_t index, const KnownRows &known);

  // What maintenance needs: see Population.
  void keep_images(std::uint64_t stamp);
  void restart(const Moment &moment);
  template <typename Key> std::optional<std::uint32_t> take_in(Key key, std::string_view image);
  void load(std::uint32_t customer, std::string_view image, std::vector<std::uint8_t> &stale);
  void clear(std::size_t feed, std::uint32_t customer);
  void store(std::uint32_t customer, std::size_t limit, std::string &image);

  bool find_own(std::string_view image);
  bool load_section(std::size_t feed, std::uint32_t customer, const image::Section &section);
  bool load_entry(int measure, std::uint32_t customer, image::Reader &entries);
  bool store_section(std::size_t feed, std::uint32_t customer, image::Writer &out) const;
  bool store_own(std::uint32_t customer, image::Writer &out) const;
  bool store_entry(int measure, std::uint32_t customer, image::Writer &out) const;
  bool is_lost(std::size_t feed, std::uint32_t customer) const noexcept {
    const auto &lost = feeds[feed].lost;
    return customer < lost.size() && lost[customer] != 0;
  }

  const std::byte *cell(const Measure &measure, int index, std::uint32_t customer) const {
    const FeedState &feed = feeds[static_cast<std::size_t>(measure.feed)];
    return feed.block.data() + customer * feed.stride + offsets[static_cast<std::size_t>(index)];
  }
  /// What the models say of a customer, where the leaf is of her purchases.
  ForecastValue forecast_of(const CustomerLeaf &leaf, std::uint32_t customer) const;
  /// Reads a measure's value where it is in place.
  Presence value_of(const CustomerLeaf &leaf, std::uint32_t customer, std::int64_t &out) const;
  /// Reads a measure's value. A text view lasts until the next fold.
  void read_measure(const CustomerLeaf &leaf, std::uint32_t customer, LeafValue &out) const;
  /// Returns the first instant at which rows may enter or leave a measure.
  Instant measure_until(int measure, std::uint32_t customer) const;
  void read_stored(int stored, std::uint32_t customer, LeafValue &out) const;
  /// Returns the entry that a mode measure stands at; null for none.
  const ModeEntry *mode_of(int measure, std::uint32_t customer) const;

  /// Judges the nodes that are needed at the level for a block of customers into node_bytes and node_until.
  void judge_block(std::uint32_t first, std::uint32_t count, Level nodes, bool with_until);
  const Loaded &load(int value, std::uint32_t first, std::uint32_t count);
  /// Returns until when a value that is a measure stays.
  const Instant *load_until(int value, std::uint32_t first, std::uint32_t count);
  void load_measure(const CustomerLeaf &leaf, std::uint32_t first, std::uint32_t count, Loaded &out) const;
  void load_computed(const ValueNode &node, std::uint32_t first, std::uint32_t count, Loaded &out);
  void judge_test(const Test &test, std::uint32_t first, std::uint32_t count, std::uint8_t *out);
  void judge_until(const Test &test, std::uint32_t first, std::uint32_t count, const std::uint8_t *holds,
                   Instant *out);
  void join_until(const Node &node, std::uint32_t count, const std::uint8_t *answers, Instant *out);
  void evaluate(std::uint32_t first, std::uint32_t count, bool with_until, Verdicts &verdicts);
  void keep_steady(Verdicts &verdicts) const;

  // For explain(). The block of customers judged is that of one customer.
  bool answer(int node) const { return node_bytes[static_cast<std::size_t>(node) * block_customers] != 0; }
  /// Returns the first instant at which a node's answer may change.
  Instant horizon(int node) const;
  /// Returns by node the first instant at which its answer changes.
  std::vector<Instant> turns(std::uint32_t customer) const;
  std::vector<Explanation> explain(std::size_t rule, std::uint32_t customer, std::string_view text);
};

/// Puts a sum over a count, compared with the test's number, into `out`; false where the numbers do not fit.
bool compare_ratio(const Test &test, std::int32_t scale, std::int64_t sum, std::int64_t count,
                   std::uint8_t &out);

/// Computes an age, from a day or an instant.
Presence age_of(const Clock &clock, bool is_day, std::int64_t born, std::int64_t &out);

/// Computes arithmetic on values in place; aside where it does not fit.
Presence compute(const ValueNode &node, const Graph &graph, std::int64_t a, Presence has_a, std::int64_t b,
                 Presence has_b, std::int64_t &out);

/// Tells whether a count that only falls, else only grows, can no longer leave or reach the range.
bool is_settled(const Range &range, bool falls, bool answer, std::int64_t count) noexcept;

/// Reads leaves of one customer.
class CustomerReader final : public LeafReader {
public:
  explicit CustomerReader(const Customers &customers) : customers_(customers) {}
  void at(std::uint32_t customer) noexcept { customer_ = customer; }
  void read(int leaf, LeafValue &out) const override;
  Instant until(int leaf) const override;

private:
  const Customers &customers_;
  std::uint32_t customer_ = 0;
};

/// Folds a batch's picked rows into one measure. `cells` are the rows' customers' blocks, at the measure's
/// offset.
struct FoldInput {
  const Batch &batch;
  const std::uint16_t *picked;
  std::uint32_t count;
  const std::uint32_t *customers; // by row
  std::byte *const *blocks;       // by row
  std::size_t offset;
  std::uint32_t population;
  const Clock &clock;
  const Graph &rows;
};
void fold_measure(const Measure &measure, const FoldInput &input, Side &side);

/// Takes a batch's picked rows back out of one measure. Writes the customers whose value is not known without
/// their other rows to `lost`, perhaps several times. Where a row that comes may take the place of the one
/// that a cell held, empties the cell and writes that to `vacancies`.
void retract_measure(int index, const Measure &measure, const FoldInput &input, Side &side,
                     std::vector<Vacancy> &vacancies, std::vector<std::uint32_t> &lost);

} // namespace program

struct Population::Impl : program::Customers {
  using Customers::Customers;
};

} // namespace segmentation::core
