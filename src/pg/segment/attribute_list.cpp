// Fills the lists in. C++ side: never calls the server.
#include "pg/segment/attribute_list.hpp"

#include "core/meaning/scope.hpp"
#include "core/program/sql_printer.hpp"
#include "core/rule/parser.hpp"
#include "core/rule/printer.hpp"
#include "core/suggest/name_list.hpp"

#include <map>
#include <memory>

namespace segmentation::pg {

namespace {

core::Name name_of(std::string_view dotted) {
  core::Name name;
  core::add_parts(name.parts, dotted);
  return name;
}

core::Name in_lower_case(core::Name name) {
  for (core::Name::Part &part : name.parts) {
    for (char &c : part.text)
      c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return name;
}

core::Name name_of_column(const char *relation, const std::string &column) {
  core::Name name;
  if (relation != nullptr)
    core::add_parts(name.parts, relation);
  name.parts.push_back({column, true});
  return name;
}

} // namespace

void AttributeList::describe(const char *kind, const core::Name &name,
                             const std::optional<core::Described> &described, int relation,
                             const char *word) {
  DescribedRow row{kind, keep(core::print_name(name)), nullptr, nullptr, 0, relation, word};
  if (described) {
    std::vector<const char *> &operators = lists_.emplace_back();
    for (const core::Operator &op : core::operators_of(*described))
      operators.push_back(op.words.data()); // literals, which end in a zero
    row.type = core::type_words(described->type).data();
    row.operators = operators.data();
    row.operator_count = static_cast<int>(operators.size());
  }
  described_.push_back(row);
  names_.push_back(name);
}

void AttributeList::describe_columns(const LiveCore &live, const char *kind, int relation) {
  const core::Schema &schema = live.meaning()->schema;
  const RelationInput &input = live.input().relations[relation];
  const std::vector<core::Column> &columns = schema.relations[static_cast<std::size_t>(relation)].columns;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!columns[i].is_nameless && !columns[i].is_virtual)
      describe(kind, name_of_column(relation == 0 ? nullptr : input.name, columns[i].name),
               core::describe_column(schema, relation, static_cast<int>(i), false), relation,
               input.columns[i].name);
  }
}

AttributeList *AttributeList::all_of(const LiveCore &live) {
  auto made = std::make_unique<AttributeList>();
  const core::Meaning &meaning = *live.meaning();
  const core::Schema &schema = meaning.schema;
  if (schema.relations.empty())
    return made.release();
  const auto attributes = core::describe_attributes(meaning);
  for (std::size_t i = 0; i < attributes.size(); ++i)
    made->describe("defined", name_of(schema.attributes[i].name), attributes[i], -1,
                   live.input().attributes[i].name);
  made->describe_columns(live, "column", 0);
  for (const int lookup : meaning.reach->from.front().lookups)
    made->describe_columns(live, "lookup", lookup);
  for (const int set : meaning.reach->from.front().sets)
    made->describe("set", name_of(schema.relations[static_cast<std::size_t>(set)].name),
                   core::describe_set(schema, set, false), set, live.input().relations[set].name);
  for (std::size_t i = 1; i < schema.relations.size(); ++i) {
    const int relation = static_cast<int>(i);
    if (schema.relations[i].field >= 0)
      made->describe("fields", name_of(schema.relations[i].name),
                     core::describe_column(schema, relation, schema.relations[i].value, false), relation,
                     live.input().relations[relation].name);
  }
  for (const core::ValueType type :
       {core::ValueType::number, core::ValueType::text, core::ValueType::boolean, core::ValueType::date,
        core::ValueType::text_list, core::ValueType::number_list, core::ValueType::json}) {
    core::Described described;
    described.type = type;
    made->describe("type", name_of(core::type_words(type)), described, -1, core::type_words(type).data());
  }
  made->bare_capitals();
  return made.release();
}

/// Without quotes capitals do not matter, so that names which have them need quotes only beside one that
/// differs in nothing else, or where no case would do without.
void AttributeList::bare_capitals() {
  std::map<std::string, int> alike;
  std::vector<std::string> lower;
  for (const core::Name &name : names_)
    ++alike[lower.emplace_back(core::print_name(in_lower_case(name)))];
  for (std::size_t i = 0; i < described_.size(); ++i) {
    if (alike[lower[i]] == 1 && lower[i].find('"') == std::string::npos)
      described_[i].name = keep(core::dotted(names_[i].parts));
  }
}

void AttributeList::read(const LiveCore &live, const char *kind, const char *name,
                         const core::CheckedRule &rule) {
  const core::Meaning &meaning = *live.meaning();
  for (const core::ValueRead &value : core::values_read(*rule.condition, meaning)) {
    std::vector<const char *> &keys = lists_.emplace_back();
    for (const std::string &key : value.keys)
      keys.push_back(keep(key));
    reads_.push_back(
        {kind, name, value.field ? "field" : "column", value.relation,
         value.field ? keep(*value.field) : live.input().relations[value.relation].columns[value.column].name,
         keys.data(), static_cast<int>(keys.size())});
  }
  for (const int attribute : rule.attributes)
    reads_.push_back({kind, name, "attribute", -1, live.input().attributes[attribute].name, nullptr, 0});
}

AttributeList *AttributeList::reads_of(const LiveCore &live) {
  auto made = std::make_unique<AttributeList>();
  const SchemaInput &input = live.input();
  for (int i = 0; i < input.segment_count; ++i) {
    Failure failure;
    if (input.segments[i].source == nullptr)
      continue; // kept by hand
    if (const auto rule = live.check(input.segments[i].source, Excerpt::none, failure))
      made->read(live, "segment", input.segments[i].name, *rule);
  }
  const auto described = core::describe_attributes(*live.meaning());
  for (int i = 0; i < input.attribute_count; ++i) {
    const auto &one = described[static_cast<std::size_t>(i)];
    if (!one)
      continue;
    // A test of nothing but the attribute; a condition is one by itself, and always there.
    const std::string test = core::print_name(name_of(input.attributes[i].name)) +
                             (one->type == core::ValueType::boolean ? "" : " IS NOT NULL");
    Failure failure;
    const auto rule = live.check(test.c_str(), Excerpt::none, failure);
    if (!rule)
      continue;
    made->read(live, "attribute", input.attributes[i].name, *rule);
    for (const core::ColumnRead &read : core::columns_read(*rule->condition, *live.meaning()))
      made->reads_.push_back({"attribute", input.attributes[i].name, "needs", read.relation,
                              input.relations[read.relation].columns[read.column].name, nullptr, 0});
  }
  return made.release();
}

AttributeList *AttributeList::needs_of(const LiveCore &live, const char *const *names, int count) {
  auto made = std::make_unique<AttributeList>();
  const auto add = [&](const char *name, const char *what, int relation, const char *word) {
    made->reads_.push_back({"value", name, what, relation, word, nullptr, 0});
  };
  for (int i = 0; i < count; ++i) {
    const core::Parsed<core::Name> name = core::parse_name(names[i]);
    if (!name.value) {
      add(names[i], "wrong", -1, "it is not a name");
      continue;
    }
    const core::CheckedName checked = core::check_name(*name.value, *live.meaning());
    if (!checked.value) {
      add(names[i], "wrong", -1, made->keep(checked.mistake.message));
      continue;
    }
    for (const core::ColumnRead &read : core::columns_read(*checked.value, *live.meaning()))
      add(names[i], "needs", read.relation, live.input().relations[read.relation].columns[read.column].name);
  }
  return made.release();
}

AttributeList *AttributeList::values_of(const LiveCore &live, const char *const *names, int count,
                                        const char *members) {
  auto made = std::make_unique<AttributeList>();
  std::vector<core::CheckedValue> values;
  made->texts_.push_back(nullptr);
  for (int i = 0; i < count; ++i) {
    core::CheckedName checked;
    if (const core::Parsed<core::Name> name = core::parse_name(names[i]); name.value)
      checked = core::check_name(*name.value, *live.meaning());
    else if (const auto expression = core::parse_attribute(names[i]); expression.value)
      checked = core::check_shown(*expression.value, *live.meaning());
    if (checked.value) {
      values.push_back(std::move(*checked.value));
      made->texts_.push_back(names[i]);
    }
  }
  made->texts_.front() = made->keep(core::print_values(values, {}, *live.meaning(), {{}, members, true}));
  return made.release();
}

} // namespace segmentation::pg
