// Which bound relations and columns a checked expression reads, with all that lies on the way to them.
#include "core/meaning/checking.hpp"

#include <algorithm>
#include <set>

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

  void scalar(const Scalar &scalar) {
    column(scalar.column.relation, scalar.column.column);
    relation(scalar.source);
    if (scalar.form == Scalar::Form::aggregate) {
      order(scalar);
    }
    if (scalar.filter) {
      condition(*scalar.filter);
    }
    for (const Scalar &operand : scalar.operands) {
      this->scalar(operand);
    }
  }

  std::vector<ColumnRead> columns() const { return {columns_.begin(), columns_.end()}; }
  std::vector<int> relations() const {
    std::vector<int> indexes;
    for (std::size_t i = 1; i < read_.size(); ++i) {
      if (read_[i]) {
        indexes.push_back(static_cast<int>(i));
      }
    }
    return indexes;
  }

private:
  const Relation &at(int index) const { return meaning_.schema.relations[static_cast<std::size_t>(index)]; }

  void column(int relation, int column) {
    this->relation(relation);
    if (relation >= 0 && column >= 0) {
      columns_.insert({relation, column});
    }
  }

  /// Marks what rows are told apart by in time: their date, and the primary key among those of one date.
  void order(const Scalar &scalar) {
    const bool ordered = scalar.fold == Fold::first || scalar.fold == Fold::last || scalar.fold == Fold::mode;
    if (!ordered && scalar.fold != Fold::days && scalar.fold != Fold::weeks && scalar.fold != Fold::months &&
        scalar.fold != Fold::forecast) {
      return;
    }
    const ColumnRef date = date_column(meaning_.schema, *meaning_.reach, scalar.source);
    column(date.relation, date.column);
    for (const int key : at(scalar.source).primary_key) {
      if (ordered) {
        column(scalar.source, key);
      }
    }
  }

  /// Marks a relation and what it hangs on, each with what its own condition reads, and the keys between
  /// them.
  void relation(int index) {
    for (int next = index; next >= 0 && !read_[static_cast<std::size_t>(next)]; next = at(next).of) {
      const auto place = static_cast<std::size_t>(next);
      read_[place] = true;
      if (const Relation &one = at(next); one.of >= 0) {
        const bool looked_up = one.role == Role::lookup;
        columns_.insert({looked_up ? one.of : next, one.key});
        columns_.insert(looked_up ? ColumnRead{next, one.lookup_key} : ColumnRead{one.of, one.of_key});
        if (one.tree >= 0) {
          column(one.tree, at(one.tree).parent);
          column(one.tree, at(one.tree).value);
        }
      }
      if (place < meaning_.row_conditions.size() && meaning_.row_conditions[place]) {
        condition(*meaning_.row_conditions[place]);
      }
    }
  }

  const Meaning &meaning_;
  std::vector<bool> read_;
  std::set<ColumnRead> columns_;
  std::vector<const Condition *> segments_;
};

} // namespace

std::vector<int> relations_read(const Condition &condition, const Meaning &meaning) {
  Reading reading(meaning);
  reading.condition(condition);
  return reading.relations();
}

std::vector<ColumnRead> columns_read(const Condition &condition, const Meaning &meaning) {
  Reading reading(meaning);
  reading.condition(condition);
  return reading.columns();
}

std::vector<ColumnRead> columns_read(const CheckedValue &value, const Meaning &meaning) {
  Reading reading(meaning);
  reading.scalar(value.scalar);
  if (value.condition) {
    reading.condition(*value.condition);
  }
  return reading.columns();
}

std::optional<std::vector<ColumnRead>> source_columns_read(int defined, const Meaning &meaning) {
  Checker checker(meaning, {});
  const CheckedSource source = checker.check_source(defined);
  if (!checker.take_diagnostics().empty()) {
    return std::nullopt;
  }
  Reading reading(meaning);
  for (const Scalar &parameter : source.parameters) {
    reading.scalar(parameter);
  }
  if (source.condition) {
    reading.condition(*source.condition);
  }
  return reading.columns();
}

} // namespace segmentation::core
