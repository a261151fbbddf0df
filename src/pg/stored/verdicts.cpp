// Verdicts as bytes: the first id, then a bit for each id from there on. Server's side.
#include "pg/stored/verdicts.hpp"

namespace segmentation::pg {

namespace {

constexpr int32 most_bits = 16384;

} // namespace

void unpack_verdicts(const Live *live, const struct varlena *packed, uint8 *member) {
  const SchemaInput &schema = live->schema;
  Size size = VARSIZE(packed) - VARHDRSZ;
  int32 first = 0;
  memset(member, 0, static_cast<Size>(schema.segment_count));
  if (size < sizeof first)
    return;
  memcpy(&first, VARDATA(packed), sizeof first);
  const auto *bytes = reinterpret_cast<const unsigned char *>(VARDATA(packed)) + sizeof first;
  int32 bits = static_cast<int32>(size - sizeof first) * 8;
  for (int i = 0; i < schema.segment_count; ++i) {
    int32 bit = schema.segments[i].id - first;
    member[i] = bit >= 0 && bit < bits && (bytes[bit / 8] >> (bit % 8) & 1) != 0;
  }
}

struct varlena *pack_verdicts(const Live *live, const uint8 *member) {
  const SchemaInput &schema = live->schema;
  int first = 0, last = schema.segment_count - 1;
  while (first <= last && member[first] == 0)
    ++first;
  while (last > first && member[last] == 0)
    --last;
  int32 base = first <= last ? schema.segments[first].id : 0;
  int32 bits = first <= last ? schema.segments[last].id - base + 1 : 0;
  if (bits > most_bits)
    return nullptr;
  Size size = VARHDRSZ + sizeof base + static_cast<Size>((bits + 7) / 8);
  auto *packed = static_cast<struct varlena *>(palloc0(size));
  SET_VARSIZE(packed, size);
  memcpy(VARDATA(packed), &base, sizeof base);
  auto *bytes = reinterpret_cast<unsigned char *>(VARDATA(packed)) + sizeof base;
  for (int i = first; i <= last; ++i) {
    int32 bit = schema.segments[i].id - base;
    if (member[i] != 0)
      bytes[bit / 8] = static_cast<unsigned char>(bytes[bit / 8] | 1 << (bit % 8));
  }
  return packed;
}

} // namespace segmentation::pg
