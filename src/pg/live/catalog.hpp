// Reading segmentation's catalog tables and the bound relations' columns. Server's side.
#pragma once

#include "pg/boundary/session.hpp"
#include "pg/live/plain.hpp"
#include "pg/live/words.hpp"

namespace segmentation::pg {

/// Reads everything that is bound and defined, in the active snapshot, into the current memory context. A
/// session must be open. Raises 42P01 and 42703 where a bound relation or column is gone.
SchemaInput load_catalog();

/// Fills in name, sql, kind and the rest for a column of a type.
ColumnInput describe_column(const char *name, Oid type, int32 modifier);

/// Fills in columns, from_sql and primary key of the relations, which are related by `of` already. `computed`
/// holds, by relation, its computed columns as pairs of name and expression; `words` what columns were called
/// before.
struct ComputedColumn {
  int relation;
  const char *name;
  const char *expression;
};
void load_columns(RelationInput *relations, int relation_count, const ComputedColumn *computed,
                  int computed_count, const WordInput *words, int word_count, const char *const *lookup_keys,
                  const char *const *keys);

} // namespace segmentation::pg
