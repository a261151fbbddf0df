// Reading a numeric's stored form straight into a scaled 64-bit integer, without numeric_out. Server's side.
#pragma once

#include "core/program/program.hpp"
#include "pg/boundary/server.hpp"

namespace segmentation::pg {

/// Reads value * 10^scale into `coefficient`. Returns Cell::value, Cell::missing for NaN and infinities, or
/// Cell::digits where the value has more decimals than scale, or does not fit: then its text is to be taken
/// from numeric_out. `value` is a detoasted numeric, perhaps with a short header.
core::Cell read_numeric(const struct varlena *value, int32 scale, int64 *coefficient);

/// Multiplies an integer by 10^scale; false where that does not fit.
bool scale_integer(int64 value, int32 scale, int64 *coefficient);

} // namespace segmentation::pg
