// The checker's answers, told in people's words. The one table of operators is here.
#include "core/meaning/describe.hpp"

#include "core/meaning/checking.hpp"

#include <array>

namespace segmentation::core {

namespace {

ValueType type_of(Kind kind) {
  switch (kind) {
  case Kind::number:
    return ValueType::number;
  case Kind::text:
    return ValueType::text;
  case Kind::boolean:
    return ValueType::boolean;
  case Kind::day:
  case Kind::instant:
    return ValueType::date;
  case Kind::json:
    return ValueType::json;
  case Kind::text_list:
    return ValueType::text_list;
  case Kind::number_list:
    return ValueType::number_list;
  }
  return ValueType::text;
}

/// The column whose values a scalar takes, as they are.
std::optional<ColumnRef> column_behind(const Scalar &scalar) {
  const bool picks = scalar.form == Scalar::Form::aggregate &&
                     (scalar.fold == Fold::first || scalar.fold == Fold::last || scalar.fold == Fold::mode);
  if (scalar.form != Scalar::Form::column && !picks) {
    return std::nullopt;
  }
  return scalar.column;
}

/// True for a column that holds names of segments.
bool names_segments(const Schema &schema, const ColumnRef &column) {
  return column.relation >= 0 &&
         schema.relations[static_cast<std::size_t>(column.relation)].segment == column.column;
}

std::optional<Described> describe(const Schema &schema, const Operand &operand, bool in_row) {
  Described described;
  described.in_row = in_row;
  described.kept = operand.kept;
  switch (operand.form) {
  case Operand::Form::broken:
    return std::nullopt;
  case Operand::Form::scalar:
  case Operand::Form::list:
    described.type = operand.untyped ? ValueType::json : type_of(operand.scalar.type);
    if (described.type == ValueType::text && names_segments(schema, operand.scalar.column)) {
      described.type = ValueType::segment;
    }
    if (operand.scalar.form == Scalar::Form::aggregate && operand.scalar.fold == Fold::forecast) {
      described.texts = texts_of(operand.scalar.forecast);
    }
    // The column of a field holds the values of all fields.
    described.column = operand.field ? std::nullopt : column_behind(operand.scalar);
    break;
  case Operand::Form::set:
    described.type = type_of(list_of_kind(operand.scalar.type));
    described.column = operand.scalar.column;
    break;
  case Operand::Form::segments:
    described.type = ValueType::segments;
    break;
  case Operand::Form::condition:
    described.type = ValueType::boolean;
    break;
  case Operand::Form::anniversary:
    described.type = ValueType::anniversary;
    break;
  }
  return described;
}

constexpr unsigned bit(ValueType type) {
  return 1U << static_cast<unsigned>(type);
}

constexpr unsigned number = bit(ValueType::number);
constexpr unsigned text = bit(ValueType::text);
constexpr unsigned boolean = bit(ValueType::boolean);
constexpr unsigned date = bit(ValueType::date);
constexpr unsigned json = bit(ValueType::json);
constexpr unsigned anniversary = bit(ValueType::anniversary);
constexpr unsigned segments = bit(ValueType::segments);
constexpr unsigned segment = bit(ValueType::segment);
constexpr unsigned rows = bit(ValueType::rows);
constexpr unsigned list = bit(ValueType::text_list) | bit(ValueType::number_list);

struct Entry {
  Operator op;
  unsigned types;
  bool row_lists; // inside MATCHES lists take it as well
};

/// In the order in which people are shown them.
constexpr std::array<Entry, 24> operators = {{
    {{"=", false}, number | text | segment | boolean | date | json | anniversary, true},
    {{"!=", false}, number | text | segment | boolean | date | json | anniversary, true},
    {{"<", false}, number | date | json, false},
    {{"<=", false}, number | date | json, false},
    {{">", false}, number | date | json, false},
    {{">=", false}, number | date | json, false},
    {{"BETWEEN", false}, number | date | json | anniversary, false},
    {{"NOT BETWEEN", false}, number | date | json | anniversary, false},
    {{"IN", true}, number | text | segment | json, true},
    {{"NOT IN", true}, number | text | segment | json, true},
    {{"STARTS WITH", false}, text | json, false},
    {{"ENDS WITH", false}, text | json, false},
    {{"CONTAINS", false}, text | json | list | segments, false},
    {{"NOT CONTAINS", false}, text | json | list | segments, false},
    {{"CONTAINS ANY", true}, text | json | list | segments, false},
    {{"CONTAINS ALL", true}, text | json | list | segments, false},
    {{"NOT CONTAINS ANY", true}, text | json | list | segments, false},
    {{"NOT CONTAINS ALL", true}, text | json | list | segments, false},
    {{"NOT STARTS WITH", false}, text | json, false},
    {{"NOT ENDS WITH", false}, text | json, false},
    {{"MATCHES", true}, rows, false},
    {{"NOT MATCHES", true}, rows, false},
    {{"IS NULL", false}, number | text | segment | boolean | date | json | anniversary | list | rows, false},
    {{"IS NOT NULL", false},
     number | text | segment | boolean | date | json | anniversary | list | rows,
     false},
}};

} // namespace

std::optional<Described> describe_value(const Value &value, const Standing &standing,
                                        const Meaning &meaning) {
  if (meaning.schema.relations.empty()) {
    return std::nullopt;
  }
  Context context;
  context.root = standing.root;
  context.defined = standing.defined;
  context.place = standing.in_row ? Context::Place::row : Context::Place::customer;
  Checker checker(meaning, {});
  std::optional<Described> described =
      describe(meaning.schema, checker.value(value, context), standing.in_row);
  if (!described && standing.in_row) {
    // Words such as count stand for all rows together.
    context.place = Context::Place::aggregate;
    described = describe(meaning.schema, Checker(meaning, {}).value(value, context), true);
    if (described) {
      described->all_rows = true;
    }
  }
  if (value.kind == Value::Kind::name && !standing.in_row) {
    const SourceName source = find_source(meaning.schema, *meaning.reach, value.name.parts);
    if (source.relation >= 0 && source.parts == value.name.parts.size()) {
      if (!described) {
        described.emplace().type = ValueType::rows;
      }
      described->source = true;
    }
  }
  return described;
}

std::vector<std::optional<Described>> describe_attributes(const Meaning &meaning) {
  std::vector<std::optional<Described>> all;
  all.reserve(meaning.schema.attributes.size());
  // One checker for all: attributes that others name are looked at once.
  Checker checker(meaning, {});
  for (const DefinedAttribute &attribute : meaning.schema.attributes) {
    Value value;
    value.name.parts.push_back({attribute.name, true});
    all.push_back(meaning.schema.relations.empty()
                      ? std::nullopt
                      : describe(meaning.schema, checker.value(value, {}), false));
  }
  return all;
}

Described describe_column(const Schema &schema, int relation, int column, bool in_row) {
  Described described;
  ColumnRef &ref = described.column.emplace();
  ref.relation = relation;
  ref.column = column;
  described.type = names_segments(schema, ref) ? ValueType::segment : type_of(column_of(schema, ref).kind);
  described.in_row = in_row;
  return described;
}

std::optional<Described> describe_set(const Schema &schema, int set, bool in_row) {
  const Relation &relation = schema.relations[static_cast<std::size_t>(set)];
  if (relation.value < 0) {
    return std::nullopt;
  }
  Described described = describe_column(schema, set, relation.value, in_row);
  if (described.type != ValueType::text && described.type != ValueType::number) {
    return std::nullopt;
  }
  described.type = described.type == ValueType::number ? ValueType::number_list : ValueType::text_list;
  described.source = relation.of == 0 && !in_row;
  return described;
}

std::string_view type_words(ValueType type) noexcept {
  switch (type) {
  case ValueType::number:
    return "number";
  case ValueType::text:
  case ValueType::segment:
    return "text";
  case ValueType::boolean:
    return "boolean";
  case ValueType::date:
  case ValueType::anniversary:
    return "date";
  case ValueType::text_list:
  case ValueType::segments:
    return "list of text";
  case ValueType::number_list:
    return "list of number";
  case ValueType::json:
    return "json";
  case ValueType::rows:
    break;
  }
  return {};
}

std::vector<Operator> operators_of(const Described &described) {
  const unsigned types = bit(described.type) | (described.source ? rows : 0U);
  const bool row_list = described.in_row && (bit(described.type) & list) != 0;
  std::vector<Operator> found;
  for (const Entry &entry : operators) {
    if ((entry.types & types) != 0 || (row_list && entry.row_lists)) {
      found.push_back(entry.op);
    }
  }
  return found;
}

} // namespace segmentation::core
