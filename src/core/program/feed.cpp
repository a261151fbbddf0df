// The SELECTs that bring rows in: one per relation, with the columns that its row graph and measures read.
// They fetch; which rows count is decided by the row graph. A WHERE only leaves out what no measure asks for.
#include "core/program/plan.hpp"
#include "core/program/reads.hpp"
#include "core/program/sql_condition.hpp"
#include "core/program/sql_from.hpp"
#include "core/program/sql_printer.hpp"
#include "core/program/sql_scalar.hpp"
#include "core/program/sql_text.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace segmentation::core::program {
namespace {

constexpr std::size_t most_pushed_values = 1000;
constexpr std::size_t most_pushed_dates = 8;
constexpr std::size_t most_spellings = 16;

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

/// Returns the texts that fold to a plain ASCII text: with each letter in either case, and the Kelvin sign
/// for k. Empty where there are too many, or the text is not ASCII.
std::vector<std::string> spellings_of(const std::string &folded) {
  std::vector<std::string> spellings{""};
  for (const char c : folded) {
    if (static_cast<unsigned char>(c) >= 0x80)
      return {};
    std::vector<std::string> ways{std::string(1, c)};
    if (c >= 'a' && c <= 'z')
      ways.emplace_back(1, static_cast<char>(c - 'a' + 'A'));
    if (c == 'k')
      ways.emplace_back("\xE2\x84\xAA");
    std::vector<std::string> longer;
    for (const std::string &spelling : spellings)
      for (const std::string &way : ways)
        longer.push_back(spelling + way);
    if (longer.size() > most_spellings)
      return {};
    spellings = std::move(longer);
  }
  return spellings;
}

/// One conjunct of a filter as SQL asks for it: a column that is one of some values, a tree's path that has
/// one of them, or a date on one side of a bound.
struct Needed {
  int column = -1;
  std::vector<std::string> values;
  std::string date; // the whole test
};

class FeedWriter {
public:
  /// Writes into `feed`, which is the program's of that index.
  FeedWriter(const Program::Impl &impl, std::size_t index, Feed &feed,
             const std::vector<std::string> *from = nullptr)
      : impl_(impl), feed_(feed), plan_(impl.plans[index]), context_{*impl.meaning, "now()"} {
    context_.from = from;
  }

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
    feed_.select_all = everyone + from + lists + where(Level::verdicts);
    feed_.select_until = everyone + from + lists + where(Level::horizons);
    feed_.select_keyed = keyed + from + "\nWHERE " + key_column_ + " = ANY ($1)";
    const Relation &own = impl_.relation(feed_.relation);
    if (feed_.relation > 0 && own.role != Role::lookup)
      feed_.select_below =
          keyed + from + "\nWHERE " + sql::raw_column(context_, feed_.relation, own.key) + " = ANY ($1)";
    note_reads();
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
    nearest_ = nearest;
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
      key_is_enforced_ = near.key_is_enforced;
      return;
    }
    relations_.insert(0);
  }

  void note_reads() {
    Reads reads(*impl_.meaning, feed_.relation);
    for (const FeedColumn &column : feed_.columns)
      reads.add(column.column);
    if (relations_.contains(0) || feed_.relation == 0) {
      reads.reach(0);
    } else {
      reads.reach(nearest_);
      reads.add({nearest_, impl_.relation(nearest_).key, {}});
    }
    if (key_column_ == sql::raw_column(context_, 0, impl_.relation(0).key))
      reads.add({0, impl_.relation(0).key, {}});
    for (const auto &[relation, columns] : reads.columns())
      feed_.reads.push_back({relation, {columns.begin(), columns.end()}});
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

  // What every row that any measure counts must fulfil: for each measure that is needed one of its filter's
  // conjuncts, if all have one that SQL can ask for quickly.
  std::string common_condition(Level level) const {
    std::map<int, std::set<std::string>> values; // by column
    std::set<std::string> dates;
    std::size_t count = 0;
    for (const int index : plan_.measures) {
      if (impl_.measure(index).level > level)
        continue;
      std::optional<Needed> chosen;
      for (const int conjunct : conjuncts_of(impl_.measure(index).filter)) {
        std::optional<Needed> needed = needed_by(conjunct);
        // Few values are better than many, and any better than a date.
        if (needed && (!chosen || chosen->values.empty() ||
                       (!needed->values.empty() && needed->values.size() < chosen->values.size())))
          chosen = std::move(needed);
      }
      if (!chosen)
        return {};
      if (chosen->values.empty())
        dates.insert(chosen->date);
      else
        values[chosen->column].insert(chosen->values.begin(), chosen->values.end());
      if ((count += chosen->values.size()) > most_pushed_values || dates.size() > most_pushed_dates)
        return {};
    }
    std::string out;
    for (const auto &[column, literals] : values) {
      const FeedColumn &asked = feed_.columns[static_cast<std::size_t>(column)];
      const std::string list = fmt::format("({})", fmt::join(literals, ", "));
      out += (out.empty() ? "" : " OR ") + (is_list(asked) ? below(asked, list) : asked.sql + " IN " + list);
    }
    for (const std::string &date : dates)
      out += (out.empty() ? "" : " OR ") + date;
    return out;
  }

  // The rows that hang on something below those of a tree that bear one of some names, for a path is of few
  // rows what it is of the tree's. Who does not count, and ends a path, is left to the core.
  std::string below(const FeedColumn &column, const std::string &names) const {
    const int set = sql::set_above(context_, column.column.relation);
    const Relation &path = impl_.relation(set), &tree = impl_.relation(path.tree),
                   &above = impl_.relation(tree.of);
    const std::string key = sql::raw_column(context_, path.tree, tree.lookup_key),
                      walk = relation_alias(path);
    const std::string rows = fmt::format("{} AS {}", tree.from_sql, relation_alias(tree));
    const std::string name =
        sql::bytewise(print_column({path.tree, tree.value, {}}, Kind::text, *impl_.meaning), true);
    std::string found = fmt::format("WITH RECURSIVE {walk} (k) AS (SELECT {key} FROM {rows} WHERE {name} IN "
                                    "{names} UNION SELECT {key} FROM {walk} "
                                    "JOIN {rows} ON {parent} = {walk}.k) SELECT {walk}.k FROM {walk}",
                                    fmt::arg("walk", walk), fmt::arg("key", key), fmt::arg("rows", rows),
                                    fmt::arg("name", name), fmt::arg("names", names),
                                    fmt::arg("parent", sql::raw_column(context_, path.tree, tree.parent)));
    if (path.of != path.tree)
      found = fmt::format("SELECT {} FROM {} AS {} WHERE {} IN ({})",
                          sql::raw_column(context_, tree.of, above.key), above.from_sql,
                          relation_alias(above), sql::raw_column(context_, tree.of, tree.key), found);
    return fmt::format("{} IN ({})", sql::raw_column(context_, path.of, path.of_key), found);
  }

  // Where rows alone say who the customers are, they must be customers' rows.
  std::string customers_only() const {
    if (!impl_.rows_suffice || feed_.relation == 0 || relations_.contains(0) || key_is_enforced_)
      return {};
    return fmt::format("EXISTS (SELECT {} WHERE {} = {})", sql::from_clause(context_, 0, {0}, 1),
                       sql::raw_column(context_, 0, impl_.relation(0).key), key_column_);
  }

  std::string where(Level level) const {
    const std::string common = common_condition(level);
    const std::string customers = customers_only();
    if (common.empty() && customers.empty())
      return {};
    if (common.empty() || customers.empty())
      return "\nWHERE " + common + customers;
    return fmt::format("\nWHERE ({}) AND {}", common, customers);
  }

  std::vector<int> conjuncts_of(int filter) const {
    const Node &node = plan_.rows.nodes[static_cast<std::size_t>(filter)];
    return node.form == Node::Form::all ? node.children : std::vector<int>{filter};
  }

  // Returns what a node asks of a plain column; absent where it is nothing of the kind.
  std::optional<Needed> needed_by(int index) const {
    const Node &node = plan_.rows.nodes[static_cast<std::size_t>(index)];
    if (node.form != Node::Form::test)
      return std::nullopt;
    const Test &test = plan_.rows.tests[static_cast<std::size_t>(node.test)];
    const ValueNode &left = plan_.rows.values[static_cast<std::size_t>(test.left)];
    if (left.form != ValueNode::Form::leaf)
      return std::nullopt;
    const FeedColumn &column = feed_.columns[static_cast<std::size_t>(left.leaf)];
    if (!column.column.json_path.empty())
      return std::nullopt;
    Needed needed;
    needed.column = left.leaf;
    if (test.op == TestOp::date_from || test.op == TestOp::date_before) {
      const BoundUse &use = impl_.bounds[static_cast<std::size_t>(test.bound)];
      if (use.day_value && !use.bound.form.is_days())
        return std::nullopt;
      needed.date = fmt::format("{} {} {}", column.sql, test.op == TestOp::date_from ? ">=" : "<",
                                use.day_value ? sql::print_bound_day(context_, use.bound)
                                              : sql::print_bound_instant(context_, use.bound));
      return needed;
    }
    if (test.op == TestOp::compare_number && test.compare == CompareOp::eq)
      needed.values.push_back(sql::number_literal(test.number));
    if (test.op == TestOp::number_in)
      for (const Decimal &number : test.numbers.numbers())
        needed.values.push_back(sql::number_literal(number));
    const int set = is_list(column) ? sql::set_above(context_, column.column.relation) : -1;
    if (test.op == TestOp::list_contains_text && set >= 0 && impl_.relation(set).tree >= 0)
      for (const std::string &text : test.texts.texts())
        needed.values.push_back(sql::quote_literal(text));
    if (test.op == TestOp::text_in)
      for (const std::string &text : test.texts.texts()) {
        const auto spellings = test.ignore_case ? spellings_of(text) : std::vector<std::string>{text};
        if (spellings.empty())
          return std::nullopt;
        for (const std::string &spelling : spellings)
          needed.values.push_back(sql::quote_literal(spelling));
      }
    return needed.values.empty() ? std::nullopt : std::optional(std::move(needed));
  }

  const Program::Impl &impl_;
  Feed &feed_;
  const RowPlan &plan_;
  sql::Context context_;
  std::set<int> relations_;
  int nearest_ = 0;        // of the feed's relation and its parents the one that hangs on customers
  std::string key_;        // as delivered
  std::string key_column_; // as searched by
  bool key_is_enforced_ = false;
};

} // namespace

void write_feeds(Program::Impl &impl) {
  for (std::size_t feed = 0; feed < impl.feeds.size(); ++feed)
    FeedWriter(impl, feed, impl.feeds[feed]).write();
}

} // namespace segmentation::core::program

namespace segmentation::core {

std::string Program::select_given(std::size_t feed, const std::vector<std::string> &from) const {
  Feed written;
  written.relation = impl_->feeds[feed].relation;
  written.columns = impl_->feeds[feed].columns;
  program::FeedWriter(*impl_, feed, written, &from).write();
  return written.select_keyed;
}

} // namespace segmentation::core
