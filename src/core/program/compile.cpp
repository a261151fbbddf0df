// Conditions -> tests and nodes, and the whole of a compilation.
#include "core/program/compile.hpp"
#include "core/program/population.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace segmentation::core {
namespace program {

Kind Compiler::list_kind(const Condition &condition) const {
  const ColumnRef &column = condition.left.column;
  const Kind held = impl_.relation(column.relation).columns[static_cast<std::size_t>(column.column)].kind;
  const bool numbers = !condition.numbers.empty() || held == Kind::number_list ||
                       (held == Kind::number && condition.texts.empty());
  return numbers ? Kind::number_list : Kind::text_list;
}

int Compiler::set_of(int relation) const {
  while (relation >= 0 && impl_.relation(relation).role != Role::set)
    relation = impl_.relation(relation).of;
  return relation;
}

bool Compiler::is_customer_set(const ColumnRef &column) const {
  const int set = set_of(column.relation);
  return set >= 0 && impl_.relation(set).of == 0;
}

bool Compiler::reads_own_row(const Scalar &scalar) const {
  if (scalar.form == Scalar::Form::aggregate)
    return false;
  return std::all_of(scalar.operands.begin(), scalar.operands.end(),
                     [this](const Scalar &operand) { return reads_own_row(operand); });
}

bool Compiler::reads_own_row(const Condition &condition) const {
  const bool has_right =
      condition.form == Condition::Form::scalar_compare || condition.form == Condition::Form::within_distance;
  if (has_right && !reads_own_row(condition.right))
    return false;
  return reads_own_row(condition.left);
}

int Compiler::make_test(Place place, const Condition &condition) {
  using Form = Condition::Form;
  Test test;
  std::string key;
  const bool is_list = condition.form == Form::list_contains || condition.form == Form::list_present;
  test.left =
      is_list ? leaf_value(place, condition.left.column, list_kind(condition)) : value(place, condition.left);
  const ValueNode left = graph(place).values[static_cast<std::size_t>(test.left)];
  switch (condition.form) {
  case Form::number_compare:
    test.op = TestOp::compare_number;
    test.compare = condition.op;
    test.number = condition.number;
    test.range = range_of(condition.op, condition.number, left.scale);
    key = condition.number.to_string();
    break;
  case Form::number_in:
  case Form::list_contains:
    if (condition.form == Form::number_in || !condition.numbers.empty()) {
      test.op = is_list ? TestOp::list_contains_number : TestOp::number_in;
      test.numbers = NumberSet(condition.numbers, left.scale);
      for (const Decimal &number : condition.numbers)
        key += number.to_string() + " ";
      break;
    }
    test.op = TestOp::list_contains_text;
    test.texts = TextSet(condition.texts);
    key = texts_key(condition.texts);
    break;
  case Form::text_in:
  case Form::text_starts:
  case Form::text_ends:
  case Form::text_contains:
    test.op = condition.form == Form::text_in       ? TestOp::text_in
              : condition.form == Form::text_starts ? TestOp::text_starts
              : condition.form == Form::text_ends   ? TestOp::text_ends
                                                    : TestOp::text_contains;
    test.ignore_case = condition.ignore_case;
    test.texts = TextSet(condition.texts);
    key = texts_key(condition.texts);
    break;
  case Form::is_true:
    test.op = TestOp::is_true;
    break;
  case Form::date_from:
  case Form::date_before:
    test.op = condition.form == Form::date_from ? TestOp::date_from : TestOp::date_before;
    test.bound = add_bound(condition.bound, left.type);
    test.moves = condition.bound.form.moves();
    break;
  case Form::scalar_compare:
    test.op = TestOp::compare_values;
    test.compare = condition.op;
    test.right = value(place, condition.right);
    break;
  case Form::list_present:
    test.op = TestOp::list_present;
    break;
  case Form::anniversary:
    test.op = TestOp::anniversary;
    test.window = add_window(condition.bound, condition.bound_end);
    test.moves = condition.bound.form.moves() || condition.bound_end.form.moves();
    break;
  case Form::within_distance:
    test.op = TestOp::within_distance;
    test.right = value(place, condition.right);
    test.circle = condition.circle;
    key = fmt::format("{} {} {}", test.circle.latitude, test.circle.longitude, test.circle.kilometres);
    break;
  default:
    test.op = TestOp::present;
    break;
  }
  return graph(place).add_test(std::move(test), key);
}

// A test on a list, as a test on one row of the set that the list is made of.
Condition Compiler::member_test(const Condition &condition) const {
  Condition member;
  member.left = condition.left;
  member.left.type = list_kind(condition) == Kind::number_list ? Kind::number : Kind::text;
  if (condition.form == Condition::Form::list_present) {
    member.form = Condition::Form::present;
  } else {
    member.form = condition.numbers.empty() ? Condition::Form::text_in : Condition::Form::number_in;
    member.texts = condition.texts;
    member.numbers = condition.numbers;
    member.ignore_case = true;
  }
  return member;
}

// "The set of tags contains ...": a count over the set's rows, so that the customers feed carries no lists.
int Compiler::set_measure(const Condition &condition, Trace &trace) {
  const int feed = feed_of(set_of(condition.left.column.relation));
  const Condition member = member_test(condition);
  const int measure = count_measure(feed, filter(feed, &member), Level::verdicts);
  trace_list(feed, impl_.plans[static_cast<std::size_t>(feed)].exists, condition.left.column,
             member.left.type, trace);
  Test some;
  some.op = TestOp::compare_number;
  some.compare = CompareOp::gt;
  some.range = range_of(CompareOp::gt, Decimal(0), 0);
  some.left = measure_value(measure, Kind::number, 0);
  return impl_.customers.test_node(impl_.customers.add_test(std::move(some), "0"));
}

void Compiler::trace_list(int feed, int filter, const ColumnRef &column, Kind type, Trace &trace) {
  if (impl_.purpose != Purpose::explaining)
    return;
  ShownList list{filter, {feed_column(feed, column, type)}};
  if (impl_.relation(column.relation).columns[static_cast<std::size_t>(column.column)].kind == Kind::json)
    list.columns.push_back(feed_column(feed, column, Kind::text_list)); // some rows may hold an array
  row_graph(feed).need(filter, Level::explaining);
  auto &lists = impl_.plans[static_cast<std::size_t>(feed)].lists;
  const auto known = std::find(lists.begin(), lists.end(), list);
  trace.list_feed = feed;
  trace.list = static_cast<int>(known - lists.begin());
  if (known == lists.end())
    lists.push_back(std::move(list));
}

// What explain() shows beside an aggregate: which rows there were; of a list, its members too.
void Compiler::trace_rows(const Condition &condition, Trace &trace) {
  if (impl_.purpose != Purpose::explaining)
    return;
  const Scalar &scalar = condition.left;
  const int feed = feed_of(scalar.source);
  if (condition.list) {
    const Scalar &list = *condition.list;
    trace_list(feed, filter(feed, list.filter.get()), list.column, list.type, trace);
  }
  const Relation &source = impl_.relation(scalar.source);
  const bool asks_for_some = condition.form == Condition::Form::number_compare &&
                             condition.op == CompareOp::gt && condition.number == Decimal(0) &&
                             scalar.fold == Fold::count;
  if (asks_for_some && scalar.filter && source.role == Role::set && source.value >= 0) {
    const Kind kind = source.columns[static_cast<std::size_t>(source.value)].kind;
    return trace_list(feed, impl_.plans[static_cast<std::size_t>(feed)].exists,
                      {scalar.source, source.value, {}}, kind, trace);
  }
  if (source.hand >= 0)
    return; // what people say has no key to go by
  ShownRows rows;
  rows.filter = filter(feed, condition.list ? condition.list->filter.get() : scalar.filter.get());
  row_graph(feed).need(rows.filter, Level::explaining);
  auto &shown = impl_.plans[static_cast<std::size_t>(feed)].shown;
  const auto known = std::find_if(shown.begin(), shown.end(),
                                  [&](const ShownRows &one) { return one.filter == rows.filter; });
  trace.rows_feed = feed;
  trace.rows = static_cast<int>(known - shown.begin());
  if (known != shown.end())
    return;
  Measure order; // what tells rows apart in time for a fold tells it here
  order.feed = feed;
  order_rows(order, feed);
  rows.keys = order.ties;
  rows.date = order.date;
  impl_.plans[static_cast<std::size_t>(feed)].shown.push_back(std::move(rows));
}

int Compiler::leaf_condition(Place place, const Condition &condition, Trace &trace) {
  const bool is_list =
      condition.form == Condition::Form::list_contains || condition.form == Condition::Form::list_present;
  if (place.rows() && is_list) {
    const int set = set_of(condition.left.column.relation);
    if (set >= 0 && set == impl_.feeds[static_cast<std::size_t>(place.feed)].relation)
      return row_graph(place.feed).test_node(make_test(place, member_test(condition)));
  }
  if (!place.rows() && reads_own_row(condition)) {
    if (is_list && is_customer_set(condition.left.column))
      return set_measure(condition, trace);
    // What the customer's own row decides for good is decided when it comes in, and kept as one byte.
    const int test = make_test({0}, condition);
    if (!row_graph(0).tests[static_cast<std::size_t>(test)].moves) {
      trace.row_test = test;
      const int node = row_graph(0).test_node(test);
      row_graph(0).need(node, Level::verdicts);
      return impl_.customers.bit(node);
    }
  }
  const int test = make_test(place, condition);
  trace.test = test;
  if (!place.rows() && condition.left.form == Scalar::Form::aggregate)
    trace_rows(condition, trace);
  return graph(place).test_node(test);
}

int Compiler::condition(Place place, const Condition &condition) {
  using Form = Condition::Form;
  if (!place.rows())
    if (const auto known = impl_.traces.find(&condition); known != impl_.traces.end())
      return known->second.node;
  Trace trace;
  switch (condition.form) {
  case Form::constant:
    trace.node = graph(place).constant(condition.truth);
    break;
  case Form::all:
  case Form::any: {
    std::vector<int> children;
    for (const ConditionPtr &child : condition.children)
      children.push_back(this->condition(place, *child));
    trace.node = graph(place).join(condition.form == Form::all ? Node::Form::all : Node::Form::any, children);
    break;
  }
  case Form::negation: {
    const int child = this->condition(place, *condition.children.at(0));
    trace.node = graph(place).negation(child);
    break;
  }
  case Form::segment:
    trace.node = this->condition(place, *condition.children.at(0));
    break;
  default: {
    const bool unequal = condition.op == CompareOp::ne &&
                         (condition.form == Form::number_compare || condition.form == Form::scalar_compare);
    if (unequal) { // the complement of equal: a missing value is not equal to anything
      Condition equal = condition;
      equal.op = CompareOp::eq;
      const int child = leaf_condition(place, equal, trace);
      trace.node = graph(place).negation(child);
    } else {
      trace.node = leaf_condition(place, condition, trace);
    }
  }
  }
  if (!place.rows())
    impl_.traces[&condition] = trace;
  return trace.node;
}

void Compiler::run() {
  feed_of(0);
  const Condition *own = row_condition(0);
  impl_.exists = own ? condition({}, *own) : impl_.customers.constant(true);
  for (const CheckedRule &rule : impl_.rules) {
    const int root = condition({}, *rule.condition);
    impl_.roots.push_back(impl_.customers.join(Node::Form::all, {impl_.exists, root}));
  }
  for (const int root : impl_.roots)
    impl_.customers.need(root, Level::verdicts);
  for (const Measure &measure : impl_.measures)
    row_graph(measure.feed).need(measure.filter, measure.level);
  add_trackers();
  for (RowPlan &plan : impl_.plans)
    if (plan.exists >= 0)
      plan.rows.need(plan.exists, Level::horizons);
  for (const Node &node : impl_.customers.nodes)
    if (node.form == Node::Form::bit)
      impl_.bits.push_back(node.test);
  std::sort(impl_.bits.begin(), impl_.bits.end());
  impl_.bits.erase(std::unique(impl_.bits.begin(), impl_.bits.end()), impl_.bits.end());
}

namespace {

// A rule that only asks for rows is judged from rows; whether it does is found by asking about a customer who
// has none.
bool one_without_rows_fails(const Program::Impl &impl) {
  const Node &exists = impl.customers.nodes[static_cast<std::size_t>(impl.exists)];
  if (!impl.feeds[0].columns.empty() || exists.form != Node::Form::constant || !exists.truth)
    return false;
  // What is asked of one without rows is asked at some moment: all that she has may be compared with must be
  // the same at any. She has no date but this.
  for (const CustomerLeaf &leaf : impl.leaves)
    if (leaf.forecast == ForecastColumn::observed_until)
      return false;
  Customers nobody(impl, Moment::at(0, impl.meaning->schema.zone), false, {}, Roll::customers_feed);
  Batch &batch = nobody.feeds[0].batch;
  batch.rows = 1;
  batch.key.cells[0] = Cell::value;
  nobody.fold_customers();
  Verdicts verdicts;
  nobody.evaluate(0, 1, false, verdicts);
  return std::none_of(verdicts.holds.begin(), verdicts.holds.end(),
                      [](std::uint8_t holds) { return holds != 0; });
}

} // namespace

} // namespace program

std::unique_ptr<Program> Program::compile(std::shared_ptr<const Meaning> meaning,
                                          std::vector<CheckedRule> rules, bool key_is_integer,
                                          Purpose purpose) {
  std::unique_ptr<Program> made(new Program);
  made->impl_ = std::make_unique<Impl>();
  Impl &impl = *made->impl_;
  impl.meaning = std::move(meaning);
  impl.rules = std::move(rules);
  impl.key_is_integer = key_is_integer;
  impl.purpose = purpose;
  program::Compiler(impl).run();
  impl.rows_suffice = program::one_without_rows_fails(impl);
  program::write_feeds(impl);
  return made;
}

Program::Program() = default;
Program::~Program() = default;

const std::vector<Feed> &Program::feeds() const noexcept {
  return impl_->feeds;
}

std::size_t Program::rule_count() const noexcept {
  return impl_->rules.size();
}

bool Program::rows_suffice() const noexcept {
  return impl_->rows_suffice;
}

bool Program::moves() const noexcept {
  return std::any_of(impl_->roots.begin(), impl_->roots.end(), [this](const int root) {
    return impl_->customers.nodes[static_cast<std::size_t>(root)].moves;
  });
}

std::size_t Program::state_bytes() const noexcept {
  // The key and its place in the hash table, then what is kept of her own row, then her measures.
  std::size_t bytes =
      (impl_->key_is_integer ? 8 + 32 : 48 + 32) + impl_->bits.size() + impl_->stored.size() * 9;
  for (const program::Measure &measure : impl_->measures)
    if (measure.level <= program::Level::horizons)
      bytes += program::cell_bytes(measure.kind) + program::side_bytes(measure);
  return bytes;
}

} // namespace segmentation::core
