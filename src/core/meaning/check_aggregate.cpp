// Aggregates: count(orders), sum(items.price MATCHES (...)), and the words of MATCHES: count, sum_total,
// months.
#include "core/meaning/build.hpp"
#include "core/meaning/checking.hpp"
#include "core/rule/printer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace segmentation::core {

namespace {

struct PrefixWord {
  std::string_view prefix;
  Fold fold;
};
constexpr std::array<PrefixWord, 5> prefix_words = {{
    {"sum_", Fold::sum},
    {"avg_", Fold::avg},
    {"min_", Fold::min},
    {"max_", Fold::max},
    {"distinct_", Fold::count_distinct},
}};

struct LoneWord {
  std::string_view word;
  Fold fold;
};
constexpr std::array<LoneWord, 4> lone_words = {{
    {"count", Fold::count},
    {"days", Fold::days},
    {"weeks", Fold::weeks},
    {"months", Fold::months},
}};

Fold fold_of(const Value &value) {
  switch (value.fn) {
  case AggregateFn::count:
    return value.distinct ? Fold::count_distinct : Fold::count;
  case AggregateFn::sum:
    return Fold::sum;
  case AggregateFn::avg:
    return Fold::avg;
  case AggregateFn::min:
    return Fold::min;
  case AggregateFn::max:
    return Fold::max;
  case AggregateFn::first:
    return Fold::first;
  case AggregateFn::last:
    return Fold::last;
  case AggregateFn::mode:
    return Fold::mode;
  case AggregateFn::list:
    return Fold::list;
  }
  return Fold::count;
}

const char *fold_words(Fold fold) {
  switch (fold) {
  case Fold::count:
  case Fold::count_distinct:
    return "count";
  case Fold::sum:
    return "sum";
  case Fold::avg:
    return "avg";
  case Fold::min:
    return "min";
  case Fold::max:
    return "max";
  case Fold::first:
    return "first";
  case Fold::last:
    return "last";
  case Fold::mode:
    return "mode";
  case Fold::list:
    return "list";
  case Fold::days:
    return "days";
  case Fold::weeks:
    return "weeks";
  case Fold::months:
    return "months";
  case Fold::forecast:
    return "forecasts";
  }
  return "count";
}

} // namespace

std::optional<Checker::FoldWord> Checker::aggregate_word(const Name &name, const Context &context) {
  return aggregate_word(name.parts, context.root, context.defined);
}

std::optional<Checker::FoldWord> Checker::aggregate_word(NameParts parts, int root, int defined) {
  if (parts.empty() || parts[0].quoted) {
    return std::nullopt;
  }
  if (defined >= 0) {
    // A parameter may stand for an aggregate itself.
    const std::vector<Name::Part> words = in_words_of_source(schema_, defined, parts);
    if (!std::ranges::equal(words, parts)) {
      return aggregate_word(words, root, reach_->sources[static_cast<std::size_t>(defined)].of);
    }
  }
  const std::string &first = parts[0].text;
  if (parts.size() == 1) {
    for (const LoneWord &lone : lone_words) {
      if (first == lone.word) {
        return FoldWord{lone.fold, {}};
      }
    }
  }
  for (const PrefixWord &known : prefix_words) {
    if (first.size() <= known.prefix.size() || !first.starts_with(known.prefix)) {
      continue;
    }
    FoldWord word{known.fold, {parts.begin(), parts.end()}};
    word.column[0].text = first.substr(known.prefix.size());
    word.column = in_words_of_relation(schema_, *reach_, defined, word.column);
    if (word.column.size() == 1 && word.column[0].text == "date" &&
        date_column(schema_, *reach_, root).relation >= 0) {
      return word;
    }
    // The word is one only if there is such a column; else a column may be called sum_x itself.
    const auto what = resolve(schema_, *reach_, root, word.column).what;
    if (what == Resolved::What::column || what == Resolved::What::set || what == Resolved::What::ambiguous) {
      return word;
    }
  }
  return std::nullopt;
}

bool Checker::is_aggregate(const Value &value, const Context &context) {
  if (value.kind == Value::Kind::aggregate) {
    return true;
  }
  if (value.kind == Value::Kind::name) {
    return aggregate_word(value.name, context).has_value();
  }
  for (const Value &operand : value.operands) {
    if (is_aggregate(operand, context)) {
      return true;
    }
  }
  return false;
}

bool Checker::is_aggregate_test(const Expr &expr, const Context &context) {
  switch (expr.kind) {
  case Expr::Kind::all:
  case Expr::Kind::any:
  case Expr::Kind::negation:
  case Expr::Kind::matches:
  case Expr::Kind::function:
    return false;
  default:
    return is_aggregate(expr.left, context) || (expr.right && is_aggregate(*expr.right, context));
  }
}

bool Checker::refuse_aggregate(Span span, const Context &context) {
  switch (context.place) {
  case Context::Place::customer:
  case Context::Place::aggregate:
    return false;
  case Context::Place::row:
    report(SqlState::syntax_error, span, "an aggregate condition stands only at the top level of MATCHES",
           "Join it to the other conditions by a comma or AND.");
    return true;
  case Context::Place::filter:
    report(SqlState::syntax_error, span, "an aggregate condition cannot stand in the MATCHES of an aggregate",
           "Compare the aggregate itself, outside its parentheses.");
    return true;
  case Context::Place::binding:
    report(SqlState::syntax_error, span, "a condition on single rows takes no aggregates");
    return true;
  }
  return true;
}

Operand Checker::aggregate_value(const Value &value, const Context &context) {
  if (refuse_aggregate(value.span, context)) {
    return {};
  }
  const NameParts parts = value.name.parts;
  SourceName source{context.root, context.defined, 0};
  Rows rows{true, context.rows};
  if (context.place == Context::Place::customer) {
    source = find_source(schema_, *reach_, parts);
    if (source.relation < 0) {
      unknown_source(value.name, value.fn != AggregateFn::count || value.distinct);
      return {};
    }
    rows = rows_of(source.defined, value.name.span);
  } else if (leading_parts(parts, root_name(context)) == parts.size()) {
    // Inside MATCHES the source goes without saying, but count(orders) may name it.
    source.parts = parts.size();
  }

  bool broken = !rows.right;
  if (value.filter) {
    Context filter;
    filter.place = Context::Place::filter;
    filter.root = source.relation;
    filter.defined = source.defined;
    ConditionPtr own = condition(*value.filter, filter);
    broken = broken || own == nullptr;
    rows.condition = build::both(at(value.filter->span), std::move(rows.condition), std::move(own));
  }
  if (context.place == Context::Place::customer && !broken) {
    broken = !says_segments(source.relation, rows.condition.get(), value.name.span);
  }

  const Fold wanted = fold_of(value);
  if (source.parts == parts.size()) {
    if (wanted != Fold::count) {
      const char *distinct = value.distinct ? "DISTINCT " : "";
      report(SqlState::wrong_type, value.name.span,
             fmt::format("{}({}{}) needs a column", fold_words(wanted), distinct, print_name(value.name)),
             fmt::format("Name one, as in {}({}{}).", fold_words(wanted), distinct,
                         column_example(source, wanted == Fold::list ? Kind::text : Kind::number)));
      return {};
    }
    return broken ? Operand{}
                  : fold(Fold::count, source.relation, std::move(rows.condition), nullptr, value.span, {});
  }
  Context row;
  row.place = Context::Place::row;
  row.root = source.relation;
  row.defined = source.defined;
  Operand argument = row_column(
      row, in_words_of_relation(schema_, *reach_, source.defined, parts.subspan(source.parts)), value.name);
  if (argument.form == Operand::Form::broken || broken) {
    return {};
  }
  if (wanted == Fold::count && argument.form == Operand::Form::scalar) {
    // As in SQL, count of a column counts the rows that have a value there.
    rows.condition = build::both(at(value.span), std::move(rows.condition),
                                 build::present(at(value.name.span), argument.scalar));
    return fold(Fold::count, source.relation, std::move(rows.condition), nullptr, value.span, {});
  }
  if (wanted == Fold::list) {
    return list_of(source.relation, std::move(rows.condition), std::move(argument), value);
  }
  return fold(wanted, source.relation, std::move(rows.condition), &argument, value.span,
              print_name(value.name));
}

Operand Checker::word_value(const FoldWord &word, const Name &name, const Context &context) {
  if (refuse_aggregate(name.span, context)) {
    return {};
  }
  if (word.column.empty()) {
    return fold(word.fold, context.root, context.rows, nullptr, name.span, {});
  }
  Name column = name;
  column.parts = word.column;
  const Operand argument = row_column(context, column.parts, column);
  if (argument.form == Operand::Form::broken) {
    return {};
  }
  return fold(word.fold, context.root, context.rows, &argument, name.span, print_name(column));
}

Operand Checker::fold(Fold fold, int source, ConditionPtr rows, const Operand *argument, Span span,
                      const std::string &written) {
  const Relation &relation = schema_.relations[static_cast<std::size_t>(source)];
  const bool by_date = fold == Fold::first || fold == Fold::last || fold == Fold::days ||
                       fold == Fold::weeks || fold == Fold::months;
  if (by_date && date_column(schema_, *reach_, source).relation < 0) {
    report(SqlState::wrong_type, span,
           fmt::format("{} needs a date, which \"{}\" does not have", fold_words(fold), relation.name),
           "Bind the source with the column that holds its time.");
    return {};
  }
  Operand operand;
  operand.form = Operand::Form::scalar;
  operand.scalar.form = Scalar::Form::aggregate;
  operand.scalar.type = Kind::number;
  operand.scalar.span = at(span);
  operand.scalar.fold = fold;
  operand.scalar.source = source;
  operand.scalar.filter = std::move(rows);
  if (argument == nullptr) {
    return operand;
  }
  if (argument->form != Operand::Form::scalar) {
    report(SqlState::wrong_type, span,
           fmt::format("{} is a list and does not support {}", written, fold_words(fold)));
    return {};
  }
  const Kind type = argument->scalar.type;
  operand.scalar.column = argument->scalar.column;
  switch (fold) {
  case Fold::sum:
  case Fold::avg:
    if (!argument->untyped && type != Kind::number) {
      report(SqlState::wrong_type, span,
             fmt::format("{} is {} and does not support {}", written, kind_words(type), fold_words(fold)));
      return {};
    }
    return operand;
  case Fold::min:
  case Fold::max:
    if (!argument->untyped && type != Kind::number && !is_date(type)) {
      report(SqlState::wrong_type, span,
             fmt::format("{} is {} and does not support {}", written, kind_words(type), fold_words(fold)),
             "Use first, last or mode.");
      return {};
    }
    operand.scalar.type = argument->untyped ? Kind::number : type;
    operand.untyped = argument->untyped;
    return operand;
  case Fold::first:
  case Fold::last:
  case Fold::mode:
    operand.scalar.type = type;
    operand.untyped = argument->untyped;
    return operand;
  default:
    return operand;
  }
}

Scalar Checker::count_of(int source, ConditionPtr rows, Span span) const {
  Scalar count;
  count.form = Scalar::Form::aggregate;
  count.type = Kind::number;
  count.span = span;
  count.fold = Fold::count;
  count.source = source;
  count.filter = std::move(rows);
  return count;
}

} // namespace segmentation::core
