// Conditions made up from a schema. Which name stands where, and with which tests, is found out by asking the
// checker, so that most of what is made up checks.
#pragma once

#include "core/meaning/checker.hpp"
#include "core/rule/printer.hpp"
#include "fuzz/dice.hpp"

#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace segmentation::core::fuzz {

/// Tests that a name may take.
enum class Form : std::uint8_t { number, text, boolean, date, text_list, number_list, present };
inline constexpr std::size_t form_count = 7;

/// What may be named in one place: in a rule, or in the MATCHES of a source.
struct Scope {
  std::string source; // empty for the customer
  std::array<std::vector<std::string>, form_count> names;
  std::vector<std::string> aggregates; // count, sum_total, ... as numbers; only at the top of MATCHES
  std::vector<std::string> columns;    // that an aggregate may be taken of
  std::vector<std::string> lists;      // of texts, as values of the customer
  std::vector<std::string> number_lists;
};

class Phrases {
public:
  explicit Phrases(const Meaning &meaning) : meaning_(meaning) {
    for (const Column &column : meaning.schema.relations[0].columns)
      add_column("", column);
    for (const Relation &relation : meaning.schema.relations)
      for (const Column &column : relation.columns) {
        add_column("", column);
        add_column(written(relation.name) + ".", column);
      }
    std::set<std::string> sources;
    for (const Relation &relation : meaning.schema.relations)
      if (candidates_.insert(written(relation.name)); relation.role != Role::customers)
        sources.insert(written(relation.name));
    for (const DefinedSource &source : meaning.schema.sources) {
      sources.insert(written(source.name));
      for (const DefinedSource::Parameter &parameter : source.parameters)
        candidates_.insert(written(parameter.name));
    }
    for (const DefinedAttribute &attribute : meaning.schema.attributes)
      candidates_.insert(written(attribute.name));
    for (const char *field : {"num", "txt", "flag", "day", "\"Odd Field\"", "list", "absent"})
      for (const char *owner : {"metafields.", "more.", "facts."})
        candidates_.insert(std::string(owner) + field);
    for (const char *name : {"date", "segments", "customer.city"})
      candidates_.insert(name);
    scopes_.push_back(find_scope(""));
    for (const std::string &source : sources)
      if (checks(source + " MATCHES ()"))
        scopes_.push_back(find_scope(source));
  }

  const std::vector<Scope> &scopes() const { return scopes_; }

  /// Returns the scope inside a source's MATCHES, the customer's for "" and what is no source.
  const Scope &scope(const std::string &source) const {
    for (const Scope &scope : scopes_)
      if (scope.source == source)
        return scope;
    return scopes_.front();
  }

  std::string condition(Dice &dice, const Scope &scope, int depth) const {
    const std::size_t roll = dice.below(100);
    if (depth > 0 && roll < 14)
      return "(" + condition(dice, scope, depth - 1) + (dice.chance(50) ? " AND " : " OR ") +
             condition(dice, scope, depth - 1) + ")";
    if (depth > 0 && roll < 20)
      return "NOT (" + condition(dice, scope, depth - 1) + ")";
    if (scope.source.empty() && depth > 0) {
      if (roll < 60)
        return matches(dice, depth);
      if (roll < 69)
        return value_test(dice, depth);
      if (roll < 72)
        return list_test(dice, depth);
      if (roll < 75)
        return "segments " + negated(dice) + "CONTAINS " +
               pick(dice, {"'vip'", "'LOYAL'", "'fresh'", "'none'"});
    }
    return name_test(dice, scope);
  }

  std::string matches(Dice &dice, int depth) const {
    const Scope &inner = scopes_[1 + dice.below(scopes_.size() - 1)];
    if (dice.chance(6))
      return inner.source + " IS " + negated(dice) + "NULL";
    std::string out = inner.source + " " + negated(dice) + "MATCHES (";
    const std::size_t rows = dice.below(3), aggregates = inner.aggregates.empty() ? 0 : dice.below(3);
    for (std::size_t i = 0; i < rows + aggregates; ++i) {
      if (i > 0)
        out += ", ";
      out +=
          i < rows ? condition(dice, inner, depth - 1) : number_test(dice, dice.pick(inner.aggregates), true);
    }
    return out + ")";
  }

  /// Returns an aggregate as a value.
  std::string aggregate(Dice &dice, int depth) const {
    const Scope &inner = scopes_[1 + dice.below(scopes_.size() - 1)];
    const std::string filter =
        depth > 0 && dice.chance(50) ? " MATCHES (" + condition(dice, inner, depth - 1) + ")" : "";
    if (inner.columns.empty() || dice.chance(20))
      return "count(" + inner.source + filter + ")";
    const std::string fn =
        pick(dice, {"sum", "avg", "min", "max", "first", "last", "mode", "count(DISTINCT "});
    return fn + (fn.back() == ' ' ? "" : "(") + inner.source + "." + dice.pick(inner.columns) + filter + ")";
  }

  /// Returns a test of what a source's rows have together.
  std::string list_test(Dice &dice, int depth) const {
    const Scope &inner = scopes_[1 + dice.below(scopes_.size() - 1)];
    const Form form = dice.chance(60) ? Form::text_list : Form::number_list;
    const auto &lists = form == Form::text_list ? inner.lists : inner.number_lists;
    if (lists.empty())
      return value_test(dice, depth);
    const std::string filter = dice.chance(50) ? " MATCHES (" + condition(dice, inner, depth - 1) + ")" : "";
    return test(dice, form, "list(" + dice.pick(lists) + filter + ")");
  }

  std::string name_test(Dice &dice, const Scope &scope) const {
    const auto form = static_cast<Form>(dice.below(form_count));
    const auto &names = scope.names[static_cast<std::size_t>(form)];
    return names.empty() ? literal_test(dice, scope) : test(dice, form, dice.pick(names));
  }

  std::string test(Dice &dice, Form form, const std::string &name) const {
    switch (form) {
    case Form::number:
      return number_test(dice, name, false);
    case Form::text:
      return text_test(dice, name);
    case Form::boolean:
      return pick(dice, {"", "NOT "}) + name + pick(dice, {"", " = true", " = false", " != true"});
    case Form::date:
      return date_test(dice, name);
    case Form::text_list:
    case Form::number_list: {
      const auto one = [&] { return form == Form::text_list ? text(dice) : number(dice); };
      if (dice.chance(10))
        return name + " IS " + negated(dice) + "NULL";
      return name + " " + negated(dice) + "CONTAINS " +
             (dice.chance(50) ? one() : pick(dice, {"ANY ", "ALL "}) + list(dice, one));
    }
    case Form::present:
      return name + " IS " + negated(dice) + "NULL";
    }
    return name;
  }

  static std::string number(Dice &dice) {
    return pick(dice, {"0",
                       "1",
                       "2",
                       "3",
                       "5",
                       "10",
                       "100",
                       "-1",
                       "2.5",
                       "12.40",
                       "-0.01",
                       "0.1",
                       "1.1",
                       "9999999999.99",
                       "0.30000000000000004",
                       "9223372036854775807",
                       "9223372036854775808",
                       "12345678901234567890.0123456789",
                       "32767",
                       "1.000",
                       "33.333333333333333333"});
  }
  static std::string text(Dice &dice) {
    return pick(dice, {"'a'",
                       "'Sofia'",
                       "'sofia'",
                       "'\u0421\u041e\u0424\u0418\u042f'",
                       "''",
                       "'o''clock'",
                       "'back\\\\slash'",
                       "'stra\u00dfe'",
                       "'STRASSE'",
                       "'\u0130stanbul'",
                       "'100%'",
                       "'x_y'",
                       "'VIP'",
                       "'vip'",
                       "'paid'",
                       "'refunded'",
                       "'cancelled'",
                       "'1'",
                       "'k'",
                       "'\u212a'",
                       "'line\nbreak'",
                       "'2025-02-28'",
                       "'num'",
                       "'o'",
                       "'\u03c3\u03b1\u03c2'",
                       "'%'",
                       "'c1@example.com'",
                       "'short   '"});
  }
  static std::string date(Dice &dice) {
    return pick(dice, {"today",
                       "yesterday",
                       "tomorrow",
                       "-1d",
                       "-7d",
                       "-30d",
                       "-90d",
                       "+3d",
                       "-1w",
                       "+4w",
                       "-1m",
                       "-12m",
                       "-1y",
                       "-36h",
                       "-1h",
                       "+24h",
                       "7_days_ago",
                       "90_days_ago",
                       "this_week",
                       "last_week",
                       "this_month",
                       "last_month",
                       "this_quarter",
                       "last_quarter",
                       "this_year",
                       "last_year",
                       "2026-03-29",
                       "2026-02-28",
                       "'2024-02-29'",
                       "2026-03-29T03:30:00",
                       "2025-10-26T03:30:00",
                       "0001-01-01",
                       "9999-12-31",
                       "-5000y",
                       "+90000m",
                       "12_months_ago"});
  }
  static std::string compare(Dice &dice) { return pick(dice, {" = ", " != ", " < ", " <= ", " > ", " >= "}); }

private:
  template <std::size_t n> static std::string pick(Dice &dice, const char *const (&list)[n]) {
    return list[dice.below(n)];
  }
  static std::string negated(Dice &dice) { return dice.chance(25) ? "NOT " : ""; }
  template <typename One> static std::string list(Dice &dice, One one) {
    std::string out = "(" + one();
    for (std::size_t i = dice.below(3); i > 0; --i)
      out += ", " + one();
    // Now and then more than a program compares one by one.
    if (dice.chance(15))
      for (int i = 0; i < 8; ++i)
        out += ", " + one();
    return out + ")";
  }

  static std::string written(std::string_view name) {
    Name parsed;
    parsed.parts.emplace_back();
    std::size_t at = 0;
    for (std::size_t dot; (dot = name.find('.', at)) != std::string_view::npos; at = dot + 1) {
      parsed.parts.back().text = name.substr(at, dot - at);
      parsed.parts.emplace_back();
    }
    parsed.parts.back().text = name.substr(at);
    for (Name::Part &part : parsed.parts)
      part.quoted = part.text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") != std::string::npos;
    return print_name(parsed);
  }

  void add_column(const std::string &prefix, const Column &column) {
    const std::string name = prefix + written(column.name);
    candidates_.insert(name);
    if (column.kind == Kind::json)
      for (const char *key : {".num", ".txt", ".flag", ".day", ".list", ".deep.num", ".deep.\"Odd Key\""})
        candidates_.insert(name + key);
  }

  bool checks(const std::string &rule) const {
    const Parsed<Rule> parsed = parse_rule(rule);
    return parsed.value && check_rule(parsed.value->condition, meaning_).rule;
  }

  Scope find_scope(const std::string &source) const {
    static constexpr std::array<const char *, form_count> tests{
        " > 0", " = 'x'", " = true", " > today", " CONTAINS 'x'", " CONTAINS 1", " IS NULL"};
    const std::string before = source.empty() ? "" : source + " MATCHES (", after = source.empty() ? "" : ")";
    Scope scope;
    scope.source = source;
    for (const std::string &name : candidates_) {
      for (std::size_t form = 0; form < form_count; ++form)
        if (checks(before + name + tests[form] + after))
          scope.names[form].push_back(name);
      if (source.empty())
        continue;
      for (const char *fold : {"sum_", "avg_", "min_", "max_", "distinct_"})
        if (name.find('.') == std::string::npos && name.front() != '"' &&
            checks(before + fold + name + " > 0" + after))
          scope.aggregates.push_back(fold + name);
      if (checks("last(" + source + "." + name + ") IS NULL"))
        scope.columns.push_back(name);
      const std::string list = source + "." + name;
      if (checks("list(" + list + ") CONTAINS 'x'"))
        scope.lists.push_back(list);
      if (checks("list(" + list + ") CONTAINS 1"))
        scope.number_lists.push_back(list);
    }
    for (const char *word : {"count", "days", "weeks", "months"})
      if (!source.empty() && checks(before + word + " > 0" + after))
        scope.aggregates.push_back(word);
    return scope;
  }

  std::string literal_test(Dice &dice, const Scope &scope) const {
    for (const auto &names : scope.names)
      if (!names.empty())
        return dice.pick(names) + " IS " + negated(dice) + "NULL";
    return "1 = 1";
  }

  std::string number_test(Dice &dice, const std::string &name, bool whole) const {
    const auto one = [&] {
      return whole && dice.chance(80) ? pick(dice, {"0", "1", "2", "3"}) : number(dice);
    };
    const std::size_t roll = dice.below(100);
    if (roll < 60)
      return name + compare(dice) + one();
    if (roll < 80)
      return name + " " + negated(dice) + "BETWEEN " + one() + " AND " + one();
    return name + " " + negated(dice) + "IN " + list(dice, one);
  }

  std::string text_test(Dice &dice, const std::string &name) const {
    const std::size_t roll = dice.below(100);
    if (roll < 45)
      return name + pick(dice, {" = ", " != "}) + text(dice);
    if (roll < 70)
      return name + " " + negated(dice) + "IN " + list(dice, [&] { return text(dice); });
    return name + " " + negated(dice) + pick(dice, {"STARTS WITH ", "ENDS WITH ", "CONTAINS "}) + text(dice);
  }

  std::string date_test(Dice &dice, const std::string &name) const {
    const std::size_t roll = dice.below(100);
    if (roll < 60)
      return name + compare(dice) + date(dice);
    if (roll < 80)
      return name + " " + negated(dice) + "BETWEEN " + date(dice) + " AND " + date(dice);
    if (roll < 90)
      return "age(" + name + ")" + compare(dice) + pick(dice, {"0", "1", "2", "-1", "26"});
    return "anniversary(" + name + ") " + negated(dice) + "BETWEEN " + date(dice) + " AND " + date(dice);
  }

  // A test on an aggregate, or of two values against each other.
  std::string value_test(Dice &dice, int depth) const {
    const std::string value = aggregate(dice, depth);
    if (dice.chance(15))
      return value + compare(dice) + aggregate(dice, depth);
    if (dice.chance(15))
      return value + compare(dice) +
             dice.pick(
                 scopes_[0].names[static_cast<std::size_t>(dice.chance(50) ? Form::number : Form::date)]);
    return test(dice, dice.chance(60) ? Form::number : static_cast<Form>(dice.below(form_count)), value);
  }

  const Meaning &meaning_;
  std::set<std::string> candidates_;
  std::vector<Scope> scopes_;
};

} // namespace segmentation::core::fuzz
