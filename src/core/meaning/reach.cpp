// What hangs together in the tree of relations: what a row reaches, which names are sources, where a source's
// date is.
#include "core/meaning/scope.hpp"

namespace segmentation::core {

namespace {

const Relation &relation_at(const Schema &schema, int index) {
  return schema.relations[static_cast<std::size_t>(index)];
}

} // namespace

std::shared_ptr<const Reach> make_reach(const Schema &schema) {
  auto reach = std::make_shared<Reach>();
  const std::size_t count = schema.relations.size();
  reach->from.resize(count);
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

SourceName find_source(const Schema &schema, NameParts parts) {
  SourceName found;
  for (std::size_t i = 1; i < schema.relations.size(); ++i) {
    const Relation &relation = schema.relations[i];
    if (relation.role == Role::source || (relation.role == Role::set && relation.of == 0)) {
      if (const std::size_t taken = leading_parts(parts, relation.name); taken > found.parts) {
        found = {static_cast<int>(i), taken};
      }
    }
  }
  return found;
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
    names.push_back(std::string(prefix) + column.name);
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
      for (const Column &column : relation.columns) {
        names.push_back(column.name);
        names.push_back(relation.name + "." + column.name);
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

std::vector<std::string> source_names(const Schema &schema) {
  std::vector<std::string> names;
  for (std::size_t i = 1; i < schema.relations.size(); ++i) {
    const Relation &relation = schema.relations[i];
    if (relation.role == Role::source || (relation.role == Role::set && relation.of == 0)) {
      names.push_back(relation.name);
    }
  }
  return names;
}

} // namespace segmentation::core
