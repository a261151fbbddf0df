// What a rule takes in by name: defined attributes and other segments. Each is checked in its own right; its
// mistakes are told as one, at the place that names it, and rings are cut with the ring printed.
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

bool Checker::enter(Inlined what, Span span) {
  State &state =
      (what.is_segment ? segment_states_ : attribute_states_)[static_cast<std::size_t>(what.index)];
  if (state == State::failed) {
    return false;
  }
  if (state != State::active) {
    state = State::active;
    active_.push_back(what);
    return true;
  }
  const auto name_of = [&](const Inlined &one) -> const std::string & {
    return one.is_segment ? schema_.segments[static_cast<std::size_t>(one.index)].name
                          : schema_.attributes[static_cast<std::size_t>(one.index)].name;
  };
  std::string ring;
  bool inside = false;
  for (const Inlined &one : active_) {
    inside = inside || (one.is_segment == what.is_segment && one.index == what.index);
    if (inside) {
      ring += fmt::format("\"{}\" -> ", name_of(one));
    }
  }
  report(SqlState::cycle, span,
         fmt::format("{} \"{}\" refers to itself: {}\"{}\"", what.is_segment ? "segment" : "attribute",
                     name_of(what), ring, name_of(what)));
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
  State &state =
      (what.is_segment ? segment_states_ : attribute_states_)[static_cast<std::size_t>(what.index)];
  state = right && inner.empty() ? State::done : State::failed;
  if (!inner.empty() && !full()) {
    Diagnostic &first = inner.front();
    // A ring and a size say where they are by themselves.
    const bool whole = first.state == SqlState::cycle || (too_large_ && !was_too_large);
    if (!whole) {
      first.message =
          what.is_segment
              ? fmt::format("the rule of segment \"{}\" does not hold up: {}",
                            schema_.segments[static_cast<std::size_t>(what.index)].name, first.message)
              : fmt::format("in attribute \"{}\": {}",
                            schema_.attributes[static_cast<std::size_t>(what.index)].name, first.message);
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
  const Inlined what{false, index};
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
  const Inlined what{true, index};
  if (!enter(what, span)) {
    return nullptr;
  }
  ConditionPtr checked;
  const bool right = aside(what, span, Span{}, [&] {
    if (!segment.condition) {
      report(SqlState::feature_not_supported, span, "it has no rule");
      return false;
    }
    checked = condition(*segment.condition, {});
    return checked != nullptr;
  });
  if (!right) {
    return nullptr;
  }
  known = std::move(checked);
  return known;
}

} // namespace segmentation::core
