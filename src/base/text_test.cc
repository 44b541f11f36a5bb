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

}  // namespace
}  // namespace kiln::base
