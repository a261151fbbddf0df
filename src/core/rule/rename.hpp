// Another name for a segment in the text of rules that say it: only the literals change, each in its place.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace segmentation::core {

struct SegmentRenaming {
  std::string_view old_name; // in any case
  std::string_view new_name;
  std::span<const std::string> lists; // attributes that stand for the list `segments`, or for one's name
};

/// Returns the text with `segments CONTAINS 'old'` and `memberships MATCHES (segment = 'old')` saying the new
/// name, in lists too; everything else is the same byte by byte. A text that does not parse comes back as it
/// is.
std::string rename_in_rule(std::string_view text, const SegmentRenaming &renaming);
std::string rename_in_attribute(std::string_view text, const SegmentRenaming &renaming);

/// True where the expression of an attribute is `segments`, the segment that first, last or mode pick of
/// memberships, or one of `lists`, so that the attribute stands for the same.
bool is_segment_list(std::string_view expression, std::span<const std::string> lists);

} // namespace segmentation::core
