// Lacks of conditions, and how they join: of AND all, of OR either; NOT turns what must come into what must
// go.
#include "core/program/lack.hpp"

#include "core/program/constants.hpp"
#include "core/program/nouns.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace segmentation::core::program {
namespace {

using Form = Condition::Form;

constexpr std::size_t most_together = 4;
constexpr std::size_t most_ways = 3;

Lack some(std::string text) {
  return {Lack::Form::some, std::move(text), false};
}

/// "one more day", "3 more days".
std::string counted(std::int64_t count, std::string_view unit) {
  return count == 1 ? fmt::format("one more {}", unit) : fmt::format("{} more {}s", count, unit);
}

void keep_different(std::vector<Lack> &lacks) {
  std::vector<Lack> kept;
  for (Lack &lack : lacks)
    if (std::none_of(kept.begin(), kept.end(), [&](const Lack &one) { return one.text == lack.text; }))
      kept.push_back(std::move(lack));
  lacks = std::move(kept);
}

/// Tells which way a number or date has to go: up, down, or both ways for (in)equality.
enum class Way : std::uint8_t { up, down, onto, off };
Way way_of(CompareOp op, bool wanted) {
  switch (op) {
  case CompareOp::eq:
    return wanted ? Way::onto : Way::off;
  case CompareOp::ne:
    return wanted ? Way::off : Way::onto;
  case CompareOp::ge:
  case CompareOp::gt:
    return wanted ? Way::up : Way::down;
  default:
    return wanted ? Way::down : Way::up;
  }
}
bool is_strict(CompareOp op, bool wanted) {
  return wanted ? op == CompareOp::gt || op == CompareOp::lt : op == CompareOp::ge || op == CompareOp::le;
}

bool has_aggregate(const Scalar &scalar) {
  return scalar.form == Scalar::Form::aggregate ||
         std::any_of(scalar.operands.begin(), scalar.operands.end(),
                     [](const Scalar &operand) { return has_aggregate(operand); });
}

} // namespace

Lack Lacks::all_of(std::vector<Lack> lacks) {
  std::erase_if(lacks, [](const Lack &lack) { return lack.form == Lack::Form::nothing; });
  for (const Lack &lack : lacks)
    if (lack.form == Lack::Form::impossible)
      return lack;
  keep_different(lacks);
  if (lacks.size() == 1)
    return std::move(lacks.front());
  Lack out;
  for (std::size_t i = 0; i < lacks.size() && i < most_together; ++i) {
    out.form = Lack::Form::some;
    out.text += i == 0 ? "" : " and ";
    out.text += lacks[i].either ? "(" + lacks[i].text + ")" : lacks[i].text;
  }
  if (lacks.size() > most_together)
    out.text += fmt::format(" and {} more", lacks.size() - most_together);
  return out;
}

Lack Lacks::any_of(std::vector<Lack> lacks) {
  std::erase_if(lacks, [](const Lack &lack) { return lack.form == Lack::Form::impossible; });
  keep_different(lacks);
  if (lacks.size() == 1)
    return std::move(lacks.front());
  Lack out{Lack::Form::impossible, {}, true};
  for (std::size_t i = 0; i < lacks.size() && i < most_ways; ++i) {
    out.form = Lack::Form::some;
    out.text += (i == 0 ? "" : ", or ") + lacks[i].text;
  }
  if (lacks.size() > most_ways)
    out.text += lacks.size() == most_ways + 1 ? ", or another way"
                                              : fmt::format(", or {} other ways", lacks.size() - most_ways);
  return out;
}

std::string_view Lacks::piece(Span span) const {
  return span.begin < span.end && span.end <= text_.size() ? text_.substr(span.begin, span.end - span.begin)
                                                           : std::string_view{};
}

Lack Lacks::as_written(Written written) const {
  const std::string_view text = piece(written.span);
  if (text.empty())
    return {Lack::Form::impossible, {}, false};
  return some(written.wanted ? std::string(text) : fmt::format("NOT {}", text));
}

Lack Lacks::of(const Condition &condition, bool wanted, Written written) const {
  if (found_.holds(condition) == wanted)
    return {};
  if (condition.span != written.span && !written.elsewhere)
    written = {condition.span, wanted, false, false};
  switch (condition.form) {
  case Form::constant:
    return {Lack::Form::impossible, {}, false};
  case Form::negation:
    return of(*condition.children.at(0), !wanted, written);
  case Form::segment: {
    written.elsewhere = true;
    Lack inner = of(*condition.children.at(0), wanted, written);
    // Of a group what people say by hand is all that there is to say.
    if (inner.form == Lack::Form::impossible)
      return as_written(written);
    inner.text = fmt::format("{}segment '{}' ({})", wanted ? "" : "not ", condition.segment_name, inner.text);
    inner.either = false;
    return inner;
  }
  case Form::all:
  case Form::any: {
    written.between = condition.span == written.span;
    std::vector<Lack> lacks;
    for (const ConditionPtr &child : condition.children)
      lacks.push_back(of(*child, wanted, written));
    return (condition.form == Form::all) == wanted ? all_of(std::move(lacks)) : any_of(std::move(lacks));
  }
  default:
    return leaf(condition, wanted, written);
  }
}

Lack Lacks::leaf(const Condition &condition, bool wanted, Written written) const {
  switch (condition.form) {
  case Form::number_compare:
    return number(condition, wanted, written);
  case Form::scalar_compare: // where both sides follow from rows, one row more changes both
    return condition.left.type != Kind::number ||
                   (has_aggregate(condition.left) && has_aggregate(condition.right))
               ? as_written(written)
               : number(condition, wanted, written);
  case Form::date_from:
  case Form::date_before:
    return date(condition, wanted, written);
  case Form::anniversary:
    if (const auto tested = found_.tested(condition); tested && wanted) {
      const Clock &clock = found_.clock();
      const Instant begins = found_.judge(*tested).until(tested->test);
      if (begins != instant_infinity)
        return some(counted(clock.zone().local_day(begins) - clock.moment().today, "day"));
    }
    return as_written(written);
  case Form::within_distance:
    if (const auto tested = found_.tested(condition); tested && wanted)
      if (const auto distance = found_.judge(*tested).distance(tested->test))
        return some(show_lack(*distance - condition.circle.kilometres, condition.circle.in_miles) +
                    " closer");
    return as_written(written);
  case Form::list_contains: {
    const ColumnRef &column = condition.left.column;
    const Relation &relation = found_.schema().relations[static_cast<std::size_t>(column.relation)];
    return in_list(condition, wanted,
                   relation.role == Role::set
                       ? relation.name
                       : relation.columns[static_cast<std::size_t>(column.column)].name);
  }
  default:
    return as_written(written);
  }
}

// Of several values that must be there those that are not are told one by one.
Lack Lacks::in_list(const Condition &member, bool wanted, std::string_view list) const {
  std::string values;
  for (const std::string &one : member.texts)
    values += fmt::format("{}'{}'", values.empty() ? "" : " or ", one);
  for (const Decimal &one : member.numbers)
    values += fmt::format("{}{}", values.empty() ? "" : " or ", one.to_string());
  return some(fmt::format("{}{} in {}", wanted ? "" : "no ", values, list));
}

// People put customers in and keep them out; of that nothing is missing, but it may stand in the way.
Lack Lacks::by_hand(const Condition &condition, bool wanted) const {
  if (wanted)
    return {Lack::Form::impossible, {}, false};
  const Condition &filter = *condition.left.filter;
  const bool put_in = filter.children.at(1)->number.sign() > 0;
  return some(put_in ? "not put in by hand" : "not kept out by hand");
}

Lack Lacks::number(const Condition &condition, bool wanted, Written written) const {
  const auto &relations = found_.schema().relations;
  const Scalar &left = condition.left;
  const Relation *source =
      left.form == Scalar::Form::aggregate ? &relations[static_cast<std::size_t>(left.source)] : nullptr;
  if (source != nullptr && source->hand >= 0)
    return by_hand(condition, wanted);
  const auto tested = found_.tested(condition);
  // A test of a list, or of a field, is one on its values.
  const bool is_set = source != nullptr && source->role == Role::set;
  if (condition.op == CompareOp::gt && condition.number == Decimal(0) && (condition.list || is_set) &&
      left.filter) {
    const Condition &filter = *left.filter;
    const bool is_joined = filter.form == Form::all && !filter.children.empty();
    const Condition &member = is_joined ? *filter.children.back() : filter;
    if (member.form == Form::text_in || member.form == Form::number_in)
      return in_list(member, wanted, condition.list ? "the list" : source->name);
  }
  if (!tested || condition.list || (is_set && left.filter) ||
      (source != nullptr && source->field >= 0 && left.fold == Fold::count))
    return as_written(written);
  const Judge judge = found_.judge(*tested);
  const auto value = judge.number(tested->test.left);
  const auto goal = tested->test.right < 0 ? std::optional(WideFraction{condition.number, Decimal(1)})
                                           : judge.number(tested->test.right);
  Way way = way_of(condition.op, wanted);
  if (!value || !goal || way == Way::off)
    return as_written(written);
  WideFraction gap;
  if (combine('-', *goal, *value, gap) != Outcome::value)
    return as_written(written);
  const bool up = way == Way::onto ? gap.numerator.sign() > 0 : way == Way::up;
  if (!up)
    gap.numerator = Decimal(0) - gap.numerator;
  const ValueNode &node = tested->node(tested->test.left);
  const auto digits = Decimal::parse(show_amount(gap, node));
  const bool is_exact = digits && *digits * gap.denominator == gap.numerator;
  if (is_exact)
    gap = {*digits, Decimal(1)};
  bool strict = is_strict(condition.op, wanted);
  // The step in which anyone pays.
  if (is_exact && has_places(node) && way != Way::onto)
    if (const auto floor = floor_at(gap.numerator, node.scale)) {
      if (!floor->exact || strict)
        gap.numerator = Decimal(floor->coefficient, node.scale) + Decimal(1, node.scale);
      strict = false;
    }
  std::string about = !is_exact ? "about " : strict ? "over " : "";
  const bool counts = source != nullptr && left.fold != Fold::sum && !up;
  if (counts && (left.fold == Fold::count || left.fold == Fold::count_distinct) &&
      gap.numerator > value->numerator)
    return {Lack::Form::impossible, {}, false}; // there cannot be fewer than none
  return some(about + more(condition, gap, up, written));
}

std::string Lacks::more(const Condition &condition, const WideFraction &gap, bool up, Written written) const {
  const Scalar &left = condition.left;
  const auto &relations = found_.schema().relations;
  const bool one = gap.numerator == gap.denominator;
  const auto some_of = [&](const std::string &what, bool any_now) {
    const std::string number = one ? "one" : show(gap);
    return fmt::format("{}{} {}", number, !up ? " fewer" : any_now ? " more" : "", what);
  };
  if (left.form == Scalar::Form::age)
    return some_of(one ? "year" : "years", true);
  if (left.form == Scalar::Form::aggregate) {
    const std::string &source = relations[static_cast<std::size_t>(left.source)].name;
    const bool any_now = found_.row_count(condition).value_or(1) > 0;
    const std::string which = this->which(condition, written);
    switch (left.fold) {
    case Fold::count:
      return some_of(noun_of(source, !one), any_now) + which;
    case Fold::days:
    case Fold::weeks:
    case Fold::months: {
      const char *unit = left.fold == Fold::days ? "day" : left.fold == Fold::weeks ? "week" : "month";
      return some_of(fmt::format("{}{} of {}", unit, one ? "" : "s", noun_of(source, true)), any_now) + which;
    }
    case Fold::count_distinct: {
      const Relation &relation = relations[static_cast<std::size_t>(left.column.relation)];
      return some_of(fmt::format("different {} of {}", one ? "value" : "values",
                                 relation.columns[static_cast<std::size_t>(left.column.column)].name),
                     any_now);
    }
    default:
      break;
    }
  }
  const auto tested = found_.tested(condition);
  std::string text =
      fmt::format("{} {}", show_amount(gap, tested->node(tested->test.left)), up ? "more" : "less");
  if (left.form == Scalar::Form::column) {
    text += " " + relations[static_cast<std::size_t>(left.column.relation)]
                      .columns[static_cast<std::size_t>(left.column.column)]
                      .name;
    for (const std::string &key : left.column.json_path)
      text += "." + key;
  }
  // What adds up needs no name.
  if (left.form != Scalar::Form::column && (left.form != Scalar::Form::aggregate || left.fold != Fold::sum) &&
      !written.elsewhere)
    text += fmt::format(" in {}", piece(left.span));
  return text;
}

// Which rows count, in the words of the rule's own filter.
std::string Lacks::which(const Condition &condition, Written written) const {
  if (!condition.left.filter)
    return {};
  std::vector<const Condition *> open{condition.left.filter.get()};
  std::vector<Span> spans;
  while (!open.empty()) {
    const Condition *next = open.back();
    open.pop_back();
    if (next->form == Form::all && !next->children.empty()) {
      for (auto child = next->children.rbegin(); child != next->children.rend(); ++child)
        open.push_back(child->get());
      continue;
    }
    // What another text defines is written where it is named, at the start of the condition.
    if (!written.elsewhere && next->span.begin > written.span.begin && next->span.end <= written.span.end &&
        std::find(spans.begin(), spans.end(), next->span) == spans.end())
      spans.push_back(next->span);
  }
  std::string out;
  for (const Span span : spans)
    out += fmt::format("{}{}", out.empty() ? " with " : ", ", piece(span));
  return out.empty() ? " that counts" : out;
}

Lack Lacks::date(const Condition &condition, bool wanted, Written written) const {
  const auto tested = found_.tested(condition);
  std::int64_t value = 0;
  if (!tested || !found_.judge(*tested).date(tested->test.left, value))
    return as_written(written);
  const Clock &clock = found_.clock();
  const bool is_day = tested->node(tested->test.left).type == Kind::day;
  const std::int64_t bound = clock.threshold(tested->test.bound);
  const bool later = (condition.form == Form::date_from) == wanted;
  if (!later && tested->test.moves) { // time brings the bound nearer
    const Instant flip = clock.flip(tested->test.bound, value);
    if (flip == instant_infinity)
      return as_written(written);
    const Day days = clock.zone().local_day(flip) - clock.moment().today;
    const std::int64_t hours = (flip - clock.moment().now + 3'599'999'999) / 3'600'000'000;
    return some(days > 0 ? counted(days, "day") : counted(hours, "hour"));
  }
  const auto lowest =
      is_day ? std::int64_t{first_clock_day} : std::int64_t{first_clock_day} * microseconds_per_day;
  const auto highest =
      is_day ? std::int64_t{last_clock_day} : std::int64_t{last_clock_day} * microseconds_per_day;
  const Scalar &left = condition.left;
  if (bound < lowest || bound > highest)
    return as_written(written);
  if (later && !written.between && left.form == Scalar::Form::aggregate &&
      (left.fold == Fold::max || left.fold == Fold::last)) {
    const Relation &source = found_.schema().relations[static_cast<std::size_t>(left.source)];
    if (left.column == ColumnRef{left.source, source.date, {}}) {
      const Day from = is_day ? static_cast<Day>(bound) : clock.zone().local_day(bound);
      return some(fmt::format("one more {} since {}{}", noun_of(source.name, false),
                              show(Kind::day, from, 0, clock.zone()), which(condition, written)));
    }
  }
  if (value < lowest || value > highest)
    return as_written(written);
  const std::int64_t unit = is_day ? 1 : microseconds_per_day;
  const std::int64_t days = later ? (bound - value + unit - 1) / unit : (value - bound) / unit + 1;
  return some(fmt::format("{} {}", days == 1 ? "one day" : fmt::format("{} days", days),
                          later ? "later" : "earlier"));
}

} // namespace segmentation::core::program
