// What is wrong with a name, and what would be right. Runs only where there is a mistake, so it may take its
// time.
#include "core/meaning/checking.hpp"
#include "core/rule/printer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace segmentation::core {

namespace {

/// As many columns as a hint may list before it says too much.
constexpr std::size_t few_columns = 12;

std::string dotted(NameParts parts) {
  std::string text;
  for (const Name::Part &part : parts) {
    text += text.empty() ? "" : ".";
    text += part.text;
  }
  return text;
}

std::string columns_hint(const Relation &relation) {
  const std::vector<std::string> names = column_names(relation);
  if (names.empty() || names.size() > few_columns) {
    return {};
  }
  return fmt::format("The columns of \"{}\" are {}.", relation.name, quoted_list(names, "and"));
}

} // namespace

std::string quoted_list(const std::vector<std::string> &names, std::string_view last) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) {
      text += i + 1 == names.size() ? fmt::format(" {} ", last) : ", ";
    }
    text += fmt::format("\"{}\"", names[i]);
  }
  return text;
}

std::string nearest_hint(std::string_view unknown, const std::vector<std::string> &known) {
  const std::vector<std::string> names = nearest_names(unknown, known);
  return names.empty() ? std::string() : fmt::format("Perhaps you meant {}.", quoted_list(names, "or"));
}

void Checker::unknown_name(const Name &name, NameParts parts, const Context &context) {
  if (full()) {
    return;
  }
  const std::string written = dotted(parts);
  if (!context.in_row()) {
    if (const SourceName source = find_source(schema_, parts); source.relation >= 0) {
      const Relation &relation = schema_.relations[static_cast<std::size_t>(source.relation)];
      if (source.parts == parts.size()) {
        report(SqlState::wrong_type, name.span, fmt::format("\"{}\" is a source, not a value", relation.name),
               fmt::format("Use {0} MATCHES (...) or count({0}).", print_name(name)));
        return;
      }
      const Resolved column = resolve(schema_, *reach_, source.relation, parts.subspan(source.parts));
      if (column.what != Resolved::What::column) {
        unknown_column(source.relation, name, parts.subspan(source.parts));
        return;
      }
      report(SqlState::wrong_type, name.span,
             fmt::format("{} has a value for each row of \"{}\", not one for the customer", print_name(name),
                         relation.name),
             fmt::format("Use {0} MATCHES ({1} ...) or an aggregate such as last({2}).", relation.name,
                         dotted(parts.subspan(source.parts)), print_name(name)));
      return;
    }
    if (parts.size() == 1 &&
        (written == "count" || written == "days" || written == "weeks" || written == "months")) {
      report(SqlState::undefined_name, name.span, fmt::format("attribute \"{}\" does not exist", written),
             written == "count" ? "Inside MATCHES it counts rows; elsewhere use count(...) with a source."
                                : "It counts the periods with a row, inside MATCHES only.");
      return;
    }
    std::vector<std::string> known = names_in_reach(schema_, *reach_, 0);
    for (const DefinedAttribute &attribute : schema_.attributes) {
      known.insert(known.begin(), attribute.name);
    }
    known.push_back("segments");
    for (std::string &source : source_names(schema_)) {
      known.push_back(std::move(source));
    }
    std::string hint = nearest_hint(written, known);
    for (std::size_t i = 1; hint.empty() && i < schema_.relations.size(); ++i) {
      const Relation &relation = schema_.relations[i];
      if (relation.role == Role::source &&
          resolve(schema_, *reach_, static_cast<int>(i), parts).what != Resolved::What::nothing) {
        hint = fmt::format("It belongs to the rows of \"{0}\": use {0} MATCHES ({1} ...).", relation.name,
                           print_name(name));
      }
    }
    report(SqlState::undefined_name, name.span, fmt::format("attribute \"{}\" does not exist", written),
           std::move(hint));
    return;
  }

  const Relation &relation = schema_.relations[static_cast<std::size_t>(context.root)];
  const std::string message = fmt::format("column \"{}\" does not exist in \"{}\"", written, relation.name);
  if (context.place != Context::Place::binding) {
    if (find_source(schema_, parts).relation > 0) {
      report(SqlState::wrong_type, name.span,
             fmt::format("{} cannot be reached from a row of \"{}\"", print_name(name), relation.name),
             fmt::format("Test it beside {} MATCHES (...), joined by AND.", relation.name));
      return;
    }
    const bool attribute =
        std::any_of(schema_.attributes.begin(), schema_.attributes.end(),
                    [&](const auto &known) { return leading_parts(parts, known.name) == parts.size(); });
    if (attribute || resolve(schema_, *reach_, 0, parts).what == Resolved::What::column) {
      report(SqlState::undefined_name, name.span, message,
             "It belongs to the customer: test it beside MATCHES (...), joined by AND.");
      return;
    }
  }
  std::string hint = nearest_hint(written, names_in_reach(schema_, *reach_, context.root));
  report(SqlState::undefined_name, name.span, message,
         hint.empty() ? columns_hint(relation) : std::move(hint));
}

void Checker::unknown_column(int relation_index, const Name &name, NameParts rest) {
  if (full()) {
    return;
  }
  const Relation &relation = schema_.relations[static_cast<std::size_t>(relation_index)];
  const std::string written = dotted(rest);
  const bool source = relation.role == Role::source;
  std::string hint = nearest_hint(written, source ? names_in_reach(schema_, *reach_, relation_index)
                                                  : column_names(relation));
  report(SqlState::undefined_name, name.span,
         fmt::format("column \"{}\" does not exist in \"{}\"", written, relation.name),
         hint.empty() ? columns_hint(relation) : std::move(hint));
}

void Checker::misused_name(const Resolved &resolved, const Name &name, NameParts parts) {
  if (full()) {
    return;
  }
  switch (resolved.what) {
  case Resolved::What::ambiguous:
    report(SqlState::ambiguous_name, name.span, fmt::format("\"{}\" is ambiguous", dotted(parts)),
           resolved.candidates.empty() ? std::string()
                                       : fmt::format("Use {}.", fmt::join(resolved.candidates, " or ")));
    return;
  case Resolved::What::unknown_column: {
    const Relation &relation = schema_.relations[static_cast<std::size_t>(resolved.relation)];
    if (relation.role == Role::set && relation.value >= 0) {
      report(SqlState::undefined_name, name.span,
             fmt::format("\"{}\" is a list and has no column \"{}\"", relation.name,
                         dotted(parts.subspan(resolved.part))),
             fmt::format("Use {} CONTAINS with one of its values.", relation.name));
      return;
    }
    unknown_column(resolved.relation, name, parts.subspan(resolved.part));
    return;
  }
  case Resolved::What::relation: {
    const Relation &relation = schema_.relations[static_cast<std::size_t>(resolved.relation)];
    const std::vector<std::string> names = column_names(relation, relation.name + ".");
    report(SqlState::wrong_type, name.span,
           fmt::format("\"{}\" is a {}, not a value", relation.name,
                       relation.role == Role::source   ? "source"
                       : relation.role == Role::lookup ? "lookup"
                                                       : "table"),
           names.empty() || names.size() > few_columns
               ? std::string("Name one of its columns behind a dot.")
               : fmt::format("Name one of its columns: {}.", quoted_list(names, "or")));
    return;
  }
  case Resolved::What::no_keys: {
    const Column &column = column_of(schema_, resolved.column);
    report(SqlState::undefined_name, name.span,
           fmt::format("\"{}\" is {} and has nothing behind a dot", column.name, kind_words(column.kind)));
    return;
  }
  default:
    return;
  }
}

void Checker::unknown_source(const Name &name, bool with_column) {
  if (full()) {
    return;
  }
  NameParts parts = name.parts;
  const std::string written = dotted(parts);
  const auto attribute =
      std::find_if(schema_.attributes.begin(), schema_.attributes.end(),
                   [&](const auto &known) { return leading_parts(parts, known.name) == parts.size(); });
  const Resolved resolved = resolve(schema_, *reach_, 0, parts);
  if (attribute != schema_.attributes.end() || resolved.what == Resolved::What::column ||
      (parts.size() == 1 && !parts[0].quoted && written == "segments")) {
    report(SqlState::wrong_type, name.span,
           fmt::format("\"{}\" is a value of the customer, not a source", written),
           "Compare it with an operator, without MATCHES.");
    return;
  }
  for (const Relation &relation : schema_.relations) {
    if ((relation.role == Role::lookup || relation.role == Role::set) &&
        leading_parts(parts, relation.name) > 0) {
      report(SqlState::wrong_type, name.span,
             fmt::format("\"{}\" is a {}, not a source", relation.name,
                         relation.role == Role::set ? "list" : "lookup"),
             "Use it inside the MATCHES (...) of a source.");
      return;
    }
  }
  const std::vector<std::string> sources = source_names(schema_);
  // Where a column is wanted too, the source is what stands before it.
  const std::string source =
      with_column && parts.size() > 1 ? dotted(parts.first(parts.size() - 1)) : written;
  std::string hint = nearest_hint(source, sources);
  if (hint.empty() && !sources.empty() && sources.size() <= few_columns) {
    hint = fmt::format("The sources are {}.", quoted_list(sources, "and"));
  }
  report(SqlState::undefined_name, name.span, fmt::format("source \"{}\" does not exist", source),
         std::move(hint));
}

std::string Checker::column_example(int source) const {
  const Relation &relation = schema_.relations[static_cast<std::size_t>(source)];
  const Column *example = nullptr;
  for (std::size_t i = 0; i < relation.columns.size(); ++i) {
    const bool is_key = static_cast<int>(i) == relation.key ||
                        std::find(relation.primary_key.begin(), relation.primary_key.end(),
                                  static_cast<int>(i)) != relation.primary_key.end();
    if (relation.columns[i].kind == Kind::number && !is_key) {
      example = &relation.columns[i];
      break;
    }
  }
  return relation.name + "." + (example ? example->name : "column");
}

} // namespace segmentation::core
