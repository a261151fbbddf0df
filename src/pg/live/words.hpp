// What columns of bound relations are called in rules and in computed columns' SQL. Server's side.
#pragma once

#include "pg/boundary/server.hpp"
#include "pg/live/plain.hpp"

namespace segmentation::pg {

/// A word that a column was called before, by the name that it has now.
struct WordInput {
  Oid relation;
  const char *word;
  const char *column;
};

/// Gives the columns of a relation their words. One whose name means another by now has only older ones, or
/// none.
void give_words(RelationInput &relation, const WordInput *words, int word_count);

/// Returns the SELECT list of a relation's columns under their words; nullptr where these are their names.
const char *print_words(const RelationInput &relation);

} // namespace segmentation::pg
