// Values that conditions are tested on: columns of feeds, measures of sources, and what is computed from
// them.
#include "core/program/compile.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace segmentation::core::program {
namespace {

// Where a column does not say how many places its numbers have; others are delivered as digits and stay
// exact.
constexpr std::int32_t usual_scale = 6;
constexpr std::int32_t largest_scale = 12;

std::int32_t scale_of(const Column &column, bool is_json) {
  if (is_json)
    return usual_scale;
  if (column.whole)
    return 0;
  return column.scale >= 0 && column.scale <= largest_scale ? column.scale : usual_scale;
}

bool is_integer_type(const Column &column) {
  return column.sql_type == "bigint" || column.sql_type == "integer" || column.sql_type == "smallint";
}

Period period_of_fold(Fold fold) {
  return fold == Fold::days ? Period::day : fold == Fold::weeks ? Period::week : Period::month;
}

} // namespace

std::string texts_key(const std::vector<std::string> &texts) {
  std::string key;
  for (const std::string &text : texts)
    key += fmt::format("{}:{} ", text.size(), text);
  return key;
}

std::string bound_key(const Bound &bound) {
  const DateForm &form = bound.form;
  return fmt::format("{} {} {} {} {} {} {} {} {} {} {}", static_cast<int>(form.kind), form.year, form.month,
                     form.day, form.microseconds, form.utc_offset ? std::to_string(*form.utc_offset) : "-",
                     form.amount, static_cast<int>(form.unit), static_cast<int>(form.period),
                     form.period_offset, bound.upper);
}

Graph &Compiler::graph(Place place) {
  return place.rows() ? row_graph(place.feed) : impl_.customers;
}

const Condition *Compiler::row_condition(int relation) const {
  const auto &conditions = impl_.meaning->row_conditions;
  const auto index = static_cast<std::size_t>(relation);
  return index < conditions.size() ? conditions[index].get() : nullptr;
}

int Compiler::feed_of(int relation) {
  for (std::size_t i = 0; i < impl_.feeds.size(); ++i)
    if (impl_.feeds[i].relation == relation)
      return static_cast<int>(i);
  const int feed = static_cast<int>(impl_.feeds.size());
  Feed &fresh = impl_.feeds.emplace_back();
  fresh.relation = relation;
  impl_.plans.emplace_back();
  // A row is there where its own condition and those of the rows it hangs on hold; the customers' is judged
  // apart.
  std::vector<int> conditions;
  for (int at = relation; at > 0; at = impl_.relation(at).of)
    if (const Condition *own = row_condition(at))
      conditions.push_back(condition({feed}, *own));
  const int exists = row_graph(feed).join(Node::Form::all, conditions);
  impl_.plans[static_cast<std::size_t>(feed)].exists = exists;
  return feed;
}

int Compiler::feed_column(int feed, const ColumnRef &column, Kind type) {
  std::string key = fmt::format("{} {} {} {}", feed, column.relation, column.column, static_cast<int>(type));
  key += texts_key(column.json_path);
  auto &columns = impl_.feeds[static_cast<std::size_t>(feed)].columns;
  const auto [at, fresh] = columns_.try_emplace(std::move(key), static_cast<int>(columns.size()));
  if (fresh) {
    const Column &read = impl_.relation(column.relation).columns[static_cast<std::size_t>(column.column)];
    FeedColumn &added = columns.emplace_back();
    added.column = column;
    added.type = type;
    added.scale = type == Kind::number ? scale_of(read, !column.json_path.empty()) : 0;
  }
  return at->second;
}

int Compiler::add_bound(const Bound &bound, Kind type) {
  const auto [at, fresh] = bounds_.try_emplace(fmt::format("{} {}", bound_key(bound), type == Kind::day),
                                               static_cast<int>(impl_.bounds.size()));
  if (fresh)
    impl_.bounds.push_back({bound, type == Kind::day});
  return at->second;
}

int Compiler::add_window(const Bound &from, const Bound &to) {
  const auto [at, fresh] =
      windows_.try_emplace(bound_key(from) + " " + bound_key(to), static_cast<int>(impl_.windows.size()));
  if (fresh)
    impl_.windows.push_back({from, to});
  return at->second;
}

int Compiler::leaf_value(Place place, const ColumnRef &column, Kind type) {
  const int feed = place.rows() ? place.feed : 0;
  const int index = feed_column(feed, column, type);
  ValueNode value;
  value.form = ValueNode::Form::leaf;
  value.type = type;
  value.scale = impl_.feeds[static_cast<std::size_t>(feed)].columns[static_cast<std::size_t>(index)].scale;
  value.leaf = index;
  if (!place.rows()) {
    const auto [at, fresh] = leaves_.try_emplace({true, index, {}}, static_cast<int>(impl_.leaves.size()));
    if (fresh) {
      impl_.leaves.push_back({true, static_cast<int>(impl_.stored.size()), {}});
      impl_.stored.push_back(index);
    }
    value.leaf = at->second;
  }
  return graph(place).add_value(std::move(value));
}

int Compiler::measure_value(int measure, Kind type, std::int32_t scale, ForecastColumn forecast) {
  const auto [at, fresh] =
      leaves_.try_emplace({false, measure, forecast}, static_cast<int>(impl_.leaves.size()));
  if (fresh)
    impl_.leaves.push_back({false, measure, forecast});
  const Measure &one = impl_.measure(measure);
  ValueNode value;
  value.form = ValueNode::Form::leaf;
  value.type = type;
  value.scale = scale;
  value.leaf = at->second;
  value.moves = row_graph(one.feed).nodes[static_cast<std::size_t>(one.filter)].moves;
  return impl_.customers.add_value(std::move(value));
}

int Compiler::value(Place place, const Scalar &scalar) {
  ValueNode value;
  value.type = scalar.type;
  switch (scalar.form) {
  case Scalar::Form::column:
    return leaf_value(place, scalar.column, scalar.type);
  case Scalar::Form::aggregate:
    if (scalar.fold == Fold::forecast && !impl_.meaning->schema.forecast)
      break; // none was fitted
    if (!place.rows())
      return aggregate(scalar);
    break; // the checker lets no aggregate into a filter
  case Scalar::Form::age:
    value.form = ValueNode::Form::age;
    value.a = this->value(place, scalar.operands.at(0));
    break;
  case Scalar::Form::arithmetic:
    value.form = ValueNode::Form::arithmetic;
    value.op = scalar.op;
    value.a = this->value(place, scalar.operands.at(0));
    value.b = this->value(place, scalar.operands.at(1));
    break;
  case Scalar::Form::constant:
    value.form = ValueNode::Form::constant;
    value.number = scalar.number;
    break;
  }
  return graph(place).add_value(std::move(value));
}

int Compiler::filter(int feed, const Condition *condition) {
  std::vector<int> parts{impl_.plans[static_cast<std::size_t>(feed)].exists};
  if (condition != nullptr)
    parts.push_back(this->condition({feed}, *condition));
  return row_graph(feed).join(Node::Form::all, parts);
}

int Compiler::add_measure(Measure measure) {
  std::string key = fmt::format("{} {} {} {} {} {} {} {}", static_cast<int>(measure.kind), measure.feed,
                                measure.argument, static_cast<int>(measure.type), measure.filter,
                                measure.date, static_cast<int>(measure.period), measure.waken_test);
  const auto [at, fresh] = measures_.try_emplace(std::move(key), static_cast<int>(impl_.measures.size()));
  if (fresh) {
    impl_.plans[static_cast<std::size_t>(measure.feed)].measures.push_back(at->second);
    impl_.measures.push_back(std::move(measure));
  } else {
    Measure &known = impl_.measure(at->second);
    known.level = std::min(known.level, measure.level);
  }
  return at->second;
}

int Compiler::count_measure(int feed, int filter, Level level) {
  Measure measure;
  measure.kind = MeasureKind::count;
  measure.feed = feed;
  measure.filter = filter;
  measure.level = level;
  return add_measure(std::move(measure));
}

void Compiler::order_rows(Measure &measure, int feed) {
  const int relation = impl_.feeds[static_cast<std::size_t>(feed)].relation;
  for (int at = relation; at > 0; at = impl_.relation(at).of)
    if (const Relation &dated = impl_.relation(at); dated.date >= 0) {
      measure.date =
          feed_column(feed, {at, dated.date, {}}, dated.columns[static_cast<std::size_t>(dated.date)].kind);
      break;
    }
  const Relation &own = impl_.relation(relation);
  if (measure.kind == MeasureKind::periods || measure.kind == MeasureKind::purchases ||
      own.primary_key.empty())
    return;
  bool integer = false;
  for (const int column : own.primary_key) {
    const Column &key = own.columns[static_cast<std::size_t>(column)];
    measure.ties.push_back(feed_column(feed, {relation, column, {}}, key.kind));
    integer = is_integer_type(key) || key.kind == Kind::day || key.kind == Kind::instant;
  }
  measure.tie = integer && own.primary_key.size() == 1 ? Tie::integer : Tie::keys;
}

int Compiler::aggregate(const Scalar &scalar) {
  const int feed = feed_of(scalar.source);
  Measure measure;
  measure.feed = feed;
  measure.filter = filter(feed, scalar.filter.get());
  Kind type = scalar.type;
  switch (scalar.fold) {
  case Fold::count:
    measure.kind = MeasureKind::count;
    return measure_value(add_measure(std::move(measure)), Kind::number, 0);
  case Fold::days:
  case Fold::weeks:
  case Fold::months:
    measure.kind = MeasureKind::periods;
    measure.period = period_of_fold(scalar.fold);
    order_rows(measure, feed);
    return measure_value(add_measure(std::move(measure)), Kind::number, 0);
  case Fold::forecast:
    measure.kind = MeasureKind::purchases;
    measure.argument = feed_column(feed, scalar.column, Kind::number);
    measure.last_day = impl_.meaning->schema.forecast->last_day();
    order_rows(measure, feed);
    return measure_value(add_measure(std::move(measure)), type, 0, scalar.forecast);
  case Fold::count_distinct: {
    measure.kind = MeasureKind::distinct;
    const Relation &relation = impl_.relation(scalar.column.relation);
    type = relation.columns[static_cast<std::size_t>(scalar.column.column)].kind;
    if (type == Kind::json)
      type = Kind::text;
    if (const int set = set_of(scalar.column.relation); set >= 0 && set != scalar.source)
      type = type == Kind::number ? Kind::number_list : Kind::text_list;
    measure.argument = feed_column(feed, scalar.column, type);
    measure.type = type;
    return measure_value(add_measure(std::move(measure)), Kind::number, 0);
  }
  case Fold::sum:
  case Fold::avg:
    measure.kind = MeasureKind::sum;
    type = Kind::number;
    break;
  case Fold::min:
    measure.kind = MeasureKind::minimum;
    break;
  case Fold::max:
    measure.kind = MeasureKind::maximum;
    break;
  case Fold::first:
    measure.kind = MeasureKind::first;
    order_rows(measure, feed);
    break;
  case Fold::last:
    measure.kind = MeasureKind::last;
    order_rows(measure, feed);
    break;
  case Fold::mode:
    measure.kind = MeasureKind::mode;
    order_rows(measure, feed);
    break;
  case Fold::list: // the checker lets none into a test
    break;
  }
  measure.argument = feed_column(feed, scalar.column, type);
  measure.type = type;
  measure.scale =
      impl_.feeds[static_cast<std::size_t>(feed)].columns[static_cast<std::size_t>(measure.argument)].scale;
  const std::int32_t scale = measure.scale;
  const int rows = measure.filter;
  const int folded = measure_value(add_measure(std::move(measure)), type, scale);
  if (scalar.fold != Fold::avg)
    return folded;
  // An average is the sum over the number of rows that have the argument.
  Test present;
  present.op = TestOp::present;
  present.left = leaf_value({feed}, scalar.column, type);
  const int has_argument = row_graph(feed).test_node(row_graph(feed).add_test(std::move(present), {}));
  const int count =
      count_measure(feed, row_graph(feed).join(Node::Form::all, {rows, has_argument}), Level::verdicts);
  const int counted = measure_value(count, Kind::number, 0);
  ValueNode ratio;
  ratio.form = ValueNode::Form::ratio;
  ratio.scale = scale;
  ratio.leaf = impl_.customers.values[static_cast<std::size_t>(folded)].leaf;
  ratio.second = impl_.customers.values[static_cast<std::size_t>(counted)].leaf;
  ratio.moves = impl_.customers.values[static_cast<std::size_t>(folded)].moves;
  return impl_.customers.add_value(std::move(ratio));
}

} // namespace segmentation::core::program
