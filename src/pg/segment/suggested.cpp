// Fills the rows in. C++ side: never calls the server.
#include "pg/segment/suggested.hpp"

#include <memory>

namespace segmentation::pg {

namespace {

const char *words_of(core::WantedValues::What what) {
  switch (what) {
  case core::WantedValues::What::values:
    return "values";
  case core::WantedValues::What::elements:
    return "elements";
  case core::WantedValues::What::keys:
    return "keys";
  case core::WantedValues::What::fields:
    break;
  }
  return "fields";
}

core::CompletionKind kind_of(core::WantedValues::What what) {
  switch (what) {
  case core::WantedValues::What::keys:
    return core::CompletionKind::column;
  case core::WantedValues::What::fields:
    return core::CompletionKind::attribute;
  default:
    return core::CompletionKind::value;
  }
}

/// The words are literals, so that they end in a zero.
const char *or_null(std::string_view words) {
  return words.empty() ? nullptr : words.data();
}

} // namespace

Suggested *Suggested::at_end_of(const LiveCore &live, std::string_view prefix) {
  auto made = std::make_unique<Suggested>();
  const core::Meaning &meaning = *live.meaning();
  const core::Suggestions found = core::suggest(prefix, meaning);
  made->replace_from_ = characters_in(prefix, {0, found.replace_from}) + 1;
  made->rows_.reserve(found.completions.size() + 1);
  if (found.wanted) {
    const core::WantedValues &wanted = *found.wanted;
    std::vector<const char *> &path = made->lists_.emplace_back();
    for (const std::string &key : wanted.column.json_path)
      path.push_back(made->keep(key));
    SuggestedRow row{};
    row.kind = core::kind_words(kind_of(wanted.what)).data();
    row.type = or_null(core::type_words(wanted.type));
    row.relation = live.input().relations[wanted.column.relation].relation;
    row.column = made->keep(core::column_of(meaning.schema, wanted.column).name);
    row.path = path.data();
    row.path_count = static_cast<int>(path.size());
    row.wanted = words_of(wanted.what);
    row.typed = made->keep(wanted.typed);
    made->rows_.push_back(row);
  }
  for (const core::Completion &completion : found.completions) {
    SuggestedRow row{};
    row.completion = made->keep(completion.text);
    row.kind = core::kind_words(completion.kind).data();
    row.type = or_null(completion.type);
    made->rows_.push_back(row);
  }
  return made.release();
}

} // namespace segmentation::pg
