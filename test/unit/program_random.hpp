// Random shops and random conditions over them, for tests of the program.
#pragma once

#include "program_world.hpp"

#include <cstdlib>

#include <fmt/format.h>

namespace segmentation::core::test {

class Dice {
public:
  explicit Dice(std::uint64_t seed) : random(seed) {}

  std::mt19937_64 random;

  std::int64_t between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  }
  bool chance(int percent) { return between(1, 100) <= percent; }
  template <typename T> const T &pick(const std::vector<T> &from) {
    return from[static_cast<std::size_t>(between(0, static_cast<std::int64_t>(from.size()) - 1))];
  }
};

/// The days around which everything happens: a year with clock changes in every test zone.
inline const Day world_day = day_of({2026, 3, 29});

inline Zone world_zone(int which) {
  const auto at = [](std::int32_t year, std::int32_t month, std::int32_t day, std::int64_t seconds) {
    return std::int64_t{day_of({year, month, day})} * microseconds_per_day + seconds * 1'000'000;
  };
  std::vector<Zone::Change> changes;
  switch (which) {
  case 1: // Sofia: changes at 01:00 UTC
    for (const auto &[year, spring, autumn] : {std::tuple{2025, 30, 26}, {2026, 29, 25}, {2027, 28, 31}}) {
      changes.push_back({at(year, 3, spring, 3600), 10'800});
      changes.push_back({at(year, 10, autumn, 3600), 7200});
    }
    return Zone(7200, changes, false);
  case 2: // as in Havana: 01:00 back to 00:00, so that the first hour of a day comes twice
    changes.push_back({at(2025, 11, 2, 5 * 3600), -14'400});
    changes.push_back({at(2026, 3, 29, 5 * 3600), -18'000});
    changes.push_back({at(2026, 11, 1, 5 * 3600), -14'400});
    return Zone(-18'000, changes, false);
  case 3: // as in Newfoundland once: at 00:01 back to 23:01 of the day before
    changes.push_back({at(2025, 11, 5, 12'660), -9000});
    changes.push_back({at(2026, 3, 29, 9060), -12'600});
    changes.push_back({at(2026, 11, 5, 12'660), -9000});
    return Zone(-12'600, changes, false);
  case 4: // Samoa: a day left out
    changes.push_back({at(2026, 3, 30, 36'000), 50'400});
    return Zone(-36'000, changes, false);
  default:
    return Zone();
  }
}

inline Value of_number(Decimal number) {
  Value value;
  value.number = std::move(number);
  return value;
}
inline Value of_text(std::string text) {
  Value value;
  value.text = std::move(text);
  return value;
}
inline Value of_date(std::int64_t at) {
  Value value;
  value.at = at;
  return value;
}

/// Prints a condition for a failing test's message.
inline std::string describe(const Condition &condition);

inline std::string describe(const Scalar &scalar) {
  const Schema schema = world_schema();
  const auto column = [&] {
    if (scalar.column.relation < 0)
      return std::string("*");
    const Relation &relation = schema.relations[static_cast<std::size_t>(scalar.column.relation)];
    return relation.name + "." + relation.columns[static_cast<std::size_t>(scalar.column.column)].name;
  };
  static const char *const folds[] = {"count", "count_distinct", "sum",    "avg",     "min",
                                      "max",   "first",          "last",   "mode",    "list",
                                      "days",  "weeks",          "months", "forecast"};
  switch (scalar.form) {
  case Scalar::Form::column:
    return column();
  case Scalar::Form::aggregate:
    return std::string(folds[static_cast<int>(scalar.fold)]) + "(" +
           schema.relations[static_cast<std::size_t>(scalar.source)].name + ": " + column() +
           (scalar.filter ? " | " + describe(*scalar.filter) : "") + ")";
  case Scalar::Form::age:
    return "age(" + describe(scalar.operands[0]) + ")";
  case Scalar::Form::arithmetic:
    return "(" + describe(scalar.operands[0]) + " " + scalar.op + " " + describe(scalar.operands[1]) + ")";
  default:
    return scalar.number.to_string();
  }
}

inline std::string describe(const Bound &bound) {
  return print_date_form(bound.form) + (bound.upper ? " end" : "");
}

inline std::string describe(const Condition &condition) {
  static const char *const forms[] = {
      "constant",    "all",           "any",           "NOT",         "compare",   "in",          "text_in",
      "text_starts", "text_ends",     "text_contains", "is_true",     "date_from", "date_before", "values",
      "present",     "list_contains", "list_present",  "anniversary", "within",    "segment"};
  static const char *const ops[] = {"=", "<>", "<", "<=", ">", ">="};
  std::string out = forms[static_cast<int>(condition.form)];
  using Form = Condition::Form;
  switch (condition.form) {
  case Form::all:
  case Form::any:
  case Form::negation:
  case Form::segment:
    out += "(";
    for (const ConditionPtr &child : condition.children)
      out += (child == condition.children.front() ? "" : ", ") + describe(*child);
    return out + ")";
  case Form::number_compare:
    return describe(condition.left) + " " + ops[static_cast<int>(condition.op)] + " " +
           condition.number.to_string();
  case Form::scalar_compare:
    return describe(condition.left) + " " + ops[static_cast<int>(condition.op)] + " " +
           describe(condition.right);
  case Form::date_from:
    return describe(condition.left) + " >= " + describe(condition.bound);
  case Form::date_before:
    return describe(condition.left) + " < " + describe(condition.bound);
  default:
    out += " " + describe(condition.left) + (condition.ignore_case ? " (case)" : "");
    for (const std::string &text : condition.texts)
      out += " '" + text + "'";
    for (const Decimal &number : condition.numbers)
      out += " " + number.to_string();
    if (condition.form == Form::within_distance)
      out += fmt::format(", {}: {} km of {}, {}", describe(condition.right), condition.circle.kilometres,
                         condition.circle.latitude, condition.circle.longitude);
    if (condition.form == Form::anniversary)
      out += " " + describe(condition.bound) + " .. " + describe(condition.bound_end);
    return out;
  }
}

class RandomWorld {
public:
  explicit RandomWorld(Dice &dice) : dice_(dice) {}

  MaybeValue cell(const Column &column) {
    if (dice_.chance(15))
      return std::nullopt;
    Value value;
    switch (column.kind) {
    case Kind::number:
      return of_number(number(column));
    case Kind::text:
      return of_text(dice_.pick(words_));
    case Kind::boolean:
      return of_date(dice_.between(0, 1));
    case Kind::day:
      return of_date(dice_.chance(20)  ? day_of({static_cast<std::int32_t>(dice_.between(1950, 2015)),
                                                 static_cast<std::int32_t>(dice_.between(1, 12)),
                                                 static_cast<std::int32_t>(dice_.between(1, 28))})
                     : dice_.chance(4) ? day_of({2004, 2, 29})
                     : dice_.chance(4) ? (dice_.chance(50) ? day_infinity : day_minus_infinity)
                                       : world_day + dice_.between(-100, 60));
    case Kind::instant:
      if (dice_.chance(3))
        return of_date(dice_.chance(50) ? instant_infinity : instant_minus_infinity);
      return of_date((world_day + dice_.between(-100, 60)) * microseconds_per_day +
                     (dice_.chance(30) ? dice_.between(0, 23) * 3'600'000'000
                                       : dice_.between(0, microseconds_per_day - 1)));
    default:
      for (std::int64_t n = dice_.between(0, 3); n > 0; --n)
        value.list.push_back(column.kind == Kind::text_list ? dice_.pick(words_)
                                                            : number(column).to_string());
      return value;
    }
  }

  Decimal number(const Column &column) {
    if (column.scale < 0 && dice_.chance(6))
      return *Decimal::parse(
          dice_.pick(std::vector<std::string>{"123456789012345678901234567890.5", "-1e40", "0.000000000001",
                                              "9223372036854775807", "-9223372036854775808.000000001"}));
    if (column.scale == 2 && dice_.chance(2))
      return Decimal(dice_.chance(50) ? 9'000'000'000'000'000'000 : -9'000'000'000'000'000'000, 2);
    const std::int32_t scale =
        column.scale < 0 ? static_cast<std::int32_t>(dice_.between(0, 3)) : column.scale;
    return Decimal(dice_.between(-300, 900), scale);
  }

  Shop shop(std::int64_t people) {
    Shop shop;
    shop.meaning.schema = world_schema();
    shop.meaning.row_conditions.resize(shop.meaning.schema.relations.size());
    shop.tables.resize(shop.meaning.schema.relations.size());
    for (std::int64_t id = 1; id <= people; ++id)
      add(shop, customers, {{0, id * 3}});
    for (std::int64_t id = 1; id <= 4; ++id)
      add(shop, channel, {{0, id}});
    for (std::int64_t id = 1; id <= people * 3; ++id)
      add(shop, orders, {{0, id}, {1, dice_.between(0, people + 1) * 3}, {8, dice_.between(0, 6)}});
    for (std::int64_t id = 1; id <= people * 5; ++id)
      add(shop, items, {{0, id}, {1, dice_.between(0, people * 3 + 1)}});
    for (std::int64_t id = 1; id <= people; ++id) {
      add(shop, tags, {{0, dice_.between(0, people) * 3}});
      add(shop, labels, {{0, dice_.between(1, people * 3)}});
      add(shop, carts, {{0, dice_.between(0, people) * 3}});
    }
    // Rows whose date is the same need the tie-break.
    auto &rows = shop.tables[orders];
    for (std::size_t i = 1; i < rows.size(); ++i)
      if (dice_.chance(25))
        rows[i][2] = rows[i - 1][2];
    return shop;
  }

  ConditionPtr condition(int scope, int depth) {
    auto made = std::make_shared<Condition>();
    const std::int64_t kind = dice_.between(0, 99);
    if (depth > 0 && kind < 45) {
      made->form = kind < 20   ? Condition::Form::all
                   : kind < 35 ? Condition::Form::any
                               : Condition::Form::negation;
      const std::int64_t children = made->form == Condition::Form::negation ? 1 : dice_.between(0, 3);
      for (std::int64_t i = 0; i < children; ++i)
        made->children.push_back(condition(scope, depth - 1));
      return made;
    }
    leaf(scope, depth, *made);
    return made;
  }

  /// A rule in the manner of most: a windowed count or a last date, against a constant.
  ConditionPtr usual_rule() {
    Condition made;
    const bool counts = dice_.chance(60);
    auto window = std::make_shared<Condition>();
    window->form = dice_.chance(70) ? Condition::Form::date_from : Condition::Form::date_before;
    window->bound = bound();
    const int source = dice_.chance(70) ? orders : carts;
    window->left.column = source == orders ? ColumnRef{orders, 2, {}} : ColumnRef{carts, 1, {}};
    window->left.type = source == orders ? Kind::instant : Kind::day;
    if (dice_.chance(30)) {
      made = *window;
      made.left.column = {customers, 6 + static_cast<int>(dice_.between(0, 1)), {}};
      made.left.type = made.left.column.column == 6 ? Kind::day : Kind::instant;
      return std::make_shared<Condition>(std::move(made));
    }
    Scalar &left = made.left;
    left.form = Scalar::Form::aggregate;
    left.source = source;
    if (counts) {
      left.fold = Fold::count;
      left.filter = window;
      made.form = Condition::Form::number_compare;
      made.op = dice_.pick(
          std::vector<CompareOp>{CompareOp::eq, CompareOp::lt, CompareOp::le, CompareOp::gt, CompareOp::ge});
      made.number = Decimal(dice_.between(0, 3));
    } else {
      left.fold = dice_.chance(50) ? Fold::max : Fold::last;
      left.column = window->left.column;
      left.type = window->left.type;
      made.form = window->form;
      made.bound = window->bound;
    }
    return std::make_shared<Condition>(std::move(made));
  }

private:
  void add(Shop &shop, int relation, const std::map<int, std::int64_t> &keys) {
    const auto index = static_cast<std::size_t>(relation);
    const auto &columns = shop.meaning.schema.relations[index].columns;
    Row row;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const auto key = keys.find(static_cast<int>(c));
      row.push_back(key != keys.end() ? of_number(Decimal(key->second)) : cell(columns[c]));
    }
    // A reference may be missing, an own key may not.
    if ((relation == orders || relation == items) && dice_.chance(3))
      row[1].reset();
    shop.tables[index].push_back(std::move(row));
  }

  // Relations whose columns are in reach; sets apart.
  std::vector<int> reach(int scope) const {
    switch (scope) {
    case orders:
      return {orders, orders, orders, channel, customers};
    case items:
      return {items, items, items, orders, orders, channel};
    default:
      return {scope};
    }
  }

  bool column_of_kind(int scope, const std::vector<Kind> &kinds, Scalar &out) {
    const Schema schema = world_schema();
    std::vector<ColumnRef> found;
    for (const int relation : reach(scope)) {
      const auto &columns = schema.relations[static_cast<std::size_t>(relation)].columns;
      for (std::size_t c = 0; c < columns.size(); ++c)
        if (std::find(kinds.begin(), kinds.end(), columns[c].kind) != kinds.end())
          found.push_back({relation, static_cast<int>(c), {}});
    }
    if (found.empty())
      return false;
    out = {};
    out.column = dice_.pick(found);
    out.type = schema.relations[static_cast<std::size_t>(out.column.relation)]
                   .columns[static_cast<std::size_t>(out.column.column)]
                   .kind;
    return true;
  }

  /// What the models say by the rows of a source that has a date.
  bool forecast_of_kind(const std::vector<Kind> &kinds, int source, int depth, Scalar &out) {
    using enum ForecastColumn;
    Scalar argument;
    if (source == tags || !column_of_kind(source, {Kind::number}, argument))
      return false;
    out = {};
    out.form = Scalar::Form::aggregate;
    out.fold = Fold::forecast;
    out.source = source;
    out.column = argument.column;
    if (kinds.front() == Kind::number) {
      out.forecast = dice_.pick(std::vector<ForecastColumn>{
          frequency, recency, age, monetary, probability_alive, predicted_purchases, predicted_spend,
          recency_score, frequency_score, monetary_score, ForecastColumn::orders, spend});
      out.type = Kind::number;
    } else if (kinds.front() == Kind::text) {
      out.forecast = dice_.chance(50) ? rfm_group : predicted_spend_tier;
      out.type = Kind::text;
    } else if (kinds.front() == Kind::day) {
      out.forecast = dice_.chance(50) ? last_order : observed_until;
      out.type = Kind::day;
    } else {
      return false;
    }
    if (dice_.chance(70))
      out.filter = condition(source, std::min(depth, 2));
    return true;
  }

  bool aggregate_of_kind(const std::vector<Kind> &kinds, int depth, Scalar &out) {
    const int source = dice_.pick(std::vector<int>{orders, orders, orders, items, items, carts, tags});
    if (dice_.chance(12) && forecast_of_kind(kinds, source, depth, out))
      return true;
    Scalar argument;
    const bool numbers = kinds == std::vector<Kind>{Kind::number};
    Fold fold = dice_.pick(std::vector<Fold>{Fold::min, Fold::max, Fold::first, Fold::last, Fold::mode});
    if (numbers && dice_.chance(75))
      fold =
          dice_.pick(std::vector<Fold>{Fold::count, Fold::count, Fold::count, Fold::sum, Fold::sum, Fold::avg,
                                       Fold::count_distinct, Fold::days, Fold::weeks, Fold::months});
    Kind type = Kind::number;
    ColumnRef column;
    if (fold == Fold::count_distinct) {
      if (!column_of_kind(source, {Kind::number, Kind::text, Kind::day, Kind::instant}, argument))
        return false;
      column = argument.column;
    } else if (fold != Fold::count && fold != Fold::days && fold != Fold::weeks && fold != Fold::months) {
      if (!column_of_kind(source, kinds, argument))
        return false;
      column = argument.column;
      type = argument.type;
    }
    out = {};
    out.form = Scalar::Form::aggregate;
    out.type = type;
    out.fold = fold;
    out.source = source;
    out.column = column;
    if (dice_.chance(80))
      out.filter = condition(source, std::min(depth, 2));
    return true;
  }

  // A value of one of the kinds; whether there is one depends on the scope.
  bool scalar(int scope, const std::vector<Kind> &kinds, int depth, Scalar &out) {
    const bool numbers = kinds == std::vector<Kind>{Kind::number};
    if (numbers && dice_.chance(8)) {
      Scalar born;
      if (!column_of_kind(scope, {Kind::day, Kind::instant}, born))
        return false;
      out = {};
      out.form = Scalar::Form::age;
      out.operands.push_back(born);
      return true;
    }
    if (numbers && depth > 0 && dice_.chance(15)) {
      out = {};
      out.form = Scalar::Form::arithmetic;
      out.op = dice_.pick(std::vector<char>{'+', '-', '*', '/'});
      for (int i = 0; i < 2; ++i) {
        Scalar operand;
        if (dice_.chance(15)) {
          operand.form = Scalar::Form::constant;
          operand.number = Decimal(dice_.between(-20, 20), static_cast<std::int32_t>(dice_.between(0, 2)));
        } else if (!scalar(scope, kinds, depth - 1, operand)) {
          return false;
        }
        out.operands.push_back(operand);
      }
      return true;
    }
    if (scope == customers && dice_.chance(65))
      return aggregate_of_kind(kinds, depth, out);
    return column_of_kind(scope, kinds, out);
  }

  Decimal literal() {
    if (dice_.chance(5))
      return *Decimal::parse("1e30");
    if (dice_.chance(5))
      return *Decimal::parse("-98765432109876543210.12345678901");
    if (dice_.chance(50))
      return Decimal(dice_.between(-2, 5));
    return Decimal(dice_.between(-400, 1500), static_cast<std::int32_t>(dice_.between(0, 8)));
  }

  Bound bound() {
    Bound out;
    out.upper = dice_.chance(40);
    DateForm &form = out.form;
    const std::int64_t kind = dice_.between(0, 99);
    const CivilDate civil = civil_of(static_cast<Day>(world_day + dice_.between(-60, 60)));
    if (kind < 10 || (kind < 20 && (form.kind = DateForm::Kind::instant, true))) {
      form.year = civil.year;
      form.month = civil.month;
      form.day = civil.day;
      form.microseconds = form.kind == DateForm::Kind::instant ? dice_.between(0, 23) * 3'600'000'000 : 0;
      return out;
    }
    if (kind < 40) {
      form.kind = DateForm::Kind::period;
      form.period = dice_.pick(std::vector<PeriodUnit>{PeriodUnit::week, PeriodUnit::month,
                                                       PeriodUnit::quarter, PeriodUnit::year});
      form.period_offset = static_cast<std::int32_t>(dice_.between(-1, 0));
      return out;
    }
    form.kind = DateForm::Kind::relative;
    form.unit = dice_.pick(std::vector<DateUnit>{DateUnit::hour, DateUnit::day, DateUnit::day, DateUnit::week,
                                                 DateUnit::month, DateUnit::year});
    const std::int32_t most = form.unit == DateUnit::hour    ? 200
                              : form.unit == DateUnit::day   ? 60
                              : form.unit == DateUnit::week  ? 8
                              : form.unit == DateUnit::month ? 3
                                                             : 1;
    form.amount = static_cast<std::int32_t>(dice_.between(-most, most / 2));
    return out;
  }

  void leaf(int scope, int depth, Condition &out) {
    using Form = Condition::Form;
    const std::vector<Kind> number{Kind::number}, text{Kind::text}, dates{Kind::day, Kind::instant};
    for (;;) {
      out = {};
      switch (dice_.between(0, 14)) {
      case 0:
      case 1:
      case 2:
        out.form = Form::number_compare;
        out.op = dice_.pick(std::vector<CompareOp>{CompareOp::eq, CompareOp::lt, CompareOp::le, CompareOp::gt,
                                                   CompareOp::ge, CompareOp::ne});
        out.number = literal();
        if (scalar(scope, number, depth, out.left))
          return;
        break;
      case 3:
        out.form = Form::number_in;
        for (std::int64_t n = dice_.between(1, 20); n > 0; --n)
          out.numbers.push_back(literal());
        std::sort(out.numbers.begin(), out.numbers.end());
        out.numbers.erase(std::unique(out.numbers.begin(), out.numbers.end()), out.numbers.end());
        if (scalar(scope, number, depth, out.left))
          return;
        break;
      case 4:
      case 5: {
        out.form = dice_.pick(std::vector<Form>{Form::text_in, Form::text_in, Form::text_starts,
                                                Form::text_ends, Form::text_contains});
        out.ignore_case = dice_.chance(30);
        const std::int64_t count = out.form == Form::text_in ? dice_.between(1, 9) : 1;
        std::set<std::string> texts;
        for (std::int64_t n = 0; n < count; ++n) {
          std::string word = dice_.pick(words_);
          if (out.form != Form::text_in)
            word = word.substr(0, static_cast<std::size_t>(dice_.between(0, 2)));
          texts.insert(out.ignore_case ? fold_case(word) : word);
        }
        out.texts.assign(texts.begin(), texts.end());
        if (scalar(scope, text, depth, out.left))
          return;
        break;
      }
      case 6:
        out.form = Form::is_true;
        if (scalar(scope, {Kind::boolean}, depth, out.left))
          return;
        break;
      case 7:
      case 8:
      case 9:
        out.form = dice_.chance(60) ? Form::date_from : Form::date_before;
        out.bound = bound();
        if (scalar(scope, dates, depth, out.left))
          return;
        break;
      case 10: {
        out.form = Form::scalar_compare;
        out.op =
            dice_.pick(std::vector<CompareOp>{CompareOp::eq, CompareOp::lt, CompareOp::ge, CompareOp::ne});
        const std::vector<Kind> kinds = dice_.pick(std::vector<std::vector<Kind>>{number, text, dates});
        if (kinds == text)
          out.op = CompareOp::eq;
        if (scalar(scope, kinds, depth, out.left) && scalar(scope, kinds, depth, out.right))
          return;
        break;
      }
      case 11:
        out.form = Form::present;
        if (scalar(scope, dice_.pick(std::vector<std::vector<Kind>>{number, text, dates}), depth, out.left))
          return;
        break;
      case 12: {
        out.form = dice_.chance(70) ? Form::list_contains : Form::list_present;
        const bool numbers = scope == customers && dice_.chance(30);
        if (scope == customers)
          out.left.column = numbers            ? ColumnRef{customers, 9, {}}
                            : dice_.chance(50) ? ColumnRef{tags, 1, {}}
                                               : ColumnRef{customers, 8, {}};
        else if (scope == orders || scope == items)
          out.left.column = {labels, 1, {}};
        else
          break;
        out.left.type = numbers ? Kind::number_list : Kind::text_list;
        if (out.form == Form::list_contains) {
          if (numbers)
            out.numbers.push_back(Decimal(dice_.between(-3, 9)));
          else
            out.texts.push_back(fold_case(dice_.pick(words_)));
        }
        return;
      }
      case 13:
        // Distances that no two positions here have, so that no rounding decides.
        out.form = Form::within_distance;
        out.circle.latitude = static_cast<double>(dice_.between(-3, 6));
        out.circle.longitude = static_cast<double>(dice_.between(-3, 6));
        out.circle.kilometres = dice_.pick(std::vector<double>{50.123456, 333.210987, 2500.456789});
        if (scope == customers && scalar(scope, number, depth, out.left) &&
            scalar(scope, number, depth, out.right))
          return;
        break;
      default:
        out.form = Form::anniversary;
        out.bound = bound();
        out.bound_end = bound();
        if (!out.bound.form.is_days() || !out.bound_end.form.is_days())
          break;
        out.bound_end.upper = true;
        if (scalar(scope, dates, depth, out.left))
          return;
      }
    }
  }

  Dice &dice_;
  std::vector<std::string> words_{"",      "a",      "A",       "paid",
                                  "Paid",  "open",   "pending", "\xD0\xA1\xD0\xBE\xD1\x84\xD0\xB8\xD1\x8F",
                                  "shoe",  "Shoe",   "shoes",   "b",
                                  "abcde", "opening"};
};

inline std::uint64_t first_seed() {
  const char *seed = std::getenv("SEED");
  return seed != nullptr ? std::strtoull(seed, nullptr, 10) : 20261;
}

inline int rounds() {
  const char *rounds = std::getenv("ROUNDS");
  return rounds != nullptr ? std::atoi(rounds) : 150;
}

inline Instant somewhen(Dice &dice) {
  const Instant start = std::int64_t{world_day} * microseconds_per_day;
  switch (dice.between(0, 3)) {
  case 0: // around the clock changes
    return start + dice.between(-6, 60) * 1'800'000'000;
  case 1: // in the minute that a day begins with before it begins again
    return start + 9'000'000'000 + dice.between(0, 90) * 1'000'000;
  default:
    return start + dice.between(-20 * microseconds_per_day, 20 * microseconds_per_day);
  }
}

struct Round {
  Shop shop;
  std::vector<CheckedRule> rules;
  Zone zone;
};

inline Round make_round(Dice &dice, std::int64_t people, int rules, int depth) {
  RandomWorld world(dice);
  Round round{world.shop(people), {}, world_zone(static_cast<int>(dice.between(0, 4)))};
  for (const int relation : {customers, orders, items, tags})
    if (dice.chance(20))
      round.shop.meaning.row_conditions[static_cast<std::size_t>(relation)] = world.condition(relation, 1);
  // The customers' condition is about her own row.
  if (const auto &own = round.shop.meaning.row_conditions[customers]; own && dice.chance(50))
    round.shop.meaning.row_conditions[customers].reset();
  for (int i = 0; i < rules; ++i)
    round.rules.emplace_back().condition = world.condition(customers, depth);
  return round;
}

} // namespace segmentation::core::test
