// Rows in: customers first, then what hangs on them.
#include "core/program/population.hpp"

#include <algorithm>
#include <cstring>

namespace segmentation::core {
namespace program {

Customers::Customers(const Program::Impl &program, const Moment &moment, bool with_horizons, Slice slice,
                     Roll where_from)
    : plan(program), clock(moment, plan.bounds, plan.windows), horizons(with_horizons), roll(where_from),
      keys(plan.key_is_integer, slice) {
  feeds.resize(plan.feeds.size());
  for (std::size_t feed = 0; feed < feeds.size(); ++feed)
    prepare_batch(feed);
  bits.resize(plan.bits.size());
  bit_place.assign(plan.plans[0].rows.nodes.size(), -1);
  for (std::size_t i = 0; i < plan.bits.size(); ++i)
    bit_place[static_cast<std::size_t>(plan.bits[i])] = static_cast<int>(i);
  stored.resize(plan.stored.size());
  feeds[0].rows = std::make_unique<RowProgram>(plan.plans[0].rows, clock, Level::verdicts);
  offsets.assign(plan.measures.size(), 0);
  sides.resize(plan.measures.size());
  loaded.resize(plan.customers.values.size());
  loaded_until.resize(plan.customers.values.size());
}

void Customers::prepare_batch(std::size_t feed) {
  FeedState &state = feeds[feed];
  const auto &columns = plan.feeds[feed].columns;
  state.memory.resize(columns.size() + 1);
  state.batch.columns.resize(columns.size());
  for (std::size_t i = 0; i <= columns.size(); ++i) { // the key last
    const bool is_key = i == columns.size();
    BatchColumn &column = is_key ? state.batch.key : state.batch.columns[i];
    BatchMemory &memory = state.memory[i];
    column.type = is_key ? (plan.key_is_integer ? Kind::number : Kind::text) : columns[i].type;
    column.scale = is_key ? 0 : columns[i].scale;
    memory.cells.assign(Batch::capacity, Cell::missing);
    column.cells = memory.cells.data();
    const bool is_list = column.type == Kind::text_list || column.type == Kind::number_list;
    if (is_list) {
      memory.lists.resize(Batch::capacity);
      column.lists = memory.lists.data();
      continue;
    }
    if (column.type == Kind::text || column.type == Kind::number || column.type == Kind::json) {
      memory.texts.resize(Batch::capacity);
      column.texts = memory.texts.data();
    }
    memory.integers.resize(Batch::capacity);
    column.integers = memory.integers.data();
  }
}

void Customers::lay_out() {
  const bool explains = plan.purpose == Purpose::explaining;
  lay_out(explains ? Level::explaining : horizons ? Level::horizons : Level::verdicts);
}

void Customers::lay_out(Level for_level) {
  laid_out = true;
  level = for_level;
  for (std::size_t feed = 0; feed < feeds.size(); ++feed) {
    FeedState &state = feeds[feed];
    if (feed > 0)
      state.rows = std::make_unique<RowProgram>(plan.plans[feed].rows, clock, level);
    for (const int measure : plan.plans[feed].measures) {
      const Measure &one = plan.measure(measure);
      if (one.level > level)
        continue;
      offsets[static_cast<std::size_t>(measure)] = state.stride;
      state.stride += cell_bytes(one.kind);
      const auto group = std::find_if(state.groups.begin(), state.groups.end(),
                                      [&](const FoldGroup &known) { return known.filter == one.filter; });
      if (group != state.groups.end())
        group->measures.push_back(measure);
      else
        state.groups.push_back({one.filter, {measure}});
    }
  }
}

void Customers::make_room() {
  if (!laid_out)
    lay_out();
  for (std::size_t feed = 1; feed < feeds.size(); ++feed)
    if (const std::size_t bytes = keys.size() * feeds[feed].stride; feeds[feed].block.size() < bytes)
      feeds[feed].block.resize(bytes);
}

void Customers::fold_customers() {
  Batch &batch = feeds[0].batch;
  std::uint16_t fresh[Batch::capacity];
  std::uint32_t customer = keys.size();
  const std::uint32_t count = keys.insert(batch.key, batch.rows, fresh);
  if (count == 0)
    return;
  feeds[0].rows->run(batch);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    const std::uint8_t *bytes = feeds[0].rows->result(plan.bits[i]);
    if (count == batch.rows)
      bits[i].insert(bits[i].end(), bytes, bytes + count);
    else
      for (std::uint32_t k = 0; k < count; ++k)
        bits[i].push_back(bytes[fresh[k]]);
  }
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const BatchColumn &column = batch.columns[static_cast<std::size_t>(plan.stored[i])];
    StoredColumn &kept = stored[i];
    for (std::uint32_t k = 0; k < count; ++k) {
      const std::uint32_t row = fresh[k];
      Cell cell = column.cells[row];
      std::int64_t value = 0;
      if (column.type == Kind::text) {
        kept.texts.emplace_back(cell == Cell::missing ? std::string_view{} : view(column.texts[row]));
      } else if (cell == Cell::digits) {
        if (const auto number = Decimal::parse(view(column.texts[row])))
          kept.numbers.emplace(customer + k, *number);
        else
          cell = Cell::missing;
      } else if (cell == Cell::value && column.integers != nullptr) {
        value = column.integers[row];
      }
      kept.cells.push_back(cell);
      if (column.type != Kind::text)
        kept.integers.push_back(value);
    }
  }
  for (std::uint32_t k = 0;
       k < count && customer + k < explained_customers && plan.purpose == Purpose::explaining; ++k)
    keep_card(customer + k, fresh[k]);
}

bool Customers::know_rows(std::size_t feed, bool learn, KnownRows &known) {
  FeedState &state = feeds[feed];
  const Batch &batch = state.batch;
  if (learn)
    keys.learn(batch.key, batch.rows, known.customers);
  else
    keys.find(batch.key, batch.rows, known.customers);
  make_room();
  known.count = 0;
  for (std::uint32_t row = 0; row < batch.rows; ++row) {
    const std::uint32_t customer = known.customers[row];
    known.rows[known.count] = static_cast<std::uint16_t>(row);
    known.count += customer != KeyTable::none;
    known.blocks[row] = customer == KeyTable::none ? nullptr : state.block.data() + customer * state.stride;
    __builtin_prefetch(known.blocks[row], 1);
  }
  if (known.count == 0)
    return false;
  state.rows->run(batch);
  return true;
}

std::uint32_t Customers::pick_rows(std::size_t feed, const FoldGroup &group, const KnownRows &known,
                                   std::uint16_t *picked) const {
  const RowProgram &rows = *feeds[feed].rows;
  if (rows.is_always(group.filter)) {
    std::copy_n(known.rows, known.count, picked);
    return known.count;
  }
  const std::uint8_t *passes = rows.result(group.filter);
  std::uint32_t count = 0;
  for (std::uint32_t k = 0; k < known.count; ++k) {
    picked[count] = known.rows[k];
    count += passes[known.rows[k]];
  }
  return count;
}

void Customers::fold_rows(std::size_t feed) {
  FeedState &state = feeds[feed];
  Batch &batch = state.batch;
  KnownRows known;
  if (!know_rows(feed, roll == Roll::rows, known))
    return;
  std::uint16_t picked[Batch::capacity];
  for (const FoldGroup &group : state.groups) {
    const std::uint32_t count = pick_rows(feed, group, known, picked);
    if (count == 0)
      continue;
    for (const int measure : group.measures)
      fold_measure(plan.measure(measure),
                   {batch, picked, count, known.customers, known.blocks,
                    offsets[static_cast<std::size_t>(measure)], keys.size(), clock, plan.plans[feed].rows},
                   sides[static_cast<std::size_t>(measure)]);
  }
  if (level < Level::explaining)
    return;
  for (std::size_t list = 0; list < plan.plans[feed].lists.size(); ++list)
    keep_list(feed, list, known);
  for (std::size_t shown = 0; shown < plan.plans[feed].shown.size(); ++shown)
    keep_rows(feed, shown, known);
}

} // namespace program

using program::FeedState;
using program::KeyTable;
using program::Loaded;
using program::Side;
using program::StoredColumn;

Population::Population(const Program &program, const Moment &moment, bool horizons, Slice slice, Roll roll)
    : impl_(std::make_unique<Impl>(program.impl(), moment, horizons, slice, roll)) {
}
Population::~Population() = default;

Batch &Population::batch(std::size_t feed) {
  return impl_->feeds[feed].batch;
}

void Population::fold(std::size_t feed) {
  Batch &batch = impl_->feeds[feed].batch;
  if (batch.rows > 0) {
    if (impl_->plan.purpose == Purpose::explaining)
      impl_->kept.keep(feed, batch);
    if (feed == 0)
      impl_->fold_customers();
    else
      impl_->fold_rows(feed);
  }
  batch.rows = 0;
}

std::uint32_t Population::size() const noexcept {
  return impl_->keys.size();
}
std::int64_t Population::integer_key(std::uint32_t customer) const {
  return impl_->keys.integer(customer);
}
TextCell Population::text_key(std::uint32_t customer) const {
  return impl_->keys.text(customer);
}

std::optional<std::uint32_t> Population::find(std::int64_t key) const {
  const std::uint32_t customer = impl_->keys.find(key);
  return customer == KeyTable::none ? std::nullopt : std::optional(customer);
}
std::optional<std::uint32_t> Population::find(std::string_view key) const {
  const std::uint32_t customer = impl_->keys.find(key);
  return customer == KeyTable::none ? std::nullopt : std::optional(customer);
}

bool Population::is_mine(std::int64_t key) const noexcept {
  return impl_->keys.is_mine(key);
}
bool Population::is_mine(std::string_view key) const noexcept {
  return impl_->keys.is_mine(key);
}

std::size_t Population::memory_bytes() const noexcept {
  std::size_t bytes = impl_->keys.memory_bytes();
  for (const auto &one : impl_->bits)
    bytes += one.capacity();
  for (const StoredColumn &one : impl_->stored)
    bytes += one.cells.capacity() + one.integers.capacity() * 8 + one.texts.capacity() * sizeof(std::string) +
             one.numbers.size() * 64;
  for (const FeedState &feed : impl_->feeds) {
    bytes += feed.block.capacity() + (feed.rows ? feed.rows->memory_bytes() : 0);
    bytes += feed.memory.size() * Batch::capacity * (sizeof(Cell) + sizeof(std::int64_t) + sizeof(TextCell));
  }
  for (const Side &side : impl_->sides)
    bytes += side.memory_bytes();
  for (const auto &one : impl_->loaded)
    bytes += one ? sizeof(Loaded) : 0;
  for (const auto &one : impl_->loaded_until)
    bytes += one ? sizeof(program::LoadedUntil) : 0;
  bytes += impl_->single ? impl_->single->memory_bytes() : 0;
  return bytes + impl_->node_bytes.capacity() + impl_->node_until.capacity() * sizeof(Instant);
}

} // namespace segmentation::core
