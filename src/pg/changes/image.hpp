// Images of rows: the values that a capture plan notes, as bytes that are equal where the values are.
// Server's side.
#pragma once

#include "pg/changes/capture_plan.hpp"
#include "pg/live/live_core.hpp"

#include <string_view>

namespace segmentation::pg {

/// Appends the image of a row.
void append_image(StringInfo buffer, const CapturePlan *plan, TupleTableSlot *slot);

/// Reads one value; false for NULL. What it points to is the image's own.
bool image_value(const CapturePlan *plan, const char *image, int attribute, Datum *value);

/// Returns the bytes of one value; none for NULL. Calls nothing of the server's.
std::string_view image_bytes(const char *image, int attribute) noexcept;

/// Returns a value as compare_keys compares it.
CustomerKey comparable(const CapturedAttribute &attribute, Datum value);

} // namespace segmentation::pg
