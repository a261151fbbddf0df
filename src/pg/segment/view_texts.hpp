// The view settings of one segment as plain strings that one object keeps. Free of server headers.
#pragma once

#include "core/program/view.hpp"
#include "pg/live/live_core.hpp"

namespace segmentation::pg {

class ViewTexts {
public:
  /// Returns the settings of a segment's rule; fails where its text does not parse.
  static ViewTexts *make(const LiveCore &live, int segment, const char *rule, Failure &failure);

  /// Null where the rule has no settings.
  const core::ViewSettings *settings() const noexcept { return settings_ ? &*settings_ : nullptr; }

private:
  std::optional<core::ViewSettings> settings_;
};

} // namespace segmentation::pg
