// Rows that refer to another one. Server's side.
#pragma once

#include "pg/boundary/server.hpp"

namespace segmentation::pg {

/// Counts the rows that the active snapshot shows whose column has a value of a type, up to one more than
/// `most`. Returns -1 where no index tells. Takes AccessShareLock on the relation and the index.
int64 count_by_index(Oid relation, const char *column, Oid type, Datum value, int64 most);

} // namespace segmentation::pg
