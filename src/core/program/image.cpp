// Heads and checks of images.
#include "core/program/image.hpp"

#include "core/program/constants.hpp"

namespace segmentation::core::program::image {

std::uint32_t check_of(std::string_view image) noexcept {
  return static_cast<std::uint32_t>(hash_text(image.substr(std::min(image.size(), sizeof(Head::check)))));
}

void seal(std::string &image) noexcept {
  if (image.size() < sizeof(Head))
    return;
  const std::uint32_t check = check_of(image);
  std::memcpy(image.data(), &check, sizeof check);
}

bool open(std::string_view image, std::uint64_t stamp, Head &head) noexcept {
  if (image.size() < sizeof(Head))
    return false;
  std::memcpy(&head, image.data(), sizeof head);
  return head.version == version && head.stamp == stamp && head.check == check_of(image);
}

bool Reader::section(Section &out) noexcept {
  SectionHead head;
  if (left() < sizeof head)
    return false;
  std::memcpy(&head, at_, sizeof head);
  at_ += sizeof head;
  out.id = head.id;
  out.moves = (head.count & moving_bit) != 0;
  out.count = head.count & most_entries;
  out.until = instant_infinity;
  if (out.moves) {
    if (left() < sizeof out.until)
      return false;
    std::memcpy(&out.until, at_, sizeof out.until);
    at_ += sizeof out.until;
  }
  const std::size_t digests = out.count * digest_bytes;
  if (left() < digests + head.bytes)
    return false;
  out.digests = {at_, digests};
  out.entries = {at_ + digests, head.bytes};
  at_ += digests + head.bytes;
  return true;
}

} // namespace segmentation::core::program::image
