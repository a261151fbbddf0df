// Which values a checked condition names, as people would tell them: what they are looked at for, not how
// they are reached.
#include "core/meaning/checking.hpp"

#include <set>

namespace segmentation::core {

namespace {

class Naming {
public:
  explicit Naming(const Schema &schema) : schema_(schema) {}

  void condition(const Condition &condition) {
    if (condition.form == Condition::Form::segment) {
      return;
    }
    const ColumnRef &left = condition.left.column;
    if (condition.form == Condition::Form::text_in && left.relation >= 0 &&
        schema_.relations[static_cast<std::size_t>(left.relation)].field == left.column) {
      for (const std::string &name : condition.texts) {
        found_.insert({left.relation, left.column, {}, name});
      }
    }
    for (const ConditionPtr &child : condition.children) {
      this->condition(*child);
    }
    scalar(condition.left);
    scalar(condition.right);
  }

  std::vector<ValueRead> take() const { return {found_.begin(), found_.end()}; }

private:
  void scalar(const Scalar &scalar) {
    if (scalar.column.relation >= 0 && scalar.column.column >= 0) {
      found_.insert({scalar.column.relation, scalar.column.column, scalar.column.json_path, std::nullopt});
    }
    if (scalar.filter) {
      condition(*scalar.filter);
    }
    for (const Scalar &operand : scalar.operands) {
      this->scalar(operand);
    }
  }

  const Schema &schema_;
  std::set<ValueRead> found_;
};

} // namespace

std::vector<ValueRead> values_read(const Condition &condition, const Meaning &meaning) {
  Naming naming(meaning.schema);
  naming.condition(condition);
  return naming.take();
}

} // namespace segmentation::core
