// Parses and checks. C++ side: never calls the server.
#include "pg/segment/view_texts.hpp"

#include "core/rule/parser.hpp"

#include <memory>
#include <string>

namespace segmentation::pg {

ViewTexts *ViewTexts::make(const LiveCore &live, int segment, const char *rule, Failure &failure) {
  auto parsed = core::parse_rule(rule);
  if (!parsed.value) {
    fail(failure, parsed.diagnostics, rule, rule, Excerpt::detail);
    return nullptr;
  }
  auto texts = std::make_unique<ViewTexts>();
  texts->settings_ =
      core::check_view(*parsed.value, *live.meaning(),
                       "SELECT m.customer_id FROM segmentation.membership AS m WHERE m.segment_id = " +
                           std::to_string(segment));
  return texts.release();
}

} // namespace segmentation::pg
