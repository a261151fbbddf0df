// Values: names, age, anniversary, arithmetic. Aggregates have a file of their own.
#include "core/meaning/build.hpp"
#include "core/meaning/checking.hpp"
#include "core/rule/printer.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace segmentation::core {

namespace {

bool is_word(NameParts parts, std::string_view word) {
  return parts.size() == 1 && !parts[0].quoted && parts[0].text == word;
}

/// True where a name begins with the table of customers; a leading customer. the parser has dropped.
bool names_customer(NameParts parts, const Relation &customers) {
  return parts.size() > 1 && same_name(parts[0], customers.name);
}

} // namespace

Operand Checker::value(const Value &value, const Context &context) {
  const Level level(*this, value.span);
  if (!level.fits()) {
    return {};
  }
  switch (value.kind) {
  case Value::Kind::name:
    return name_value(value.name, context);
  case Value::Kind::aggregate:
    return aggregate_value(value, context);
  case Value::Kind::anniversary:
    return anniversary_value(value, context);
  case Value::Kind::age:
    return age_value(value, context);
  case Value::Kind::arithmetic:
    return arithmetic_value(value, context);
  case Value::Kind::literal:
    return literal_value(value);
  }
  return {};
}

Operand Checker::name_value(const Name &name, const Context &context) {
  if (context.in_row()) {
    return row_name(name, context);
  }
  const NameParts parts = name.parts;
  if (names_customer(parts, schema_.relations[0])) {
    return customer_name(name, parts.subspan(1), context);
  }
  return customer_name(name, parts, context);
}

/// The lists of groups and tags have those that people keep by hand beside the shop's own, which there may be
/// none of.
Operand Checker::customer_name(const Name &name, NameParts parts, const Context &context) {
  const NamedSegment::Form kept = is_word(parts, "customer_groups") ? NamedSegment::Form::group
                                  : is_word(parts, "customer_tags") ? NamedSegment::Form::tag
                                                                    : NamedSegment::Form::rule;
  Operand operand;
  if (kept == NamedSegment::Form::rule || is_known(parts)) {
    operand = customer_value(name, parts, context);
  } else {
    operand.form = Operand::Form::segments;
    operand.scalar.span = at(name.span);
  }
  if (kept != NamedSegment::Form::rule && operand.is_list()) {
    operand.kept = kept; // else an attribute may stand for one of them
  }
  return operand;
}

/// Tells whether a name means anything that is bound or defined.
bool Checker::is_known(NameParts parts) const {
  return resolve(schema_, *reach_, 0, parts).what != Resolved::What::nothing ||
         std::any_of(schema_.attributes.begin(), schema_.attributes.end(),
                     [&](const DefinedAttribute &known) { return leading_parts(parts, known.name) > 0; });
}

Operand Checker::customer_value(const Name &name, NameParts parts, const Context &context) {
  if (is_word(parts, "segments")) {
    Operand operand;
    operand.form = Operand::Form::segments;
    operand.scalar.span = at(name.span);
    return operand;
  }
  if (is_memberships(parts)) {
    unknown_name(name, parts, context);
    return {};
  }
  int prefix = -1;
  std::size_t prefix_parts = 0;
  for (std::size_t i = 0; i < schema_.attributes.size(); ++i) {
    const std::size_t taken = leading_parts(parts, schema_.attributes[i].name);
    if (taken > prefix_parts) {
      prefix = static_cast<int>(i);
      prefix_parts = taken;
    }
  }
  const bool whole = prefix >= 0 && prefix_parts == parts.size();
  // Within its own definition an attribute's name means the column that it goes by.
  const bool own_definition = whole && !active_.empty() && active_.back() == Inlined{Word::attribute, prefix};
  if (whole && !own_definition) {
    return attribute(prefix, name.span);
  }
  Resolved resolved = resolve(schema_, *reach_, 0, parts);
  if (whole && (resolved.what == Resolved::What::nothing || resolved.what == Resolved::What::relation)) {
    return attribute(prefix, name.span);
  }
  if (resolved.what == Resolved::What::nothing && prefix >= 0) {
    // Keys below an attribute that stands for a json column.
    Operand operand = attribute(prefix, name.span);
    if (operand.form == Operand::Form::scalar && operand.untyped &&
        operand.scalar.form == Scalar::Form::column) {
      for (const Name::Part &part : parts.subspan(prefix_parts)) {
        operand.scalar.column.json_path.push_back(part.text);
      }
      return operand;
    }
    if (operand.form == Operand::Form::broken) {
      return operand;
    }
  }
  if (resolved.what == Resolved::What::nothing && parts.size() < name.parts.size()) {
    // "customer" may be a json column or a lookup of that name after all.
    if (Resolved full = resolve(schema_, *reach_, 0, name.parts); full.what == Resolved::What::column) {
      return resolved_value(full, name, name.parts, context);
    }
  }
  if (resolved.what == Resolved::What::nothing) {
    if (std::optional<Operand> field = field_value(parts, name.span)) {
      return *std::move(field);
    }
    if (std::optional<Operand> forecast = forecast_value(parts, name.span)) {
      return *std::move(forecast);
    }
  }
  return resolved_value(resolved, name, parts, context);
}

/// A key-value field: the name of a source of fields, and behind it the field's own name.
std::optional<Operand> Checker::field_value(NameParts parts, Span span) const {
  int fields = -1;
  std::size_t taken = 0;
  for (std::size_t i = 1; i < schema_.relations.size(); ++i) {
    const Relation &relation = schema_.relations[i];
    if (const std::size_t more = relation.field < 0 ? 0 : leading_parts(parts, relation.name);
        more > taken && more < parts.size()) {
      fields = static_cast<int>(i);
      taken = more;
    }
  }
  if (fields < 0) {
    return std::nullopt;
  }
  const Relation &relation = schema_.relations[static_cast<std::size_t>(fields)];
  Operand operand = column_operand({fields, relation.value, {}}, span);
  operand.untyped = operand.untyped || operand.scalar.type == Kind::text;
  operand.field = true;
  operand.scalar.form = Scalar::Form::aggregate;
  operand.scalar.fold = Fold::last;
  operand.scalar.source = fields;
  operand.scalar.filter =
      build::text(Condition::Form::text_in, at(span),
                  column_operand({fields, relation.field, {}}, span).scalar, dotted(parts.subspan(taken)));
  return operand;
}

Operand Checker::row_name(const Name &name, const Context &context) {
  const NameParts parts = name.parts;
  if (context.place != Context::Place::binding) {
    if (const std::optional<FoldWord> word = aggregate_word(name, context)) {
      return word_value(*word, name, context);
    }
  }
  Operand operand =
      context.defined < 0
          ? row_column(context, parts, name)
          : row_column(context, in_words_of_relation(schema_, *reach_, context.defined, parts), name);
  if (operand.form != Operand::Form::broken && context.place == Context::Place::aggregate) {
    report(SqlState::wrong_type, name.span,
           fmt::format("{} belongs to one row, not to all rows together", print_name(name)),
           "Compare an aggregate with a constant or with another aggregate.");
    return {};
  }
  return operand;
}

Operand Checker::row_column(const Context &context, NameParts parts, const Name &name) {
  Resolved resolved;
  if (is_word(parts, "date")) {
    resolved.column = date_column(schema_, *reach_, context.root);
    if (resolved.column.relation >= 0) {
      return column_operand(resolved.column, name.span);
    }
    resolved = resolve(schema_, *reach_, context.root, parts);
    if (resolved.what != Resolved::What::column) {
      report(SqlState::undefined_name, name.span, fmt::format("\"{}\" has no date", root_name(context)),
             "Bind it with the column that holds its time.");
      return {};
    }
  } else {
    resolved = resolve(schema_, *reach_, context.root, parts);
  }
  return resolved_value(resolved, name, parts, context);
}

Operand Checker::resolved_value(const Resolved &resolved, const Name &name, NameParts parts,
                                const Context &context) {
  switch (resolved.what) {
  case Resolved::What::column:
    if (column_of(schema_, resolved.column).is_virtual) {
      virtual_column(resolved.column, name);
      return {};
    }
    return column_operand(resolved.column, name.span);
  case Resolved::What::set:
    return set_operand(resolved.relation, name.span, context, name);
  case Resolved::What::nothing:
    unknown_name(name, parts, context);
    return {};
  default:
    misused_name(resolved, name, parts);
    return {};
  }
}

Operand Checker::column_operand(const ColumnRef &ref, Span span) const {
  const Kind kind = column_of(schema_, ref).kind;
  Operand operand;
  operand.form = is_list(kind) ? Operand::Form::list : Operand::Form::scalar;
  operand.untyped = kind == Kind::json;
  operand.scalar.form = Scalar::Form::column;
  operand.scalar.type = operand.untyped ? Kind::text : kind;
  operand.scalar.span = at(span);
  operand.scalar.column = ref;
  return operand;
}

Operand Checker::set_operand(int set, Span span, const Context &context, const Name &name) {
  const Relation &relation = schema_.relations[static_cast<std::size_t>(set)];
  const Kind kind =
      relation.value < 0 ? Kind::text : relation.columns[static_cast<std::size_t>(relation.value)].kind;
  if (relation.value < 0 || (kind != Kind::text && kind != Kind::number)) {
    report(SqlState::wrong_type, span,
           fmt::format("{} is a list of neither texts nor numbers", print_name(name)),
           "Bind the set with a text or number column as its value.");
    return {};
  }
  Operand operand;
  operand.scalar.form = Scalar::Form::column;
  operand.scalar.span = at(span);
  operand.scalar.column.relation = set;
  operand.scalar.column.column = relation.value;
  if (relation.of == 0 && !context.in_row()) {
    operand.form = Operand::Form::set;
    operand.set = set;
    operand.scalar.type = kind;
  } else {
    operand.form = Operand::Form::list;
    operand.scalar.type = kind == Kind::number ? Kind::number_list : Kind::text_list;
    operand.member = set == context.root;
  }
  return operand;
}

Operand Checker::age_value(const Value &value, const Context &context) {
  if (value.operands.empty()) {
    return {};
  }
  Operand date = this->value(value.operands[0], context);
  if (!make_date(date, value.operands[0])) {
    return {};
  }
  Operand operand;
  operand.form = Operand::Form::scalar;
  operand.scalar.form = Scalar::Form::age;
  operand.scalar.type = Kind::number;
  operand.scalar.span = at(value.span);
  operand.scalar.operands.push_back(std::move(date.scalar));
  return operand;
}

Operand Checker::anniversary_value(const Value &value, const Context &context) {
  if (value.operands.empty()) {
    return {};
  }
  Operand operand = this->value(value.operands[0], context);
  if (!make_date(operand, value.operands[0])) {
    return {};
  }
  operand.form = Operand::Form::anniversary;
  operand.scalar.span = at(value.span);
  return operand;
}

Operand Checker::arithmetic_value(const Value &value, const Context &context) {
  Operand operand;
  operand.scalar.form = Scalar::Form::arithmetic;
  operand.scalar.type = Kind::number;
  operand.scalar.span = at(value.span);
  operand.scalar.op = value.op;
  bool right = true;
  for (const Value &part : value.operands) {
    Operand number = this->value(part, context);
    right = make_number(number, part) && right;
    operand.scalar.operands.push_back(std::move(number.scalar));
  }
  operand.form = right ? Operand::Form::scalar : Operand::Form::broken;
  return operand;
}

Operand Checker::literal_value(const Value &value) {
  Operand operand;
  std::optional<Decimal> number;
  if (value.literal.kind == Literal::Kind::number) {
    number = Decimal::parse(value.literal.text);
  }
  if (!number) {
    report(SqlState::wrong_type, value.span,
           fmt::format("{} cannot stand here", print_literal(value.literal)),
           "Of constants only numbers can be values of their own.");
    return operand;
  }
  operand.form = Operand::Form::scalar;
  operand.scalar.form = Scalar::Form::constant;
  operand.scalar.span = at(value.span);
  operand.scalar.number = std::move(*number);
  return operand;
}

bool Checker::make_date(Operand &operand, const Value &value) {
  if (operand.form == Operand::Form::broken) {
    return false;
  }
  if (operand.form == Operand::Form::scalar) {
    if (operand.untyped) {
      return read_as(operand, Kind::instant, value, value.span);
    }
    if (is_date(operand.scalar.type)) {
      return true;
    }
  }
  report(SqlState::wrong_type, value.span, fmt::format("{} is not a date", print_value(value)));
  return false;
}

bool Checker::make_number(Operand &operand, const Value &value) {
  if (operand.form == Operand::Form::broken) {
    return false;
  }
  if (operand.form == Operand::Form::scalar) {
    if (operand.untyped) {
      return read_as(operand, Kind::number, value, value.span);
    }
    if (operand.scalar.type == Kind::number) {
      return true;
    }
  }
  report(SqlState::wrong_type, value.span, fmt::format("{} is not a number", print_value(value)),
         "Arithmetic takes numbers.");
  return false;
}

} // namespace segmentation::core
