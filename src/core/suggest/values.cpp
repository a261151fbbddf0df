// Constants that the language itself knows, and whose values to ask the database for.
#include "core/suggest/values.hpp"

#include "core/meaning/scope.hpp"
#include "core/rule/printer.hpp"
#include "core/value/fold_case.hpp"

#include <array>

namespace segmentation::core {

namespace {

/// The forms that rules mostly use; a day itself is written as 2026-05-30.
constexpr std::array<std::string_view, 19> dates = {
    "today",        "yesterday", "tomorrow",  "-7d",       "-30d",       "-90d",       "-180d",
    "-12m",         "-1y",       "this_week", "last_week", "this_month", "last_month", "this_quarter",
    "last_quarter", "this_year", "last_year", "+7d",       "+30d"};
constexpr std::array<std::string_view, 5> days_near = {"today", "tomorrow", "yesterday", "+7d", "+30d"};

} // namespace

void add_values(Suggestions &out, const Described &left, std::string_view typed, const Meaning &meaning) {
  const std::string begin = fold_case(typed);
  const auto add = [&](std::string_view value, std::string_view literal) {
    if (fold_case(value).starts_with(begin)) {
      out.completions.push_back({std::string(literal), CompletionKind::value, type_words(left.type)});
    }
  };
  const auto add_segments = [&] {
    for (const NamedSegment &segment : meaning.schema.segments) {
      const bool is_meant = left.kept == NamedSegment::Form::rule || left.kept == segment.form;
      if (is_meant && !segment.name.empty() && fold_case(segment.name).starts_with(begin)) {
        out.completions.push_back(
            {quote_text(segment.name), CompletionKind::value, type_words(ValueType::text)});
      }
    }
  };
  switch (left.type) {
  case ValueType::boolean:
    add("true", "true");
    add("false", "false");
    return;
  case ValueType::date:
    for (const std::string_view date : dates) {
      add(date, date);
    }
    return;
  case ValueType::anniversary:
    for (const std::string_view day : days_near) {
      add(day, day);
    }
    return;
  case ValueType::segments:
  case ValueType::segment:
    add_segments();
    return;
  case ValueType::rows:
    return;
  default:
    break;
  }
  if (left.kept != NamedSegment::Form::rule) {
    add_segments();
  }
  for (const std::string_view text : left.texts) {
    add(text, quote_text(text));
  }
  if (!left.column) {
    return;
  }
  WantedValues &wanted = out.wanted.emplace();
  wanted.column = *left.column;
  wanted.typed = begin;
  wanted.type = left.type == ValueType::json                                            ? ValueType::json
                : left.type == ValueType::number || left.type == ValueType::number_list ? ValueType::number
                                                                                        : ValueType::text;
  const Kind kind = column_of(meaning.schema, wanted.column).kind;
  if (kind == Kind::text_list || kind == Kind::number_list) {
    wanted.what = WantedValues::What::elements;
  }
}

} // namespace segmentation::core
