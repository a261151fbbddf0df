// Defines the module's settings.
#include "pg/boundary/settings.hpp"

namespace segmentation::pg {

int build_memory = 256 * 1024;
int commit_limit = 10000;
int build_batch = 1000;
int capture_memory = 64 * 1024;
bool run_worker = true;

namespace {

int maintain = static_cast<int>(Maintain::commit);
constexpr config_enum_entry maintain_modes[] = {
    {"commit", static_cast<int>(Maintain::commit), false},
    {"statement", static_cast<int>(Maintain::statement), false},
    {"background", static_cast<int>(Maintain::background), false},
    {nullptr, 0, false},
};

} // namespace

Maintain maintain_mode() {
  return static_cast<Maintain>(maintain);
}

void define_settings() {
  DefineCustomIntVariable(
      "segmentation.build_memory", "Memory that a build may use for its customers' measures.",
      "Beyond it the customers are judged in several passes over the tables.", &build_memory, 256 * 1024,
      1024, MAX_KILOBYTES, PGC_USERSET, GUC_UNIT_KB, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("segmentation.build_batch",
                          "Customers whom building a segment beside the shop's writers locks at a time.",
                          nullptr, &build_batch, 1000, 1, 1000000, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  DefineCustomIntVariable(
      "segmentation.capture_memory", "Memory that a transaction may use for noting the rows that it changed.",
      "The customers of rows beyond it are queued for the worker or tick().", &capture_memory, 64 * 1024, 0,
      MAX_KILOBYTES, PGC_USERSET, GUC_UNIT_KB, nullptr, nullptr, nullptr);
  DefineCustomEnumVariable("segmentation.maintain",
                           "When a transaction's changes reach the members of segments.",
                           "commit: once, when it commits; statement: after each statement; background: soon "
                           "after, by a worker or tick().",
                           &maintain, static_cast<int>(Maintain::commit), maintain_modes, PGC_USERSET, 0,
                           nullptr, nullptr, nullptr);
  DefineCustomIntVariable("segmentation.commit_limit",
                          "Customers whom a transaction may bring up to date when it commits.",
                          "Those beyond it are queued for the worker or tick().", &commit_limit, 10000, 0,
                          INT_MAX, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  DefineCustomBoolVariable(
      "segmentation.worker", "Whether background workers keep segments right.",
      "off ends those that run. With the module in shared_preload_libraries they come by "
      "themselves, else by start_worker().",
      &run_worker, true, PGC_SIGHUP, 0, nullptr, nullptr, nullptr);
  MarkGUCPrefixReserved("segmentation");
}

} // namespace segmentation::pg
