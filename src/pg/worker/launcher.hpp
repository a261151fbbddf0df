// Where the server loads the module at its start, workers come by themselves. Server's side.
#pragma once

namespace segmentation::pg {

/// To be called while the server loads the module at its start: has it start the launcher with it.
void register_launcher();

} // namespace segmentation::pg
