#include "base/text.h"

#include <gtest/gtest.h>

namespace kiln::base {
namespace {

TEST(Text, LowerIsForAsciiOnly) { EXPECT_EQ(lower("BYTES=1 \xC3\x84z"), "bytes=1 \xC3\x84z"); }

TEST(Text, TrimmedTakesSpacesAndTabs) {
  EXPECT_EQ(trimmed(" \ta b\t "), "a b");
  EXPECT_EQ(trimmed(" \t"), "");
  EXPECT_EQ(trimmed(""), "");
}

TEST(Text, PiecesAreAsTheyStand) {
  const auto pieces = [](std::string_view text) {
    std::string all;
    for_each_piece(text, ',',
                   [&](std::string_view piece) { all += "[" + std::string(piece) + "]"; });
    return all;
  };
  EXPECT_EQ(pieces(""), "");
  EXPECT_EQ(pieces("a"), "[a]");
  EXPECT_EQ(pieces(" a,,b ,"), "[ a][][b ]");
}

}  // namespace
}  // namespace kiln::base
