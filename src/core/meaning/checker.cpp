// The checker's entrances, and how it keeps mistakes and limits.
#include "core/meaning/checking.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace segmentation::core {

namespace {

/// How much larger than its text a rule may become by the attributes and segments it names.
constexpr std::uint32_t inlined_growth = 20;
/// The parser holds each text to its own depth; attributes and segments within one another add theirs.
constexpr std::uint32_t inlined_depth = 2;

Diagnostics no_customers(Span span) {
  return {{SqlState::undefined_name, span, "no customers are bound",
           "Bind the table of customers with bind_customers."}};
}

void sort_by_place(Diagnostics &diagnostics) {
  std::stable_sort(diagnostics.begin(), diagnostics.end(),
                   [](const Diagnostic &a, const Diagnostic &b) { return a.span.begin < b.span.begin; });
}

} // namespace

Checker::Checker(const Meaning &meaning, const Limits &limits)
    : schema_(meaning.schema), reach_(meaning.reach ? meaning.reach : make_reach(meaning.schema)),
      limits_(limits), limit_of_diagnostics_(std::max<std::size_t>(limits.diagnostics, 1)),
      states_{std::vector<State>(meaning.schema.attributes.size(), State::unseen),
              std::vector<State>(meaning.schema.sources.size(), State::unseen),
              std::vector<State>(meaning.schema.segments.size(), State::unseen)},
      histories_(meaning.schema.segments.size(), false) {
}

void Checker::report(SqlState state, Span span, std::string message, std::string hint) {
  if (!full()) {
    diagnostics_.push_back({state, at(span), std::move(message), std::move(hint)});
  }
}

Diagnostics Checker::take_diagnostics() {
  sort_by_place(diagnostics_);
  return std::move(diagnostics_);
}

std::vector<int> Checker::used(Word word) const {
  const std::vector<State> &states = states_[static_cast<std::size_t>(word)];
  std::vector<int> used;
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (states[i] != State::unseen) {
      used.push_back(static_cast<int>(i));
    }
  }
  return used;
}

Level::Level(Checker &checker, Span span) : checker_(checker) {
  ++checker.depth_;
  ++checker.size_;
  const std::uint32_t most_depth = checker.limits_.depth * inlined_depth;
  const std::uint32_t most_size = checker.limits_.clauses * inlined_growth;
  if (checker.depth_ <= most_depth && checker.size_ <= most_size) {
    return;
  }
  fits_ = false;
  if (!checker.too_large_) {
    checker.too_large_ = true;
    checker.report(
        SqlState::limit_exceeded, span,
        checker.depth_ > most_depth
            ? fmt::format("the rule is nested more than {} levels deep, with the attributes and segments "
                          "that it names",
                          most_depth)
            : fmt::format("the rule has more than {} parts, with the attributes that it names", most_size),
        "Let it name fewer attributes and segments that name others in turn.");
  }
}

namespace {

bool moves(const Scalar &scalar) {
  return scalar.form == Scalar::Form::age ||
         std::any_of(scalar.operands.begin(), scalar.operands.end(),
                     [](const Scalar &operand) { return moves(operand); });
}

bool moves(const Condition &condition) {
  using Form = Condition::Form;
  const bool by_end = condition.form == Form::anniversary && condition.bound_end.form.moves();
  const bool dated = condition.form == Form::date_from || condition.form == Form::date_before ||
                     condition.form == Form::anniversary;
  return by_end || (dated && condition.bound.form.moves()) || moves(condition.left) ||
         moves(condition.right) ||
         std::any_of(condition.children.begin(), condition.children.end(),
                     [](const ConditionPtr &child) { return moves(*child); });
}

/// What stands beside a row is read together with it, its condition in SQL: nobody would learn when time
/// changes that.
bool is_beside(const Relation &relation) {
  return relation.role == Role::lookup || (relation.role == Role::set && relation.of > 0);
}

bool reads_others(const Scalar &scalar, const std::vector<int> &relations) {
  return (scalar.column.relation >= 0 &&
          std::find(relations.begin(), relations.end(), scalar.column.relation) == relations.end()) ||
         std::any_of(scalar.operands.begin(), scalar.operands.end(),
                     [&](const Scalar &operand) { return reads_others(operand, relations); });
}

bool reads_others(const Condition &condition, const std::vector<int> &relations) {
  return reads_others(condition.left, relations) || reads_others(condition.right, relations) ||
         std::any_of(condition.children.begin(), condition.children.end(),
                     [&](const ConditionPtr &child) { return reads_others(*child, relations); });
}

/// Returns the relations that the condition of a tree, or of links to one, may read; none where any may be.
std::vector<int> walked(const Schema &schema, int relation) {
  for (const Relation &path : schema.relations) {
    if (path.tree == relation) {
      return {relation};
    }
    if (path.tree >= 0 && path.of != path.tree &&
        schema.relations[static_cast<std::size_t>(path.tree)].of == relation) {
      return {relation, path.tree};
    }
  }
  return {};
}

} // namespace

PreparedMeaning prepare_meaning(Schema schema) {
  auto meaning = std::make_shared<Meaning>();
  meaning->schema = std::move(schema);
  meaning->reach = make_reach(meaning->schema);
  const std::size_t count = meaning->schema.relations.size();
  meaning->row_conditions.resize(count);
  PreparedMeaning prepared;
  for (std::size_t i = 0; i < count; ++i) {
    const Relation &relation = meaning->schema.relations[i];
    if (!relation.condition) {
      continue;
    }
    Checker checker(*meaning, {});
    Context context;
    context.place = Context::Place::binding;
    context.root = static_cast<int>(i);
    const ConditionPtr &checked = meaning->row_conditions[i] =
        checker.condition(*relation.condition, context);
    std::vector<Diagnostic> diagnostics = checker.take_diagnostics();
    if (checked && is_beside(relation) && moves(*checked)) {
      diagnostics.push_back(
          {SqlState::feature_not_supported, relation.condition->source.span,
           "a lookup, and a set of other rows than customers, cannot come and go with time",
           "Compare with a date that stays, such as 2026-05-30, or let the rules ask for the date."});
    }
    const std::vector<int> own = walked(meaning->schema, static_cast<int>(i));
    if (checked && !own.empty() && reads_others(*checked, own)) {
      diagnostics.push_back({SqlState::feature_not_supported, relation.condition->source.span,
                             "it reads other rows than those on the way up a tree",
                             "Let it read nothing but columns of the tree, or of the links to it."});
    }
    for (Diagnostic &diagnostic : diagnostics) {
      diagnostic.message = fmt::format("condition of \"{}\": {}", relation.name, diagnostic.message);
      prepared.diagnostics.push_back(std::move(diagnostic));
    }
  }
  if (prepared.diagnostics.empty()) {
    prepared.meaning = std::move(meaning);
  }
  return prepared;
}

Checked check_rule(const Expr &condition, const Meaning &meaning, const Limits &limits) {
  Checked checked;
  if (meaning.schema.relations.empty()) {
    checked.diagnostics = no_customers(condition.span);
    return checked;
  }
  Checker checker(meaning, limits);
  ConditionPtr result = checker.condition(condition, {});
  checked.diagnostics = checker.take_diagnostics();
  if (checked.diagnostics.empty()) {
    checked.rule = CheckedRule{std::move(result),       checker.attributes_used(), checker.sources_used(),
                               checker.segments_used(), checker.histories_used(),  checker.asks_any_kept()};
  }
  return checked;
}

Checked check_rule(const Parsed<Rule> &parsed, const Meaning &meaning, const Limits &limits) {
  if (parsed.value) {
    return check_rule(parsed.value->condition, meaning, limits);
  }
  Checked checked;
  checked.diagnostics = parsed.diagnostics;
  if (!parsed.remains || meaning.schema.relations.empty()) {
    return checked;
  }
  Diagnostics &all = checked.diagnostics;
  Diagnostics more = check_rule(parsed.remains->condition, meaning, limits).diagnostics;
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  sort_by_place(all);
  if (const std::size_t most = std::max<std::size_t>(limits.diagnostics, 1); all.size() > most) {
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(most), all.end());
  }
  return checked;
}

CheckedAttribute check_attribute(const AttributeExpression &expression, const Meaning &meaning,
                                 const Limits &limits) {
  CheckedAttribute checked;
  const Span span = expression.value       ? expression.value->span
                    : expression.condition ? expression.condition->span
                                           : Span{};
  if (meaning.schema.relations.empty()) {
    checked.diagnostics = no_customers(span);
    return checked;
  }
  Checker checker(meaning, limits);
  std::optional<Kind> type;
  if (expression.condition) {
    checker.condition(*expression.condition, {});
    type = Kind::boolean;
  } else if (expression.value) {
    const Operand operand = checker.value(*expression.value, {});
    switch (operand.form) {
    case Operand::Form::broken:
      break;
    case Operand::Form::scalar:
    case Operand::Form::list:
      type = operand.untyped ? Kind::json : operand.scalar.type;
      break;
    case Operand::Form::set:
      type = list_of_kind(operand.scalar.type);
      break;
    case Operand::Form::segments:
      type = Kind::text_list;
      break;
    case Operand::Form::condition:
      type = Kind::boolean;
      break;
    case Operand::Form::anniversary:
      type = Kind::day;
      break;
    }
  }
  checked.diagnostics = checker.take_diagnostics();
  if (checked.diagnostics.empty()) {
    checked.type = type;
  }
  return checked;
}

Diagnostics check_source(int defined, const Meaning &meaning, const Limits &limits) {
  if (meaning.schema.relations.empty()) {
    return no_customers({});
  }
  Checker checker(meaning, limits);
  checker.check_source(defined);
  return checker.take_diagnostics();
}

} // namespace segmentation::core
