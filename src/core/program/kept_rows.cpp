// Copies of batches, and their way back.
#include "core/program/kept_rows.hpp"

#include "core/program/population.hpp"

#include <algorithm>

namespace segmentation::core::program {
namespace {

constexpr std::size_t most_kept_rows = 100'000;

} // namespace

TextCell KeptRows::copy(const TextCell &text) {
  const std::string &kept = bytes_.emplace_back(view(text));
  return {kept.data(), static_cast<std::uint32_t>(kept.size())};
}

KeptRows::Values KeptRows::copy(const BatchColumn &column, std::uint32_t rows) {
  Values values;
  values.cells.assign(column.cells, column.cells + rows);
  if (column.lists != nullptr)
    values.lists.resize(rows);
  if (column.texts != nullptr)
    values.texts.resize(rows);
  if (column.integers != nullptr)
    values.integers.assign(column.integers, column.integers + rows);
  for (std::uint32_t row = 0; row < rows; ++row) {
    if (values.cells[row] == Cell::missing)
      continue;
    if (column.lists != nullptr) {
      std::vector<TextCell> &members = lists_.emplace_back();
      for (std::uint32_t i = 0; i < column.lists[row].count; ++i)
        members.push_back(copy(column.lists[row].values[i]));
      values.lists[row] = {members.data(), static_cast<std::uint32_t>(members.size())};
    } else if (values.cells[row] == Cell::digits || column.type == Kind::text || column.type == Kind::json) {
      values.texts[row] = copy(column.texts[row]);
    }
  }
  return values;
}

void KeptRows::keep(std::size_t feed, const Batch &batch) {
  rows_ += batch.rows;
  too_many_ = rows_ > most_kept_rows;
  if (too_many_)
    return batches_.clear();
  Rows &rows = batches_.emplace_back();
  rows.feed = feed;
  rows.count = batch.rows;
  for (const BatchColumn &column : batch.columns)
    rows.columns.push_back(copy(column, batch.rows));
  rows.columns.push_back(copy(batch.key, batch.rows));
}

void KeptRows::replay(Customers &to) const {
  for (const Rows &rows : batches_) {
    Batch &batch = to.feeds[rows.feed].batch;
    for (std::size_t i = 0; i < rows.columns.size(); ++i) {
      const Values &values = rows.columns[i];
      const BatchColumn &column = i + 1 == rows.columns.size() ? batch.key : batch.columns[i];
      std::copy(values.cells.begin(), values.cells.end(), column.cells);
      std::copy(values.integers.begin(), values.integers.end(), column.integers);
      std::copy(values.texts.begin(), values.texts.end(), column.texts);
      std::copy(values.lists.begin(), values.lists.end(), column.lists);
    }
    batch.rows = rows.count;
    if (rows.feed == 0)
      to.fold_customers();
    else
      to.fold_rows(rows.feed);
    batch.rows = 0;
  }
}

} // namespace segmentation::core::program
