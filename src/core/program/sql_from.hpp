// FROM clauses: which relations a piece of a rule needs in scope, and the joins that bring them there.
#pragma once

#include "core/program/sql_text.hpp"

#include <set>
#include <string>

namespace segmentation::core::sql {

/// Adds the relations whose aliases the printed condition reads from its surroundings. What an aggregate or a
/// set reads in a subquery of its own is not among them, but what ties it to the surroundings is.
void add_relations(const Context &context, const Condition &condition, std::set<int> &relations);
void add_relations(const Context &context, const Scalar &scalar, std::set<int> &relations);

/// Returns the nearest set that a relation is or hangs on, or -1.
int set_above(const Context &context, int relation);

/// True where `relation` is `above` or hangs on it.
bool hangs_on(const Context &context, int relation, int above);

/// Returns the equality that joins a relation to the one that it hangs on.
std::string join_test(const Context &context, int relation);

/// Prints FROM root and the joins that bring the relations into scope: those the root hangs on by JOIN,
/// lookups by LEFT JOIN with their conditions. With `outer`, relations that neither are nor hang on the root
/// are in scope already.
std::string from_clause(const Context &context, int root, const std::set<int> &relations, int depth,
                        bool outer = false);

} // namespace segmentation::core::sql
