// Plans that a session keeps for statements that it runs again and again.
#pragma once

#include "pg/boundary/server.hpp"

namespace segmentation::pg {

/// Returns the generic plan of a statement with parameters of these types; made at its first use. Where too
/// many are kept all are given up. Valid until the transaction ends. An SPI connection must be open.
SPIPlanPtr saved_plan(const char *sql, int count, const Oid *types);

} // namespace segmentation::pg
