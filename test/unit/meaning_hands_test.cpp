// What people say by hand: segments with it, groups and tags, and the lists that name these.
#include "unit/meaning_check.hpp"

namespace segmentation::core::test {
namespace {

Schema schema_with_hands() {
  Schema schema = bare_shop_schema();
  schema.relations.push_back(
      make_relation(Role::source, "by_hand", customers,
                    {make_whole("customer_id"), make_whole("segment_id"), make_whole("standing")}));
  Relation &hands = schema.relations.back();
  hands.key = 0;
  hands.of_key = 0;
  hands.hand = 1;
  hands.standing = 2;
  return schema;
}

void add_kept(Schema &schema, std::string name, NamedSegment::Form form) {
  NamedSegment kept;
  kept.id = static_cast<std::int64_t>(schema.segments.size()) + 1;
  kept.spoken = kept.id;
  kept.name = std::move(name);
  kept.form = form;
  schema.segments.push_back(std::move(kept));
}

/// Segments 1, a rule, 2, a rule about which people have spoken, 3, a group, 4, a tag.
std::shared_ptr<const Meaning> meaning() {
  Schema schema = schema_with_hands();
  define_segment(schema, "rich", "points > 100");
  define_segment(schema, "vip", "points > 50");
  schema.segments.back().by_hand = true;
  schema.segments.back().spoken = schema.segments.back().id;
  add_kept(schema, "Press", NamedSegment::Form::group);
  add_kept(schema, "Barred", NamedSegment::Form::tag);
  return meaning_of(std::move(schema));
}

std::string stands(int segment, int standing) {
  return fmt::format("count(by_hand | all(by_hand.segment_id = {}, by_hand.standing = {})) > 0", segment,
                     standing);
}

TEST(MeaningHands, SegmentsHaveWhatPeopleSay) {
  const auto known = meaning();
  EXPECT_EQ(outcome("segments CONTAINS 'rich'", *known), "segment rich(customers.points > 100)");
  EXPECT_EQ(outcome("segments CONTAINS 'vip'", *known),
            "segment vip(any(" + stands(2, 1) + ", all(customers.points > 50, not(" + stands(2, -1) + "))))");
  EXPECT_EQ(outcome("segments CONTAINS 'press'", *known), "segment Press(" + stands(3, 1) + ")");
}

TEST(MeaningHands, ListsHaveThoseOfTheirKind) {
  const auto known = meaning();
  const std::string press = "segment Press(" + stands(3, 1) + ")";
  EXPECT_EQ(outcome("customer_groups CONTAINS 'PRESS'", *known), press);
  EXPECT_EQ(outcome("customer_groups CONTAINS 'nobody'", *known), "any()");
  EXPECT_EQ(outcome("customer_groups CONTAINS ALL ('press', 'nobody')", *known), "all(" + press + ", any())");
  EXPECT_EQ(outcome("customer_groups IS NOT NULL", *known), "any(any(), " + stands(3, 1) + ")");
  const std::string barred = "segment Barred(" + stands(4, 1) + ")";
  const auto own = [](std::string_view tag) {
    return fmt::format("count(customer_tags | in_folded(customer_tags.tag; {})) > 0", tag);
  };
  EXPECT_EQ(outcome("customer_tags CONTAINS 'press'", *known), own("press"));
  EXPECT_EQ(outcome("customer_tags NOT CONTAINS 'barred'", *known),
            "not(any(" + own("barred") + ", " + barred + "))");
  EXPECT_EQ(outcome("customer_tags CONTAINS ALL ('x', 'barred')", *known),
            "all(" + own("x") + ", any(" + own("barred") + ", " + barred + "))");
}

TEST(MeaningHands, ARuleTellsWhichItNames) {
  const auto known = meaning();
  const Checked named = check("customer_groups CONTAINS 'press'", *known);
  ASSERT_TRUE(named.rule);
  EXPECT_EQ(named.rule->segments, std::vector<int>{2});
  EXPECT_FALSE(named.rule->any_kept);
  const Checked any = check("customer_groups IS NULL", *known);
  ASSERT_TRUE(any.rule);
  EXPECT_TRUE(any.rule->segments.empty());
  EXPECT_TRUE(any.rule->any_kept);
}

TEST(MeaningHands, TheRelationHasNoName) {
  const auto known = meaning();
  for (const char *rule : {"by_hand MATCHES (standing = 1)", "count(by_hand) > 0", "by_hand IS NULL"}) {
    EXPECT_NE(outcome(rule, *known).find("42703"), std::string::npos) << rule;
  }
}

} // namespace
} // namespace segmentation::core::test
