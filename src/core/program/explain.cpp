// Why a rule holds for one customer or does not: the condition as a tree of lines, each with what was found,
// and what is missing.
#include "core/program/lack.hpp"

#include <fmt/format.h>

namespace segmentation::core {
namespace program {
namespace {

class Explainer {
public:
  Explainer(const Customers &customers, std::uint32_t customer, std::string_view text)
      : customers_(customers), found_(customers, customer), lacks_(found_, text),
        turns_(customers.turns(customer)) {}

  std::vector<Explanation> run(std::size_t rule) {
    const Condition &condition = *customers_.plan.rules[rule].condition;
    add(condition, 0);
    // The whole condition counts only for a customer who exists for rules.
    Explanation &whole = lines_.front();
    const int root = customers_.plan.roots[rule];
    whole.holds = customers_.answer(root);
    whole.until = turns_[static_cast<std::size_t>(root)];
    if (!customers_.answer(customers_.plan.exists)) {
      const Lack exists{Lack::Form::some, customers_.plan.relation(0).condition_text, true};
      whole.missing = Lacks::all_of({exists, lacks_.of(condition)}).text;
    }
    return std::move(lines_);
  }

private:
  void add(const Condition &condition, std::uint32_t depth) {
    Explanation line;
    line.depth = depth;
    line.span = condition.span;
    line.holds = found_.holds(condition);
    line.until = turns_[static_cast<std::size_t>(found_.trace(condition).node)];
    if (Lack lack = lacks_.of(condition); lack.form == Lack::Form::some)
      line.missing = std::move(lack.text);
    std::vector<const Condition *> below;
    describe(condition, condition.span, line, below);
    lines_.push_back(std::move(line));
    for (const Condition *child : below)
      add(*child, depth + 1);
  }

  // Gathers into one line what was written as one condition; parts written on their own go below.
  void describe(const Condition &condition, Span span, Explanation &line,
                std::vector<const Condition *> &below) const {
    if (condition.form == Condition::Form::segment) {
      line.segments.push_back(condition.segment_name);
      return; // what is below was written in another rule's text
    }
    for (const ConditionPtr &child : condition.children)
      if (child->span == span)
        describe(*child, span, line, below);
      else
        below.push_back(child.get());
    if (!condition.children.empty() || condition.form == Condition::Form::constant)
      return;
    if (!line.rows && found_.row_count(condition))
      line.rows = found_.row_keys(condition);
    if (condition.form == Condition::Form::within_distance) {
      const auto tested = found_.tested(condition);
      const auto distance = tested ? found_.judge(*tested).distance(tested->test) : std::nullopt;
      line.actual = distance ? show_distance(*distance, condition.circle.in_miles) : "missing";
    } else if (!line.actual) {
      line.actual = found_.shown(condition);
    }
  }

  const Customers &customers_;
  Found found_;
  Lacks lacks_;
  std::vector<Instant> turns_;
  std::vector<Explanation> lines_;
};

} // namespace

std::vector<Explanation> Customers::explain(std::size_t rule, std::uint32_t customer, std::string_view text) {
  make_room();
  judge_block(customer, 1, Level::nothing, level >= Level::horizons);
  return Explainer(*this, customer, text).run(rule);
}

} // namespace program

std::vector<Explanation> Population::explain(std::size_t rule, std::uint32_t customer,
                                             std::string_view text) {
  return impl_->explain(rule, customer, text);
}

} // namespace segmentation::core
