// The shop's time zone as the server knows it, as a table for the core.
#pragma once

#include "pg/live/plain.hpp"

namespace segmentation::pg {

/// Returns the zone's changes; kept for the session. Raises 22023 for a name that the server does not know.
ZoneInput load_zone(const char *name);

} // namespace segmentation::pg
