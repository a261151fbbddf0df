// _renamed_rule, _renamed_attribute and _is_segment_list: rules follow a segment's rename. Server's side.
#include "core/rule/rename.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/boundary/run_core.hpp"
#include "pg/boundary/session.hpp"

#include <string>
#include <vector>

namespace segmentation::pg {

namespace {

/// A text in C++ memory that a memory context owns.
struct Renamed {
  std::string text;
};

/// The elements of a text[], zero-terminated.
struct Names {
  const char **values;
  int count;
};

Names read_names(Datum array) {
  Names names = {nullptr, 0};
  Datum *elements;
  deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &elements, nullptr,
                    &names.count);
  names.values = static_cast<const char **>(palloc(sizeof(char *) * static_cast<Size>(names.count + 1)));
  for (int i = 0; i < names.count; ++i)
    names.values[i] = TextDatumGetCString(elements[i]);
  return names;
}

std::vector<std::string> copy_names(const Names &names) {
  return {names.values, names.values + names.count};
}

using Rename = std::string (*)(std::string_view, const core::SegmentRenaming &);

Datum renamed(FunctionCallInfo fcinfo, Rename rename) {
  check_encoding();
  const char *source = text_to_cstring(PG_GETARG_TEXT_PP(0));
  const char *old_name = text_to_cstring(PG_GETARG_TEXT_PP(1));
  const char *new_name = text_to_cstring(PG_GETARG_TEXT_PP(2));
  Names lists = read_names(PG_GETARG_DATUM(3));
  auto *result = Owned<Renamed>::make();
  const char *bytes = nullptr;
  size_t size = 0;
  run_core([=, &bytes, &size](Failure &) {
    std::vector<std::string> names = copy_names(lists);
    result->set(new Renamed{rename(source, {old_name, new_name, names})});
    bytes = (*result)->text.data();
    size = (*result)->text.size();
  });
  text *answer = cstring_to_text_with_len(bytes, static_cast<int>(size));
  result->clear();
  PG_RETURN_TEXT_P(answer);
}

} // namespace

} // namespace segmentation::pg

using namespace segmentation::pg;

SEGMENTATION_FUNCTION(segmentation_renamed_rule) {
  return renamed(fcinfo, segmentation::core::rename_in_rule);
}

SEGMENTATION_FUNCTION(segmentation_renamed_attribute) {
  return renamed(fcinfo, segmentation::core::rename_in_attribute);
}

SEGMENTATION_FUNCTION(segmentation_is_segment_list) {
  check_encoding();
  const char *expression = text_to_cstring(PG_GETARG_TEXT_PP(0));
  Names lists = read_names(PG_GETARG_DATUM(1));
  bool answer = false;
  run_core([=, &answer](Failure &) {
    answer = segmentation::core::is_segment_list(expression, copy_names(lists));
  });
  PG_RETURN_BOOL(answer);
}
