// What a customer's cells say: values, and until when they stand.
#include "core/program/population.hpp"

#include <cstring>

namespace segmentation::core::program {
namespace {

Presence presence_of(const ForecastValue &value) {
  switch (value.form) {
  case ForecastValue::Form::missing:
    return Presence::none;
  case ForecastValue::Form::integer:
  case ForecastValue::Form::day:
    return Presence::here;
  default:
    return Presence::aside;
  }
}

} // namespace

const ModeEntry *Customers::mode_of(int measure, std::uint32_t customer) const {
  const auto &modes = sides[static_cast<std::size_t>(measure)].modes;
  const ModeEntry *best = nullptr;
  if (customer >= modes.size())
    return best;
  const Measure &one = plan.measure(measure);
  const auto value_of = [&](const ModeEntry &entry) {
    return entry.is_text ? *Decimal::parse(entry.text) : Decimal(entry.integer, one.scale);
  };
  for (const ModeEntry &entry : modes[customer]) {
    const auto rank = [](const ModeEntry &entry) {
      return std::tie(entry.count, entry.dated, entry.date, entry.tie);
    };
    if (best == nullptr || rank(*best) < rank(entry))
      best = &entry;
    else if (rank(*best) == rank(entry)) // no key to tell them apart: the larger value is the later
      if (one.type == Kind::text ? best->text < entry.text : value_of(*best) < value_of(entry))
        best = &entry;
  }
  return best;
}

void Customers::read_stored(int index, std::uint32_t customer, LeafValue &out) const {
  const StoredColumn &column = stored[static_cast<std::size_t>(index)];
  const Cell cell = column.cells[customer];
  out.present = cell != Cell::missing;
  out.big.reset();
  if (cell == Cell::digits)
    out.big = column.numbers.at(customer);
  else if (!column.texts.empty())
    out.text = column.texts[customer];
  else
    out.integer = column.integers[customer];
}

ForecastValue Customers::forecast_of(const CustomerLeaf &leaf, std::uint32_t customer) const {
  static const PurchaseTotals none;
  const auto &purchases = sides[static_cast<std::size_t>(leaf.index)].purchases;
  return forecast_value(*plan.meaning->schema.forecast,
                        customer < purchases.size() ? purchases[customer].totals : none, leaf.forecast);
}

Presence Customers::value_of(const CustomerLeaf &leaf, std::uint32_t customer, std::int64_t &out) const {
  const int index = leaf.index;
  const Measure &measure = plan.measure(index);
  const std::byte *at = cell(measure, index, customer);
  switch (measure.kind) {
  case MeasureKind::minimum:
  case MeasureKind::maximum:
  case MeasureKind::wakening: {
    const auto *extreme = reinterpret_cast<const ExtremeCell *>(at);
    out = extreme->value;
    return extreme->presence;
  }
  case MeasureKind::first:
  case MeasureKind::last: {
    const auto *latest = reinterpret_cast<const LatestCell *>(at);
    out = latest->value;
    return latest->presence;
  }
  case MeasureKind::mode: {
    const ModeEntry *entry = mode_of(index, customer);
    out = entry == nullptr ? 0 : entry->integer;
    return entry == nullptr ? Presence::none : entry->is_text ? Presence::aside : Presence::here;
  }
  case MeasureKind::purchases: {
    const ForecastValue value = forecast_of(leaf, customer);
    out = value.integer;
    return presence_of(value);
  }
  default: {
    std::memcpy(&out, at, sizeof out);
    const auto &rest = sides[static_cast<std::size_t>(index)].numbers;
    return !rest.empty() && rest.contains(customer) ? Presence::aside : Presence::here;
  }
  }
}

void Customers::read_measure(const CustomerLeaf &leaf, std::uint32_t customer, LeafValue &out) const {
  const int index = leaf.index;
  const Measure &measure = plan.measure(index);
  const Side &side = sides[static_cast<std::size_t>(index)];
  const std::byte *at = cell(measure, index, customer);
  out.present = true;
  out.big.reset();
  const auto take = [&](std::int64_t value, Presence presence) {
    out.present = presence != Presence::none;
    out.integer = value;
    if (presence != Presence::aside)
      return;
    if (measure.type == Kind::text)
      out.text = side.texts[customer];
    else
      out.big = side.numbers.at(customer);
  };
  switch (measure.kind) {
  case MeasureKind::count:
  case MeasureKind::distinct:
  case MeasureKind::periods:
    out.integer = reinterpret_cast<const CountCell *>(at)->rows;
    break;
  case MeasureKind::sum:
    out.integer = reinterpret_cast<const SumCell *>(at)->coefficient;
    if (const auto rest = side.numbers.find(customer); rest != side.numbers.end())
      out.big = rest->second + Decimal(out.integer, measure.scale);
    break;
  case MeasureKind::minimum:
  case MeasureKind::maximum:
  case MeasureKind::wakening: {
    const auto *cell = reinterpret_cast<const ExtremeCell *>(at);
    take(cell->value, cell->presence);
    break;
  }
  case MeasureKind::first:
  case MeasureKind::last: {
    const auto *cell = reinterpret_cast<const LatestCell *>(at);
    take(cell->value, cell->presence);
    break;
  }
  case MeasureKind::mode: {
    const ModeEntry *entry = mode_of(index, customer);
    out.present = entry != nullptr;
    if (entry == nullptr)
      break;
    out.integer = entry->integer;
    if (measure.type == Kind::text)
      out.text = entry->text;
    else if (entry->is_text)
      out.big = Decimal::parse(entry->text);
    break;
  }
  case MeasureKind::purchases: {
    ForecastValue value = forecast_of(leaf, customer);
    out.present = value.form != ForecastValue::Form::missing;
    out.integer = value.integer;
    out.text = value.text;
    if (value.form == ForecastValue::Form::decimal)
      out.big = std::move(value.decimal);
    break;
  }
  }
}

Instant Customers::measure_until(int index, std::uint32_t customer) const {
  Instant until = instant_infinity;
  for (const Measure::Tracker &tracker : plan.measure(index).trackers) {
    const Measure &tracked = plan.measure(tracker.measure);
    if (tracked.level > level)
      continue;
    const auto *next = reinterpret_cast<const ExtremeCell *>(cell(tracked, tracker.measure, customer));
    if (next->presence != Presence::none)
      until = std::min(until, tracker.bound < 0 ? next->value : clock.flip(tracker.bound, next->value));
  }
  return until;
}

void CustomerReader::read(int leaf, LeafValue &out) const {
  const CustomerLeaf &one = customers_.plan.leaves[static_cast<std::size_t>(leaf)];
  if (one.stored)
    customers_.read_stored(one.index, customer_, out);
  else
    customers_.read_measure(one, customer_, out);
}

Instant CustomerReader::until(int leaf) const {
  const CustomerLeaf &one = customers_.plan.leaves[static_cast<std::size_t>(leaf)];
  return one.stored ? instant_infinity : customers_.measure_until(one.index, customer_);
}

} // namespace segmentation::core::program
