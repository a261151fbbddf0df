// Segments' names in the text of rules: what is rewritten, and that nothing else is.
#include "core/rule/rename.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace segmentation::core {
namespace {

std::string renamed(std::string_view text, std::string_view old_name = "old",
                    std::string_view new_name = "new one", const std::vector<std::string> &lists = {}) {
  return rename_in_rule(text, {old_name, new_name, lists});
}

TEST(RuleRename, RewritesTheLiteralInItsPlace) {
  EXPECT_EQ(renamed("segments CONTAINS 'old'"), "segments CONTAINS 'new one'");
  EXPECT_EQ(renamed("  SEGMENTS  contains  'OLD'  "), "  SEGMENTS  contains  'new one'  ");
  EXPECT_EQ(renamed("customers.segments CONTAINS ('old')"), "customers.segments CONTAINS ('new one')");
  EXPECT_EQ(renamed("NOT (segments NOT CONTAINS 'old' OR segments CONTAINS 'older') AND a = 1"),
            "NOT (segments NOT CONTAINS 'new one' OR segments CONTAINS 'older') AND a = 1");
  EXPECT_EQ(renamed("segments CONTAINS ANY ('a', 'old' , 'Old') OR segments CONTAINS ALL ('old','b')"),
            "segments CONTAINS ANY ('a', 'new one' , 'new one') OR segments CONTAINS ALL ('new one','b')");
}

TEST(RuleRename, KeepsCommentsSettingsAndTheSameWordElsewhere) {
  EXPECT_EQ(renamed("FROM customers SHOW old, segments WHERE /* segments CONTAINS 'old' */\n"
                    "  tags CONTAINS 'old' -- 'old'\n"
                    "  AND segments CONTAINS /* here */ 'old' AND old = 'old' ORDER BY old LIMIT 3"),
            "FROM customers SHOW old, segments WHERE /* segments CONTAINS 'old' */\n"
            "  tags CONTAINS 'old' -- 'old'\n"
            "  AND segments CONTAINS /* here */ 'new one' AND old = 'old' ORDER BY old LIMIT 3");
  // A column of that name, of the customer or of rows.
  EXPECT_EQ(renamed("\"segments\" CONTAINS 'old'"), "\"segments\" CONTAINS 'old'");
  EXPECT_EQ(renamed("orders MATCHES (segments CONTAINS 'old')"), "orders MATCHES (segments CONTAINS 'old')");
  EXPECT_EQ(renamed("count(orders MATCHES (segments CONTAINS 'old')) > 1"),
            "count(orders MATCHES (segments CONTAINS 'old')) > 1");
  EXPECT_EQ(renamed("x.segments CONTAINS 'old'"), "x.segments CONTAINS 'old'");
}

TEST(RuleRename, QuotesAndReadsQuotes) {
  EXPECT_EQ(renamed(R"(segments CONTAINS 'O''Brien' OR segments CONTAINS 'o\'brien')", "O'Brien", R"(a\'b')"),
            R"(segments CONTAINS 'a\\''b''' OR segments CONTAINS 'a\\''b''')");
}

TEST(RuleRename, CountsBytesNotLetters) {
  EXPECT_EQ(
      renamed("city = 'София' AND segments CONTAINS ANY ('ВИП', 'Вип клиенти') AND x = 'é'", "вип", "ядро"),
      "city = 'София' AND segments CONTAINS ANY ('ядро', 'Вип клиенти') AND x = 'é'");
}

TEST(RuleRename, KnowsAttributesThatStandForTheList) {
  const std::vector<std::string> lists{"Groups", "my.groups"};
  EXPECT_EQ(renamed("groups CONTAINS 'old' AND customers.my.Groups CONTAINS 'old' AND group CONTAINS 'old'",
                    "old", "new", lists),
            "groups CONTAINS 'new' AND customers.my.Groups CONTAINS 'new' AND group CONTAINS 'old'");
  EXPECT_TRUE(is_segment_list(" segments ", {}));
  EXPECT_TRUE(is_segment_list("groups", lists));
  EXPECT_FALSE(is_segment_list("groups", {}));
  EXPECT_FALSE(is_segment_list("segments CONTAINS 'x'", {}));
  EXPECT_FALSE(is_segment_list("count(orders) + 1", {}));
  EXPECT_FALSE(is_segment_list("segments AND", {}));
}

TEST(RuleRename, RewritesAttributes) {
  EXPECT_EQ(rename_in_attribute("segments CONTAINS 'old' OR city = 'old'", {"old", "new", {}}),
            "segments CONTAINS 'new' OR city = 'old'");
  EXPECT_EQ(rename_in_attribute("count(orders MATCHES (name = 'old')) / 2", {"old", "new", {}}),
            "count(orders MATCHES (name = 'old')) / 2");
}

TEST(RuleRename, FollowsIntoMemberships) {
  EXPECT_EQ(renamed("memberships MATCHES (segment = 'old', left_at > -30d) AND city = 'old'"),
            "memberships MATCHES (segment = 'new one', left_at > -30d) AND city = 'old'");
  EXPECT_EQ(
      renamed("NOT (\"Memberships\" NOT MATCHES (Segment IN ('a', 'OLD') AND (memberships.segment != 'old' "
              "OR NOT segment = 'older')))"),
      "NOT (\"Memberships\" NOT MATCHES (Segment IN ('a', 'new one') AND (memberships.segment != 'new one' "
      "OR NOT segment = 'older')))");
  EXPECT_EQ(renamed("memberships(segment: ('old', 'b')) = false"),
            "memberships(segment: ('new one', 'b')) = false");
  EXPECT_EQ(renamed("customer.memberships MATCHES (segment IN ('old'), last(segment) = 'old', "
                    "count(memberships MATCHES (segment = 'old')) > 1)"),
            "customer.memberships MATCHES (segment IN ('new one'), last(segment) = 'new one', "
            "count(memberships MATCHES (segment = 'new one')) > 1)");
  EXPECT_EQ(renamed("count(memberships MATCHES (segment = 'old')) > count(orders MATCHES (segment = 'old'))"),
            "count(memberships MATCHES (segment = 'new one')) > count(orders MATCHES (segment = 'old'))");
  EXPECT_EQ(renamed("a > max(memberships.left_at MATCHES (segment = 'old'))"),
            "a > max(memberships.left_at MATCHES (segment = 'new one'))");
  EXPECT_EQ(renamed("last(memberships.segment MATCHES (segment IN ('old', 'b'))) != 'old'"),
            "last(memberships.segment MATCHES (segment IN ('new one', 'b'))) != 'new one'");
  // Rows of others, whatever their columns are called.
  EXPECT_EQ(renamed("orders MATCHES (segment = 'old') AND last(orders.segment) = 'old'"),
            "orders MATCHES (segment = 'old') AND last(orders.segment) = 'old'");
}

TEST(RuleRename, KnowsAttributesThatPickASegment) {
  const std::vector<std::string> lists{"tier"};
  EXPECT_EQ(renamed("tier = 'old' OR tier IN ('a', 'old') OR city = 'old'", "old", "new", lists),
            "tier = 'new' OR tier IN ('a', 'new') OR city = 'old'");
  EXPECT_TRUE(is_segment_list("last(memberships.segment MATCHES (segment IN ('a', 'b')))", {}));
  EXPECT_TRUE(is_segment_list("tier", lists));
  EXPECT_FALSE(is_segment_list("last(memberships.left_at MATCHES (segment = 'a'))", {}));
  EXPECT_FALSE(is_segment_list("count(DISTINCT memberships.segment MATCHES (segment IN ('a')))", {}));
  EXPECT_FALSE(is_segment_list("last(orders.segment)", {}));
  EXPECT_EQ(
      rename_in_attribute("last(memberships.segment MATCHES (segment IN ('old', 'b')))", {"old", "new", {}}),
      "last(memberships.segment MATCHES (segment IN ('new', 'b')))");
  EXPECT_EQ(rename_in_attribute("count(memberships MATCHES (segment = 'old')) / 2 + sum(orders.old)",
                                {"old", "new", {}}),
            "count(memberships MATCHES (segment = 'new')) / 2 + sum(orders.old)");
}

TEST(RuleRename, LeavesWhatDoesNotParse) {
  EXPECT_EQ(renamed("segments CONTAINS 'old' AND"), "segments CONTAINS 'old' AND");
  EXPECT_EQ(rename_in_attribute("segments CONTAINS 'old' +", {"old", "new", {}}),
            "segments CONTAINS 'old' +");
  EXPECT_EQ(renamed(""), "");
}

} // namespace
} // namespace segmentation::core
