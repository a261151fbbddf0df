// Small makers of checked conditions, so that the checker reads as the language's rules do. They decide
// nothing.
#pragma once

#include "core/meaning/checked.hpp"

#include <string>
#include <utility>
#include <vector>

namespace segmentation::core::build {

inline std::shared_ptr<Condition> node(Condition::Form form, Span span) {
  auto made = std::make_shared<Condition>();
  made->form = form;
  made->span = span;
  return made;
}

/// A test on a scalar.
inline std::shared_ptr<Condition> test(Condition::Form form, Span span, Scalar left) {
  auto made = node(form, span);
  made->left = std::move(left);
  return made;
}

inline ConditionPtr constant(Span span, bool truth) {
  auto made = node(Condition::Form::constant, span);
  made->truth = truth;
  return made;
}

/// AND or OR over several conditions; one alone is itself.
inline ConditionPtr join(Condition::Form form, Span span, std::vector<ConditionPtr> children) {
  if (children.size() == 1) {
    return std::move(children.front());
  }
  auto made = node(form, span);
  made->children = std::move(children);
  return made;
}
inline ConditionPtr all(Span span, std::vector<ConditionPtr> children) {
  return join(Condition::Form::all, span, std::move(children));
}
inline ConditionPtr any(Span span, std::vector<ConditionPtr> children) {
  return join(Condition::Form::any, span, std::move(children));
}

/// AND of two conditions, either of which may be absent.
inline ConditionPtr both(Span span, ConditionPtr a, ConditionPtr b) {
  if (!a || !b) {
    return a ? std::move(a) : std::move(b);
  }
  return all(span, {std::move(a), std::move(b)});
}

inline ConditionPtr negation(Span span, ConditionPtr child) {
  auto made = node(Condition::Form::negation, span);
  made->children.push_back(std::move(child));
  return made;
}
/// The condition, or its complement.
inline ConditionPtr negated_if(bool negated, Span span, ConditionPtr child) {
  return negated ? negation(span, std::move(child)) : std::move(child);
}

inline ConditionPtr number_compare(Span span, Scalar left, CompareOp op, Decimal number) {
  auto made = test(Condition::Form::number_compare, span, std::move(left));
  made->op = op;
  made->number = std::move(number);
  return made;
}

inline ConditionPtr text(Condition::Form form, Span span, Scalar left, std::string text) {
  auto made = test(form, span, std::move(left));
  made->texts.push_back(std::move(text));
  return made;
}

inline ConditionPtr present(Span span, Scalar left) {
  return test(Condition::Form::present, span, std::move(left));
}

inline ConditionPtr date(Condition::Form form, Span span, Scalar left, const DateForm &date, bool upper) {
  auto made = test(form, span, std::move(left));
  made->bound = {date, upper};
  return made;
}

inline ConditionPtr compare(Span span, Scalar left, CompareOp op, Scalar right) {
  auto made = test(Condition::Form::scalar_compare, span, std::move(left));
  made->op = op;
  made->right = std::move(right);
  return made;
}

} // namespace segmentation::core::build
