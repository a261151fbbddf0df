// What explain() shows of rows: a customer's own columns, lists' members, keys.
#include "core/program/population.hpp"

#include <algorithm>
#include <limits>

namespace segmentation::core::program {
namespace {

std::string shown(const BatchColumn &column, std::uint32_t row, const Zone &zone) {
  if (column.type == Kind::text || column.cells[row] == Cell::digits)
    return std::string(view(column.texts[row]));
  if (column.type == Kind::number)
    return show_padded(Decimal(column.integers[row], column.scale), padded_places(column.scale));
  return show(column.type, column.integers[row], column.scale, zone);
}

} // namespace

void Customers::keep_card(std::uint32_t customer, std::uint32_t row) {
  cards.resize(customer + 1);
  for (const BatchColumn &column : feeds[0].batch.columns) {
    Card &card = cards[customer].emplace_back();
    card.cell = column.cells[row];
    if (card.cell == Cell::missing)
      continue;
    if (column.lists != nullptr)
      for (std::uint32_t i = 0; i < column.lists[row].count; ++i)
        card.list.emplace_back(view(column.lists[row].values[i]));
    else if (card.cell == Cell::digits || column.type == Kind::text)
      card.text = view(column.texts[row]);
    else
      card.integer = column.integers[row];
  }
}

void Customers::keep_list(std::size_t feed, std::size_t index, const KnownRows &known) {
  FeedState &state = feeds[feed];
  const ShownList &list = plan.plans[feed].lists[index];
  const std::uint8_t *passes = state.rows->result(list.filter);
  for (std::uint32_t k = 0; k < known.count; ++k) {
    const std::uint32_t row = known.rows[k];
    if (!passes[row])
      continue;
    for (const int c : list.columns) {
      const BatchColumn &column = state.batch.columns[static_cast<std::size_t>(c)];
      if (column.cells[row] == Cell::missing)
        continue;
      auto &members = state.members[{known.customers[row], static_cast<int>(index)}];
      if (column.lists != nullptr)
        for (std::uint32_t i = 0; i < column.lists[row].count; ++i)
          members.emplace_back(view(column.lists[row].values[i]));
      else
        members.push_back(shown(column, row, clock.zone()));
    }
  }
}

void Customers::keep_rows(std::size_t feed, std::size_t index, const KnownRows &known) {
  FeedState &state = feeds[feed];
  const ShownRows &wanted = plan.plans[feed].shown[index];
  const std::uint8_t *passes = state.rows->result(wanted.filter);
  const auto is_newer = [](const NamedRows::Row &a, const NamedRows::Row &b) {
    return std::tie(a.date, a.number, a.key) > std::tie(b.date, b.number, b.key);
  };
  for (std::uint32_t k = 0; k < known.count; ++k) {
    const std::uint32_t row = known.rows[k];
    if (!passes[row])
      continue;
    NamedRows &named = state.named[{known.customers[row], static_cast<int>(index)}];
    ++named.count;
    if (wanted.keys.empty())
      continue;
    NamedRows::Row one{std::numeric_limits<std::int64_t>::min(), 0, {}};
    if (wanted.date >= 0)
      if (const BatchColumn &date = state.batch.columns[static_cast<std::size_t>(wanted.date)];
          date.cells[row] == Cell::value)
        one.date = date.integers[row];
    for (const int c : wanted.keys) {
      const BatchColumn &column = state.batch.columns[static_cast<std::size_t>(c)];
      one.key += one.key.empty() ? "" : "/";
      if (column.cells[row] == Cell::missing)
        continue;
      if (column.cells[row] == Cell::value && column.integers != nullptr && column.type != Kind::text)
        one.number = column.integers[row];
      one.key += column.lists == nullptr ? shown(column, row, clock.zone()) : "";
    }
    const auto place = std::lower_bound(named.newest.begin(), named.newest.end(), one, is_newer);
    if (place == named.newest.end() && named.newest.size() == most_named_rows)
      continue;
    named.newest.insert(place, std::move(one));
    if (named.newest.size() > most_named_rows)
      named.newest.pop_back();
  }
}

} // namespace segmentation::core::program
