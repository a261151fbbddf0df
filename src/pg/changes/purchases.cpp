// The rows that attribute forecast_purchases adds up. C++ side: never calls the server.
#include "pg/changes/purchases.hpp"

#include "core/meaning/checker.hpp"
#include "core/value/fold_case.hpp"

namespace segmentation::pg {

core::Feed *purchase_reads(const LiveCore &live) {
  for (const auto &attribute : live.meaning()->schema.attributes) {
    if (core::fold_case(attribute.name) != "forecast_purchases")
      continue;
    core::Name name;
    name.parts = {{attribute.name, true}};
    core::CheckedName checked = core::check_name(name, *live.meaning());
    if (!checked.value)
      return nullptr;
    checked.value->scalar.fold = core::Fold::days; // which reads the date of its rows, as forecasts do
    auto feed = std::make_unique<core::Feed>();
    for (const core::ColumnRead &read : core::columns_read(*checked.value, *live.meaning())) {
      if (feed->reads.empty() || feed->reads.back().relation != read.relation)
        feed->reads.push_back({read.relation, {}});
      feed->reads.back().columns.push_back(read.column);
    }
    return feed.release();
  }
  return nullptr;
}

} // namespace segmentation::pg
