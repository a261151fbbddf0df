// Joins over the tree of relations.
#include "core/program/sql_from.hpp"

#include "core/program/sql_condition.hpp"
#include "core/program/sql_printer.hpp"

#include <fmt/format.h>

#include <vector>

namespace segmentation::core::sql {

namespace {

/// Adds what a read of a set needs: what the set hangs on, and what its condition reads beside it.
void add_set(const Context &context, int set, std::set<int> &relations) {
  relations.insert(context.relation(set).of);
  if (const Condition *condition = context.row_condition(set)) {
    std::set<int> read;
    add_relations(context, *condition, read);
    for (const int relation : read) {
      if (!hangs_on(context, relation, set)) {
        relations.insert(relation);
      }
    }
  }
}

class Joins {
public:
  Joins(const Context &context, int root, bool outer) : context_(context), root_(root), outer_(outer) {}

  /// Takes a relation in, with all between it and the root and all that conditions of lookups on the way
  /// read.
  void need(int relation) {
    if (outer_ && !hangs_on(context_, relation, root_)) {
      return;
    }
    int top = relation;
    while (!hangs_on(context_, root_, top)) {
      take_lookup(top);
      top = context_.relation(top).of;
    }
    for (int at = root_; at != top; at = context_.relation(at).of) {
      const int above = context_.relation(at).of;
      if (parents_.insert(above).second) {
        parents_in_order_.push_back(above);
      }
    }
  }

  std::string print(int depth) const {
    std::string out = "FROM " + table(root_, depth);
    int below = root_;
    for (const int parent : parents_in_order_) {
      out += fmt::format("{}JOIN {} ON {}", context_.line(depth), table(parent, depth),
                         join_test(context_, below));
      below = parent;
    }
    out += lookups_of(root_, depth);
    for (const int parent : parents_in_order_) {
      out += lookups_of(parent, depth);
    }
    return out;
  }

private:
  void take_lookup(int relation) {
    if (!lookups_.insert(relation).second) {
      return;
    }
    if (const Condition *condition = context_.row_condition(relation)) {
      std::set<int> read;
      add_relations(context_, *condition, read);
      for (const int other : read) {
        need(other);
        if (other != relation && hangs_on(context_, other, relation)) {
          nested_.insert(relation);
        }
      }
    }
  }

  std::string table(int relation, int depth) const {
    if (context_.relation(relation).tree >= 0) {
      return paths(relation, depth);
    }
    return context_.from_sql(relation) + " AS " + relation_alias(context_.relation(relation));
  }

  /// Each row of a tree with its name and those of all above it. UNION ends a walk that comes back to where
  /// it was; OFFSET keeps each step a look by the key, since the planner takes what was found for many rows.
  std::string paths(int path, int depth) const {
    const Relation &own = context_.relation(path);
    const Relation &tree = context_.relation(own.tree);
    const int links = own.of == own.tree ? own.tree : tree.of;
    const std::string inside = context_.line(depth + 1), step = context_.line(depth + 2);
    std::set<int> relations{own.tree};
    std::string where, counts;
    if (const Condition *condition = context_.row_condition(own.tree)) {
      counts = " AND " + print_condition(context_, nullptr, *condition, Place::conjunct, depth + 2);
    }
    if (const Condition *condition = context_.row_condition(links)) {
      where = inside + "WHERE " + print_condition(context_, nullptr, *condition, Place::conjunct, depth + 1);
      add_relations(context_, *condition, relations);
    }
    const std::string key = raw_column(context_, own.tree, tree.lookup_key);
    return fmt::format(
        "({open}SELECT {link} AS \"key\", {path}.\"value\"{inside}{links}{inside}CROSS JOIN LATERAL ("
        "{opened}WITH RECURSIVE {path} (\"key\", \"parent\", \"value\") AS ({row} UNION SELECT \"above\".* "
        "FROM {path}"
        "{step}CROSS JOIN LATERAL ({row} FROM {tree} WHERE {key} = {path}.\"parent\"{counts} OFFSET 0) AS "
        "\"above\")"
        "{step}SELECT {path}.\"value\" FROM {path}) AS {path}{where}{close}) AS {path}",
        fmt::arg("open", context_.pretty ? inside : ""), fmt::arg("opened", context_.pretty ? step : ""),
        fmt::arg("inside", inside), fmt::arg("step", step),
        fmt::arg("close", context_.pretty ? context_.line(depth) : ""),
        fmt::arg("link", links == own.tree ? key : raw_column(context_, links, context_.relation(links).key)),
        fmt::arg("path", relation_alias(own)),
        fmt::arg("links", from_clause(context_, links, relations, depth + 1, true)),
        fmt::arg("row", fmt::format("SELECT {}, {}, {}", key, raw_column(context_, own.tree, tree.parent),
                                    raw_column(context_, own.tree, tree.value))),
        fmt::arg("tree", table(own.tree, depth)), fmt::arg("key", key), fmt::arg("counts", counts),
        fmt::arg("where", where));
  }

  std::string lookups_of(int relation, int depth) const {
    std::string out;
    for (const int lookup : lookups_) {
      if (context_.relation(lookup).of != relation) {
        continue;
      }
      // Where a lookup's condition reads what hangs on it, that is joined first.
      const bool nested = nested_.contains(lookup);
      out += context_.line(depth) + "LEFT JOIN ";
      if (nested) {
        const std::string open = context_.pretty ? context_.line(depth + 1) : "";
        const std::string close = context_.pretty ? context_.line(depth) : "";
        out += "(" + open + table(lookup, depth + 1) + lookups_of(lookup, depth + 1) + close + ")";
      } else {
        out += table(lookup, depth);
      }
      out += " ON " + join_test(context_, lookup);
      if (const Condition *condition = context_.row_condition(lookup)) {
        out += context_.line(depth + 1) + "AND " +
               print_condition(context_, nullptr, *condition, Place::conjunct, depth + 1);
      }
      if (!nested) {
        out += lookups_of(lookup, depth);
      }
    }
    return out;
  }

  const Context &context_;
  int root_;
  bool outer_;
  std::set<int> parents_;
  std::vector<int> parents_in_order_;
  std::set<int> lookups_;
  std::set<int> nested_;
};

} // namespace

int set_above(const Context &context, int relation) {
  while (relation >= 0 && context.relation(relation).role != Role::set) {
    relation = context.relation(relation).of;
  }
  return relation;
}

bool hangs_on(const Context &context, int relation, int above) {
  while (relation >= 0 && relation != above) {
    relation = context.relation(relation).of;
  }
  return relation >= 0;
}

std::string join_test(const Context &context, int relation) {
  const Relation &own = context.relation(relation);
  if (own.role == Role::lookup) {
    return raw_column(context, own.of, own.key) + " = " + raw_column(context, relation, own.lookup_key);
  }
  return raw_column(context, relation, own.key) + " = " + raw_column(context, own.of, own.of_key);
}

void add_relations(const Context &context, const Scalar &scalar, std::set<int> &relations) {
  if (scalar.form == Scalar::Form::column) {
    relations.insert(scalar.column.relation);
  }
  for (const Scalar &operand : scalar.operands) {
    add_relations(context, operand, relations);
  }
}

void add_relations(const Context &context, const Condition &condition, std::set<int> &relations) {
  for (const ConditionPtr &child : condition.children) {
    add_relations(context, *child, relations);
  }
  switch (condition.form) {
  case Condition::Form::constant:
  case Condition::Form::all:
  case Condition::Form::any:
  case Condition::Form::negation:
  case Condition::Form::segment:
    return;
  case Condition::Form::list_contains:
  case Condition::Form::list_present:
    if (const int set = set_above(context, condition.left.column.relation); set >= 0) {
      add_set(context, set, relations);
      return;
    }
    break;
  case Condition::Form::scalar_compare:
  case Condition::Form::within_distance:
    add_relations(context, condition.right, relations);
    break;
  default:
    break;
  }
  add_relations(context, condition.left, relations);
}

std::string from_clause(const Context &context, int root, const std::set<int> &relations, int depth,
                        bool outer) {
  Joins joins(context, root, outer);
  for (const int relation : relations) {
    joins.need(relation);
  }
  return joins.print(depth);
}

} // namespace segmentation::core::sql

namespace segmentation::core {

std::string print_from(int root, const std::vector<int> &relations, const Meaning &meaning) {
  const sql::Context context{meaning, "now()"};
  return sql::from_clause(context, root, {relations.begin(), relations.end()}, 0);
}

} // namespace segmentation::core
