// The bytes in which a customer's measures are kept between commits. Says how they are written and read, and
// that nothing else is taken for them; knows nothing of what they mean.
//
//   head, then sections; each section: its head, digests, entries; each entry: one item or more
//
// An entry says itself where it ends, so that one that nobody asks for any more can be passed over. In the
// byte order of the machine: images never leave it.
#pragma once

#include "core/value/calendar.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace segmentation::core::program::image {

/// To be raised with any change of meaning: of these bytes, of cells, or of what a digest covers.
inline constexpr std::uint16_t version = 1;

struct Head {
  std::uint32_t check = 0; // of all bytes after it
  std::uint16_t version = image::version;
  std::uint16_t sections = 0;
  std::uint64_t stamp = 0;
  Instant as_of = 0; // the instant for which it was written
};
static_assert(sizeof(Head) == 24);

struct SectionHead {
  std::uint32_t id = 0; // of the feed
  std::uint16_t count = 0;
  std::uint16_t bytes = 0; // of the entries
};
static_assert(sizeof(SectionHead) == 8);

/// Bit of SectionHead::count: rows enter or leave with time, and Section::until stands behind the head.
inline constexpr std::uint16_t moving_bit = 0x8000;
inline constexpr std::size_t most_entries = 0x7FFF;
inline constexpr std::size_t most_entry_bytes = 0xFFFF;

/// Digests are kept to so many bytes. Even among a thousand measures on either side, one in 280 million
/// changes of rules would take one for another.
inline constexpr std::size_t digest_bytes = 6;

/// Texts and digits of longer ones are not kept.
inline constexpr std::size_t longest_text = 64;

struct Section {
  std::uint32_t id = 0;
  bool moves = false;
  Instant until = instant_infinity; // of one that moves: the first instant at which rows enter or leave
  std::size_t count = 0;
  std::string_view digests;
  std::string_view entries;
};

/// One part of an entry: a number, a mark of two bits, and perhaps bytes.
struct Item {
  std::int64_t number = 0; // where there are bytes, their length
  std::uint8_t mark = 0;
  bool has_bytes = false;
  bool more = false; // another item of the same entry follows
  std::string_view bytes;
};

/// Returns the check over an image.
std::uint32_t check_of(std::string_view image) noexcept;
/// Writes the check into an image, which makes it a whole one.
void seal(std::string &image) noexcept;
/// Returns whether the bytes are a whole image of this version and stamp.
bool open(std::string_view image, std::uint64_t stamp, Head &head) noexcept;

/// Reads what follows the head. Any bytes may come; nothing beyond them is touched.
class Reader {
public:
  explicit Reader(std::string_view bytes) noexcept : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  /// False at the end, and where no section stands.
  bool section(Section &out) noexcept;

  /// Reads one item; false where none stands.
  bool item(Item &out) noexcept {
    if (at_ == end_)
      return false;
    const auto tag = static_cast<std::uint8_t>(*at_++);
    const std::size_t size = tag & size_bits;
    if (size > 8 || size > left())
      return false;
    std::uint64_t value = 0;
    if (left() >= 8) {
      std::memcpy(&value, at_, 8);
      value = size == 0 ? 0 : value & (~std::uint64_t{0} >> (64 - size * 8));
    } else {
      std::memcpy(&value, at_, size);
    }
    at_ += size;
    out.number = static_cast<std::int64_t>(value >> 1 ^ (0 - (value & 1)));
    out.mark = tag >> mark_shift & 3;
    out.more = (tag & more_bit) != 0;
    out.has_bytes = (tag & bytes_bit) != 0;
    if (!out.has_bytes)
      return true;
    if (out.number < 0 || static_cast<std::uint64_t>(out.number) > left())
      return false;
    out.bytes = {at_, static_cast<std::size_t>(out.number)};
    at_ += out.number;
    return true;
  }

  /// Passes over what is left of an entry whose last item was read.
  bool pass(Item &last) noexcept {
    while (last.more)
      if (!item(last))
        return false;
    return true;
  }

private:
  friend class Writer;
  static constexpr std::uint8_t size_bits = 0x0F;
  static constexpr int mark_shift = 4;
  static constexpr std::uint8_t bytes_bit = 0x40;
  static constexpr std::uint8_t more_bit = 0x80;

  std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }

  const char *at_;
  const char *end_;
};

/// Appends to an image.
class Writer {
public:
  /// Writes into `out`, which keeps its memory.
  explicit Writer(std::string &out) : out_(out) {}

  std::size_t size() const noexcept { return size_; }
  /// Takes back what was written after a size.
  void back_to(std::size_t size) noexcept { size_ = size; }
  /// Cuts `out` to what was written.
  void finish() { out_.resize(size_); }

  void bytes(const void *data, std::size_t size) {
    room(size);
    if (size > 0)
      std::memcpy(&out_[size_], data, size);
    size_ += size;
  }
  void number(std::int64_t number, std::uint8_t mark = 0, bool more = false) {
    item(number, static_cast<std::uint8_t>(mark << Reader::mark_shift | (more ? Reader::more_bit : 0)));
  }
  void text(std::string_view text, std::uint8_t mark = 0, bool more = false) {
    item(static_cast<std::int64_t>(text.size()),
         static_cast<std::uint8_t>(mark << Reader::mark_shift | (more ? Reader::more_bit : 0) |
                                   Reader::bytes_bit));
    bytes(text.data(), text.size());
  }
  /// Writes over what was written before.
  void patch(std::size_t at, const void *data, std::size_t size) noexcept {
    std::memcpy(&out_[at], data, size);
  }
  void move(std::size_t to, std::size_t from, std::size_t size) noexcept {
    std::memmove(&out_[to], &out_[from], size);
  }

private:
  void room(std::size_t more) {
    if (size_ + more > out_.size())
      out_.resize((size_ + more) * 2 + 512);
  }
  void item(std::int64_t number, std::uint8_t tag) {
    room(9);
    const std::uint64_t value =
        static_cast<std::uint64_t>(number) << 1 ^ static_cast<std::uint64_t>(number >> 63);
    const auto size = static_cast<std::size_t>(std::bit_width(value) + 7) / 8;
    out_[size_] = static_cast<char>(tag | size);
    std::memcpy(&out_[size_ + 1], &value, 8);
    size_ += 1 + size;
  }

  std::string &out_;
  std::size_t size_ = 0;
};

} // namespace segmentation::core::program::image
