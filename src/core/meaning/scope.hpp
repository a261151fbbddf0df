// What a dotted name of a rule may mean where it stands: columns, lookups, sets, parents and sources of the
// schema. Settles names only; knows nothing of operators, of the words of MATCHES or of defined attributes.
#pragma once

#include "core/meaning/checked.hpp"
#include "core/meaning/schema.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace segmentation::core {

/// What can be reached from each relation, settled once for a schema.
struct Reach {
  struct From {
    std::vector<int> lookups; // that hang on it, directly or behind one another
    std::vector<int> sets;    // that hang on it or on one of those
    std::vector<int> parents; // nearest first; customers only where nothing but lookups lies between
  };
  std::vector<From> from; // by relation index
  /// What a defined source stands for in the end.
  struct Source {
    int relation = -1; // -1 where what it stands for is not there
    int of = -1;       // the defined source that it is of; -1 where that is the relation itself
  };
  std::vector<Source> sources; // by index of Schema::sources
};

/// Returns what can be reached from each relation. A schema whose relations form a ring is cut, not followed.
std::shared_ptr<const Reach> make_reach(const Schema &schema);

using NameParts = std::span<const Name::Part>;

/// True where the part of a rule's name means this name: without regard to case.
bool same_name(const Name::Part &part, std::string_view name);

/// Returns how many leading parts spell the name, which may itself be dotted ("storefront.product_viewed"); 0
/// for none.
std::size_t leading_parts(NameParts parts, std::string_view name);

/// What a name was found to be.
struct Resolved {
  enum class What : std::uint8_t {
    nothing,        // nobody in reach bears the name
    column,         // `column`
    set,            // the set `relation`; `column` is its value column
    relation,       // the lookup or parent `relation` on its own, without a column
    unknown_column, // `relation` was named, but has no column of the rest, which begins at `part`
    no_keys,        // `column` is there, but is not json and has no keys to follow
    ambiguous,      // several equally near things bear it: `candidates`
  };
  What what = What::nothing;
  ColumnRef column;
  int relation = -1;
  std::size_t part = 0;
  std::vector<std::string> candidates; // as rules write them
};

/// Resolves a name from a row of `root`: its own columns first, then what is named by its relation, then
/// columns of lookups alone, then those of parents, nearest first.
Resolved resolve(const Schema &schema, const Reach &reach, int root, NameParts parts);

/// A source, bound or defined, or a set of customers, at the head of a name.
struct SourceName {
  int relation = -1;     // -1 where the name does not begin with one
  int defined = -1;      // index of Schema::sources, where it is one of these
  std::size_t parts = 0; // how many parts it took
};
SourceName find_source(const Schema &schema, const Reach &reach, NameParts parts);

/// Returns a name from inside the MATCHES of a defined source in the words of what it is of: its parameters
/// become what they mean. Names that are no parameter stay as they are.
std::vector<Name::Part> in_words_of_source(const Schema &schema, int defined, NameParts parts);

/// The same all the way down: in the words of the relation that it stands for in the end. For -1 those are
/// the name's own.
std::vector<Name::Part> in_words_of_relation(const Schema &schema, const Reach &reach, int defined,
                                             NameParts parts);

/// Returns the column that holds a source row's time, its own or its nearest parent's; relation -1 where
/// there is none.
ColumnRef date_column(const Schema &schema, const Reach &reach, int source);

/// Returns the column that a reference names.
inline const Column &column_of(const Schema &schema, const ColumnRef &ref) {
  return schema.relations[static_cast<std::size_t>(ref.relation)]
      .columns[static_cast<std::size_t>(ref.column)];
}

/// Returns the names that could stand where an unknown one stands, for hints.
std::vector<std::string> names_in_reach(const Schema &schema, const Reach &reach, int root);
/// Returns the names of a relation's columns, each behind `prefix`.
std::vector<std::string> column_names(const Relation &relation, std::string_view prefix = {});
/// Returns the parameters of a defined source and of those that it is of; none for -1.
std::vector<std::string> parameter_names(const Schema &schema, const Reach &reach, int defined);
/// Returns the names that can stand before MATCHES.
std::vector<std::string> source_names(const Schema &schema);

} // namespace segmentation::core
