// Words: names of columns, and what the columns were called before. sql/31_bind_checks.sql says the same.
// Server's side.
#include "pg/live/words.hpp"

namespace segmentation::pg {

namespace {

bool is_word_of_another(const RelationInput &relation, const ColumnInput &column, const WordInput *words,
                        int word_count) {
  for (int i = 0; i < relation.column_count; ++i) {
    if (relation.columns[i].is_computed && strcmp(relation.columns[i].name, column.name) == 0)
      return !column.is_computed;
  }
  for (int i = 0; i < word_count && !column.is_computed; ++i) {
    if (words[i].relation == relation.relation && strcmp(words[i].word, column.name) == 0)
      return strcmp(words[i].column, column.name) != 0;
  }
  return false;
}

} // namespace

void give_words(RelationInput &relation, const WordInput *words, int word_count) {
  for (int i = 0; i < relation.column_count; ++i) {
    ColumnInput &column = relation.columns[i];
    const char **list =
        static_cast<const char **>(palloc(sizeof(char *) * static_cast<Size>(word_count + 1)));
    column.words = list;
    column.word_count = 0;
    if (!is_word_of_another(relation, column, words, word_count))
      list[column.word_count++] = column.name;
    for (int j = 0; j < word_count && !column.is_computed; ++j) {
      if (words[j].relation == relation.relation && strcmp(words[j].column, column.name) == 0)
        list[column.word_count++] = words[j].word;
    }
  }
}

const char *print_words(const RelationInput &relation) {
  bool any = false;
  StringInfoData list;
  initStringInfo(&list);
  for (int i = 0; i < relation.column_count; ++i) {
    const ColumnInput &column = relation.columns[i];
    any |= column.word_count != 1 || strcmp(quote_identifier(column.words[0]), column.sql) != 0;
    for (int j = 0; j < column.word_count; ++j)
      appendStringInfo(&list, "%s%s.%s AS %s", list.len > 0 ? ", " : "", quote_identifier(relation.name),
                       column.sql, quote_identifier(column.words[j]));
  }
  return any ? list.data : nullptr;
}

} // namespace segmentation::pg
