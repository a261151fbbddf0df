// Each value stands on a boundary of 8 bytes behind a word that tells its size; 0 is NULL. Server's side.
#include "pg/changes/image.hpp"

namespace segmentation::pg {

namespace {

void append_padded(StringInfo buffer, const void *data, Size size) {
  uint64 word = size + 1;
  appendBinaryStringInfo(buffer, reinterpret_cast<const char *>(&word), sizeof word);
  appendBinaryStringInfo(buffer, static_cast<const char *>(data), static_cast<int>(size));
  static const char zeros[8] = {};
  appendBinaryStringInfo(buffer, zeros, static_cast<int>(MAXALIGN(size) - size));
}

} // namespace

void append_image(StringInfo buffer, const CapturePlan *plan, TupleTableSlot *slot) {
  for (int i = 0; i < plan->attribute_count; ++i) {
    const CapturedAttribute &attribute = plan->attributes[i];
    bool missing;
    Datum value = slot_getattr(slot, attribute.number, &missing);
    if (missing) {
      uint64 word = 0;
      appendBinaryStringInfo(buffer, reinterpret_cast<const char *>(&word), sizeof word);
    } else if (attribute.by_value) {
      append_padded(buffer, &value, sizeof value);
    } else if (attribute.length == -1) {
      // An unchanged value may come compressed or not: only plain bytes can be compared.
      struct varlena *plain = PG_DETOAST_DATUM(value);
      append_padded(buffer, plain, VARSIZE(plain));
      if (plain != reinterpret_cast<struct varlena *>(DatumGetPointer(value)))
        pfree(plain);
    } else if (attribute.length == -2) {
      append_padded(buffer, DatumGetCString(value), strlen(DatumGetCString(value)) + 1);
    } else {
      append_padded(buffer, DatumGetPointer(value), static_cast<Size>(attribute.length));
    }
  }
}

std::string_view image_bytes(const char *image, int attribute) noexcept {
  std::uint64_t word = 0;
  for (int i = 0;; ++i) {
    std::memcpy(&word, image, sizeof word);
    image += sizeof word;
    if (i == attribute)
      break;
    if (word > 0)
      image += (word - 1 + 7) & ~std::uint64_t{7};
  }
  return word == 0 ? std::string_view() : std::string_view(image, word - 1);
}

bool image_value(const CapturePlan *plan, const char *image, int attribute, Datum *value) {
  std::string_view bytes = image_bytes(image, attribute);
  if (bytes.data() == nullptr)
    return false;
  if (plan->attributes[attribute].by_value)
    memcpy(value, bytes.data(), sizeof *value);
  else
    *value = PointerGetDatum(bytes.data());
  return true;
}

CustomerKey comparable(const CapturedAttribute &attribute, Datum value) {
  switch (attribute.type) {
  case INT2OID:
    return {DatumGetInt16(value), nullptr, 0};
  case INT4OID:
    return {DatumGetInt32(value), nullptr, 0};
  case INT8OID:
    return {DatumGetInt64(value), nullptr, 0};
  default:
    break;
  }
  if (attribute.by_value)
    return {static_cast<int64>(value), nullptr, 0};
  const char *bytes = DatumGetPointer(value);
  if (attribute.length == -1)
    return {0, VARDATA_ANY(bytes), static_cast<uint32>(VARSIZE_ANY_EXHDR(bytes))};
  return {0, bytes,
          attribute.length > 0 ? static_cast<uint32>(attribute.length) : static_cast<uint32>(strlen(bytes))};
}

} // namespace segmentation::pg
