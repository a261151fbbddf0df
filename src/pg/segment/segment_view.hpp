// What one segment's view is to show, kept by one object. Free of server headers.
#pragma once

#include "core/program/view.hpp"
#include "pg/live/live_core.hpp"

namespace segmentation::pg {

class SegmentView {
public:
  /// Returns the settings of a segment's rule; fails where its text does not parse.
  static SegmentView *make(const LiveCore &live, int segment, const char *rule, Failure &failure);

  /// Null where the rule has no settings.
  const core::ViewSettings *settings() const noexcept { return settings_ ? &*settings_ : nullptr; }

private:
  std::optional<core::ViewSettings> settings_;
};

} // namespace segmentation::pg
