// Parses a rule and settles its view settings. C++ side: never calls the server.
#include "pg/segment/segment_view.hpp"

#include "core/rule/parser.hpp"

#include <memory>
#include <string>

namespace segmentation::pg {

SegmentView *SegmentView::make(const LiveCore &live, int segment, const char *rule, Failure &failure) {
  auto parsed = core::parse_rule(rule);
  if (!parsed.value) {
    fail(failure, parsed.diagnostics, rule, rule, Excerpt::detail);
    return nullptr;
  }
  auto view = std::make_unique<SegmentView>();
  view->settings_ =
      core::check_view(*parsed.value, *live.meaning(),
                       "SELECT m.customer_id FROM segmentation.membership AS m WHERE m.segment_id = " +
                           std::to_string(segment));
  return view.release();
}

} // namespace segmentation::pg
