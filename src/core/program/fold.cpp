// Rows into cells: one tight loop per kind of measure over the rows that passed its filter.
#include "core/program/fold_input.hpp"

#include <algorithm>

namespace segmentation::core::program {

bool read_number(const BatchColumn &column, std::uint32_t row, Number &out) {
  out.big.reset();
  if (column.cells[row] == Cell::value) {
    out.coefficient = column.integers[row];
    return true;
  }
  if (column.cells[row] == Cell::missing)
    return false;
  out.big = digits_of(column, row);
  if (!out.big)
    return false;
  if (const auto fits = out.big->at_scale(column.scale)) {
    out.coefficient = *fits;
    out.big.reset();
  }
  return true;
}

void encode_ties(const Measure &measure, const FoldInput &input, std::uint32_t row, std::string &out) {
  out.clear();
  for (const int tie : measure.ties) {
    const BatchColumn &column = column_of(input, tie);
    const Cell cell = column.cells[row];
    if (cell == Cell::missing)
      out.push_back('\0');
    else if (column.type == Kind::text)
      encode(view(column.texts[row]), out);
    else if (column.type != Kind::number)
      encode(column.integers[row], out);
    else if (cell == Cell::value)
      encode(Decimal(column.integers[row], column.scale), column.scale, out);
    else if (const auto number = digits_of(column, row))
      encode(*number, column.scale, out);
  }
}

namespace {

void fold_count(const FoldInput &input) {
  for (std::uint32_t k = 0; k < input.count; ++k)
    cell_of<CountCell>(input, input.picked[k]).fold();
}

void fold_sum(const Measure &measure, const FoldInput &input, Side &side) {
  const BatchColumn &column = column_of(input, measure.argument);
  for (std::uint32_t k = 0; k < input.count; ++k) {
    const std::uint32_t row = input.picked[k];
    const Cell cell = column.cells[row];
    if (cell == Cell::value) {
      SumCell &sum = cell_of<SumCell>(input, row);
      if (!sum.fold(column.integers[row])) [[unlikely]] {
        Decimal &rest = side.numbers[input.customers[row]];
        rest = rest + Decimal(sum.coefficient, measure.scale);
        sum.coefficient = column.integers[row];
      }
    } else if (cell == Cell::digits) {
      if (const auto number = digits_of(column, row)) {
        Decimal &rest = side.numbers[input.customers[row]];
        rest = rest + *number;
      }
    }
  }
}

// Once a number beyond the cell is in play, the value stands in the side store whenever it is the better one.
template <int sign>
void fold_wide_extreme(ExtremeCell &cell, std::uint32_t customer, const Number &number,
                       const Measure &measure, Side &side) {
  const Decimal candidate = number.big ? *number.big : Decimal(number.coefficient, measure.scale);
  if (cell.presence != Presence::none) {
    const Decimal held =
        cell.presence == Presence::aside ? side.numbers.at(customer) : Decimal(cell.value, measure.scale);
    const auto ordering = candidate <=> held;
    if (sign > 0 ? ordering >= 0 : ordering <= 0)
      return;
  }
  if (cell.presence == Presence::aside)
    side.numbers.erase(customer);
  cell.presence = number.big ? Presence::aside : Presence::here;
  cell.value = number.big ? 0 : number.coefficient;
  if (number.big)
    side.numbers.insert_or_assign(customer, *number.big);
}

template <int sign> void fold_extreme(const Measure &measure, const FoldInput &input, Side &side) {
  const BatchColumn &column = column_of(input, measure.argument);
  if (measure.type == Kind::text) {
    side.texts.resize(std::max<std::size_t>(side.texts.size(), input.population));
    for (std::uint32_t k = 0; k < input.count; ++k) {
      const std::uint32_t row = input.picked[k];
      if (column.cells[row] == Cell::missing)
        continue;
      ExtremeCell &cell = cell_of<ExtremeCell>(input, row);
      std::string &held = side.texts[input.customers[row]];
      const std::string_view text = view(column.texts[row]);
      if (cell.presence == Presence::none || (sign > 0 ? text < held : text > held))
        held = text;
      cell.presence = Presence::aside;
    }
    return;
  }
  Number number;
  for (std::uint32_t k = 0; k < input.count; ++k) {
    const std::uint32_t row = input.picked[k];
    if (column.cells[row] == Cell::missing)
      continue;
    ExtremeCell &cell = cell_of<ExtremeCell>(input, row);
    if (column.cells[row] == Cell::value && cell.presence != Presence::aside) [[likely]]
      cell.fold<sign>(column.integers[row]);
    else if (read_number(column, row, number))
      fold_wide_extreme<sign>(cell, input.customers[row], number, measure, side);
  }
}

template <int sign> void fold_latest(const Measure &measure, const FoldInput &input, Side &side) {
  const BatchColumn &column = column_of(input, measure.argument);
  const BatchColumn *dates = measure.date >= 0 ? &column_of(input, measure.date) : nullptr;
  const BatchColumn *ties = measure.tie == Tie::integer ? &column_of(input, measure.ties[0]) : nullptr;
  const bool is_text = measure.type == Kind::text;
  if (is_text)
    side.texts.resize(std::max<std::size_t>(side.texts.size(), input.population));
  if (measure.tie == Tie::keys)
    side.ties.resize(std::max<std::size_t>(side.ties.size(), input.population));
  std::string key;
  Number number;
  for (std::uint32_t k = 0; k < input.count; ++k) {
    const std::uint32_t row = input.picked[k];
    // A row without a date or without a value is neither first nor last.
    if (column.cells[row] == Cell::missing || (dates != nullptr && dates->cells[row] != Cell::value))
      continue;
    LatestCell &cell = cell_of<LatestCell>(input, row);
    const std::uint32_t customer = input.customers[row];
    const std::int64_t date = dates != nullptr ? dates->integers[row] : 0;
    if (cell.any && date != cell.date && (sign > 0) != (date > cell.date))
      continue;
    number.coefficient = 0;
    number.big.reset();
    if (!is_text && column.cells[row] == Cell::value)
      number.coefficient = column.integers[row];
    else if (!is_text && !read_number(column, row, number))
      continue;
    const bool tied = cell.any && date == cell.date;
    std::int64_t tie = 0;
    switch (measure.tie) {
    case Tie::integer:
      tie = ties->cells[row] == Cell::value ? ties->integers[row] : std::numeric_limits<std::int64_t>::min();
      if (tied && (sign > 0 ? tie <= cell.tie : tie >= cell.tie))
        continue;
      break;
    case Tie::keys:
      encode_ties(measure, input, row, key);
      if (tied && (sign > 0 ? key <= side.ties[customer] : key >= side.ties[customer]))
        continue;
      side.ties[customer] = key;
      break;
    case Tie::value:
      if (!tied)
        break;
      if (is_text) {
        const std::string_view text = view(column.texts[row]), held = side.texts[customer];
        if (sign > 0 ? text <= held : text >= held)
          continue;
      } else if (number.big || cell.presence == Presence::aside) {
        const Decimal candidate = number.big ? *number.big : Decimal(number.coefficient, measure.scale);
        const Decimal held =
            cell.presence == Presence::aside ? side.numbers.at(customer) : Decimal(cell.value, measure.scale);
        if (sign > 0 ? candidate <= held : candidate >= held)
          continue;
      } else if (sign > 0 ? number.coefficient <= cell.value : number.coefficient >= cell.value) {
        continue;
      }
      break;
    }
    cell.any = true;
    cell.date = date;
    cell.tie = tie;
    cell.value = number.coefficient;
    if (is_text)
      side.texts[customer] = view(column.texts[row]);
    else if (number.big)
      side.numbers.insert_or_assign(customer, *number.big);
    else if (cell.presence == Presence::aside)
      side.numbers.erase(customer);
    cell.presence = is_text || number.big ? Presence::aside : Presence::here;
  }
}

void fold_distinct(const Measure &measure, const FoldInput &input, Side &side) {
  const BatchColumn &column = column_of(input, measure.argument);
  Number number;
  for (std::uint32_t k = 0; k < input.count; ++k) {
    const std::uint32_t row = input.picked[k];
    if (column.cells[row] == Cell::missing)
      continue;
    const std::uint32_t customer = input.customers[row];
    CountCell &cell = cell_of<CountCell>(input, row);
    if (column.type == Kind::text) {
      cell.rows += side.seen.add(customer, view(column.texts[row]));
    } else if (column.lists != nullptr) {
      const ListCell &list = column.lists[row];
      for (std::uint32_t i = 0; i < list.count; ++i)
        if (column.type == Kind::text_list)
          cell.rows += side.seen.add(customer, view(list.values[i]));
        else if (const auto one = Decimal::parse(view(list.values[i])))
          cell.rows += side.seen.add(customer, one->to_string());
    } else if (column.type != Kind::number || column.cells[row] == Cell::value) {
      cell.rows += side.seen.add(customer, column.integers[row]);
    } else if (read_number(column, row, number)) {
      cell.rows += number.big ? side.seen.add(customer, number.big->to_string())
                              : side.seen.add(customer, number.coefficient);
    }
  }
}

Day day_of(const BatchColumn &dates, std::uint32_t row, const FoldInput &input) {
  return dates.type == Kind::day ? static_cast<Day>(dates.integers[row])
                                 : input.clock.zone().local_day(dates.integers[row]);
}

void fold_periods(const Measure &measure, const FoldInput &input, Side &side) {
  if (measure.date < 0)
    return;
  const BatchColumn &dates = column_of(input, measure.date);
  for (std::uint32_t k = 0; k < input.count; ++k) {
    const std::uint32_t row = input.picked[k];
    if (dates.cells[row] != Cell::value)
      continue;
    cell_of<CountCell>(input, row).rows +=
        side.seen.add(input.customers[row], period_of(measure.period, day_of(dates, row, input)));
  }
}

void fold_purchases(const Measure &measure, const FoldInput &input, Side &side) {
  const BatchColumn &values = column_of(input, measure.argument);
  const BatchColumn &dates = column_of(input, measure.date);
  side.purchases.resize(std::max<std::size_t>(side.purchases.size(), input.population));
  Number number;
  for (std::uint32_t k = 0; k < input.count; ++k) {
    const std::uint32_t row = input.picked[k];
    if (dates.cells[row] != Cell::value)
      continue;
    const Day day = day_of(dates, row, input);
    if (day == day_minus_infinity || day > measure.last_day)
      continue;
    // A value that is missing adds nothing.
    Decimal value;
    if (read_number(values, row, number))
      value = number.big ? *number.big : Decimal(number.coefficient, values.scale);
    auto &[totals, days] = side.purchases[input.customers[row]];
    if (totals.days == 0 || day < totals.first) {
      totals.first = day;
      totals.first_value = value;
    } else if (day == totals.first) {
      totals.first_value = totals.first_value + value;
    }
    // Rows mostly come in the order in which they were written.
    if (const auto at =
            days.empty() || day > days.back() ? days.end() : std::lower_bound(days.begin(), days.end(), day);
        at == days.end() || *at != day)
      days.insert(at, day);
    totals.last = days.back();
    totals.days = static_cast<std::int64_t>(days.size());
    totals.spend = totals.spend + value;
    ++totals.orders;
  }
}

void fold_mode(const Measure &measure, const FoldInput &input, Side &side) {
  const BatchColumn &column = column_of(input, measure.argument);
  const BatchColumn *dates = measure.date >= 0 ? &column_of(input, measure.date) : nullptr;
  side.modes.resize(std::max<std::size_t>(side.modes.size(), input.population));
  std::string key;
  std::string text;
  Number number;
  for (std::uint32_t k = 0; k < input.count; ++k) {
    const std::uint32_t row = input.picked[k];
    if (column.cells[row] == Cell::missing)
      continue;
    number.coefficient = 0;
    text.clear();
    bool is_text = measure.type == Kind::text;
    if (is_text) {
      text = view(column.texts[row]);
    } else if (column.cells[row] == Cell::value) {
      number.coefficient = column.integers[row];
    } else if (!read_number(column, row, number)) {
      continue;
    } else if (number.big) {
      is_text = true;
      text = number.big->to_string();
    }
    auto &entries = side.modes[input.customers[row]];
    const auto known = std::find_if(entries.begin(), entries.end(), [&](const ModeEntry &one) {
      return one.is_text == is_text && (is_text ? one.text == text : one.integer == number.coefficient);
    });
    ModeEntry &entry = known != entries.end() ? *known : entries.emplace_back();
    entry.integer = number.coefficient;
    entry.text = text;
    entry.is_text = is_text;
    ++entry.count;
    const bool dated = dates == nullptr || dates->cells[row] == Cell::value;
    const std::int64_t date = dates != nullptr && dated ? dates->integers[row] : 0;
    encode_ties(measure, input, row, key);
    if (entry.count == 1 || std::tie(entry.dated, entry.date, entry.tie) < std::tie(dated, date, key)) {
      entry.dated = dated;
      entry.date = date;
      entry.tie = key;
    }
  }
}

// The first instant at which a row's moving test may change, over all rows.
void fold_wakening(const Measure &measure, const FoldInput &input) {
  const Test &test = input.rows.tests[static_cast<std::size_t>(measure.waken_test)];
  RowReader reader(input.batch);
  const Judge judge(input.rows, input.clock, reader);
  for (std::uint32_t k = 0; k < input.count; ++k) {
    const std::uint32_t row = input.picked[k];
    reader.at(row);
    cell_of<ExtremeCell>(input, row).fold<1>(judge.until(test));
  }
}

} // namespace

void fold_measure(const Measure &measure, const FoldInput &input, Side &side) {
  switch (measure.kind) {
  case MeasureKind::count:
    return fold_count(input);
  case MeasureKind::sum:
    return fold_sum(measure, input, side);
  case MeasureKind::minimum:
    return fold_extreme<1>(measure, input, side);
  case MeasureKind::maximum:
    return fold_extreme<-1>(measure, input, side);
  case MeasureKind::first:
    return fold_latest<-1>(measure, input, side);
  case MeasureKind::last:
    return fold_latest<1>(measure, input, side);
  case MeasureKind::distinct:
    return fold_distinct(measure, input, side);
  case MeasureKind::periods:
    return fold_periods(measure, input, side);
  case MeasureKind::purchases:
    return fold_purchases(measure, input, side);
  case MeasureKind::mode:
    return fold_mode(measure, input, side);
  case MeasureKind::wakening:
    return fold_wakening(measure, input);
  }
}

} // namespace segmentation::core::program
