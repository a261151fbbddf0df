// What people say by hand is rows of a relation like any other: one a customer and segment, with where she
// stands.
#include "core/meaning/build.hpp"
#include "core/meaning/checker.hpp"

#include <algorithm>

namespace segmentation::core {

namespace {

Scalar column(int relation, int column) {
  Scalar scalar;
  scalar.column = {relation, column, {}};
  return scalar;
}

/// True for customers of whom people have said so.
ConditionPtr stands(const Schema &schema, int hands, std::int64_t segment, std::int64_t standing) {
  const Relation &relation = schema.relations[static_cast<std::size_t>(hands)];
  Scalar count;
  count.form = Scalar::Form::aggregate;
  count.fold = Fold::count;
  count.source = hands;
  count.filter = build::all(
      {}, {build::number_compare({}, column(hands, relation.hand), CompareOp::eq, Decimal(segment)),
           build::number_compare({}, column(hands, relation.standing), CompareOp::eq, Decimal(standing))});
  return build::number_compare({}, std::move(count), CompareOp::gt, Decimal(0));
}

} // namespace

ConditionPtr with_hands(const NamedSegment &segment, ConditionPtr rule, const Schema &schema) {
  if (segment.form == NamedSegment::Form::rule && (!segment.by_hand || !rule)) {
    return rule;
  }
  const auto found = std::find_if(schema.relations.begin(), schema.relations.end(),
                                  [](const Relation &relation) { return relation.hand >= 0; });
  if (found == schema.relations.end()) {
    return rule ? std::move(rule) : build::constant({}, false);
  }
  const int hands = static_cast<int>(found - schema.relations.begin());
  ConditionPtr put_in = stands(schema, hands, segment.spoken, 1);
  if (!rule) {
    return put_in;
  }
  ConditionPtr kept_out = stands(schema, hands, segment.spoken, -1);
  return build::any(
      {}, {std::move(put_in), build::all({}, {std::move(rule), build::negation({}, std::move(kept_out))})});
}

} // namespace segmentation::core
