// Names of sources as words of a sentence.
#pragma once

#include <string>
#include <string_view>

namespace segmentation::core::program {

/// Returns what one row of a source is called, "order" of "orders", or what several are. A name that is no
/// plural is taken for one thing with rows: "row of history".
std::string noun_of(std::string_view source, bool several);

} // namespace segmentation::core::program
