// Catalog rows to schema, schema to checked rules. C++ side: never calls the server.
#include "pg/live/live_core.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace segmentation::pg {

namespace {

/// The longest rules of segments and bindings were accepted under the limits of their time: reading them
/// again has none but depth.
std::string owner_of(const char *kind, const char *name) {
  return fmt::format("{} \"{}\"", kind, name);
}

core::Column make_column(const ColumnInput &input) {
  core::Column column;
  column.name = input.word_count > 0 ? input.words[0] : input.name;
  column.is_nameless = input.word_count == 0;
  for (int i = 1; i < input.word_count; ++i)
    column.old_names.emplace_back(input.words[i]);
  column.sql = input.sql;
  column.kind = input.kind;
  column.sql_type = input.sql_type;
  column.local_time = input.local_time;
  column.needs_cast = input.needs_cast;
  column.may_be_special = input.may_be_special;
  column.whole = input.whole;
  column.scale = input.scale;
  column.storage = input.storage;
  column.is_virtual = input.is_virtual;
  return column;
}

bool make_relation(const RelationInput &input, core::Relation &relation, Failure &failure) {
  relation.role = input.role;
  relation.name = input.name;
  relation.from_sql = input.from_sql;
  relation.storage = input.storage;
  relation.of = input.of;
  relation.key = input.key;
  relation.of_key = input.of_key;
  relation.lookup_key = input.lookup_key;
  relation.date = input.date;
  relation.value = input.value;
  relation.parent = input.parent;
  relation.tree = input.tree;
  relation.field = input.field;
  relation.segment = input.segment;
  relation.hand = input.hand;
  relation.standing = input.standing;
  relation.key_is_enforced = input.key_is_enforced;
  relation.primary_key.assign(input.primary_key, input.primary_key + input.primary_key_count);
  relation.columns.reserve(static_cast<std::size_t>(input.column_count));
  for (int i = 0; i < input.column_count; ++i)
    relation.columns.push_back(make_column(input.columns[i]));
  if (input.condition == nullptr)
    return true;
  relation.condition_text = input.condition;
  auto parsed = core::parse_condition(relation.condition_text);
  if (!parsed.value) {
    fail(failure, parsed.diagnostics, relation.condition_text, input.condition, Excerpt::detail,
         fmt::format("condition of binding \"{}\"", input.name));
    return false;
  }
  relation.condition = std::make_shared<const core::Expr>(std::move(*parsed.value));
  return true;
}

bool make_attribute(const AttributeInput &input, core::DefinedAttribute &attribute, Failure &failure) {
  attribute.name = input.name;
  auto parsed = core::parse_attribute(input.expression);
  if (!parsed.value) {
    fail(failure, parsed.diagnostics, input.expression, input.expression, Excerpt::detail,
         owner_of("attribute", input.name));
    return false;
  }
  if (parsed.value->value)
    attribute.value = std::make_shared<const core::Value>(std::move(*parsed.value->value));
  if (parsed.value->condition)
    attribute.condition = std::make_shared<const core::Expr>(std::move(*parsed.value->condition));
  return true;
}

bool make_source(const SourceInput &input, core::DefinedSource &source, Failure &failure) {
  source.name = input.name;
  source.of = input.of;
  std::string owner = owner_of("source", input.name);
  for (int i = 0; i < input.parameter_count; ++i) {
    const ParameterInput &parameter = input.parameters[i];
    auto meaning = core::parse_name(parameter.meaning);
    if (!meaning.value) {
      fail(failure, meaning.diagnostics, parameter.meaning, parameter.meaning, Excerpt::detail,
           fmt::format("{}, parameter \"{}\"", owner, parameter.name));
      return false;
    }
    source.parameters.push_back({parameter.name, std::move(*meaning.value)});
  }
  if (input.condition == nullptr)
    return true;
  auto parsed = core::parse_condition(input.condition);
  if (!parsed.value) {
    fail(failure, parsed.diagnostics, input.condition, input.condition, Excerpt::detail, owner);
    return false;
  }
  source.condition = std::make_shared<const core::Expr>(std::move(*parsed.value));
  return true;
}

bool make_segment(const SegmentInput &input, core::NamedSegment &segment, Failure &failure) {
  segment.id = input.id;
  segment.name = input.is_draft ? "" : input.name;
  segment.form = input.form;
  segment.by_hand = input.by_hand;
  segment.spoken = input.spoken;
  if (input.source == nullptr)
    return true;
  auto parsed = core::parse_rule(input.source);
  if (!parsed.value) {
    fail(failure, parsed.diagnostics, input.source, input.source, Excerpt::detail,
         owner_of("rule of segment", input.name));
    return false;
  }
  segment.condition = std::make_shared<const core::Expr>(std::move(parsed.value->condition));
  return true;
}

/// Tells which bound condition a diagnostic is about: its message names the binding.
void fail_with_condition(const SchemaInput &input, const core::Diagnostics &diagnostics, Failure &failure) {
  for (int i = 0; i < input.relation_count; ++i) {
    const RelationInput &relation = input.relations[i];
    std::string quoted = fmt::format("\"{}\"", relation.name);
    if (relation.condition != nullptr && diagnostics.front().message.find(quoted) != std::string::npos) {
      fail(failure, diagnostics, relation.condition, relation.condition, Excerpt::detail,
           fmt::format("condition of binding \"{}\"", relation.name));
      return;
    }
  }
  fail(failure, diagnostics, {}, nullptr, Excerpt::none);
}

} // namespace

LiveCore *LiveCore::make(const SchemaInput &input, bool key_is_integer, Failure &failure) {
  core::Schema schema;
  schema.zone_name = input.zone.name;
  schema.zone = core::Zone(
      input.zone.initial_offset,
      std::vector<core::Zone::Change>(input.zone.changes, input.zone.changes + input.zone.change_count),
      input.zone.repeats);
  schema.relations.resize(static_cast<std::size_t>(input.relation_count));
  for (int i = 0; i < input.relation_count; ++i) {
    if (!make_relation(input.relations[i], schema.relations[static_cast<std::size_t>(i)], failure))
      return nullptr;
  }
  schema.attributes.resize(static_cast<std::size_t>(input.attribute_count));
  for (int i = 0; i < input.attribute_count; ++i) {
    if (!make_attribute(input.attributes[i], schema.attributes[static_cast<std::size_t>(i)], failure))
      return nullptr;
  }
  schema.sources.resize(static_cast<std::size_t>(input.source_count));
  for (int i = 0; i < input.source_count; ++i) {
    if (!make_source(input.sources[i], schema.sources[static_cast<std::size_t>(i)], failure))
      return nullptr;
  }
  schema.segments.resize(static_cast<std::size_t>(input.segment_count));
  for (int i = 0; i < input.segment_count; ++i) {
    if (!make_segment(input.segments[i], schema.segments[static_cast<std::size_t>(i)], failure))
      return nullptr;
  }
  for (int i = 0; i < input.archived_count; ++i)
    schema.archived.emplace_back(input.archived[i].name);
  if (input.forecast != nullptr)
    schema.forecast = core::ForecastModel::parse(input.forecast);
  core::PreparedMeaning prepared = core::prepare_meaning(std::move(schema));
  if (!prepared.meaning) {
    fail_with_condition(input, prepared.diagnostics, failure);
    return nullptr;
  }
  auto live = std::make_unique<LiveCore>();
  live->input_ = &input;
  live->meaning_ = std::move(prepared.meaning);
  live->key_is_integer_ = key_is_integer;
  return live.release();
}

std::optional<core::CheckedRule> LiveCore::check(const char *rule, Excerpt excerpt, Failure &failure,
                                                 std::string_view context) const {
  core::Checked checked = core::check_rule(core::parse_rule(rule), *meaning_);
  if (!checked.rule)
    fail(failure, checked.diagnostics, rule, rule, excerpt, context);
  return std::move(checked.rule);
}

std::optional<core::CheckedRule> LiveCore::check_segment(int index, Excerpt excerpt, Failure &failure) const {
  const SegmentInput &input = input_->segments[index];
  std::optional<core::CheckedRule> rule;
  if (input.source == nullptr)
    rule.emplace();
  else
    rule = check(input.source, excerpt, failure, owner_of("rule of segment", input.name));
  if (rule)
    add_hands(input.id, *rule);
  return rule;
}

void LiveCore::add_hands(std::int32_t segment, core::CheckedRule &rule) const {
  for (const core::NamedSegment &known : meaning_->schema.segments) {
    if (known.id == segment)
      rule.condition = core::with_hands(known, std::move(rule.condition), meaning_->schema);
  }
}

void LiveCore::check_everything(Failure &failure) const {
  for (int i = 0; i < input_->attribute_count; ++i) {
    const AttributeInput &attribute = input_->attributes[i];
    auto parsed = core::parse_attribute(attribute.expression);
    core::Diagnostics diagnostics = std::move(parsed.diagnostics);
    if (parsed.value)
      diagnostics = core::check_attribute(*parsed.value, *meaning_).diagnostics;
    if (!diagnostics.empty())
      return fail(failure, diagnostics, attribute.expression, attribute.expression, Excerpt::detail,
                  owner_of("attribute", attribute.name));
  }
  for (int i = 0; i < input_->source_count; ++i) {
    const SourceInput &source = input_->sources[i];
    const core::Diagnostics diagnostics = core::check_source(i, *meaning_);
    if (!diagnostics.empty()) {
      // Only the condition has a text that a caret can point into.
      const bool in_text = source.condition != nullptr && diagnostics.front().span.end > 0;
      return fail(failure, diagnostics, in_text ? source.condition : "", in_text ? source.condition : nullptr,
                  in_text ? Excerpt::detail : Excerpt::none, owner_of("source", source.name));
    }
  }
  for (int i = 0; i < input_->segment_count; ++i) {
    if (!check_segment(i, Excerpt::detail, failure))
      return;
  }
}

} // namespace segmentation::pg
