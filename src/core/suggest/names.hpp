// Which names may stand at the cursor. Private to this folder.
#pragma once

#include "core/suggest/probe.hpp"
#include "core/suggest/suggest.hpp"

namespace segmentation::core {

/// Adds the names that fit where `finding` is and that begin with `typed`. `left` is what the name is
/// compared with, where it is. Behind a jsonb value the keys are wanted.
void add_names(Suggestions &out, const Finding &finding, std::string_view typed, bool quoted,
               const std::optional<Described> &left, bool older_spelling, const Meaning &meaning);

} // namespace segmentation::core
