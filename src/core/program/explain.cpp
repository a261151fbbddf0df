// Why a rule holds for one customer or does not: the condition as a tree of lines, each with what was found.
#include "core/program/population.hpp"

#include <algorithm>

namespace segmentation::core {
namespace program {
namespace {

constexpr std::size_t most_members_shown = 20;

std::string show_list(std::vector<std::string> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  std::string out;
  for (std::size_t i = 0; i < values.size() && i < most_members_shown; ++i)
    out += (i == 0 ? "" : ", ") + values[i];
  return values.size() > most_members_shown ? out + ", ..." : out;
}

/// Reads the columns of one customer's own row.
class CardReader final : public LeafReader {
public:
  explicit CardReader(const std::vector<Card> &cards) : cards_(cards) {}
  void read(int leaf, LeafValue &out) const override {
    const Card &card = cards_[static_cast<std::size_t>(leaf)];
    out.present = card.cell != Cell::missing;
    out.integer = card.integer;
    out.text = card.text;
    out.big = card.cell == Cell::digits ? Decimal::parse(card.text) : std::nullopt;
    out.list = nullptr;
  }
  Instant until(int) const override { return instant_infinity; }

private:
  const std::vector<Card> &cards_;
};

class Explainer {
public:
  Explainer(Customers &customers, std::uint32_t customer) : customers_(customers), customer_(customer) {
    reader_.at(customer);
  }

  std::vector<Explanation> run(std::size_t rule) {
    add(*customers_.plan.rules[rule].condition, 0);
    // The whole condition counts only for a customer who exists for rules.
    Explanation &whole = lines_.front();
    const int root = customers_.plan.roots[rule];
    whole.holds = holds(root);
    whole.until = until(root);
    return std::move(lines_);
  }

private:
  bool holds(int node) const {
    return customers_.node_bytes[static_cast<std::size_t>(node) * block_customers] != 0;
  }

  Instant until(int node) const {
    const auto index = static_cast<std::size_t>(node);
    if (!customers_.plan.customers.nodes[index].moves)
      return instant_infinity;
    if (customers_.level < Level::horizons) // no one kept the dates that would tell
      return customers_.clock.moment().now + 1;
    return std::min(customers_.node_until[customers_.until_place[index] * block_customers],
                    customers_.clock.steady_until());
  }

  void add(const Condition &condition, std::uint32_t depth) {
    const Trace &trace = customers_.plan.traces.at(&condition);
    Explanation line;
    line.depth = depth;
    line.span = condition.span;
    line.holds = holds(trace.node);
    line.until = until(trace.node);
    std::vector<const Condition *> below;
    describe(condition, condition.span, false, line, below);
    lines_.push_back(std::move(line));
    for (const Condition *child : below)
      add(*child, depth + 1);
  }

  // Gathers into one line what was written as one condition; parts written on their own go below.
  void describe(const Condition &condition, Span span, bool negated, Explanation &line,
                std::vector<const Condition *> &below) {
    if (condition.form == Condition::Form::segment)
      return; // what is below was written in another rule's text
    for (const ConditionPtr &child : condition.children)
      if (child->span == span)
        describe(*child, span, negated != (condition.form == Condition::Form::negation), line, below);
      else
        below.push_back(child.get());
    if (!condition.children.empty())
      return;
    const Trace &trace = customers_.plan.traces.at(&condition);
    if (trace.rows >= 0 && !line.rows && customers_.plan.measure(trace.rows).level <= customers_.level) {
      LeafValue rows;
      customers_.read_measure(trace.rows, customer_, rows);
      line.rows = rows.integer;
    }
    if (condition.form == Condition::Form::within_distance) {
      describe_distance(condition, trace, negated, line);
      return;
    }
    if (!line.actual)
      line.actual = actual(trace);
    if (!negated && !line.missing && trace.list < 0 && condition.form == Condition::Form::number_compare &&
        !holds(trace.node))
      line.missing = missing(condition, trace);
  }

  void describe_distance(const Condition &condition, const Trace &trace, bool negated,
                         Explanation &line) const {
    const bool own_row = trace.test < 0;
    if (own_row && (trace.row_test < 0 || customer_ >= customers_.cards.size()))
      return;
    const Graph &graph = own_row ? customers_.plan.plans[0].rows : customers_.plan.customers;
    const Test &test = graph.tests[static_cast<std::size_t>(own_row ? trace.row_test : trace.test)];
    const CardReader cards(own_row ? customers_.cards[customer_] : no_cards_);
    const LeafReader &reader = own_row ? static_cast<const LeafReader &>(cards) : reader_;
    const auto found = Judge(graph, customers_.clock, reader).distance(test);
    if (!found)
      return;
    const Circle &circle = condition.circle; // equal tests are one, however they are written
    line.actual = show_distance(*found, circle.in_miles);
    if (!negated && !line.holds)
      line.missing = show_lack(*found - circle.kilometres, circle.in_miles);
  }

  std::optional<std::string> actual(const Trace &trace) const {
    const Program::Impl &plan = customers_.plan;
    if (trace.list >= 0) {
      const auto &members = customers_.feeds[static_cast<std::size_t>(trace.list_feed)].members;
      const auto found = members.find({customer_, trace.list});
      return found == members.end() ? std::nullopt : std::optional(show_list(found->second));
    }
    if (trace.test >= 0)
      return show_value(plan.customers, plan.customers.tests[static_cast<std::size_t>(trace.test)].left,
                        reader_);
    if (trace.row_test < 0 || customer_ >= customers_.cards.size())
      return std::nullopt;
    const Graph &rows = plan.plans[0].rows;
    const int left = rows.tests[static_cast<std::size_t>(trace.row_test)].left;
    const std::vector<Card> &cards = customers_.cards[customer_];
    const ValueNode &value = rows.values[static_cast<std::size_t>(left)];
    if (value.type == Kind::text_list || value.type == Kind::number_list) {
      const Card &card = cards[static_cast<std::size_t>(value.leaf)];
      return card.list.empty() ? std::nullopt : std::optional(show_list(card.list));
    }
    return show_value(rows, left, CardReader(cards));
  }

  std::optional<std::string> show_value(const Graph &graph, int value, const LeafReader &reader) const {
    const Judge judge(graph, customers_.clock, reader);
    const ValueNode &node = graph.values[static_cast<std::size_t>(value)];
    if (node.type == Kind::number) {
      const auto number = judge.number(value);
      if (!number)
        return std::nullopt;
      return number->denominator == Decimal(1) ? show_padded(number->numerator, places_of(node))
                                               : show(*number);
    }
    if (node.type == Kind::text) {
      std::string_view text;
      return judge.text(value, text) ? std::optional(std::string(text)) : std::nullopt;
    }
    std::int64_t at = 0;
    return judge.date(value, at) ? std::optional(show(node.type, at, 0, customers_.clock.zone()))
                                 : std::nullopt;
  }

  // Amounts are shown with all the places that their column declares: 12.40. A scale that was only assumed is
  // none.
  static bool has_places(const ValueNode &value) { return value.flat && value.scale <= most_padded_places; }
  static std::int32_t places_of(const ValueNode &value) { return has_places(value) ? value.scale : 0; }

  // What a number lacks to be >= or > the rule's; of > the smallest step at the value's scale is meant.
  std::optional<std::string> missing(const Condition &condition, const Trace &trace) const {
    if (condition.op != CompareOp::ge && condition.op != CompareOp::gt)
      return std::nullopt;
    const bool own_row = trace.test < 0;
    if (own_row && (trace.row_test < 0 || customer_ >= customers_.cards.size()))
      return std::nullopt;
    const Graph &graph = own_row ? customers_.plan.plans[0].rows : customers_.plan.customers;
    const Test &test = graph.tests[static_cast<std::size_t>(own_row ? trace.row_test : trace.test)];
    const CardReader cards(own_row ? customers_.cards[customer_] : no_cards_);
    const LeafReader &reader = own_row ? static_cast<const LeafReader &>(cards) : reader_;
    const auto found = Judge(graph, customers_.clock, reader).number(test.left);
    if (!found)
      return std::nullopt;
    const ValueNode &value = graph.values[static_cast<std::size_t>(test.left)];
    Decimal goal = condition.number;
    // The step in which anyone pays.
    if (has_places(value))
      if (const auto floor = floor_at(goal, value.scale);
          floor && (!floor->exact || condition.op == CompareOp::gt))
        goal = Decimal(floor->coefficient, value.scale) + Decimal(1, value.scale);
    WideFraction lack;
    if (combine('-', WideFraction{goal, Decimal(1)}, *found, lack) != Outcome::value)
      return std::nullopt;
    if (lack.denominator == Decimal(1))
      return show_padded(lack.numerator, places_of(value));
    return show(lack);
  }

  static constexpr std::int32_t most_padded_places = 4;

  Customers &customers_;
  std::uint32_t customer_;
  CustomerReader reader_{customers_};
  std::vector<Card> no_cards_;
  std::vector<Explanation> lines_;
};

} // namespace

std::vector<Explanation> Customers::explain(std::size_t rule, std::uint32_t customer) {
  make_room();
  judge_block(customer, 1, Level::nothing, level >= Level::horizons);
  return Explainer(*this, customer).run(rule);
}

} // namespace program

std::vector<Explanation> Population::explain(std::size_t rule, std::uint32_t customer) {
  return impl_->explain(rule, customer);
}

} // namespace segmentation::core
