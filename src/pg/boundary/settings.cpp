// Defines the module's settings.
#include "pg/boundary/settings.hpp"

namespace segmentation::pg {

int build_memory = 256 * 1024;

void define_settings() {
  DefineCustomIntVariable(
      "segmentation.build_memory", "Memory that a build may use for its customers' measures.",
      "Beyond it the customers are judged in several passes over the tables.", &build_memory, 256 * 1024,
      1024, MAX_KILOBYTES, PGC_USERSET, GUC_UNIT_KB, nullptr, nullptr, nullptr);
  MarkGUCPrefixReserved("segmentation");
}

} // namespace segmentation::pg
