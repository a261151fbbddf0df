// Statements about whole databases and about the extension, where workers come by themselves. Server's side.
#pragma once

namespace segmentation::pg {

/// To be called while the server loads the module at its start: has workers make room for statements that
/// need their database without sessions, and come with it and with the extension.
void follow_databases();

} // namespace segmentation::pg
