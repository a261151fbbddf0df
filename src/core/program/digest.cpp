// Canonical texts, hashed from the leaves up.
#include "core/program/digest.hpp"

#include "core/program/compile.hpp"
#include "core/program/reads.hpp"
#include "core/program/sql_from.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace segmentation::core::program {
namespace {

using Numbers = std::vector<std::uint64_t>;

std::uint64_t digest_of_column(const Column &column) {
  return hash_text(texts_key({column.sql, column.sql_type}) +
                   fmt::format("{} {} {} {} {} {} {}", static_cast<int>(column.kind), column.local_time,
                               column.needs_cast, column.may_be_special, column.whole, column.scale,
                               column.storage));
}

class Digester {
public:
  Digester(const Program::Impl &plan, std::size_t feed)
      : plan_(plan), feed_(plan.feeds[feed]), graph_(plan.plans[feed].rows) {
    way_ = way();
    for (const FeedColumn &column : feed_.columns)
      columns_.push_back(digest(column));
    for (const ValueNode &value : graph_.values)
      values_.push_back(digest(value));
    for (const Test &test : graph_.tests)
      tests_.push_back(digest(test));
    for (const Node &node : graph_.nodes)
      nodes_.push_back(digest(node));
  }

  std::uint64_t way_to_customers() const noexcept { return way_; }
  std::uint64_t column(int index) const noexcept { return of(columns_, index); }
  std::uint64_t node(int index) const noexcept { return of(nodes_, index); }
  bool moves() const noexcept { return moves_; }

  std::uint64_t digest(const Measure &measure) const {
    std::string text =
        fmt::format("measure {} {:x} {:x} {} {} {:x} {:x} {} {} {:x}", static_cast<int>(measure.kind), way_,
                    of(columns_, measure.argument), static_cast<int>(measure.type), measure.scale,
                    of(nodes_, measure.filter), of(columns_, measure.date), static_cast<int>(measure.period),
                    static_cast<int>(measure.tie), of(tests_, measure.waken_test));
    for (const int tie : measure.ties)
      text += fmt::format(" {:x}", of(columns_, tie));
    return hash_text(text);
  }

private:
  static std::uint64_t of(const Numbers &digests, int index) noexcept {
    return index < 0 ? 0 : digests[static_cast<std::size_t>(index)];
  }

  const Relation &relation(int index) const { return plan_.relation(index); }

  std::uint64_t digest_of_key(int relation, int column) const {
    if (column < 0)
      return 0;
    return digest_of_column(this->relation(relation).columns[static_cast<std::size_t>(column)]);
  }

  std::string text_of(int index) const {
    const Relation &one = relation(index);
    const bool is_lookup = one.role == Role::lookup;
    return texts_key({one.name, one.from_sql}) +
           fmt::format("{} {} {:x} {:x} {:x};", static_cast<int>(one.role), one.storage,
                       digest_of_key(is_lookup ? one.of : index, one.key),
                       one.of < 0 ? 0 : digest_of_key(one.of, one.of_key),
                       digest_of_key(index, one.lookup_key));
  }

  std::uint64_t way() const {
    std::string text = plan_.key_is_integer ? "integers " : "texts ";
    for (int at = feed_.relation; at >= 0; at = relation(at).of)
      text += text_of(at);
    return hash_text(text);
  }

  // The SQL that reads it says most; what it leaves open is what stands behind the names.
  std::uint64_t digest(const FeedColumn &column) {
    const sql::Context context{*plan_.meaning, "now()"};
    Reads reads(*plan_.meaning, feed_.relation);
    reads.add(column.column);
    moves_ |= reads.moves();
    std::string text =
        texts_key({column.sql, sql::from_clause(context, feed_.relation, {column.column.relation}, 0)});
    text += texts_key(column.column.json_path);
    text +=
        fmt::format("{} {} {}", static_cast<int>(column.type), column.scale, plan_.meaning->schema.zone_name);
    for (const auto &[relation, columns] : reads.columns()) {
      text += text_of(relation);
      for (const int read : columns)
        text += fmt::format(" {:x}", digest_of_key(relation, read));
    }
    return hash_text(text);
  }

  std::uint64_t digest(const ValueNode &value) const {
    return hash_text(fmt::format("value {} {} {} {:x} {} {:x} {:x} {}", static_cast<int>(value.form),
                                 static_cast<int>(value.type), value.scale, of(columns_, value.leaf),
                                 value.op, of(values_, value.a), of(values_, value.b),
                                 value.number.to_string()));
  }

  std::string text_of_bound(int bound) const {
    if (bound < 0)
      return {};
    const BoundUse &use = plan_.bounds[static_cast<std::size_t>(bound)];
    return fmt::format("bound {} {}", bound_key(use.bound), use.day_value);
  }

  std::string text_of_window(int window) const {
    if (window < 0)
      return {};
    const WindowUse &use = plan_.windows[static_cast<std::size_t>(window)];
    return fmt::format("window {} to {}", bound_key(use.from), bound_key(use.to));
  }

  std::uint64_t digest(const Test &test) const {
    std::string text =
        fmt::format("test {} {:x} {:x} {} {} {} {} {}", static_cast<int>(test.op), of(values_, test.left),
                    of(values_, test.right), static_cast<int>(test.compare), test.number.to_string(),
                    test.ignore_case, text_of_bound(test.bound), text_of_window(test.window));
    for (const Decimal &number : test.numbers.numbers())
      text += " " + number.to_string();
    text += " in " + texts_key(test.texts.texts());
    if (test.op == TestOp::within_distance)
      text += fmt::format("{} {} {}", test.circle.latitude, test.circle.longitude, test.circle.kilometres);
    return hash_text(text);
  }

  std::uint64_t digest(const Node &node) const {
    if (node.form == Node::Form::test)
      return hash_text(fmt::format("holds {:x}", of(tests_, node.test)));
    // Children stand in the order in which the program came to know them.
    Numbers children;
    for (const int child : node.children)
      children.push_back(of(nodes_, child));
    std::sort(children.begin(), children.end());
    return hash_text(
        fmt::format("node {} {} {:x}", static_cast<int>(node.form), node.truth, fmt::join(children, " ")));
  }

  const Program::Impl &plan_;
  const Feed &feed_;
  const Graph &graph_;
  std::uint64_t way_ = 0;
  Numbers columns_, values_, tests_, nodes_;
  bool moves_ = false;
};

} // namespace

Digests digests_of(const Program::Impl &plan) {
  Digests out;
  out.measures.resize(plan.measures.size());
  for (std::size_t feed = 0; feed < plan.feeds.size(); ++feed) {
    const Digester digester(plan, feed);
    out.feeds.push_back(digester.way_to_customers());
    out.moves.push_back(digester.moves());
    for (const int measure : plan.plans[feed].measures)
      out.measures[static_cast<std::size_t>(measure)] = digester.digest(plan.measure(measure));
    if (feed > 0)
      continue;
    for (const int bit : plan.bits)
      out.bits.push_back(hash_text(fmt::format("bit {:x} {:x}", out.feeds[0], digester.node(bit))));
    for (const int column : plan.stored)
      out.stored.push_back(hash_text(fmt::format("stored {:x} {:x}", out.feeds[0], digester.column(column))));
  }
  return out;
}

std::uint64_t digest_of(const Zone &zone) {
  std::string text = fmt::format("{} {}", zone.initial_offset(), zone.repeats());
  for (const Zone::Change &change : zone.changes())
    text += fmt::format(" {} {}", change.at, change.offset_seconds);
  return hash_text(text);
}

} // namespace segmentation::core::program
