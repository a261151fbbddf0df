// A small shop in memory for tests of the program: relations with rows, a way to feed them in, and an oracle
// that judges conditions row by row as the language defines them, sharing nothing with the program but
// numbers and the calendar.
#pragma once

#include "core/program/program.hpp"
#include "core/value/fold_case.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace segmentation::core::test {

/// One value of a row; absent is NULL.
struct Value {
  Decimal number;
  std::int64_t at = 0; // day, instant, boolean
  std::string text;
  std::vector<std::string> list;
};
using MaybeValue = std::optional<Value>;
using Row = std::vector<MaybeValue>;

enum World : int { customers, orders, items, channel, tags, labels, carts };

struct Shop {
  Meaning meaning;
  std::vector<std::vector<Row>> tables; // by relation
};

inline Column world_column(const char *name, Kind kind, std::int32_t scale = -1) {
  Column column;
  column.name = name;
  column.sql = std::string("\"") + name + "\"";
  column.kind = kind;
  column.scale = scale;
  column.whole = kind == Kind::number && scale == 0;
  column.sql_type = column.whole ? "bigint" : kind == Kind::number ? "numeric" : "text";
  return column;
}

inline Relation world_relation(Role role, const char *name, int of, int key, int other,
                               std::vector<Column> columns) {
  Relation relation;
  relation.role = role;
  relation.name = name;
  relation.from_sql = std::string("\"shop\".\"") + name + "\"";
  relation.of = of;
  relation.key = key;
  (role == Role::lookup ? relation.lookup_key : relation.of_key) = other;
  relation.columns = std::move(columns);
  return relation;
}

inline Schema world_schema() {
  using enum Kind;
  const auto c = [](const char *name, Kind kind, std::int32_t scale = -1) {
    return world_column(name, kind, scale);
  };
  Schema schema;
  auto &r = schema.relations;
  r.push_back(world_relation(Role::customers, "customers", -1, 0, -1,
                             {c("id", number, 0), c("name", text), c("credit", number, 2),
                              c("points", number, 0), c("score", number), c("vip", boolean), c("birth", day),
                              c("registered", instant), c("langs", text_list), c("marks", number_list)}));
  r.push_back(world_relation(Role::source, "orders", customers, 1, 0,
                             {c("id", number, 0), c("customer_id", number, 0), c("created", instant),
                              c("status", text), c("total", number, 2), c("weight", number),
                              c("paid", boolean), c("due", day), c("channel_id", number, 0)}));
  r.push_back(world_relation(Role::source, "items", orders, 1, 0,
                             {c("id", number, 0), c("order_id", number, 0), c("quantity", number, 0),
                              c("price", number), c("sku", text)}));
  r.push_back(world_relation(Role::lookup, "channel", orders, 8, 0, {c("id", number, 0), c("title", text)}));
  r.push_back(
      world_relation(Role::set, "tags", customers, 0, 0, {c("customer_id", number, 0), c("tag", text)}));
  r.push_back(
      world_relation(Role::set, "labels", orders, 0, 0, {c("order_id", number, 0), c("label", text)}));
  r.push_back(
      world_relation(Role::source, "carts", customers, 0, 0,
                     {c("customer_id", number, 0), c("at", day), c("amount", number, 2), c("note", text)}));
  r[orders].date = 2;
  r[orders].primary_key = {0};
  r[items].primary_key = {0};
  r[carts].date = 1;
  r[tags].value = 1;
  r[labels].value = 1;
  // Cut where the rows of random shops lie, from a year before world_day on.
  schema.forecast =
      ForecastModel::parse("0.2425945 4.4136019 0.7929199 2.4258881 6.249574 3.744225 15.443518 9560 1 273 "
                           "9400 9500 9560 9600 1 2 3 5 1 5 20.5 30 0.5 6");
  return schema;
}

/// Judges conditions over a shop at a moment, the slow and plain way.
class Oracle {
public:
  Oracle(const Shop &shop, const Moment &moment) : shop_(shop), moment_(moment) {}

  bool judge(const Condition &condition, const Row &customer) const {
    const auto &own = shop_.meaning.row_conditions[customers];
    return (!own || holds(*own, customers, customer)) && holds(condition, customers, customer);
  }

  /// Reads a column in reach of a row of `relation`.
  MaybeValue read(const ColumnRef &ref, int relation, const Row &row) const {
    const auto &relations = shop_.meaning.schema.relations;
    if (ref.relation == relation)
      return row[static_cast<std::size_t>(ref.column)];
    const Relation &target = relations[static_cast<std::size_t>(ref.relation)];
    if (target.role == Role::lookup || target.role == Role::set) {
      int near = 0;
      const Row *from = ascend(target.of, relation, row, near);
      if (from == nullptr)
        return std::nullopt;
      if (target.role == Role::lookup) {
        const Row *found =
            find(ref.relation, target.lookup_key, (*from)[static_cast<std::size_t>(target.key)]);
        return found == nullptr ? std::nullopt : (*found)[static_cast<std::size_t>(ref.column)];
      }
      Value list;
      const auto &own = shop_.meaning.row_conditions[static_cast<std::size_t>(ref.relation)];
      for (const Row &member : shop_.tables[static_cast<std::size_t>(ref.relation)])
        if ((!own || holds(*own, ref.relation, member)) &&
            same_key(member[static_cast<std::size_t>(target.key)],
                     (*from)[static_cast<std::size_t>(target.of_key)]))
          if (const auto &value = member[static_cast<std::size_t>(ref.column)])
            list.list.push_back(value->text);
      return list;
    }
    int near = 0;
    const Row *from = ascend(ref.relation, relation, row, near);
    return from == nullptr ? std::nullopt : (*from)[static_cast<std::size_t>(ref.column)];
  }

  /// Returns the customer that a row belongs to, or null.
  const Row *owner(int relation, const Row &row) const {
    int near = 0;
    return ascend(customers, relation, row, near);
  }

private:
  struct Ratio {
    Decimal top, bottom{1};
  };

  static bool same_key(const MaybeValue &a, const MaybeValue &b) { return a && b && a->number == b->number; }

  const Row *find(int relation, int column, const MaybeValue &key) const {
    for (const Row &row : shop_.tables[static_cast<std::size_t>(relation)])
      if (same_key(row[static_cast<std::size_t>(column)], key))
        return &row;
    return nullptr;
  }

  const Row *ascend(int wanted, int relation, const Row &row, int &at) const {
    const Row *current = &row;
    for (at = relation; at != wanted && current != nullptr;) {
      const Relation &one = shop_.meaning.schema.relations[static_cast<std::size_t>(at)];
      current = find(one.of, one.of_key, (*current)[static_cast<std::size_t>(one.key)]);
      at = one.of;
    }
    return current;
  }

  Day day_of_value(const Value &value, Kind type) const {
    return type == Kind::day ? static_cast<Day>(value.at) : moment_.zone->local_day(value.at);
  }

  Day bound_day(const Bound &bound) const {
    const DateForm &form = bound.form;
    const std::int32_t step = form.unit == DateUnit::year ? 12 : 1;
    Day day = moment_.today;
    if (form.kind == DateForm::Kind::day) {
      day = day_of({form.year, form.month, form.day});
    } else if (form.kind == DateForm::Kind::relative) {
      if (form.unit == DateUnit::day || form.unit == DateUnit::week)
        day += form.amount * (form.unit == DateUnit::week ? 7 : 1);
      else
        day = add_months(day, form.amount * step);
    } else {
      const int periods = form.period_offset + (bound.upper ? 1 : 0);
      if (form.period == PeriodUnit::week)
        return day - weekday_of(day) + 7 * periods;
      CivilDate civil = civil_of(day);
      const int months = form.period == PeriodUnit::month ? 1 : form.period == PeriodUnit::quarter ? 3 : 12;
      civil.day = 1;
      while ((civil.month - 1) % months != 0)
        --civil.month;
      return add_months(day_of(civil), periods * months);
    }
    return day + (bound.upper ? 1 : 0);
  }

  Instant bound_instant(const Bound &bound) const {
    const DateForm &form = bound.form;
    if (form.is_days())
      return moment_.zone->start_of_day(bound_day(bound));
    if (form.kind == DateForm::Kind::relative)
      return moment_.now + std::int64_t{form.amount} * 3'600'000'000 + (bound.upper ? 1 : 0);
    const LocalTime local =
        std::int64_t{day_of({form.year, form.month, form.day})} * microseconds_per_day + form.microseconds;
    return moment_.zone->to_instant(local) + (bound.upper ? 1 : 0);
  }

  // Whether a date is at or after a bound.
  bool reaches(const Value &value, Kind type, const Bound &bound) const {
    if (type == Kind::instant)
      return value.at >= bound_instant(bound);
    if (bound.form.is_days())
      return value.at >= bound_day(bound);
    return moment_.zone->start_of_day(static_cast<Day>(value.at)) >= bound_instant(bound);
  }

  static bool lies_within(const Ratio &ratio, std::int64_t most) {
    return ratio.top <= ratio.bottom * Decimal(most) &&
           Decimal(0) - ratio.top <= ratio.bottom * Decimal(most);
  }
  static double degrees(const Ratio &ratio) {
    return std::stod(ratio.top.to_string()) / std::stod(ratio.bottom.to_string());
  }
  /// The distance by another formula: through the chord between two points of a sphere.
  static double chord_km(double latitude, double longitude, double to_latitude, double to_longitude) {
    const double degree = 3.14159265358979323846 / 180, radius = 6371.0088;
    const auto point = [&](double lat, double lon) {
      return std::array<double, 3>{std::cos(lat * degree) * std::cos(lon * degree),
                                   std::cos(lat * degree) * std::sin(lon * degree), std::sin(lat * degree)};
    };
    const auto a = point(latitude, longitude), b = point(to_latitude, to_longitude);
    const double chord = std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
    return 2 * radius * std::asin(std::min(1.0, chord / 2));
  }

  std::optional<Ratio> number(const Scalar &scalar, int relation, const Row &row) const {
    switch (scalar.form) {
    case Scalar::Form::constant:
      return Ratio{scalar.number};
    case Scalar::Form::age: {
      const MaybeValue born = value(scalar.operands[0], relation, row);
      if (!born || !has_age(day_of_value(*born, scalar.operands[0].type)))
        return std::nullopt;
      return Ratio{Decimal(whole_years(day_of_value(*born, scalar.operands[0].type), moment_.today))};
    }
    case Scalar::Form::arithmetic: {
      const auto a = number(scalar.operands[0], relation, row), b = number(scalar.operands[1], relation, row);
      if (!a || !b)
        return std::nullopt;
      switch (scalar.op) {
      case '+':
        return Ratio{a->top * b->bottom + b->top * a->bottom, a->bottom * b->bottom};
      case '-':
        return Ratio{a->top * b->bottom - b->top * a->bottom, a->bottom * b->bottom};
      case '*':
        return Ratio{a->top * b->top, a->bottom * b->bottom};
      default:
        if (b->top.sign() == 0)
          return std::nullopt;
        Ratio out{a->top * b->bottom, a->bottom * b->top};
        if (out.bottom.sign() < 0)
          out = {Decimal(0) - out.top, Decimal(0) - out.bottom};
        return out;
      }
    }
    default: {
      if (scalar.form == Scalar::Form::aggregate && scalar.fold == Fold::avg)
        return average(scalar, row);
      const MaybeValue read = value(scalar, relation, row);
      return read ? std::optional(Ratio{read->number}) : std::nullopt;
    }
    }
  }

  MaybeValue value(const Scalar &scalar, int relation, const Row &row) const {
    if (scalar.form == Scalar::Form::column)
      return read(scalar.column, relation, row);
    return scalar.form == Scalar::Form::aggregate ? aggregate(scalar, row) : std::nullopt;
  }

  std::vector<const Row *> rows_of(const Scalar &scalar, const Row &customer) const {
    std::vector<const Row *> out;
    for (const Row &row : shop_.tables[static_cast<std::size_t>(scalar.source)]) {
      if (owner(scalar.source, row) != &customer)
        continue;
      bool passes = !scalar.filter || holds(*scalar.filter, scalar.source, row);
      int at = 0;
      for (int one = scalar.source; one > 0 && passes;
           one = shop_.meaning.schema.relations[static_cast<std::size_t>(one)].of)
        if (const auto &own = shop_.meaning.row_conditions[static_cast<std::size_t>(one)])
          passes = holds(*own, one, *ascend(one, scalar.source, row, at));
      if (passes)
        out.push_back(&row);
    }
    return out;
  }

  std::optional<Ratio> average(const Scalar &scalar, const Row &customer) const {
    Decimal sum, count;
    for (const Row *row : rows_of(scalar, customer))
      if (const MaybeValue one = read(scalar.column, scalar.source, *row)) {
        sum = sum + one->number;
        count = count + Decimal(1);
      }
    return count.sign() == 0 ? std::nullopt : std::optional(Ratio{sum, count});
  }

  // The source's date and, after it, what breaks ties: the primary key or the value.
  struct Order {
    bool dated = false;
    std::int64_t date = 0;
    Decimal key;
    std::string text;
    std::int64_t at = 0;
    friend bool operator<(const Order &a, const Order &b) {
      if (a.dated != b.dated || a.date != b.date)
        return std::pair(a.dated, a.date) < std::pair(b.dated, b.date);
      if (a.key != b.key)
        return a.key < b.key;
      return std::pair(a.text, a.at) < std::pair(b.text, b.at);
    }
  };

  MaybeValue date_of(const Scalar &scalar, const Row &row, Kind &type) const {
    for (int at = scalar.source; at > 0;) {
      const Relation &one = shop_.meaning.schema.relations[static_cast<std::size_t>(at)];
      if (one.date >= 0) {
        type = one.columns[static_cast<std::size_t>(one.date)].kind;
        return read({at, one.date, {}}, scalar.source, row);
      }
      at = one.of;
    }
    return std::nullopt;
  }

  Order order_of(const Scalar &scalar, const Row &row, const Value &value) const {
    Kind type = Kind::json; // stays so where the source has no date at all: then no row is left out
    const MaybeValue date = date_of(scalar, row, type);
    Order order;
    order.dated = date.has_value() || type == Kind::json;
    order.date = date ? date->at : 0;
    const Relation &source = shop_.meaning.schema.relations[static_cast<std::size_t>(scalar.source)];
    if (!source.primary_key.empty()) {
      order.key = row[static_cast<std::size_t>(source.primary_key[0])]->number;
    } else {
      order.key = value.number;
      order.text = value.text;
      order.at = value.at;
    }
    return order;
  }

  static bool less(const Value &a, const Value &b) {
    if (a.number != b.number)
      return a.number < b.number;
    return std::pair(a.at, a.text) < std::pair(b.at, b.text);
  }

  // What the models themselves say is held against what is published of them elsewhere.
  MaybeValue forecast(const Scalar &scalar, const std::vector<const Row *> &rows) const {
    PurchaseTotals totals;
    std::map<Day, Decimal> days;
    for (const Row *row : rows) {
      Kind type = Kind::day;
      const MaybeValue date = date_of(scalar, *row, type), worth = read(scalar.column, scalar.source, *row);
      if (!date || !has_age(day_of_value(*date, type)))
        continue;
      Decimal &sum = days[day_of_value(*date, type)];
      if (worth) {
        sum = sum + worth->number;
        totals.spend = totals.spend + worth->number;
      }
      ++totals.orders;
    }
    totals.days = static_cast<std::int64_t>(days.size());
    if (!days.empty()) {
      totals.first = days.begin()->first;
      totals.last = days.rbegin()->first;
      totals.first_value = days.begin()->second;
    }
    const ForecastValue found = forecast_value(*shop_.meaning.schema.forecast, totals, scalar.forecast);
    if (found.form == ForecastValue::Form::missing)
      return std::nullopt;
    Value out;
    out.number = found.form == ForecastValue::Form::integer ? Decimal(found.integer) : found.decimal;
    out.at = found.integer;
    out.text = found.text;
    return out;
  }

  MaybeValue aggregate(const Scalar &scalar, const Row &customer) const {
    const auto rows = rows_of(scalar, customer);
    Value out;
    if (scalar.fold == Fold::count) {
      out.number = Decimal(static_cast<std::int64_t>(rows.size()));
      return out;
    }
    if (scalar.fold == Fold::days || scalar.fold == Fold::weeks || scalar.fold == Fold::months) {
      std::set<std::pair<int, int>> periods;
      for (const Row *row : rows) {
        Kind type = Kind::day;
        if (const MaybeValue date = date_of(scalar, *row, type)) {
          const Day day = day_of_value(*date, type);
          if (!has_age(day)) { // an infinity is a period of its own
            periods.emplace(day > 0 ? 1'000'000 : -1'000'000, 0);
            continue;
          }
          const CivilDate civil = civil_of(day);
          if (scalar.fold == Fold::months)
            periods.emplace(civil.year, civil.month);
          else
            periods.emplace(0, scalar.fold == Fold::days ? day : day - weekday_of(day));
        }
      }
      out.number = Decimal(static_cast<std::int64_t>(periods.size()));
      return out;
    }
    if (scalar.fold == Fold::forecast)
      return forecast(scalar, rows);
    std::vector<std::pair<Value, const Row *>> values;
    for (const Row *row : rows)
      if (const MaybeValue one = read(scalar.column, scalar.source, *row))
        values.emplace_back(*one, row);
    if (scalar.fold == Fold::sum) {
      for (const auto &[one, row] : values)
        out.number = out.number + one.number;
      return out;
    }
    if (scalar.fold == Fold::count_distinct) {
      std::vector<Value> seen;
      for (const auto &pair : values) {
        const Value &one = pair.first;
        if (std::none_of(seen.begin(), seen.end(),
                         [&](const Value &v) { return !less(v, one) && !less(one, v); }))
          seen.push_back(one);
      }
      out.number = Decimal(static_cast<std::int64_t>(seen.size()));
      return out;
    }
    if (scalar.fold == Fold::mode)
      return mode(scalar, values);
    std::optional<std::pair<Order, Value>> best;
    for (const auto &[one, row] : values) {
      Order order = order_of(scalar, *row, one);
      if (scalar.fold == Fold::first || scalar.fold == Fold::last) {
        if (!order.dated)
          continue;
      } else { // min, max: by the value alone
        order = {};
        order.key = one.number;
        order.text = one.text;
        order.at = one.at;
      }
      const bool downwards = scalar.fold == Fold::first || scalar.fold == Fold::min;
      if (!best || (downwards ? order < best->first : best->first < order))
        best.emplace(order, one);
    }
    return best ? MaybeValue(best->second) : std::nullopt;
  }

  MaybeValue mode(const Scalar &scalar, const std::vector<std::pair<Value, const Row *>> &values) const {
    std::optional<std::tuple<int, Order, Value>> best;
    for (const auto &[one, row] : values) {
      int times = 0;
      for (const auto &[other, ignored] : values)
        times += !less(one, other) && !less(other, one);
      const Order order = order_of(scalar, *row, one);
      if (!best || std::get<0>(*best) < times || (std::get<0>(*best) == times && std::get<1>(*best) < order))
        best.emplace(times, order, one);
    }
    return best ? MaybeValue(std::get<2>(*best)) : std::nullopt;
  }

  static bool compare(CompareOp op, const Decimal &a, const Decimal &b) {
    switch (op) {
    case CompareOp::eq:
      return a == b;
    case CompareOp::ne:
      return a != b;
    case CompareOp::lt:
      return a < b;
    case CompareOp::le:
      return a <= b;
    case CompareOp::gt:
      return a > b;
    default:
      return a >= b;
    }
  }

  bool holds(const Condition &c, int relation, const Row &row) const {
    using Form = Condition::Form;
    if (c.op == CompareOp::ne) { // the exact complement of =
      Condition equal = c;
      equal.op = CompareOp::eq;
      return !holds(equal, relation, row);
    }
    switch (c.form) {
    case Form::constant:
      return c.truth;
    case Form::all:
      return std::all_of(c.children.begin(), c.children.end(),
                         [&](const auto &x) { return holds(*x, relation, row); });
    case Form::any:
      return std::any_of(c.children.begin(), c.children.end(),
                         [&](const auto &x) { return holds(*x, relation, row); });
    case Form::negation:
      return !holds(*c.children[0], relation, row);
    case Form::segment:
      return holds(*c.children[0], relation, row);
    case Form::number_compare: {
      const auto left = number(c.left, relation, row);
      return left && compare(c.op, left->top, c.number * left->bottom);
    }
    case Form::number_in: {
      const auto left = number(c.left, relation, row);
      return left && std::any_of(c.numbers.begin(), c.numbers.end(),
                                 [&](const Decimal &n) { return left->top == n * left->bottom; });
    }
    case Form::scalar_compare: {
      if (c.left.type == Kind::number) {
        const auto a = number(c.left, relation, row), b = number(c.right, relation, row);
        return a && b && compare(c.op, a->top * b->bottom, b->top * a->bottom);
      }
      const MaybeValue a = value(c.left, relation, row), b = value(c.right, relation, row);
      if (!a || !b)
        return false;
      if (c.left.type == Kind::text)
        return a->text == b->text;
      if (c.left.type != c.right.type)
        return compare(c.op, Decimal(day_of_value(*a, c.left.type)), Decimal(day_of_value(*b, c.right.type)));
      return compare(c.op, Decimal(a->at), Decimal(b->at));
    }
    case Form::within_distance: {
      const auto a = number(c.left, relation, row), b = number(c.right, relation, row);
      if (!a || !b || !lies_within(*a, 90) || !lies_within(*b, 180))
        return false;
      return chord_km(degrees(*a), degrees(*b), c.circle.latitude, c.circle.longitude) <= c.circle.kilometres;
    }
    case Form::list_contains:
    case Form::list_present: {
      const MaybeValue list = read(c.left.column, relation, row);
      if (!list)
        return false;
      if (c.form == Form::list_present)
        return !list->list.empty();
      for (const std::string &one : list->list) {
        for (const std::string &text : c.texts)
          if (fold_case(one) == text)
            return true;
        for (const Decimal &n : c.numbers)
          if (Decimal::parse(one) == n)
            return true;
      }
      return false;
    }
    case Form::present:
      return c.left.type == Kind::number ? number(c.left, relation, row).has_value()
                                         : value(c.left, relation, row).has_value();
    default:
      break;
    }
    const MaybeValue left = value(c.left, relation, row);
    if (!left)
      return false;
    const std::string text = c.ignore_case ? fold_case(left->text) : left->text;
    switch (c.form) {
    case Form::text_in:
      return std::find(c.texts.begin(), c.texts.end(), text) != c.texts.end();
    case Form::text_starts:
      return text.substr(0, c.texts[0].size()) == c.texts[0];
    case Form::text_ends:
      return text.size() >= c.texts[0].size() && text.substr(text.size() - c.texts[0].size()) == c.texts[0];
    case Form::text_contains:
      return text.find(c.texts[0]) != std::string::npos;
    case Form::is_true:
      return left->at != 0;
    case Form::date_from:
      return reaches(*left, c.left.type, c.bound);
    case Form::date_before:
      return !reaches(*left, c.left.type, c.bound);
    case Form::anniversary: {
      if (!has_age(day_of_value(*left, c.left.type)))
        return false;
      const CivilDate civil = civil_of(day_of_value(*left, c.left.type));
      for (Day day = bound_day(c.bound); day < bound_day(c.bound_end); ++day) {
        const CivilDate on = civil_of(day);
        if (on.month == civil.month && on.day == std::min(civil.day, days_in_month(on.year, civil.month)))
          return true;
      }
      return false;
    }
    default:
      return false;
    }
  }

  const Shop &shop_;
  Moment moment_;
};

/// Puts one value into a batch's column. Texts stay where they are until the batch is folded.
inline void put(const MaybeValue &value, BatchColumn &column, std::uint32_t row,
                std::deque<std::string> &texts, std::deque<std::vector<TextCell>> &lists) {
  const auto keep = [&](std::string text) {
    const std::string &kept = texts.emplace_back(std::move(text));
    return TextCell{kept.data(), static_cast<std::uint32_t>(kept.size())};
  };
  column.cells[row] = value ? Cell::value : Cell::missing;
  if (!value)
    return;
  switch (column.type) {
  case Kind::number:
    if (const auto fits = value->number.at_scale(column.scale)) {
      column.integers[row] = *fits;
    } else {
      column.cells[row] = Cell::digits;
      column.texts[row] = keep(value->number.to_string());
    }
    break;
  case Kind::text:
    column.texts[row] = keep(value->text);
    break;
  case Kind::text_list:
  case Kind::number_list: {
    auto &list = lists.emplace_back();
    for (const std::string &one : value->list)
      list.push_back(keep(one));
    column.lists[row] = {list.data(), static_cast<std::uint32_t>(list.size())};
    break;
  }
  default:
    column.integers[row] = value->at;
  }
}

/// Feeds all rows of the shop into a population, in batches of `batch_rows`, a source's rows in the order of
/// `shuffle`.
inline void feed(const Shop &shop, const Program &program, Population &population, bool integer_keys,
                 std::uint32_t batch_rows, std::mt19937_64 &random, Roll roll = Roll::customers_feed) {
  const Zone utc;
  const Oracle oracle(shop, Moment::at(0, utc));
  for (std::size_t index = roll == Roll::rows ? 1 : 0; index < program.feeds().size(); ++index) {
    const Feed &feed = program.feeds()[index];
    const auto &table = shop.tables[static_cast<std::size_t>(feed.relation)];
    std::vector<std::size_t> order(table.size());
    for (std::size_t i = 0; i < order.size(); ++i)
      order[i] = i;
    std::shuffle(order.begin(), order.end(), random);
    std::deque<std::string> texts;
    std::deque<std::vector<TextCell>> lists;
    Batch &batch = population.batch(index);
    for (const std::size_t at : order) {
      const Row *owner = oracle.owner(feed.relation, table[at]);
      MaybeValue key = owner == nullptr ? std::nullopt : (*owner)[0];
      if (key && !integer_keys)
        key->text = "key " + key->number.to_string();
      put(key, batch.key, batch.rows, texts, lists);
      for (std::size_t c = 0; c < feed.columns.size(); ++c)
        put(oracle.read(feed.columns[c].column, feed.relation, table[at]), batch.columns[c], batch.rows,
            texts, lists);
      if (++batch.rows == batch_rows)
        population.fold(index);
    }
    population.fold(index);
  }
}

} // namespace segmentation::core::test
