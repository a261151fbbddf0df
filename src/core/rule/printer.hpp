// Tree -> canonical text. Parsing that text gives the same tree again (but for spans).
#pragma once

#include "core/rule/tree.hpp"

#include <string>
#include <string_view>

namespace segmentation::core {

std::string print_rule(const Rule &rule);
std::string print_expr(const Expr &expr);
std::string print_value(const Value &value);
std::string print_name(const Name &name);
std::string print_literal(const Literal &literal);

/// Returns the text as a quoted literal of the rule language.
std::string quote_text(std::string_view text);

} // namespace segmentation::core
