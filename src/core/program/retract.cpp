// Rows back out of cells. What a cell does not tell without the other rows is lost: its owner reads them
// anew.
#include "core/program/fold_input.hpp"

#include <algorithm>

namespace segmentation::core::program {
namespace {

using Lost = std::vector<std::uint32_t>;

// What one row was to a cell that holds the best of many.
enum class Rank : std::uint8_t { worse, held };

template <int sign, typename Value> Rank rank(const Value &row, const Value &held) {
  return (sign > 0 ? row > held : row < held) ? Rank::worse : Rank::held;
}

void retract_count(const FoldInput &input) {
  for (std::uint32_t k = 0; k < input.count; ++k)
    cell_of<CountCell>(input, input.picked[k]).retract();
}

void retract_sum(const Measure &measure, const FoldInput &input, Side &side) {
  const BatchColumn &column = column_of(input, measure.argument);
  Number number;
  for (std::uint32_t k = 0; k < input.count; ++k) {
    const std::uint32_t row = input.picked[k];
    SumCell &sum = cell_of<SumCell>(input, row);
    const std::uint32_t customer = input.customers[row];
    const bool plain = column.cells[row] == Cell::value;
    if (plain && side.numbers.empty() && sum.retract(column.integers[row])) [[likely]]
      continue;
    if (!read_number(column, row, number))
      continue;
    const auto rest = side.numbers.find(customer);
    Decimal left = Decimal(sum.coefficient, measure.scale) -
                   (number.big ? *number.big : Decimal(number.coefficient, measure.scale));
    if (rest != side.numbers.end())
      left = left + rest->second;
    // What fits the cell again goes back there.
    if (const auto fits = left.at_scale(measure.scale)) {
      sum.coefficient = *fits;
      side.numbers.erase(customer);
    } else {
      sum.coefficient = 0;
      side.numbers.insert_or_assign(customer, std::move(left));
    }
  }
}

Decimal held_number(std::int64_t value, Presence presence, std::uint32_t customer, const Measure &measure,
                    const Side &side) {
  return presence == Presence::aside ? side.numbers.at(customer) : Decimal(value, measure.scale);
}

// The value of the picked row against the one that the cell holds. False for a missing one, which never
// counted.
template <int sign, typename Cell>
bool rank_value(const Measure &measure, const FoldInput &input, const Side &side, std::uint32_t row,
                const Cell &cell, Rank &out) {
  const BatchColumn &column = column_of(input, measure.argument);
  const std::uint32_t customer = input.customers[row];
  if (column.cells[row] == core::Cell::missing)
    return false;
  if (measure.type == Kind::text) {
    if (cell.presence != Presence::aside)
      out = Rank::held; // nothing is held of a row that counted: something is amiss
    else
      out = rank<sign>(view(column.texts[row]), std::string_view(side.texts[customer]));
    return true;
  }
  Number number;
  if (!read_number(column, row, number))
    return false;
  if (cell.presence == Presence::none)
    out = Rank::held;
  else if (!number.big && cell.presence == Presence::here)
    out = rank<sign>(number.coefficient, cell.value);
  else
    out = rank<sign>(number.big ? *number.big : Decimal(number.coefficient, measure.scale),
                     held_number(cell.value, cell.presence, customer, measure, side));
  return true;
}

// A row that comes may be worth as much, as where a row is updated.
bool can_be_filled(const ExtremeCell &cell, const BatchColumn &column, std::uint32_t row) {
  return cell.presence == Presence::here && column.cells[row] == core::Cell::value &&
         column.integers[row] == cell.value;
}

template <int sign>
void retract_extreme(int index, const Measure &measure, const FoldInput &input, const Side &side,
                     std::vector<Vacancy> &vacancies, Lost &lost) {
  for (std::uint32_t k = 0; k < input.count; ++k) {
    const std::uint32_t row = input.picked[k];
    ExtremeCell &cell = cell_of<ExtremeCell>(input, row);
    Rank found = Rank::worse;
    if (!rank_value<sign>(measure, input, side, row, cell, found) || found != Rank::held)
      continue;
    if (can_be_filled(cell, column_of(input, measure.argument), row)) {
      vacancies.push_back({index, input.customers[row], cell.value, 0});
      cell.presence = Presence::none;
    } else {
      lost.push_back(input.customers[row]);
    }
  }
}

// sign: -1 for the last, whose worse rows come before it.
template <int sign>
void retract_latest(int index, const Measure &measure, const FoldInput &input, const Side &side,
                    std::vector<Vacancy> &vacancies, Lost &lost) {
  const BatchColumn *dates = measure.date >= 0 ? &column_of(input, measure.date) : nullptr;
  std::string key;
  for (std::uint32_t k = 0; k < input.count; ++k) {
    const std::uint32_t row = input.picked[k];
    if (dates != nullptr && dates->cells[row] != core::Cell::value)
      continue;
    LatestCell &cell = cell_of<LatestCell>(input, row);
    const std::uint32_t customer = input.customers[row];
    Rank found = Rank::worse;
    if (!rank_value<sign>(measure, input, side, row, cell, found))
      continue;
    const std::int64_t date = dates != nullptr ? dates->integers[row] : 0;
    if (!cell.any) {
      found = Rank::held;
    } else if (date != cell.date) {
      found = rank<sign>(date, cell.date);
    } else if (measure.tie == Tie::integer) {
      const BatchColumn &tie = column_of(input, measure.ties[0]);
      found = rank<sign>(tie.cells[row] == core::Cell::value ? tie.integers[row]
                                                             : std::numeric_limits<std::int64_t>::min(),
                         cell.tie);
      // It is the very row: no other has its key.
      if (tie.cells[row] == core::Cell::value && tie.integers[row] == cell.tie) {
        vacancies.push_back({index, customer, cell.date, cell.tie});
        cell.any = false;
        continue;
      }
    } else if (measure.tie == Tie::keys) {
      encode_ties(measure, input, row, key);
      found = rank<sign>(key, side.ties[customer]);
    }
    if (found == Rank::held)
      lost.push_back(customer);
  }
}

void lose_all(const FoldInput &input, Lost &lost) {
  for (std::uint32_t k = 0; k < input.count; ++k)
    lost.push_back(input.customers[input.picked[k]]);
}

} // namespace

void retract_measure(int index, const Measure &measure, const FoldInput &input, Side &side,
                     std::vector<Vacancy> &vacancies, Lost &lost) {
  if (measure.level >= Level::horizons)
    return; // a tracker may be early
  switch (measure.kind) {
  case MeasureKind::count:
    return retract_count(input);
  case MeasureKind::sum:
    return retract_sum(measure, input, side);
  case MeasureKind::minimum:
    return retract_extreme<1>(index, measure, input, side, vacancies, lost);
  case MeasureKind::maximum:
    return retract_extreme<-1>(index, measure, input, side, vacancies, lost);
  case MeasureKind::first:
    return retract_latest<1>(index, measure, input, side, vacancies, lost);
  case MeasureKind::last:
    return retract_latest<-1>(index, measure, input, side, vacancies, lost);
  case MeasureKind::distinct:
  case MeasureKind::periods:
  case MeasureKind::purchases:
  case MeasureKind::mode:
    return lose_all(input, lost);
  case MeasureKind::wakening:
    return;
  }
}

void Customers::lose(std::size_t feed, const Lost &customers, Lost &lost) {
  std::vector<std::uint8_t> &flags = feeds[feed].lost;
  flags.resize(keys.size());
  for (const std::uint32_t customer : customers)
    if (std::exchange(flags[customer], std::uint8_t{1}) == 0)
      lost.push_back(customer);
}

void Customers::retract_rows(std::size_t feed, std::vector<std::uint32_t> &lost) {
  FeedState &state = feeds[feed];
  KnownRows known;
  if (!know_rows(feed, false, known))
    return;
  std::uint16_t picked[Batch::capacity];
  std::vector<std::uint32_t> found;
  for (const FoldGroup &group : state.groups) {
    const std::uint32_t count = pick_rows(feed, group, known, picked);
    if (count == 0)
      continue;
    for (const int measure : group.measures)
      retract_measure(measure, plan.measure(measure),
                      {state.batch, picked, count, known.customers, known.blocks,
                       offsets[static_cast<std::size_t>(measure)], keys.size(), clock, plan.plans[feed].rows},
                      sides[static_cast<std::size_t>(measure)], state.vacancies, found);
  }
  lose(feed, found, lost);
}

void Customers::fill_vacancies(std::size_t feed, std::vector<std::uint32_t> &lost) {
  FeedState &state = feeds[feed];
  std::vector<std::uint32_t> found;
  for (const Vacancy &vacancy : state.vacancies) {
    const MeasureKind kind = plan.measure(vacancy.measure).kind;
    const std::byte *at = cell(plan.measure(vacancy.measure), vacancy.measure, vacancy.customer);
    bool filled = false;
    if (kind == MeasureKind::minimum || kind == MeasureKind::maximum) {
      const auto &extreme = *reinterpret_cast<const ExtremeCell *>(at);
      filled =
          extreme.presence == Presence::here &&
          (kind == MeasureKind::minimum ? extreme.value <= vacancy.value : extreme.value >= vacancy.value);
    } else {
      const auto &latest = *reinterpret_cast<const LatestCell *>(at);
      filled = kind == MeasureKind::last ? !latest.yields_to<1>(vacancy.value, vacancy.tie)
                                         : !latest.yields_to<-1>(vacancy.value, vacancy.tie);
    }
    if (!filled)
      found.push_back(vacancy.customer);
  }
  state.vacancies.clear();
  lose(feed, found, lost);
}

} // namespace segmentation::core::program
