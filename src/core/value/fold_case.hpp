// Case folding for list tests, which compare without case.
#pragma once

#include <string>
#include <string_view>

namespace segmentation::core {

/// Returns the text in lower case by Unicode's root rules: the same as PostgreSQL's lower(x COLLATE
/// "und-x-icu"). Plain ASCII does not reach ICU. Text that is not valid UTF-8 comes back unchanged.
std::string fold_case(std::string_view text);

/// Writes the folded text to `out`, reusing its memory.
void fold_case_into(std::string_view text, std::string &out);

/// Returns the version of the rules by which texts are folded; under another one, texts may fold otherwise.
std::string fold_case_version();

} // namespace segmentation::core
