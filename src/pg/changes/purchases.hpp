// What forecasts are made of. C++ side: never calls the server.
#pragma once

#include "pg/live/live_core.hpp"

namespace segmentation::pg {

/// Returns which columns the purchases are made of, as the reads of a feed; nullptr where it is not known
/// which rows are purchases.
core::Feed *purchase_reads(const LiveCore &live);

} // namespace segmentation::pg
