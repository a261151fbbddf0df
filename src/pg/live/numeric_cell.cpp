// The stored form of numeric: a header (sign, display scale, weight; short or long) and digits to base 10000.
// pg_upgrade keeps it from version to version; a regression test holds this reader against numeric_out.
// Server's side.
#include "pg/live/numeric_cell.hpp"

namespace segmentation::pg {

namespace {

constexpr uint16 sign_mask = 0xC000, negative_long = 0x4000, short_form = 0x8000, special_form = 0xC000;
constexpr uint16 short_negative = 0x2000, short_weight_negative = 0x0040, short_weight_mask = 0x003F;
constexpr int digit_bytes = 2, digit_decimals = 4;
constexpr int64 digit_base = 10000;

constexpr int64 powers[] = {1,
                            10,
                            100,
                            1000,
                            10000,
                            100000,
                            1000000,
                            10000000,
                            100000000,
                            1000000000,
                            10000000000,
                            100000000000,
                            1000000000000,
                            10000000000000,
                            100000000000000,
                            1000000000000000,
                            10000000000000000,
                            100000000000000000,
                            1000000000000000000};
constexpr int power_limit = 18;

inline uint16 read_word(const char *at) {
  uint16 word;
  memcpy(&word, at, sizeof word);
  return word;
}

} // namespace

bool scale_integer(int64 value, int32 scale, int64 *coefficient) {
  if (scale <= 0) {
    *coefficient = value;
    return true;
  }
  return scale <= power_limit && !__builtin_mul_overflow(value, powers[scale], coefficient);
}

core::Cell read_numeric(const struct varlena *value, int32 scale, int64 *coefficient) {
  const char *at = VARDATA_ANY(value);
  int bytes = static_cast<int>(VARSIZE_ANY_EXHDR(value));
  uint16 header = read_word(at);
  bool negative;
  int weight;
  if ((header & sign_mask) == special_form)
    return core::Cell::missing;
  if ((header & sign_mask) == short_form) {
    negative = (header & short_negative) != 0;
    weight = (header & short_weight_negative) != 0 ? static_cast<int>(header & short_weight_mask) - 64
                                                   : static_cast<int>(header & short_weight_mask);
    at += 2;
    bytes -= 2;
  } else {
    negative = (header & sign_mask) == negative_long;
    weight = static_cast<int16>(read_word(at + 2));
    at += 4;
    bytes -= 4;
  }
  int digits = bytes / digit_bytes;
  if (digits == 0) {
    *coefficient = 0;
    return core::Cell::value;
  }
  // The last digit counts units of 10^(4 * (weight - digits + 1)); brought to the wanted scale that is
  // 10^shift.
  int shift = digit_decimals * (weight - digits + 1) + scale;
  if (digits > 5 || shift > power_limit || shift < -power_limit)
    return core::Cell::digits;
  int64 total = 0;
  for (int i = 0; i < digits; ++i) {
    int64 digit = static_cast<int16>(read_word(at + i * digit_bytes));
    if (__builtin_mul_overflow(total, digit_base, &total) || __builtin_add_overflow(total, digit, &total))
      return core::Cell::digits;
  }
  if (shift > 0) {
    if (__builtin_mul_overflow(total, powers[shift], &total))
      return core::Cell::digits;
  } else if (shift < 0) {
    if (total % powers[-shift] != 0)
      return core::Cell::digits;
    total /= powers[-shift];
  }
  *coefficient = negative ? -total : total;
  return core::Cell::value;
}

} // namespace segmentation::pg
