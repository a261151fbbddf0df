// Folding against what PostgreSQL 15's lower(x COLLATE "und-x-icu") gives.
#include "core/value/fold_case.hpp"

#include <gtest/gtest.h>

#include <string>

using segmentation::core::fold_case;
using segmentation::core::fold_case_into;

TEST(FoldCase, AgreesWithPostgres) {
  const struct {
    const char *text;
    const char *folded;
  } cases[] = {
      {"ÀÉÎ", "\xc3\xa0\xc3\xa9\xc3\xae"},
      {"СОФИЯ", "\xd1\x81\xd0\xbe\xd1\x84\xd0\xb8\xd1\x8f"},
      {"ΟΔΟΣ", "\xce\xbf\xce\xb4\xce\xbf\xcf\x82"},
      {"ΟΔΟΣ Α", "\xce\xbf\xce\xb4\xce\xbf\xcf\x82 \xce\xb1"},
      {"Σ", "\xcf\x83"},
      {"İstanbul", "i\xcc\x87stanbul"},
      {"IĞDIR", "i\xc4\x9f"
                "dir"},
      {"ẞ", "\xc3\x9f"},
      {"ǅ", "\xc7\x86"},
      {"\xe2\x84\xaa", "k"},
      {"Ⱥ", "\xe2\xb1\xa5"},
      {"𐐀", "\xf0\x90\x90\xa8"},
      {"ﬁ", "\xef\xac\x81"},
      {"ÇELİK ΣΑΣ", "\xc3\xa7"
                    "eli\xcc\x87k \xcf\x83\xce\xb1\xcf\x82"},
      {"日本", "日本"},
  };
  for (const auto &one : cases) {
    EXPECT_EQ(fold_case(one.text), one.folded);
  }
}

TEST(FoldCase, FoldsPlainText) {
  EXPECT_EQ(fold_case(""), "");
  EXPECT_EQ(fold_case("STRASSE [@Z`{}] az 09"), "strasse [@z`{}] az 09");
  EXPECT_EQ(fold_case(std::string("A\0B", 3)), std::string("a\0b", 3));
}

TEST(FoldCase, LeavesBrokenUtf8Alone) {
  EXPECT_EQ(fold_case("\xff"
                      "ABC"),
            "\xff"
            "ABC");
  EXPECT_EQ(fold_case("ABC\xc3"), "ABC\xc3");
}

TEST(FoldCase, TakesLongText) {
  std::string text;
  std::string folded;
  for (int i = 0; i < 10'000; ++i) {
    text += "İЖ";
    folded += "i\xcc\x87ж";
  }
  EXPECT_EQ(fold_case(text), folded);
}

TEST(FoldCase, ReusesTheOutput) {
  std::string out = "something longer than what follows";
  fold_case_into("ЯBC", out);
  EXPECT_EQ(out, "яbc");
  fold_case_into("X", out);
  EXPECT_EQ(out, "x");
}
