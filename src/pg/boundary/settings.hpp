// The settings that the module defines.
#pragma once

#include "pg/boundary/server.hpp"

namespace segmentation::pg {

/// When a transaction's changes reach the members.
enum class Maintain : int { commit, statement, background };

/// segmentation.build_memory, in kB.
extern int build_memory;
/// segmentation.commit_limit: customers whom a transaction brings up to date at its commit.
/// segmentation.capture_memory, in kB: what a transaction notes of changed rows; those beyond it are queued.
extern int capture_memory;
/// segmentation.build_batch: customers whom a walk judges in one transaction.
extern int build_batch;
extern int commit_limit;
/// segmentation.worker: whether there are to be background workers.
extern bool run_worker;

/// segmentation.maintain.
Maintain maintain_mode();

void define_settings();

} // namespace segmentation::pg
