// What feeds say that their rows depend on.
#include "program_till.hpp"

#include <gtest/gtest.h>

namespace segmentation::core::test {
namespace {

using Reads = std::map<int, std::vector<int>>;

Reads reads(const Till &till, int relation) {
  Reads out;
  for (const FeedReads &one : till.program().feeds()[till.feed_of(relation)].reads)
    out[one.relation] = one.columns;
  return out;
}

TEST(ProgramReads, FollowJoinsAndConditions) {
  Till own({is_text(column(customers, 1), "Ann")});
  EXPECT_EQ(reads(own, customers), (Reads{{customers, {0, 1}}}));
  Till plain({is(fold_of(Fold::sum, orders, 4), CompareOp::ge, Decimal(5))});
  EXPECT_EQ(reads(plain, orders), (Reads{{orders, {1, 4}}})) << "the orders carry the customers' key";
  Till counted({is(fold_of(Fold::count, items), CompareOp::ge, Decimal(5))});
  EXPECT_EQ(reads(counted, items), (Reads{{orders, {0, 1}}, {items, {1}}}));
  Till joined(
      {is(fold_of(Fold::count, items, -1, is_text(column(channel, 1), "web")), CompareOp::ge, Decimal(5))});
  EXPECT_EQ(reads(joined, items), (Reads{{orders, {0, 1, 8}}, {items, {1}}, {channel, {0, 1}}}));
  Till upwards({is(fold_of(Fold::count, orders, -1, is_text(column(customers, 1), "Ann")), CompareOp::ge,
                   Decimal(5))});
  EXPECT_EQ(reads(upwards, orders), (Reads{{customers, {0, 1}}, {orders, {1}}}));
  Condition labelled;
  labelled.form = Condition::Form::list_contains;
  labelled.left = column(labels, 1);
  labelled.texts = {"new"};
  Till listed({is(fold_of(Fold::count, orders, -1, share(labelled)), CompareOp::ge, Decimal(1))});
  EXPECT_EQ(reads(listed, orders), (Reads{{orders, {0, 1}}, {labels, {0, 1}}}));

  // Where the key that rows carry has another type, the customers are joined.
  Schema schema = world_schema();
  schema.relations[orders].columns[1].sql_type = "numeric";
  Till other({is(fold_of(Fold::count, orders), CompareOp::ge, Decimal(5))}, schema);
  EXPECT_EQ(reads(other, orders), (Reads{{customers, {0}}, {orders, {1}}}));
}

TEST(ProgramReads, ConditionsOfLookupsAndSetsAreRead) {
  auto meaning = std::make_shared<Meaning>();
  meaning->schema = world_schema();
  meaning->schema.relations[channel].columns.push_back(world_column("open", Kind::boolean));
  meaning->row_conditions.resize(meaning->schema.relations.size());
  Condition open;
  open.form = Condition::Form::is_true;
  open.left.column = {channel, 2, {}};
  open.left.type = Kind::boolean;
  meaning->row_conditions[channel] = share(open);
  // Labels count where the order that they hang on is paid.
  Condition paid;
  paid.form = Condition::Form::is_true;
  paid.left = column(orders, 6);
  meaning->row_conditions[labels] = share(paid);
  Condition labelled;
  labelled.form = Condition::Form::list_contains;
  labelled.left = column(labels, 1);
  labelled.texts = {"new"};
  Condition both;
  both.form = Condition::Form::all;
  both.children = {share(labelled), is_text(column(channel, 1), "web")};
  Till till(meaning, {is(fold_of(Fold::count, orders, -1, share(both)), CompareOp::ge, Decimal(1))});
  EXPECT_EQ(reads(till, orders), (Reads{{orders, {0, 1, 6, 8}}, {channel, {0, 1, 2}}, {labels, {0, 1}}}));
}

} // namespace
} // namespace segmentation::core::test
