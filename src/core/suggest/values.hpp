// Which constants may stand at the cursor. Private to this folder.
#pragma once

#include "core/suggest/suggest.hpp"

namespace segmentation::core {

/// Adds the constants that fit beside `left` and begin with `typed`; where the database alone knows them,
/// says which are wanted.
void add_values(Suggestions &out, const Described &left, std::string_view typed, const Meaning &meaning);

} // namespace segmentation::core
