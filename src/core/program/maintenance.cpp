// A population from one commit to the next: started anew, with customers out of images and back into them.
#include "core/program/population.hpp"

#include <algorithm>

namespace segmentation::core {
namespace program {

void Customers::keep_images(std::uint64_t stamp) {
  cache = std::make_unique<CachePlan>(plan_cache(plan, clock.zone(), stamp));
  own_items.resize(cache->feeds[0].measures.size());
  lay_out(Level::horizons);
}

void Customers::restart(const Moment &moment) {
  for (FeedState &feed : feeds) {
    feed.batch.rows = 0;
    feed.block.clear();
    feed.members.clear();
    feed.vacancies.clear();
    feed.lost.clear();
  }
  for (Side &side : sides)
    side.clear(keys.size());
  for (auto &bit : bits)
    bit.clear();
  for (StoredColumn &column : stored) {
    column.cells.clear();
    column.integers.clear();
    column.texts.clear();
    column.numbers.clear();
  }
  cards.clear();
  keys.clear();
  clock.move_to(moment);
}

void Customers::clear(std::size_t feed, std::uint32_t customer) {
  make_room();
  FeedState &state = feeds[feed];
  if (feed == 0 || customer >= keys.size())
    return;
  if (state.stride > 0)
    std::memset(state.block.data() + customer * state.stride, 0, state.stride);
  for (const FoldGroup &group : state.groups)
    for (const int measure : group.measures)
      sides[static_cast<std::size_t>(measure)].forget(customer);
  if (!state.members.empty())
    state.members.erase(state.members.lower_bound({customer, 0}),
                        state.members.lower_bound({customer + 1, 0}));
  if (customer < state.lost.size())
    state.lost[customer] = 0;
}

// Finds the customers' own columns in an image and puts them into own_items; false where one is missing.
bool Customers::find_own(std::string_view bytes) {
  const CachedFeed &own = cache->feeds[0];
  image::Head head;
  if (!own.kept || !image::open(bytes, cache->stamp, head))
    return false;
  if (own.measures.empty())
    return true; // whoever has an image is a customer
  image::Reader reader(bytes.substr(sizeof head));
  image::Section section;
  for (std::uint16_t i = 0; i < head.sections; ++i) {
    if (!reader.section(section))
      return false;
    if (section.id != own.id)
      continue;
    image::Reader entries(section.entries);
    if (section.digests == own.digests) {
      for (image::Item &item : own_items)
        if (!entries.item(item) || item.more)
          return false;
      return true;
    }
    filled.assign(own.measures.size(), 0);
    std::size_t missing = own.measures.size();
    for (std::size_t entry = 0; entry < section.count; ++entry) {
      image::Item item;
      if (!entries.item(item))
        return false;
      for (auto at = own.first(section, entry); at != own.places.end() && own.is(*at, section, entry); ++at) {
        own_items[at->second] = item;
        missing -= std::exchange(filled[at->second], std::uint8_t{1}) == 0;
      }
      if (!entries.pass(item))
        return false;
    }
    return missing == 0;
  }
  return false;
}

namespace {

// Reads a stored column's value out of an item; false where the item is no such value.
bool read_own(const FeedColumn &column, const image::Item &item, Cell &cell, std::optional<Decimal> &number) {
  if (item.mark > static_cast<std::uint8_t>(Cell::digits))
    return false;
  cell = static_cast<Cell>(item.mark);
  number.reset();
  if (cell == Cell::digits) {
    if (column.type != Kind::number || !item.has_bytes)
      return false;
    number = Decimal::parse(item.bytes);
    return number.has_value();
  }
  return cell == Cell::missing || item.has_bytes == (column.type == Kind::text);
}

} // namespace

template <typename Key> std::optional<std::uint32_t> Customers::take_in(Key key, std::string_view bytes) {
  if (keys.integers() != std::is_same_v<Key, std::int64_t> || !find_own(bytes))
    return std::nullopt;
  if (const std::uint32_t known = keys.find(key); known != KeyTable::none)
    return known;
  // All is looked at before anything is taken.
  std::vector<std::optional<Decimal>> numbers;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    Cell cell;
    std::optional<Decimal> number;
    const FeedColumn &column = plan.feeds[0].columns[static_cast<std::size_t>(plan.stored[i])];
    if (!read_own(column, own_items[bits.size() + i], cell, number))
      return std::nullopt;
    if (number) {
      numbers.resize(stored.size());
      numbers[i] = std::move(number);
    }
  }
  const std::uint32_t customer = keys.enter(key);
  if (customer == KeyTable::none)
    return std::nullopt;
  for (std::size_t i = 0; i < bits.size(); ++i)
    bits[i].push_back(own_items[i].number != 0);
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const image::Item &item = own_items[bits.size() + i];
    StoredColumn &column = stored[i];
    column.cells.push_back(static_cast<Cell>(item.mark));
    if (plan.feeds[0].columns[static_cast<std::size_t>(plan.stored[i])].type == Kind::text)
      column.texts.emplace_back(item.mark == 0 ? std::string_view{} : item.bytes);
    else
      column.integers.push_back(item.mark == static_cast<std::uint8_t>(Cell::value) ? item.number : 0);
    if (!numbers.empty() && numbers[i])
      column.numbers.emplace(customer, std::move(*numbers[i]));
  }
  return customer;
}

bool Customers::store_own(std::uint32_t customer, image::Writer &out) const {
  for (const auto &bit : bits)
    out.number(bit[customer]);
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const StoredColumn &column = stored[i];
    const Cell cell = column.cells[customer];
    const Kind type = plan.feeds[0].columns[static_cast<std::size_t>(plan.stored[i])].type;
    const auto mark = static_cast<std::uint8_t>(cell);
    if (type == Kind::text_list || type == Kind::number_list)
      return false;
    if (cell == Cell::missing)
      out.number(0, mark);
    else if (type != Kind::text && cell == Cell::value)
      out.number(column.integers[customer], mark);
    else {
      const std::string digits =
          cell == Cell::digits ? column.numbers.at(customer).to_string() : std::string();
      const std::string_view text = cell == Cell::digits ? digits : column.texts[customer];
      if (text.size() > image::longest_text)
        return false;
      out.text(text, mark);
    }
  }
  return true;
}

} // namespace program

Population::Population(const Program &program, const Moment &moment, Maintenance maintenance)
    : impl_(std::make_unique<Impl>(program.impl(), moment, true, Slice{}, Roll::customers_feed)) {
  impl_->keep_images(maintenance.stamp);
}

void Population::restart(const Moment &moment) {
  impl_->restart(moment);
}

std::optional<std::uint32_t> Population::take_in(std::int64_t key, std::string_view image) {
  return impl_->take_in(key, image);
}

std::optional<std::uint32_t> Population::take_in(std::string_view key, std::string_view image) {
  return impl_->take_in(key, image);
}

void Population::load(std::uint32_t customer, std::string_view image, std::vector<std::uint8_t> &stale) {
  impl_->load(customer, image, stale);
}

void Population::retract(std::size_t feed, std::vector<std::uint32_t> &lost) {
  Batch &batch = impl_->feeds[feed].batch;
  if (batch.rows > 0 && feed > 0)
    impl_->retract_rows(feed, lost);
  batch.rows = 0;
}

void Population::settle(std::size_t feed, std::vector<std::uint32_t> &lost) {
  impl_->fill_vacancies(feed, lost);
}

void Population::sift(std::size_t feed, std::uint8_t *there, std::uint8_t *seen) {
  program::FeedState &state = impl_->feeds[feed];
  const std::uint32_t count = state.batch.rows;
  const int exists = impl_->plan.plans[feed].exists;
  state.rows->run(state.batch);
  std::fill_n(seen, count, std::uint8_t{0});
  std::fill_n(there, count, std::uint8_t{1});
  // What comes to be there with time is not absent.
  if (!state.rows->is_always(exists) &&
      !impl_->plan.plans[feed].rows.nodes[static_cast<std::size_t>(exists)].moves)
    std::copy_n(state.rows->result(exists), count, there);
  for (const program::FoldGroup &group : state.groups) {
    const bool always = state.rows->is_always(group.filter);
    const std::uint8_t *passes = always ? nullptr : state.rows->result(group.filter);
    for (std::uint32_t row = 0; row < count; ++row)
      seen[row] |= always ? std::uint8_t{1} : passes[row];
  }
}

void Population::clear(std::size_t feed, std::uint32_t customer) {
  impl_->clear(feed, customer);
}

void Population::store(std::uint32_t customer, std::size_t limit, std::string &image) {
  impl_->store(customer, limit, image);
}

} // namespace segmentation::core
