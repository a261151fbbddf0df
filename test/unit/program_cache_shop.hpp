// A shop whose rows change from commit to commit, judged twice: by measures out of images with only the
// changed rows folded on or taken back, and by the oracle from all rows.
#pragma once

#include "program_random.hpp"

namespace segmentation::core::test {

/// A row as a feed delivers it.
struct FeedRow {
  MaybeValue key;
  std::vector<MaybeValue> values;
};

inline std::int64_t id_of(const MaybeValue &key) {
  return key ? *key->number.at_scale(0) : -1;
}

inline std::string print(const FeedRow &row) {
  std::string out = std::to_string(id_of(row.key));
  for (const MaybeValue &value : row.values) {
    out += value ? " | " + value->number.to_string() + " " + std::to_string(value->at) + " " + value->text
                 : " -";
    if (value)
      for (const std::string &one : value->list)
        out += "," + one;
  }
  return out;
}

class Feeder {
public:
  Feeder(const Program &program, Population &population, bool integer_keys)
      : program_(program), population_(population), integer_keys_(integer_keys) {}

  static FeedRow read(const Shop &shop, const Feed &feed, const Row &row) {
    const Zone utc;
    const Oracle oracle(shop, Moment::at(0, utc));
    const Row *owner = oracle.owner(feed.relation, row);
    FeedRow out{owner == nullptr ? std::nullopt : (*owner)[0], {}};
    for (const FeedColumn &column : feed.columns)
      out.values.push_back(oracle.read(column.column, feed.relation, row));
    return out;
  }

  /// Returns the rows of a feed by customer; without a customer none.
  static std::map<std::int64_t, std::vector<FeedRow>> rows(const Shop &shop, const Feed &feed) {
    std::map<std::int64_t, std::vector<FeedRow>> out;
    for (const Row &row : shop.tables[static_cast<std::size_t>(feed.relation)]) {
      FeedRow one = read(shop, feed, row);
      if (one.key)
        out[id_of(one.key)].push_back(std::move(one));
    }
    return out;
  }

  void put(std::size_t feed, FeedRow row) {
    Batch &batch = population_.batch(feed);
    if (row.key && !integer_keys_)
      row.key->text = "key " + row.key->number.to_string();
    test::put(row.key, batch.key, batch.rows, texts_, lists_);
    for (std::size_t c = 0; c < row.values.size(); ++c)
      test::put(row.values[c], batch.columns[c], batch.rows, texts_, lists_);
    ++batch.rows;
  }

  void fold_all(std::size_t feed, const std::vector<FeedRow> &rows) {
    for (const FeedRow &row : rows)
      put(feed, row);
    population_.fold(feed);
  }

  std::optional<std::uint32_t> take_in(std::int64_t id, std::string_view image) {
    return integer_keys_ ? population_.take_in(id, image)
                         : population_.take_in(std::string_view("key " + std::to_string(id)), image);
  }
  std::optional<std::uint32_t> find(std::int64_t id) const {
    return integer_keys_ ? population_.find(id) : population_.find("key " + std::to_string(id));
  }

private:
  const Program &program_;
  Population &population_;
  bool integer_keys_;
  std::deque<std::string> texts_;
  std::deque<std::vector<TextCell>> lists_;
};

/// A row of a feed that came or went.
struct Delta {
  std::size_t feed = 0;
  bool comes = false;
  FeedRow row;
};

/// What happened to the shop since the last commit.
struct Changes {
  std::vector<Delta> deltas;
  std::set<std::int64_t> customers;                     // who are to be judged
  std::set<std::pair<std::size_t, std::int64_t>> reads; // (feed, customer): other rows than the feed's own
  std::set<std::pair<std::size_t, int>> unannounced;    // (feed, relation): changed, and not in the reads
};

/// Changes rows of a shop, and notes what a program's feeds see of it.
class Shopkeeper {
public:
  Shopkeeper(Shop &shop, RandomWorld &world, Dice &dice, const Program &program)
      : shop_(shop), world_(world), dice_(dice), program_(program) {}

  void change(Changes &out) {
    const int relation = dice_.pick(std::vector<int>{orders, orders, orders, orders, items, items, items,
                                                     carts, carts, tags, labels, channel, customers});
    auto &table = shop_.tables[static_cast<std::size_t>(relation)];
    const std::int64_t kind = table.empty() ? 0 : dice_.between(0, 2);
    const bool stays = relation == customers || relation == channel; // their rows only change
    std::vector<std::map<std::int64_t, std::vector<FeedRow>>> before, after;
    for (const Feed &feed : program_.feeds())
      before.push_back(Feeder::rows(shop_, feed));
    const std::size_t at =
        table.empty() ? 0
        : dice_.chance(50)
            ? table.size() - 1
            : static_cast<std::size_t>(dice_.between(0, static_cast<std::int64_t>(table.size()) - 1));
    std::set<int> columns; // that changed
    const auto note = [&](bool comes, const Row &row) {
      for (std::size_t feed = 1; feed < program_.feeds().size(); ++feed)
        if (program_.feeds()[feed].relation == relation)
          out.deltas.push_back({feed, comes, Feeder::read(shop_, program_.feeds()[feed], row)});
    };
    if (kind == 0 && !stays) {
      table.push_back(fresh(relation));
      note(true, table.back());
    } else if (kind == 1 && !stays) {
      note(false, table[at]);
      table.erase(table.begin() + static_cast<std::ptrdiff_t>(at));
    } else {
      note(false, table[at]);
      const Row old = table[at];
      table[at] = fresh(relation);
      table[at][0] = old[0]; // its key, or where it hangs
      // Most changes touch a column or two.
      for (std::size_t c = 1; c < old.size(); ++c)
        if (dice_.chance(60))
          table[at][c] = old[c];
        else
          columns.insert(static_cast<int>(c));
      note(true, table[at]);
    }
    for (const Feed &feed : program_.feeds())
      after.push_back(Feeder::rows(shop_, feed));
    compare(relation, columns, before, after, out);
    for (const Delta &delta : out.deltas)
      if (delta.row.key)
        out.customers.insert(id_of(delta.row.key));
  }

private:
  Row fresh(int relation) {
    Row row;
    for (const Column &column : shop_.meaning.schema.relations[static_cast<std::size_t>(relation)].columns)
      row.push_back(world_.cell(column));
    const auto people = static_cast<std::int64_t>(shop_.tables[customers].size());
    const auto number = [](std::int64_t value) {
      Value out;
      out.number = Decimal(value);
      return out;
    };
    switch (relation) {
    case orders:
      row[0] = number(++last_key_);
      row[1] = number(dice_.between(1, people) * 3);
      row[8] = number(dice_.between(0, 6));
      if (dice_.chance(30) && !shop_.tables[orders].empty())
        row[2] = shop_.tables[orders].back()[2]; // ties
      break;
    case items:
      row[0] = number(++last_key_);
      row[1] = shop_.tables[orders].empty() ? std::nullopt : dice_.pick(shop_.tables[orders])[0];
      break;
    case carts:
    case tags:
      row[0] = number(dice_.between(1, people) * 3);
      break;
    case labels:
      row[0] = shop_.tables[orders].empty() ? std::nullopt : dice_.pick(shop_.tables[orders])[0];
      break;
    default:
      break;
    }
    return row;
  }

  // Without columns a row came or went.
  static bool is_read(const Feed &feed, int relation, const std::set<int> &columns) {
    return std::any_of(feed.reads.begin(), feed.reads.end(), [&](const FeedReads &reads) {
      return reads.relation == relation &&
             (columns.empty() || std::any_of(reads.columns.begin(), reads.columns.end(),
                                             [&](int column) { return columns.contains(column); }));
    });
  }

  void compare(int relation, const std::set<int> &columns,
               const std::vector<std::map<std::int64_t, std::vector<FeedRow>>> &before,
               const std::vector<std::map<std::int64_t, std::vector<FeedRow>>> &after, Changes &out) const {
    const auto printed = [](const auto &rows, std::int64_t id) {
      std::vector<std::string> lines;
      if (const auto found = rows.find(id); found != rows.end())
        for (const FeedRow &row : found->second)
          lines.push_back(print(row));
      return lines;
    };
    for (std::size_t feed = 0; feed < before.size(); ++feed) {
      if (feed > 0 && program_.feeds()[feed].relation == relation)
        continue;
      for (const Row &customer : shop_.tables[customers]) {
        const std::int64_t id = id_of(customer[0]);
        if (printed(before[feed], id) == printed(after[feed], id))
          continue;
        out.reads.emplace(feed, id);
        out.customers.insert(id);
        if (!is_read(program_.feeds()[feed], relation, columns))
          out.unannounced.emplace(feed, relation);
      }
    }
  }

  Shop &shop_;
  RandomWorld &world_;
  Dice &dice_;
  const Program &program_;
  static inline std::int64_t last_key_ = 1'000'000;
};

} // namespace segmentation::core::test
