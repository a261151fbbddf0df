// Sizes of cells, and periods.
#include "core/program/measure.hpp"

namespace segmentation::core::program {

std::int64_t period_of(Period period, Day day) noexcept {
  if (period == Period::day || day == day_infinity || day == day_minus_infinity)
    return day;
  if (period == Period::week)
    return std::int64_t{day} - weekday_of(day);
  const CivilDate civil = civil_of(day);
  // Far from the infinities' own numbers.
  return std::int64_t{civil.year} * 12 + civil.month;
}

std::size_t cell_bytes(MeasureKind kind) noexcept {
  switch (kind) {
  case MeasureKind::count:
  case MeasureKind::distinct:
  case MeasureKind::periods:
    return sizeof(CountCell);
  case MeasureKind::sum:
    return sizeof(SumCell);
  case MeasureKind::minimum:
  case MeasureKind::maximum:
  case MeasureKind::wakening:
    return sizeof(ExtremeCell);
  case MeasureKind::first:
  case MeasureKind::last:
    return sizeof(LatestCell);
  case MeasureKind::mode:
  case MeasureKind::purchases:
    return 0;
  }
  return 0;
}

std::size_t side_bytes(const Measure &measure) noexcept {
  switch (measure.kind) {
  case MeasureKind::distinct:
  case MeasureKind::periods:
    return 8 * 32; // some values of hers in a hash table that is half full
  case MeasureKind::purchases:
    return sizeof(PurchaseTotals) + sizeof(std::vector<Day>) + 64; // and a dozen days
  case MeasureKind::mode:
    return 8 * 64;
  case MeasureKind::first:
  case MeasureKind::last:
    return (measure.type == Kind::text ? 32 : 0) + (measure.tie == Tie::keys ? 48 : 0);
  case MeasureKind::minimum:
  case MeasureKind::maximum:
    return measure.type == Kind::text ? 32 : 0;
  default:
    return 0;
  }
}

} // namespace segmentation::core::program
