// What the view attributes is made of, as plain views into strings that one object keeps. Free of server
// headers.
#pragma once

#include "core/meaning/describe.hpp"
#include "pg/live/live_core.hpp"

#include <deque>
#include <string>
#include <vector>

namespace segmentation::pg {

/// Something that rules can name, or a type of values.
struct DescribedRow {
  const char *kind; // defined, column, lookup, set, fields (of which each field is a name) or type
  const char *name; // as rules write it
  const char *type; // nullptr where it is broken
  const char *const *operators;
  int operator_count;
  int relation;     // index of the input; -1 for none
  const char *word; // its own name in the catalogs: of the column, attribute or binding
};

/// What an attribute or a segment reads.
struct ReadRow {
  const char *kind; // attribute, segment, value
  const char *name;
  const char *what; // column, field, attribute; needs: a column that an attribute reads, on the way to
                    // others, too; wrong: nothing, since it cannot be shown
  int relation;     // index of the input; -1 for an attribute
  const char *word; // of the column, field or attribute; what is wrong
  const char *const *keys;
  int key_count;
};

/// Keeps the strings that the rows point to.
class AttributeList {
public:
  /// Describes all that rules can name of a customer, and what values of each type can be tested with.
  static AttributeList *all_of(const LiveCore &live);
  /// Tells who reads what. What does not check reads nothing.
  static AttributeList *reads_of(const LiveCore &live);
  /// Tells what is read for values of a customer, by what rules call them; of what cannot be shown, why.
  static AttributeList *needs_of(const LiveCore &live, const char *const *names, int count);
  /// Prints the SELECT of values of customers, given by a SELECT of their keys; empty for all. Names that
  /// cannot be shown are left out.
  static AttributeList *values_of(const LiveCore &live, const char *const *names, int count,
                                  const char *members);

  const std::vector<DescribedRow> &described() const noexcept { return described_; }
  const std::vector<ReadRow> &reads() const noexcept { return reads_; }
  /// The SELECT of values_of, and the names that it shows.
  const std::vector<const char *> &texts() const noexcept { return texts_; }

private:
  const char *keep(std::string text) { return strings_.emplace_back(std::move(text)).c_str(); }
  void describe(const char *kind, const core::Name &name, const std::optional<core::Described> &described,
                int relation, const char *word);
  void bare_capitals();
  void describe_columns(const LiveCore &live, const char *kind, int relation);
  void read(const LiveCore &live, const char *kind, const char *name, const core::CheckedRule &rule);

  std::deque<std::string> strings_; // deques: growing moves nothing
  std::deque<std::vector<const char *>> lists_;
  std::vector<DescribedRow> described_;
  std::vector<core::Name> names_; // of these
  std::vector<ReadRow> reads_;
  std::vector<const char *> texts_;
};

} // namespace segmentation::pg
