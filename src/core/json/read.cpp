// Document -> tree. What is wrong is told once, the first, with its place.
#include "core/json/operators.hpp"
#include "core/json/rule_json.hpp"
#include "core/rule/parser.hpp"
#include "core/rule/printer.hpp"
#include "core/rule/words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <initializer_list>

namespace segmentation::core {

namespace {

using namespace rule_json;
using ItemKind = JsonItem::Kind;

/// Says what a value is, for a message.
std::string_view called(ItemKind kind) {
  constexpr std::array<std::string_view, 6> names = {"null",   "a boolean", "a number",
                                                     "a text", "an array",  "an object"};
  return names[static_cast<std::size_t>(kind)];
}

/// Returns the beginning of a text for a message.
std::string excerpt(std::string_view text) {
  std::size_t end = std::min(text.size(), std::size_t{40});
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;
  std::string out(text.substr(0, end));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return end < text.size() ? out + "..." : out;
}

bool is_number(std::string_view text) {
  if (text.starts_with('-'))
    text.remove_prefix(1);
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point < text.size() ? text.substr(point + 1) : "0";
  const auto digits = [](std::string_view part) {
    return !part.empty() &&
           std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  return digits(whole) && digits(fraction);
}

class Reader {
public:
  Reader(std::span<const JsonItem> items, const Limits &limits) : items_(items), limits_(limits) {}

  bool rule(Rule &out) {
    if (items_.size() > limits_.text_bytes)
      return exceeded(0, fmt::format("rule has more than {} values", limits_.text_bytes));
    if (!has_only(0, "a rule", {"condition", "show", "order_by", "limit"}))
      return false;
    const std::size_t about = member(0, "condition");
    return about != 0 && condition(about, out.condition) && show(out) && order_by(out) && limit(out);
  }

  Diagnostic mistake() { return std::move(mistake_); }

private:
  // Mistakes

  bool refuse(std::size_t at, std::string_view what, std::string hint, SqlState state) {
    mistake_.state = state;
    mistake_.message = fmt::format("{} at {}", what, json_path(items_, at));
    mistake_.hint = std::move(hint);
    return false;
  }
  bool wrong(std::size_t at, std::string_view what, std::string hint = {}) {
    return refuse(at, what, std::move(hint), SqlState::invalid_value);
  }
  bool exceeded(std::size_t at, std::string_view what) {
    return refuse(at, what, {}, SqlState::limit_exceeded);
  }
  bool is(std::size_t at, ItemKind kind) {
    return items_[at].kind == kind ||
           wrong(at, fmt::format("expected {}, not {},", called(kind), called(items_[at].kind)));
  }

  // Objects and arrays

  /// Returns the index of a member; 0, which is never one, where there is none.
  std::size_t find(std::size_t object, std::string_view key) const {
    for (std::size_t i = object + 1; i < items_[object].end; i = items_[i].end)
      if (items_[i].key == key)
        return i;
    return 0;
  }
  /// The same of one that must be there: 0 where it is missing, and told.
  std::size_t member(std::size_t object, std::string_view key) {
    const std::size_t at = find(object, key);
    if (at == 0)
      wrong(object, fmt::format("\"{}\" is missing", key));
    return at;
  }

  /// True for an object without other members than these.
  bool has_only(std::size_t at, std::string_view what, std::initializer_list<std::string_view> keys) {
    if (!is(at, ItemKind::object))
      return false;
    for (std::size_t i = at + 1; i < items_[at].end; i = items_[i].end)
      if (std::find(keys.begin(), keys.end(), items_[i].key) == keys.end())
        return wrong(i, fmt::format("{} has no \"{}\",", what, excerpt(items_[i].key)),
                     fmt::format("It has {}.", fmt::join(keys, ", ")));
    return true;
  }

  template <typename Take> bool each(std::size_t array, Take take) {
    if (!is(array, ItemKind::array))
      return false;
    for (std::size_t i = array + 1; i < items_[array].end; i = items_[i].end)
      if (!take(i))
        return false;
    return true;
  }

  bool boolean(std::size_t at, bool &out) {
    out = items_[at].boolean;
    return is(at, ItemKind::boolean);
  }

  // View settings

  bool show(Rule &out) {
    const std::size_t at = find(0, "show");
    return at == 0 || each(at, [&](std::size_t i) { return name(i, out.show.emplace_back()); });
  }

  bool order_by(Rule &out) {
    const std::size_t at = find(0, "order_by");
    return at == 0 || each(at, [&](std::size_t i) {
             OrderColumn &column = out.order_by.emplace_back();
             if (!has_only(i, "a column of order_by", {"name", "descending"}))
               return false;
             const std::size_t given = member(i, "name");
             const std::size_t descending = find(i, "descending");
             return given != 0 && name(given, column.name) &&
                    (descending == 0 || boolean(descending, column.descending));
           });
  }

  bool limit(Rule &out) {
    const std::size_t at = find(0, "limit");
    if (at == 0)
      return true;
    std::string digits;
    if (!number(at, digits))
      return false;
    std::uint64_t count = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size())
      return wrong(at, fmt::format("\"{}\" is not a whole number", excerpt(digits)));
    out.limit = count;
    return true;
  }

  // Conditions

  bool condition(std::size_t at, Expr &out) {
    // Parentheses are not written here: what is flat in the text may be two levels deep. The parser, which
    // reads what is printed, has the last word.
    if (++depth_ > 2 * limits_.depth + 2) { // whose path nobody would read
      mistake_ = {SqlState::limit_exceeded,
                  {},
                  fmt::format("rule is nested more than {} levels deep", limits_.depth),
                  {}};
      return false;
    }
    const bool good = operation(at, out);
    --depth_;
    return good;
  }

  bool operation(std::size_t at, Expr &out) {
    if (!is(at, ItemKind::object))
      return false;
    const std::size_t word = member(at, "op");
    if (word == 0 || !is(word, ItemKind::text))
      return false;
    const auto op = std::find_if(operators.begin(), operators.end(),
                                 [&](const Operator &known) { return known.name == items_[word].text; });
    if (op == operators.end())
      return wrong(word, fmt::format("\"{}\" is not an operator", excerpt(items_[word].text)),
                   operator_hint());
    out.kind = op->kind;
    out.negated = op->negated;
    out.op = op->compare;
    out.quantifier = op->quantifier;
    if (op->operands > Operands::condition && ++tests_ > limits_.clauses)
      return exceeded(at, fmt::format("rule has more than {} conditions", limits_.clauses));
    return operands(at, *op, out);
  }

  static std::string operator_hint() {
    std::string names;
    for (const Operator &known : operators)
      names += fmt::format("{}{}", names.empty() ? "" : ", ", known.name);
    return fmt::format("Use one of {}.", names);
  }

  bool operands(std::size_t at, const Operator &op, Expr &out) {
    switch (op.operands) {
    case Operands::conditions:
      return has_only(at, op.name, {"op", "conditions"}) && conditions(at, out);
    case Operands::condition:
      return has_only(at, op.name, {"op", "condition"}) && negation(at, out);
    case Operands::source:
      return has_only(at, op.name, {"op", "source", "where"}) && matches(at, out);
    case Operands::call:
      return has_only(at, op.name, {"op", "function", "arguments", "is"}) && call(at, out);
    case Operands::none:
      break;
    default:
      return has_only(at, op.name, {"op", "left", "right"}) && left(at, op, out) &&
             right(at, op.operands, out);
    }
    return has_only(at, op.name, {"op", "left"}) && left(at, op, out);
  }

  /// Groups of the same kind are dissolved into one another, as the parser does.
  bool conditions(std::size_t at, Expr &out) {
    const std::size_t list = member(at, "conditions");
    if (list == 0)
      return false;
    const bool good = each(list, [&](std::size_t i) {
      Expr item;
      if (!condition(i, item))
        return false;
      if (item.kind == out.kind)
        std::move(item.children.begin(), item.children.end(), std::back_inserter(out.children));
      else
        out.children.push_back(std::move(item));
      return true;
    });
    if (good && out.children.empty())
      return wrong(list, "a list of conditions is empty");
    if (good && out.children.size() == 1) {
      Expr only = std::move(out.children.front());
      out = std::move(only);
    }
    return good;
  }

  bool negation(std::size_t at, Expr &out) {
    const std::size_t inner = member(at, "condition");
    if (inner == 0 || !condition(inner, out.children.emplace_back()))
      return false;
    if (out.children.front().kind == Kind::negation) {
      Expr positive = std::move(out.children.front().children.front());
      out = std::move(positive);
    }
    return true;
  }

  /// What stands in the parentheses of MATCHES; null: nothing.
  bool filter(std::size_t at, Expr &out) {
    ++rows_;
    const bool good = condition(at, out);
    --rows_;
    return good;
  }

  bool matches(std::size_t at, Expr &out) {
    const std::size_t source = member(at, "source"), where = find(at, "where");
    return source != 0 && name(source, out.source) &&
           (where == 0 || items_[where].kind == ItemKind::null || filter(where, out.children.emplace_back()));
  }

  bool call(std::size_t at, Expr &out) {
    const std::size_t function = member(at, "function");
    if (function == 0 || !is(function, ItemKind::text))
      return false;
    constexpr std::string_view only = "customer_within_distance";
    if (items_[function].text != only)
      return wrong(function, fmt::format("there is no function \"{}\"", excerpt(items_[function].text)),
                   fmt::format("CALL is for {}.", only));
    out.source.parts.push_back({std::string(only), false});
    const std::size_t arguments = member(at, "arguments");
    if (arguments == 0)
      return false;
    ++rows_; // names of parameters are no names of the customer's
    const bool good =
        each(arguments, [&](std::size_t i) { return argument(i, out.arguments.emplace_back()); });
    --rows_;
    bool holds = true;
    const std::size_t is = find(at, "is");
    if (!good || (is != 0 && !boolean(is, holds)))
      return false;
    out.negated = !holds;
    return true;
  }

  bool argument(std::size_t at, Expr::Argument &out) {
    if (!has_only(at, "an argument", {"name", "value"}))
      return false;
    const std::size_t given = member(at, "name"), value = given == 0 ? 0 : member(at, "value");
    if (value == 0 || !name(given, out.name))
      return false;
    return items_[value].kind == ItemKind::array ? list(value, out.literals)
                                                 : literal(value, out.literals.emplace_back(), true);
  }

  // Values

  bool left(std::size_t at, const Operator &op, Expr &out) {
    const std::size_t subject = member(at, "left");
    if (subject == 0 || !value(subject, out.left))
      return false;
    return op.kind != Kind::truth || out.left.kind == Value::Kind::name ||
           wrong(subject, "IS TRUE is for names, not for functions,");
  }

  bool right(std::size_t at, Operands kind, Expr &out) {
    const std::size_t other = member(at, "right");
    if (other == 0)
      return false;
    if (kind == Operands::list || kind == Operands::two) {
      if (!list(other, out.literals))
        return false;
      return kind == Operands::list || out.literals.size() == 2 ||
             wrong(other, fmt::format("expected two values, not {},", out.literals.size()));
    }
    if (kind == Operands::value && items_[other].kind == ItemKind::object &&
        (find(other, "name") != 0 || find(other, "function") != 0)) {
      out.right = std::make_unique<Value>();
      return value(other, *out.right);
    }
    return literal(other, out.literals.emplace_back(), kind == Operands::value);
  }

  bool value(std::size_t at, Value &out) {
    if (!is(at, ItemKind::object))
      return false;
    if (const std::size_t plain = find(at, "name"); plain != 0)
      return has_only(at, "a value with a name", {"name"}) && name(plain, out.name);
    const std::size_t function = find(at, "function");
    if (function == 0)
      return wrong(at, "\"name\" or \"function\" is missing");
    if (!is(function, ItemKind::text))
      return false;
    const std::string_view word = items_[function].text;
    if (word == "age" || word == "anniversary") {
      out.kind = word == "age" ? Value::Kind::age : Value::Kind::anniversary;
      return has_only(at, word, {"function", "of"}) && date_function(at, out);
    }
    const auto fn = std::find(aggregates.begin(), aggregates.end(), word);
    if (fn == aggregates.end())
      return wrong(function, fmt::format("there is no function \"{}\"", excerpt(word)),
                   fmt::format("Use age, anniversary, {}.", fmt::join(aggregates, ", ")));
    out.kind = Value::Kind::aggregate;
    out.fn = static_cast<AggregateFn>(fn - aggregates.begin());
    return has_only(at, word, {"function", "of", "distinct", "where"}) && aggregate(at, out);
  }

  bool date_function(std::size_t at, Value &out) {
    const std::size_t of = member(at, "of");
    if (of == 0 || !value(of, out.operands.emplace_back()))
      return false;
    const Value::Kind kind = out.operands.front().kind;
    return kind == Value::Kind::name || kind == Value::Kind::aggregate ||
           wrong(of, "age and anniversary take a name or an aggregate,");
  }

  bool aggregate(std::size_t at, Value &out) {
    const std::size_t of = member(at, "of");
    if (of == 0 || !has_only(of, "what is aggregated", {"name"}))
      return false;
    const std::size_t source = member(of, "name"), distinct = find(at, "distinct"), where = find(at, "where");
    if (source == 0 || !name(source, out.name) || (distinct != 0 && !boolean(distinct, out.distinct)))
      return false;
    if (out.distinct && out.fn != AggregateFn::count)
      return wrong(distinct, "distinct belongs to count only,");
    out.has_matches = where != 0;
    if (where == 0 || items_[where].kind == ItemKind::null)
      return true;
    out.filter = std::make_unique<Expr>();
    return filter(where, *out.filter);
  }

  /// A name as the language writes it, in quotes where it needs them: as view attributes lists it.
  bool name(std::size_t at, Name &out) {
    if (!is(at, ItemKind::text))
      return false;
    Parsed<Name> read = read_name(items_[at].text, rows_ > 0, limits_);
    if (!read.value)
      return wrong(
          at, fmt::format("\"{}\" is not a name", excerpt(items_[at].text)),
          "Write a name as segmentation.attributes lists it; one with other characters than letters, digits "
          "and underscores stands in double quotes.");
    out = std::move(*read.value);
    return true;
  }

  // Constants

  bool list(std::size_t at, std::vector<Literal> &out) {
    const bool good = each(at, [&](std::size_t i) {
      if (out.size() == limits_.list_values)
        return exceeded(at, fmt::format("list has more than {} values", limits_.list_values));
      return literal(i, out.emplace_back());
    });
    return good && (!out.empty() || wrong(at, "list is empty"));
  }

  /// A number, or an object with its digits: those that some clients' numbers cannot hold.
  bool number(std::size_t at, std::string &out) {
    std::size_t digits = at;
    if (items_[at].kind == ItemKind::object) {
      if (!has_only(at, "a number", {"number"}) || (digits = member(at, "number")) == 0 ||
          !is(digits, ItemKind::text))
        return false;
    } else if (!is(at, ItemKind::number)) {
      return false;
    }
    std::string_view text = items_[digits].text;
    if (!is_number(text))
      return wrong(at, fmt::format("\"{}\" is not a number", excerpt(text)),
                   "Write decimal digits, as in -12.50.");
    const bool negative = text.starts_with('-');
    out = syntax::normal_number(negative, negative ? text.substr(1) : text);
    return true;
  }

  bool literal(std::size_t at, Literal &out, bool may_be_place = false) {
    switch (items_[at].kind) {
    case ItemKind::text:
      out.kind = Literal::Kind::text;
      out.text = items_[at].text;
      return true;
    case ItemKind::boolean:
      out.kind = Literal::Kind::boolean;
      out.boolean = items_[at].boolean;
      return true;
    case ItemKind::null:
      return wrong(at, "null is not a value", "Use IS NULL or IS NOT NULL.");
    case ItemKind::array:
      return wrong(at, "expected one value, not an array,");
    case ItemKind::number:
      return number(at, out.text);
    case ItemKind::object:
      break;
    }
    if (find(at, "date") != 0)
      return has_only(at, "a date", {"date"}) && date(find(at, "date"), out);
    if (may_be_place && (find(at, "latitude") != 0 || find(at, "longitude") != 0))
      return has_only(at, "a place", {"latitude", "longitude"}) && place(at, out);
    if (find(at, "number") != 0)
      return number(at, out.text);
    return wrong(
        at, "expected a constant, not such an object,",
        "A constant is a text, a number, a boolean, {\"date\": ..}, {\"number\": ..} or {\"latitude\": .., "
        "\"longitude\": ..}.");
  }

  bool date(std::size_t at, Literal &out) {
    if (!is(at, ItemKind::text))
      return false;
    const DateReading reading = read_date_form(items_[at].text);
    if (!reading.form)
      return wrong(at, fmt::format("\"{}\" is not a date", excerpt(items_[at].text)),
                   "Write a date as 2026-05-30 or 2026-05-30T16:00:00, a distance from today as -7d, +4w, "
                   "-12m or -1y, "
                   "or a word such as today or last_month.");
    out.kind = Literal::Kind::date;
    out.date = *reading.form;
    return true;
  }

  bool place(std::size_t at, Literal &out) {
    out.kind = Literal::Kind::coordinates;
    const std::size_t latitude = member(at, "latitude");
    const std::size_t longitude = latitude == 0 ? 0 : member(at, "longitude");
    return longitude != 0 && number(latitude, out.latitude) && number(longitude, out.longitude);
  }

  std::span<const JsonItem> items_;
  const Limits &limits_;
  Diagnostic mistake_;
  std::uint32_t depth_ = 0; // of conditions
  std::uint32_t rows_ = 0;  // of MATCHES
  std::uint32_t tests_ = 0;
};

} // namespace

RuleFromJson rule_from_json(std::span<const JsonItem> items, const Limits &limits) {
  RuleFromJson result;
  Reader reader(items, limits);
  Rule rule;
  if (!reader.rule(rule)) {
    result.mistake = reader.mistake();
    return result;
  }
  // What the parser would refuse is refused here too, and what it would read as something else: a rule is
  // what its text says.
  std::string text = print_rule(rule);
  Parsed<Rule> parsed = parse_rule(text, limits);
  if (!parsed.value) {
    result.mistake = std::move(parsed.diagnostics.front());
    if (result.mistake.state == SqlState::syntax_error)
      result.mistake.state = SqlState::invalid_value;
  } else if (print_rule(*parsed.value) != text) {
    result.mistake = {SqlState::invalid_value, {}, "rule cannot be written as a text", {}};
  } else {
    result.canonical = std::move(text);
  }
  return result;
}

} // namespace segmentation::core
