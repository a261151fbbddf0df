// What rows of a feed depend on: the columns that are asked for, the joins that lead to them, and what the
// conditions of lookups and sets on the way look at.
#pragma once

#include "core/meaning/checked.hpp"

#include <map>
#include <set>

namespace segmentation::core::program {

class Reads {
public:
  /// Reads for rows of `root`.
  Reads(const Meaning &meaning, int root) : meaning_(meaning), root_(root) { columns_[root]; }

  void add(const ColumnRef &column);
  /// Adds the joins between the root and a relation in reach of it.
  void reach(int relation);

  /// Returns the columns read, by relation.
  const std::map<int, std::set<int>> &columns() const noexcept { return columns_; }
  /// Tells whether a condition on the way changes its answer with time alone.
  bool moves() const noexcept { return moves_; }

private:
  const Relation &relation(int index) const {
    return meaning_.schema.relations[static_cast<std::size_t>(index)];
  }
  bool is_on_trunk(int relation) const;
  void join(int below);
  void add(const Condition &condition);
  void add(const Scalar &scalar);

  const Meaning &meaning_;
  int root_;
  std::map<int, std::set<int>> columns_;
  std::set<int> joined_;
  bool moves_ = false;
};

} // namespace segmentation::core::program
