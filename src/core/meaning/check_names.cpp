// What is wrong with a name, and what would be right. Runs only where there is a mistake, so it may take its
// time.
#include "core/meaning/checking.hpp"
#include "core/rule/printer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace segmentation::core {

namespace {

/// As many columns as a hint may list before it says too much.
constexpr std::size_t few_columns = 12;

std::string columns_hint(const std::string &name, const std::vector<std::string> &columns) {
  if (columns.empty() || columns.size() > few_columns) {
    return {};
  }
  return fmt::format("The columns of \"{}\" are {}.", name, quoted_list(columns, "and"));
}

/// Puts a defined source's parameters before the other names.
std::vector<std::string> with_parameters(std::vector<std::string> parameters,
                                         std::vector<std::string> names) {
  for (std::string &name : names) {
    if (std::find(parameters.begin(), parameters.end(), name) == parameters.end()) {
      parameters.push_back(std::move(name));
    }
  }
  return parameters;
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

const std::string &Checker::name_of(const SourceName &source) const {
  return source.defined >= 0 ? schema_.sources[static_cast<std::size_t>(source.defined)].name
                             : schema_.relations[static_cast<std::size_t>(source.relation)].name;
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
    if (const SourceName source = find_source(schema_, *reach_, parts); source.relation >= 0) {
      if (source.parts == parts.size()) {
        report(SqlState::wrong_type, name.span,
               fmt::format("\"{}\" is a source, not a value", name_of(source)),
               fmt::format("Use {0} MATCHES (...) or count({0}).", print_name(name)));
        return;
      }
      const NameParts rest = parts.subspan(source.parts);
      const Resolved column = resolve(schema_, *reach_, source.relation,
                                      in_words_of_relation(schema_, *reach_, source.defined, rest));
      if (column.what != Resolved::What::column) {
        unknown_column(source, name, rest);
        return;
      }
      report(SqlState::wrong_type, name.span,
             fmt::format("{} has a value for each row of \"{}\", not one for the customer", print_name(name),
                         name_of(source)),
             fmt::format("Use {0} MATCHES ({1} ...) or an aggregate such as last({2}).", name_of(source),
                         dotted(rest), print_name(name)));
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
      if (relation.role == Role::source && relation.hand < 0 &&
          resolve(schema_, *reach_, static_cast<int>(i), parts).what != Resolved::What::nothing) {
        hint = fmt::format("It belongs to the rows of \"{0}\": use {0} MATCHES ({1} ...).", relation.name,
                           print_name(name));
      }
    }
    report(SqlState::undefined_name, name.span, fmt::format("attribute \"{}\" does not exist", written),
           std::move(hint));
    return;
  }

  const std::string &rows = root_name(context);
  const std::string message = fmt::format("column \"{}\" does not exist in \"{}\"", written, rows);
  if (context.place != Context::Place::binding) {
    if (find_source(schema_, *reach_, parts).relation > 0) {
      report(SqlState::wrong_type, name.span,
             fmt::format("{} cannot be reached from a row of \"{}\"", print_name(name), rows),
             fmt::format("Test it beside {} MATCHES (...), joined by AND.", rows));
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
  const std::vector<std::string> parameters = parameter_names(schema_, *reach_, context.defined);
  std::string hint =
      nearest_hint(written, with_parameters(parameters, names_in_reach(schema_, *reach_, context.root)));
  const Relation &relation = schema_.relations[static_cast<std::size_t>(context.root)];
  report(SqlState::undefined_name, name.span, message,
         hint.empty() ? columns_hint(rows, with_parameters(parameters, column_names(relation)))
                      : std::move(hint));
}

void Checker::unknown_column(const SourceName &at, const Name &name, NameParts rest) {
  if (full()) {
    return;
  }
  const Relation &relation = schema_.relations[static_cast<std::size_t>(at.relation)];
  const std::string written = dotted(rest);
  const std::vector<std::string> parameters = parameter_names(schema_, *reach_, at.defined);
  std::string hint =
      nearest_hint(written, with_parameters(parameters, relation.role == Role::source
                                                            ? names_in_reach(schema_, *reach_, at.relation)
                                                            : column_names(relation)));
  report(SqlState::undefined_name, name.span,
         fmt::format("column \"{}\" does not exist in \"{}\"", written, name_of(at)),
         hint.empty() ? columns_hint(name_of(at), with_parameters(parameters, column_names(relation)))
                      : std::move(hint));
}

void Checker::virtual_column(const ColumnRef &ref, const Name &name) {
  if (full()) {
    return;
  }
  report(SqlState::feature_not_supported, name.span,
         fmt::format("column \"{}\" of \"{}\" is generated when it is read, and rules cannot use it",
                     column_of(schema_, ref).name,
                     schema_.relations[static_cast<std::size_t>(ref.relation)].name),
         "Make it STORED, or give its expression to segmentation.bind_column.");
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
    unknown_column({resolved.relation}, name, parts.subspan(resolved.part));
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
  if (const SourceName source = find_source(schema_, *reach_, parts); source.defined >= 0) {
    broken_source(source.defined, name.span);
    return;
  }
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

void Checker::broken_source(int defined, Span span) {
  // What it stands for in the end: nothing, or itself.
  int last = defined;
  std::string ring = fmt::format("\"{}\"", schema_.sources[static_cast<std::size_t>(defined)].name);
  for (std::size_t steps = 0; steps < schema_.sources.size(); ++steps) {
    const int next = reach_->sources[static_cast<std::size_t>(last)].of;
    if (next < 0) {
      break;
    }
    last = next;
    ring += fmt::format(" -> \"{}\"", schema_.sources[static_cast<std::size_t>(last)].name);
    if (last == defined) {
      report(SqlState::cycle, span,
             fmt::format("source \"{}\" stands for itself: {}",
                         schema_.sources[static_cast<std::size_t>(defined)].name, ring));
      return;
    }
  }
  const DefinedSource &source = schema_.sources[static_cast<std::size_t>(last)];
  std::vector<std::string> known = source_names(schema_);
  std::erase(known, source.name);
  std::string hint = nearest_hint(source.of, known);
  report(SqlState::undefined_name, span,
         fmt::format("source \"{}\" stands for \"{}\", which does not exist", source.name, source.of),
         hint.empty() ? "Define it anew with define_source, replace => true." : std::move(hint));
}

std::string Checker::column_example(const SourceName &source, Kind kind) const {
  const Relation &relation = schema_.relations[static_cast<std::size_t>(source.relation)];
  const Column *example = nullptr;
  for (std::size_t i = 0; i < relation.columns.size(); ++i) {
    const bool is_key = static_cast<int>(i) == relation.key ||
                        std::find(relation.primary_key.begin(), relation.primary_key.end(),
                                  static_cast<int>(i)) != relation.primary_key.end();
    if (relation.columns[i].kind == kind && !is_key) {
      example = &relation.columns[i];
      break;
    }
  }
  return name_of(source) + "." + (example ? example->name : "column");
}

} // namespace segmentation::core
