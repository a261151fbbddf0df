// The settings that the module defines.
#pragma once

#include "pg/boundary/server.hpp"

namespace segmentation::pg {

/// segmentation.build_memory, in kB.
extern int build_memory;

void define_settings();

} // namespace segmentation::pg
