// Which bound relations a checked condition reads, with all that lies on the way to them.
#include "core/meaning/checker.hpp"

#include <algorithm>

namespace segmentation::core {

namespace {

class Reading {
public:
  explicit Reading(const Meaning &meaning)
      : meaning_(meaning), read_(meaning.schema.relations.size(), false) {}

  void condition(const Condition &condition) {
    if (condition.form == Condition::Form::segment) {
      // One segment may be named by many others: once is enough.
      if (std::find(segments_.begin(), segments_.end(), condition.children[0].get()) != segments_.end()) {
        return;
      }
      segments_.push_back(condition.children[0].get());
    }
    for (const ConditionPtr &child : condition.children) {
      this->condition(*child);
    }
    scalar(condition.left);
    scalar(condition.right);
  }

  std::vector<int> take() const {
    std::vector<int> indexes;
    for (std::size_t i = 1; i < read_.size(); ++i) {
      if (read_[i]) {
        indexes.push_back(static_cast<int>(i));
      }
    }
    return indexes;
  }

private:
  void scalar(const Scalar &scalar) {
    relation(scalar.column.relation);
    relation(scalar.source);
    if (scalar.filter) {
      condition(*scalar.filter);
    }
    for (const Scalar &operand : scalar.operands) {
      this->scalar(operand);
    }
  }

  /// Marks a relation and what it hangs on, each with what its own condition reads.
  void relation(int index) {
    for (int at = index; at >= 0 && !read_[static_cast<std::size_t>(at)];
         at = meaning_.schema.relations[static_cast<std::size_t>(at)].of) {
      const auto place = static_cast<std::size_t>(at);
      read_[place] = true;
      if (place < meaning_.row_conditions.size() && meaning_.row_conditions[place]) {
        condition(*meaning_.row_conditions[place]);
      }
    }
  }

  const Meaning &meaning_;
  std::vector<bool> read_;
  std::vector<const Condition *> segments_;
};

} // namespace

std::vector<int> relations_read(const Condition &condition, const Meaning &meaning) {
  Reading reading(meaning);
  reading.condition(condition);
  return reading.take();
}

} // namespace segmentation::core
