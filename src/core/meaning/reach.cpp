// What hangs together in the tree of relations: what a row reaches, which names are sources, where a source's
// date is.
#include "core/meaning/scope.hpp"

#include "core/value/fold_case.hpp"

#include <algorithm>

namespace segmentation::core {

namespace {

const Relation &relation_at(const Schema &schema, int index) {
  return schema.relations[static_cast<std::size_t>(index)];
}

bool is_source(const Relation &relation) {
  return relation.hand < 0 &&
         (relation.role == Role::source || (relation.role == Role::set && relation.of == 0));
}

template <typename Named> int index_of(const std::vector<Named> &list, const std::string &folded) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (fold_case(list[i].name) == folded) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

/// Settles what each defined source stands for. One that stands for itself, by way of others, stands for
/// nothing.
std::vector<Reach::Source> find_bases(const Schema &schema) {
  std::vector<Reach::Source> found(schema.sources.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::string of = fold_case(schema.sources[i].of);
    found[i].of = index_of(schema.sources, of);
    if (const int relation = index_of(schema.relations, of);
        found[i].of < 0 && relation > 0 && is_source(relation_at(schema, relation))) {
      found[i].relation = relation;
    }
  }
  for (Reach::Source &source : found) {
    int at = source.of;
    for (std::size_t steps = 0; at >= 0 && steps < found.size(); ++steps) {
      source.relation = found[static_cast<std::size_t>(at)].relation;
      at = found[static_cast<std::size_t>(at)].of;
    }
    if (at >= 0) {
      source.relation = -1;
    }
  }
  return found;
}

} // namespace

std::shared_ptr<const Reach> make_reach(const Schema &schema) {
  auto reach = std::make_shared<Reach>();
  const std::size_t count = schema.relations.size();
  reach->from.resize(count);
  reach->sources = find_bases(schema);
  for (std::size_t i = 0; i < count; ++i) {
    const Relation &relation = schema.relations[i];
    Reach::From &own = reach->from[i];
    bool only_lookups = relation.role == Role::lookup;
    int at = relation.of;
    for (std::size_t steps = 0; at >= 0 && static_cast<std::size_t>(at) < count && steps < count; ++steps) {
      const Relation &parent = relation_at(schema, at);
      if (at == 0 && !only_lookups) {
        break;
      }
      own.parents.push_back(at);
      only_lookups = only_lookups && parent.role == Role::lookup;
      at = parent.of;
    }
    if (relation.role != Role::lookup && relation.role != Role::set) {
      continue;
    }
    // It is in reach of what it hangs on, and of whatever that is a lookup of.
    at = relation.of;
    for (std::size_t steps = 0; at >= 0 && static_cast<std::size_t>(at) < count && steps < count; ++steps) {
      Reach::From &holder = reach->from[static_cast<std::size_t>(at)];
      (relation.role == Role::lookup ? holder.lookups : holder.sets).push_back(static_cast<int>(i));
      if (relation_at(schema, at).role != Role::lookup) {
        break;
      }
      at = relation_at(schema, at).of;
    }
  }
  return reach;
}

SourceName find_source(const Schema &schema, const Reach &reach, NameParts parts) {
  SourceName found;
  for (std::size_t i = 1; i < schema.relations.size(); ++i) {
    if (is_source(schema.relations[i])) {
      if (const std::size_t taken = leading_parts(parts, schema.relations[i].name); taken > found.parts) {
        found = {static_cast<int>(i), -1, taken};
      }
    }
  }
  for (std::size_t i = 0; i < schema.sources.size(); ++i) {
    if (const std::size_t taken = leading_parts(parts, schema.sources[i].name); taken > found.parts) {
      found = {reach.sources[i].relation, static_cast<int>(i), taken};
    }
  }
  return found;
}

std::vector<Name::Part> in_words_of_source(const Schema &schema, int defined, NameParts parts) {
  const DefinedSource &source = schema.sources[static_cast<std::size_t>(defined)];
  std::vector<Name::Part> words(parts.begin(), parts.end());
  if (const std::size_t taken = leading_parts(words, source.name); taken > 0 && taken < words.size()) {
    words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(taken));
  }
  const DefinedSource::Parameter *meant = nullptr;
  std::size_t meant_parts = 0;
  for (const DefinedSource::Parameter &parameter : source.parameters) {
    if (const std::size_t taken = leading_parts(words, parameter.name); taken > meant_parts) {
      meant = &parameter;
      meant_parts = taken;
    }
  }
  if (meant != nullptr) {
    words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(meant_parts));
    words.insert(words.begin(), meant->meaning.parts.begin(), meant->meaning.parts.end());
  }
  return words;
}

std::vector<Name::Part> in_words_of_relation(const Schema &schema, const Reach &reach, int defined,
                                             NameParts parts) {
  if (defined < 0) {
    return {parts.begin(), parts.end()};
  }
  const Reach::Source &source = reach.sources[static_cast<std::size_t>(defined)];
  std::vector<Name::Part> words =
      in_words_of_relation(schema, reach, source.of, in_words_of_source(schema, defined, parts));
  // A parameter may bear the name of a lookup: what has nothing behind it is not meant where something stands
  // there.
  const auto found = [&](NameParts name) {
    const Resolved::What what = resolve(schema, reach, source.relation, name).what;
    return what == Resolved::What::column || what == Resolved::What::set;
  };
  if (parts.size() > 1 && source.relation >= 0 && !found(words)) {
    std::vector<Name::Part> plain = in_words_of_relation(schema, reach, source.of, parts);
    if (found(plain)) {
      return plain;
    }
  }
  return words;
}

ColumnRef date_column(const Schema &schema, const Reach &reach, int source) {
  ColumnRef found;
  const auto take = [&](int relation) {
    if (relation_at(schema, relation).date >= 0) {
      found.relation = relation;
      found.column = relation_at(schema, relation).date;
    }
    return found.relation >= 0;
  };
  if (take(source)) {
    return found;
  }
  for (const int parent : reach.from[static_cast<std::size_t>(source)].parents) {
    if (take(parent)) {
      break;
    }
  }
  return found;
}

std::vector<std::string> column_names(const Relation &relation, std::string_view prefix) {
  std::vector<std::string> names;
  for (const Column &column : relation.columns) {
    if (!column.is_virtual && !column.is_nameless) {
      names.push_back(std::string(prefix) + column.name);
    }
  }
  return names;
}

std::vector<std::string> names_in_reach(const Schema &schema, const Reach &reach, int root) {
  std::vector<std::string> names = column_names(relation_at(schema, root));
  const auto add = [&](const Reach::From &from) {
    for (const int set : from.sets) {
      names.push_back(relation_at(schema, set).name);
    }
    for (const int lookup : from.lookups) {
      const Relation &relation = relation_at(schema, lookup);
      for (const std::string &name : column_names(relation)) {
        names.push_back(name);
        names.push_back(relation.name + "." + name);
      }
    }
  };
  const Reach::From &from = reach.from[static_cast<std::size_t>(root)];
  add(from);
  for (const int parent : from.parents) {
    for (std::string &name : column_names(relation_at(schema, parent))) {
      names.push_back(std::move(name));
    }
    add(reach.from[static_cast<std::size_t>(parent)]);
  }
  return names;
}

std::vector<std::string> parameter_names(const Schema &schema, const Reach &reach, int defined) {
  std::vector<std::string> names;
  for (; defined >= 0; defined = reach.sources[static_cast<std::size_t>(defined)].of) {
    for (const DefinedSource::Parameter &one : schema.sources[static_cast<std::size_t>(defined)].parameters) {
      names.push_back(one.name);
    }
  }
  return names;
}

std::vector<std::string> source_names(const Schema &schema) {
  std::vector<std::string> names;
  for (std::size_t i = 1; i < schema.relations.size(); ++i) {
    if (is_source(schema.relations[i])) {
      names.push_back(schema.relations[i].name);
    }
  }
  for (const DefinedSource &source : schema.sources) {
    names.push_back(source.name);
  }
  return names;
}

} // namespace segmentation::core
