// The SELECTs that bring rows in: one per relation, with the columns that its row graph and measures read.
// They fetch; what rows count is decided by the row graph, except where all its measures ask for the same
// thing of a plain column.
#include "core/program/plan.hpp"
#include "core/program/sql_condition.hpp"
#include "core/program/sql_from.hpp"
#include "core/program/sql_printer.hpp"
#include "core/program/sql_text.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

namespace segmentation::core::program {
namespace {

constexpr std::size_t most_pushed_values = 1000;

bool is_list(const FeedColumn &column) {
  return column.type == Kind::text_list || column.type == Kind::number_list;
}

// Key types of one of these sets hold equal values exactly where they are equal as bytes or integers.
int key_family(const std::string &type) {
  if (type == "smallint" || type == "integer" || type == "bigint")
    return 1;
  if (type == "text" || type.starts_with("character varying"))
    return 2;
  return type == "uuid" ? 3 : 0;
}

class FeedWriter {
public:
  FeedWriter(Program::Impl &impl, std::size_t feed)
      : impl_(impl), feed_(impl.feeds[feed]), plan_(impl.plans[feed]), context_{*impl.meaning, "now()"} {}

  void write() {
    choose_key();
    std::string everyone = "SELECT " + key_, keyed = everyone;
    std::string lists;
    for (std::size_t i = 0; i < feed_.columns.size(); ++i) {
      FeedColumn &column = feed_.columns[i];
      const int set = is_list(column) ? sql::set_above(context_, column.column.relation) : -1;
      if (set < 0 || set == feed_.relation) {
        column.sql = print_column(column.column, column.type, *impl_.meaning);
        relations_.insert(column.column.relation);
        everyone += ", " + column.sql;
      } else {
        column.sql = correlated_list(column, set);
        everyone += ", " + joined_list(column, set, i, lists);
      }
      keyed += ", " + column.sql;
    }
    const std::string from = "\n" + sql::from_clause(context_, feed_.relation, relations_, 0);
    const std::string condition = common_condition();
    feed_.select_all = everyone + from + lists + (condition.empty() ? "" : "\nWHERE " + condition);
    feed_.select_keyed = keyed + from + "\nWHERE " + key_column_ + " = ANY ($1)";
  }

private:
  const Column &column_at(int relation, int column) const {
    return impl_.relation(relation).columns[static_cast<std::size_t>(column)];
  }

  // Where rows carry the customers' key themselves, customers need not be joined, and the rows' own index
  // serves.
  void choose_key() {
    const Relation &customers = impl_.relation(0);
    const std::string customers_key = sql::raw_column(context_, 0, customers.key);
    int nearest = feed_.relation; // the relation that hangs on customers itself
    while (nearest > 0 && impl_.relation(nearest).of > 0)
      nearest = impl_.relation(nearest).of;
    const std::string &wanted = column_at(0, customers.key).sql_type;
    key_column_ = customers_key;
    key_ = delivered(customers_key, wanted);
    if (nearest <= 0)
      return;
    const Relation &near = impl_.relation(nearest);
    const std::string &carried = column_at(nearest, near.key).sql_type;
    relations_.insert(nearest);
    if (near.of_key == customers.key && key_family(wanted) > 0 && key_family(wanted) == key_family(carried)) {
      key_column_ = sql::raw_column(context_, nearest, near.key);
      key_ = delivered(key_column_, carried);
      return;
    }
    relations_.insert(0);
  }

  // Keys come in as integers or as texts.
  std::string delivered(const std::string &key, const std::string &type) const {
    return key_family(type) == (impl_.key_is_integer ? 1 : 2)
               ? key
               : key + (impl_.key_is_integer ? "::bigint" : "::text");
  }

  // The members of a set for the row at hand. Its condition stands inside; what that reads beside the set is
  // in scope.
  std::string member_select(const FeedColumn &column, int set, const std::string &what, std::string &where,
                            bool &reads_beside) {
    Condition present;
    present.form = Condition::Form::list_present;
    present.left.column = column.column;
    sql::add_relations(context_, present, relations_);
    std::set<int> inside{set, column.column.relation};
    const std::string value = member_value(column);
    where = value + " IS NOT NULL";
    if (const Condition *condition = context_.row_condition(set)) {
      sql::add_relations(context_, *condition, inside);
      where += " AND " + sql::print_condition(context_, nullptr, *condition, sql::Place::conjunct, 1);
    }
    reads_beside = std::any_of(inside.begin(), inside.end(),
                               [&](int relation) { return !sql::hangs_on(context_, relation, set); });
    return "SELECT " + what + " " + sql::from_clause(context_, set, inside, 1, true);
  }

  std::string member_value(const FeedColumn &column) const {
    return print_column(column.column, column.type == Kind::text_list ? Kind::text : Kind::number,
                        *impl_.meaning);
  }

  std::string correlated_list(const FeedColumn &column, int set) {
    std::string where;
    bool reads_beside = false;
    const std::string select = member_select(column, set, member_value(column), where, reads_beside);
    return fmt::format("ARRAY({} WHERE {} AND {})::{}", select, sql::join_test(context_, set), where,
                       list_type(column));
  }

  // For everyone's rows the members are gathered once and joined, unless the set's condition looks at the row
  // itself.
  std::string joined_list(const FeedColumn &column, int set, std::size_t index, std::string &joins) {
    std::string where;
    bool reads_beside = false;
    const Relation &relation = impl_.relation(set);
    const std::string key = sql::raw_column(context_, set, relation.key);
    const std::string what =
        fmt::format("{} AS k, array_agg({})::{} AS v", key, member_value(column), list_type(column));
    const std::string select = member_select(column, set, what, where, reads_beside);
    if (reads_beside)
      return column.sql;
    const std::string alias = sql::quote_identifier(fmt::format("{} {}", relation.name, index + 1));
    joins += fmt::format("\nLEFT JOIN ({} WHERE {} GROUP BY 1) AS {} ON {}.k = {}", select, where, alias,
                         alias, sql::raw_column(context_, relation.of, relation.of_key));
    return alias + ".v";
  }

  static const char *list_type(const FeedColumn &column) {
    return column.type == Kind::text_list ? "text[]" : "numeric[]";
  }

  // What every row that any measure counts must fulfil: for each measure one of its filter's conjuncts, if
  // all have one.
  std::string common_condition() const {
    std::map<int, std::set<std::string>> wanted; // literals by column
    std::size_t values = 0;
    for (const int index : plan_.measures) {
      const std::vector<int> conjuncts = conjuncts_of(impl_.measure(index).filter);
      const Test *chosen = nullptr;
      for (const int conjunct : conjuncts) {
        const Test *test = pushable(conjunct);
        if (test != nullptr && (chosen == nullptr || count_of(*test) < count_of(*chosen)))
          chosen = test;
      }
      if (chosen == nullptr || (values += count_of(*chosen)) > most_pushed_values)
        return {};
      auto &literals = wanted[plan_.rows.values[static_cast<std::size_t>(chosen->left)].leaf];
      if (chosen->op == TestOp::text_in)
        for (const std::string &text : chosen->texts.texts())
          literals.insert(sql::quote_literal(text));
      else if (chosen->op == TestOp::number_in)
        for (const Decimal &number : chosen->numbers.numbers())
          literals.insert(sql::number_literal(number));
      else
        literals.insert(sql::number_literal(chosen->number));
    }
    std::string out;
    for (const auto &[column, literals] : wanted) {
      std::string list;
      for (const std::string &literal : literals)
        list += (list.empty() ? "" : ", ") + literal;
      out += (out.empty() ? "" : " OR ") + feed_.columns[static_cast<std::size_t>(column)].sql + " IN (" +
             list + ")";
    }
    return out;
  }

  std::vector<int> conjuncts_of(int filter) const {
    const Node &node = plan_.rows.nodes[static_cast<std::size_t>(filter)];
    return node.form == Node::Form::all ? node.children : std::vector<int>{filter};
  }

  static std::size_t count_of(const Test &test) {
    return test.op == TestOp::text_in     ? test.texts.texts().size()
           : test.op == TestOp::number_in ? test.numbers.numbers().size()
                                          : 1;
  }

  // Returns the test behind a node where it is = or IN on a plain column, else null.
  const Test *pushable(int index) const {
    const Node &node = plan_.rows.nodes[static_cast<std::size_t>(index)];
    if (node.form != Node::Form::test)
      return nullptr;
    const Test &test = plan_.rows.tests[static_cast<std::size_t>(node.test)];
    const ValueNode &left = plan_.rows.values[static_cast<std::size_t>(test.left)];
    const bool equality = test.op == TestOp::number_in || (test.op == TestOp::text_in && !test.ignore_case) ||
                          (test.op == TestOp::compare_number && test.compare == CompareOp::eq);
    if (!equality || left.form != ValueNode::Form::leaf || count_of(test) == 0)
      return nullptr;
    const ColumnRef &column = feed_.columns[static_cast<std::size_t>(left.leaf)].column;
    return column.json_path.empty() ? &test : nullptr;
  }

  Program::Impl &impl_;
  Feed &feed_;
  const RowPlan &plan_;
  sql::Context context_;
  std::set<int> relations_;
  std::string key_;        // as delivered
  std::string key_column_; // as searched by
};

} // namespace

void write_feeds(Program::Impl &impl) {
  for (std::size_t feed = 0; feed < impl.feeds.size(); ++feed)
    FeedWriter(impl, feed).write();
}

} // namespace segmentation::core::program
