// Name resolution over the tree of relations. Names are few and short, so plain scans beat an index that
// would have to be built for every call.
#include "core/meaning/scope.hpp"

#include "core/value/fold_case.hpp"

#include <algorithm>

namespace segmentation::core {

namespace {

char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

/// Compares without case. Folding may change the length of what is not ASCII, so sizes decide nothing there.
bool same_text(std::string_view a, std::string_view b) {
  const std::size_t size = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < size; ++i) {
    if (!is_ascii(a[i]) || !is_ascii(b[i])) {
      return a == b || fold_case(a) == fold_case(b);
    }
    if (ascii_lower(a[i]) != ascii_lower(b[i])) {
      return false;
    }
  }
  return a.size() == b.size();
}

const Relation &relation_at(const Schema &schema, int index) {
  return schema.relations[static_cast<std::size_t>(index)];
}

/// A name as a rule would have to write it, for the candidates of an ambiguous one.
std::string written_name(std::string_view name) {
  const bool plain = !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
                     std::all_of(name.begin(), name.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || !is_ascii(c);
                     });
  if (plain) {
    return std::string(name);
  }
  std::string quoted = "\"";
  for (const char c : name) {
    quoted += c;
    if (c == '"') {
      quoted += c;
    }
  }
  return quoted + '"';
}

/// Columns that one part may mean, among relations that are equally near.
class Search {
public:
  Search(const Schema &schema, NameParts parts) : schema_(schema), parts_(parts) {}

  /// Looks at one relation's columns. A column spelled exactly so is the only one meant there.
  void look_at(int relation) {
    const auto &columns = relation_at(schema_, relation).columns;
    const std::size_t before = found_.size();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      bool exact = false;
      if (!is_called(columns[i], exact)) {
        continue;
      }
      if (parts_.size() > 1 && columns[i].kind != Kind::json) {
        if (without_keys_.relation < 0) {
          without_keys_ = {relation, static_cast<int>(i), {}};
        }
        continue;
      }
      if (exact) {
        found_.resize(before);
      }
      found_.push_back({relation, static_cast<int>(i)});
      if (exact) {
        return;
      }
    }
  }

  void look_at(const std::vector<int> &relations) {
    for (const int relation : relations) {
      look_at(relation);
    }
  }

  bool found() const { return !found_.empty(); }
  const ColumnRef &without_keys() const { return without_keys_; }

  Resolved take() const {
    Resolved result;
    if (found_.size() == 1) {
      result.what = Resolved::What::column;
      result.column.relation = found_[0].relation;
      result.column.column = found_[0].column;
      for (std::size_t i = 1; i < parts_.size(); ++i) {
        result.column.json_path.push_back(parts_[i].text);
      }
      return result;
    }
    result.what = Resolved::What::ambiguous;
    for (const Found &found : found_) {
      const Relation &relation = relation_at(schema_, found.relation);
      const Column &column = relation.columns[static_cast<std::size_t>(found.column)];
      result.candidates.push_back(relation.name + "." + written_name(column.name));
    }
    return result;
  }

private:
  struct Found {
    int relation;
    int column;
  };

  /// Tells whether the first part may mean the column, and in `exact` whether it is spelled so.
  bool is_called(const Column &column, bool &exact) const {
    if (column.is_nameless) {
      return false;
    }
    bool any = same_name(parts_[0], column.name);
    exact = column.name == parts_[0].text;
    for (const std::string &name : column.old_names) {
      any = any || same_name(parts_[0], name);
      exact = exact || name == parts_[0].text;
    }
    return any;
  }

  const Schema &schema_;
  NameParts parts_;
  std::vector<Found> found_;
  ColumnRef without_keys_;
};

Resolved set_itself(const Schema &schema, int relation) {
  Resolved result;
  result.what = Resolved::What::set;
  result.relation = relation;
  result.column.relation = relation;
  result.column.column = relation_at(schema, relation).value;
  return result;
}

/// What stands behind a relation's name for one that hangs on it: all of its name, unless it begins with the
/// other's.
std::string_view name_behind(const Relation &relation, const Relation &child) {
  const std::string_view name = child.name;
  return child.tree >= 0 && child.of == child.tree ? name.substr(relation.name.size() + 1) : name;
}

/// Follows the rest of a name from a relation that was named: only what hangs on it, nothing beside it.
Resolved follow(const Schema &schema, int named, NameParts parts, std::size_t at) {
  const Relation &relation = relation_at(schema, named);
  if (at == parts.size()) {
    if (relation.role == Role::set) {
      return set_itself(schema, named);
    }
    Resolved result;
    result.what = Resolved::What::relation;
    result.relation = named;
    return result;
  }
  Search search(schema, parts.subspan(at));
  search.look_at(named);
  if (search.found()) {
    Resolved result = search.take();
    if (relation.role == Role::set) {
      if (result.what == Resolved::What::column && result.column.column == relation.value) {
        return set_itself(schema, named);
      }
      result.what = Resolved::What::unknown_column;
      result.relation = named;
      result.part = at;
    }
    return result;
  }
  int longest = -1;
  std::size_t most = 0;
  for (std::size_t i = 1; i < schema.relations.size(); ++i) {
    const Relation &child = schema.relations[i];
    if (child.of != named || (child.role != Role::lookup && child.role != Role::set)) {
      continue;
    }
    if (const std::size_t taken = leading_parts(parts.subspan(at), name_behind(relation, child));
        taken > most) {
      most = taken;
      longest = static_cast<int>(i);
    }
  }
  if (longest >= 0) {
    return follow(schema, longest, parts, at + most);
  }
  Resolved result;
  result.what = Resolved::What::unknown_column;
  result.relation = named;
  result.part = at;
  if (search.without_keys().relation >= 0) {
    result.what = Resolved::What::no_keys;
    result.column = search.without_keys();
  }
  return result;
}

/// The relation in reach that the head of a name spells, the longest name first.
class Naming {
public:
  Naming(const Schema &schema, NameParts parts) : schema_(schema), parts_(parts) {}

  void look_at(int relation) {
    const Relation &candidate = relation_at(schema_, relation);
    const std::size_t taken = leading_parts(parts_, candidate.name);
    if (taken > taken_) {
      taken_ = taken;
      relation_ = relation;
    }
  }
  void look_at(const Reach::From &from) {
    for (const int lookup : from.lookups) {
      look_at(lookup);
    }
    for (const int set : from.sets) {
      look_at(set);
    }
  }

  int relation() const { return relation_; }
  std::size_t taken() const { return taken_; }

private:
  const Schema &schema_;
  NameParts parts_;
  int relation_ = -1;
  std::size_t taken_ = 0;
};

} // namespace

bool same_name(const Name::Part &part, std::string_view name) {
  return same_text(part.text, name);
}

std::size_t leading_parts(NameParts parts, std::string_view name) {
  if (parts.empty() || name.empty()) {
    return 0;
  }
  if (same_name(parts[0], name)) {
    return 1;
  }
  if (parts.size() < 2 || name.find('.') == std::string_view::npos) {
    return 0;
  }
  std::string joined = parts[0].text;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    joined += '.';
    joined += parts[i].text;
    if (same_text(joined, name)) {
      return i + 1;
    }
  }
  return 0;
}

Resolved resolve(const Schema &schema, const Reach &reach, int root, NameParts parts) {
  const Reach::From &from = reach.from[static_cast<std::size_t>(root)];
  Search own(schema, parts);
  own.look_at(root);
  if (own.found()) {
    return own.take();
  }

  Naming naming(schema, parts);
  naming.look_at(root);
  naming.look_at(from);
  for (const int parent : from.parents) {
    naming.look_at(parent);
    naming.look_at(reach.from[static_cast<std::size_t>(parent)]);
  }
  // A lone word that names a relation is a value only if that is a set; else a column may still bear it.
  const bool named = naming.relation() >= 0;
  const bool lone = named && naming.taken() == parts.size();
  if (named && (!lone || relation_at(schema, naming.relation()).role == Role::set)) {
    return follow(schema, naming.relation(), parts, naming.taken());
  }

  Search lookups(schema, parts);
  lookups.look_at(from.lookups);
  if (lookups.found()) {
    return lookups.take();
  }
  for (const int parent : from.parents) {
    Search columns(schema, parts);
    columns.look_at(parent);
    if (!columns.found()) {
      // Of a parent's lookups those that the row reaches itself were asked already.
      for (const int lookup : reach.from[static_cast<std::size_t>(parent)].lookups) {
        if (lookup != root) {
          columns.look_at(lookup);
        }
      }
    }
    if (columns.found()) {
      return columns.take();
    }
  }
  if (named) {
    return follow(schema, naming.relation(), parts, naming.taken());
  }
  Resolved result;
  if (const ColumnRef &column =
          own.without_keys().relation >= 0 ? own.without_keys() : lookups.without_keys();
      column.relation >= 0) {
    result.what = Resolved::What::no_keys;
    result.column = column;
  }
  return result;
}

} // namespace segmentation::core
