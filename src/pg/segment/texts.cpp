// Fills the lists in. C++ side: never calls the server.
#include "pg/segment/texts.hpp"

#include "core/program/sql_printer.hpp"
#include "core/value/fold_case.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <set>

namespace segmentation::pg {

const char *Texts::keep(std::string text) {
  return strings_.emplace_back(std::move(text)).c_str();
}

Texts *Texts::mistakes_of(const LiveCore *live, const char *rule) {
  auto texts = std::make_unique<Texts>();
  auto parsed = core::parse_rule(rule);
  core::Diagnostics diagnostics = live != nullptr ? core::check_rule(parsed, *live->meaning()).diagnostics
                                                  : std::move(parsed.diagnostics);
  for (core::Diagnostic &mistake : diagnostics) {
    Place place = place_of(rule, mistake.span.begin);
    Mistake row;
    row.sqlstate = core::sqlstate_code(mistake.state);
    row.line = place.line;
    row.column = place.column;
    row.length = characters_in(rule, mistake.span);
    row.message = texts->keep(std::move(mistake.message));
    row.hint = mistake.hint.empty() ? nullptr : texts->keep(std::move(mistake.hint));
    texts->mistakes_.push_back(row);
  }
  return texts.release();
}

void Texts::keep_line(core::Explanation &line, std::string_view rule, int depth) {
  std::string_view part = line.span.begin < line.span.end && line.span.end <= rule.size()
                              ? rule.substr(line.span.begin, line.span.end - line.span.begin)
                              : rule;
  ExplainedLine row = {};
  row.depth = static_cast<int>(line.depth) + depth;
  row.segment = -1;
  row.condition = keep(std::string(part));
  row.actual = line.actual ? keep(std::move(*line.actual)) : nullptr;
  row.holds = line.holds;
  row.missing = line.missing ? keep(std::move(*line.missing)) : nullptr;
  row.has_rows = line.rows.has_value();
  std::vector<const char *> &keys = lists_.emplace_back();
  for (std::string &key : line.rows.value_or(std::vector<std::string>{}))
    keys.push_back(keep(std::move(key)));
  row.rows = keys.data();
  row.row_count = static_cast<int>(keys.size());
  row.until = line.until;
  lines_.push_back(row);
}

void Texts::keep_segment(Work &work, std::uint32_t customer, int segment, int depth,
                         const SchemaInput &input) {
  const auto found = std::find(work.named().begin(), work.named().end(), segment);
  if (found == work.named().end()) {
    ExplainedLine row = {};
    row.depth = depth;
    row.segment = segment;
    row.until = core::instant_infinity;
    lines_.push_back(row);
    return;
  }
  const char *rule = input.segments[segment].source;
  const auto number = static_cast<std::size_t>(found - work.named().begin()) + 1;
  const std::size_t first = lines_.size();
  for (core::Explanation &line : work.population().explain(number, customer, rule))
    keep_line(line, rule, depth);
  lines_[first].segment = segment;
}

Texts *Texts::explanation(Work &work, std::uint32_t customer, const char *rule, const SchemaInput &input) {
  auto texts = std::make_unique<Texts>();
  std::set<int> told; // a segment that is named twice is explained once
  for (core::Explanation &line : work.population().explain(0, customer, rule)) {
    texts->keep_line(line, rule, 0);
    for (const std::string &name : line.segments)
      for (int i = 0; i < input.segment_count; ++i)
        if (!input.segments[i].is_draft && name == input.segments[i].name && told.insert(i).second)
          texts->keep_segment(work, customer, i, static_cast<int>(line.depth) + 1, input);
  }
  return texts.release();
}

Texts *Texts::sql_of(const LiveCore &live, const char *rule, Failure &failure) {
  return sql_of_checked(live, live.check(rule, Excerpt::detail, failure));
}

Texts *Texts::sql_of_segment(const LiveCore &live, int index, Failure &failure) {
  return sql_of_checked(live, live.check_segment(index, Excerpt::detail, failure));
}

Texts *Texts::sql_of_checked(const LiveCore &live, const std::optional<core::CheckedRule> &checked) {
  if (!checked)
    return nullptr;
  auto texts = std::make_unique<Texts>();
  texts->keep(core::print_sql(*checked, *live.meaning()));
  return texts.release();
}

Texts *Texts::summed_rows_of(const LiveCore &live, const char *attribute, Failure &failure) {
  auto texts = std::make_unique<Texts>();
  const auto &defined = live.meaning()->schema.attributes;
  if (std::none_of(defined.begin(), defined.end(), [&](const auto &each) { return each.name == attribute; }))
    return texts.release();
  auto name = core::parse_name(attribute);
  core::CheckedName checked;
  if (name.value)
    checked = core::check_name(*name.value, *live.meaning());
  if (!checked.value) {
    fail(failure, {checked.mistake}, attribute, nullptr, Excerpt::none,
         fmt::format("attribute \"{}\"", attribute));
    return nullptr;
  }
  texts->keep(core::print_customers(*live.meaning()));
  if (checked.value->form == core::CheckedValue::Form::scalar) {
    if (auto rows = core::print_summed_rows(checked.value->scalar, *live.meaning()))
      texts->keep(std::move(*rows));
  }
  return texts.release();
}

Texts *Texts::purchases_of(const LiveCore &live, Failure &failure) {
  for (const auto &attribute : live.meaning()->schema.attributes) {
    if (core::fold_case(attribute.name) == "forecast_purchases")
      return summed_rows_of(live, attribute.name.c_str(), failure);
  }
  return std::make_unique<Texts>().release();
}

Texts *Texts::uses_of(const LiveCore &live, const char *rule, Failure &failure) {
  std::vector<std::string> names = live.uses(rule, failure);
  if (failure.failed)
    return nullptr;
  auto texts = std::make_unique<Texts>();
  for (std::string &name : names)
    texts->keep(std::move(name));
  return texts.release();
}

} // namespace segmentation::pg
