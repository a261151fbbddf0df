// What a rule takes in by name: defined attributes and sources, and other segments. Each is checked in its
// own right; its mistakes are told as one, at the place that names it, and rings are cut with the ring
// printed.
#include "core/meaning/build.hpp"
#include "core/meaning/checking.hpp"

#include <fmt/format.h>

namespace segmentation::core {

namespace {

/// Puts the place that names an attribute in place of spans that point into the attribute's own text.
void move_to(Scalar &scalar, Span span) {
  scalar.span = span;
  for (Scalar &operand : scalar.operands) {
    move_to(operand, span);
  }
}

} // namespace

const char *Checker::word_of(Word word) {
  switch (word) {
  case Word::attribute:
    return "attribute";
  case Word::source:
    return "source";
  case Word::segment:
    break;
  }
  return "segment";
}

const std::string &Checker::name_of(Inlined what) const {
  const auto index = static_cast<std::size_t>(what.index);
  switch (what.word) {
  case Word::attribute:
    return schema_.attributes[index].name;
  case Word::source:
    return schema_.sources[index].name;
  case Word::segment:
    break;
  }
  return schema_.segments[index].name;
}

bool Checker::enter(Inlined what, Span span) {
  State &state = state_of(what);
  if (state == State::failed) {
    return false;
  }
  if (state != State::active) {
    state = State::active;
    active_.push_back(what);
    return true;
  }
  std::string ring;
  bool inside = false;
  for (const Inlined &one : active_) {
    inside = inside || one == what;
    if (inside) {
      ring += fmt::format("\"{}\" -> ", name_of(one));
    }
  }
  report(SqlState::cycle, span,
         fmt::format("{} \"{}\" refers to itself: {}\"{}\"", word_of(what.word), name_of(what), ring,
                     name_of(what)));
  return false;
}

template <typename Check>
bool Checker::aside(Inlined what, Span span, std::optional<Span> spans, Check check) {
  const bool was_too_large = too_large_;
  Diagnostics outer = std::move(diagnostics_);
  const std::optional<Span> outer_spans = inlined_;
  const Span named = at(span);
  diagnostics_.clear();
  inlined_ = spans;
  const bool right = check();
  Diagnostics inner = std::move(diagnostics_);
  diagnostics_ = std::move(outer);
  inlined_ = outer_spans;
  active_.pop_back();
  State &state = state_of(what);
  state = right && inner.empty() ? State::done : State::failed;
  if (!inner.empty() && !full()) {
    Diagnostic &first = inner.front();
    // A ring and a size say where they are by themselves.
    const bool whole = first.state == SqlState::cycle || (too_large_ && !was_too_large);
    if (!whole) {
      first.message =
          what.word == Word::segment
              ? fmt::format("the rule of segment \"{}\" does not hold up: {}", name_of(what), first.message)
              : fmt::format("in {} \"{}\": {}", word_of(what.word), name_of(what), first.message);
    }
    first.span = named;
    diagnostics_.push_back(std::move(first));
  }
  return state == State::done;
}

Operand Checker::attribute(int index, Span span) {
  if (too_large_) {
    return {};
  }
  const DefinedAttribute &attribute = schema_.attributes[static_cast<std::size_t>(index)];
  for (const KnownAttribute &known : known_attributes_) {
    if (known.index == index) {
      // What it costs to copy counts as what it cost to check.
      size_ += known.size;
      Operand operand = known.operand;
      move_to(operand.scalar, at(span));
      return operand;
    }
  }
  const Inlined what{Word::attribute, index};
  if (!enter(what, span)) {
    return {};
  }
  const std::uint32_t size_before = size_;
  Operand operand;
  const bool right = aside(what, span, at(span), [&] {
    if (attribute.condition) {
      operand.condition = condition(*attribute.condition, {});
      operand.form = operand.condition ? Operand::Form::condition : Operand::Form::broken;
      operand.scalar.type = Kind::boolean;
      operand.scalar.span = at(span);
    } else if (attribute.value) {
      operand = value(*attribute.value, {});
      move_to(operand.scalar, at(span));
    }
    return operand.form != Operand::Form::broken;
  });
  if (!right) {
    return {};
  }
  if (operand.form != Operand::Form::condition) {
    known_attributes_.push_back({index, size_ - size_before, operand});
  }
  return operand;
}

ConditionPtr Checker::segment(int index, Span span) {
  if (known_segments_.empty()) {
    known_segments_.resize(schema_.segments.size());
  }
  ConditionPtr &known = known_segments_[static_cast<std::size_t>(index)];
  if (known) {
    return known;
  }
  const NamedSegment &segment = schema_.segments[static_cast<std::size_t>(index)];
  const Inlined what{Word::segment, index};
  if (!enter(what, span)) {
    return nullptr;
  }
  ConditionPtr checked;
  const bool right = aside(what, span, Span{}, [&] {
    const bool has_rule = segment.form == NamedSegment::Form::rule;
    if (has_rule && !segment.condition) {
      report(SqlState::feature_not_supported, span, "it has no rule");
      return false;
    }
    ConditionPtr rule = has_rule ? condition(*segment.condition, {}) : nullptr;
    if (has_rule && !rule) {
      return false;
    }
    checked = with_hands(segment, std::move(rule), schema_);
    return true;
  });
  if (!right) {
    return nullptr;
  }
  known = std::move(checked);
  return known;
}

/// The rows that a defined source leaves: its own condition and those of the defined sources that it is of.
Checker::Rows Checker::rows_of(int defined, Span span) {
  if (defined < 0) {
    return {true, nullptr};
  }
  const Reach::Source &base = reach_->sources[static_cast<std::size_t>(defined)];
  if (known_rows_.empty()) {
    known_rows_.resize(schema_.sources.size());
  }
  ConditionPtr &known = known_rows_[static_cast<std::size_t>(defined)];
  const Inlined what{Word::source, defined};
  if (state_of(what) == State::done) {
    return {true, known};
  }
  if (!enter(what, span)) {
    return {};
  }
  const DefinedSource &source = schema_.sources[static_cast<std::size_t>(defined)];
  ConditionPtr own;
  Rows inner;
  const bool right = aside(what, span, at(span), [&] {
    inner = rows_of(base.of, span);
    if (source.condition) {
      Context context;
      context.place = Context::Place::binding;
      context.root = base.relation;
      context.defined = base.of;
      own = condition(*source.condition, context);
    }
    return inner.right && (own || !source.condition);
  });
  if (!right) {
    return {};
  }
  known = build::both(at(span), std::move(inner.condition), std::move(own));
  return {true, known};
}

CheckedSource Checker::check_source(int defined) {
  CheckedSource checked;
  const DefinedSource &source = schema_.sources[static_cast<std::size_t>(defined)];
  const Reach::Source &base = reach_->sources[static_cast<std::size_t>(defined)];
  if (base.relation < 0) {
    broken_source(defined, {});
    return checked;
  }
  if (const Relation &relation = schema_.relations[static_cast<std::size_t>(base.relation)];
      relation.segment >= 0) {
    // Its words would hide from renaming which of a rule's constants name a segment.
    report(SqlState::feature_not_supported, {},
           fmt::format("a source cannot stand for \"{}\"", relation.name),
           "Give a condition or a value over it a name with define_attribute.");
    return checked;
  }
  Context row;
  row.place = Context::Place::row;
  row.root = base.relation;
  row.defined = base.of;
  for (const DefinedSource::Parameter &parameter : source.parameters) {
    const std::size_t before = diagnostics_.size();
    const auto word = aggregate_word(parameter.meaning, row);
    if (!word || !word->column.empty()) {
      const std::vector<Name::Part> parts =
          word ? word->column : in_words_of_relation(schema_, *reach_, base.of, parameter.meaning.parts);
      checked.parameters.push_back(row_column(row, parts, parameter.meaning).scalar);
    }
    for (std::size_t i = before; i < diagnostics_.size(); ++i) {
      diagnostics_[i].message = fmt::format("parameter \"{}\": {}", parameter.name, diagnostics_[i].message);
      diagnostics_[i].span = {};
    }
  }
  if (source.condition) {
    row.place = Context::Place::binding;
    checked.condition = condition(*source.condition, row);
  }
  return checked;
}

} // namespace segmentation::core
