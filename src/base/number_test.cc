#include "base/number.h"

#include <cstdint>

#include <gtest/gtest.h>

namespace kiln::base {
namespace {

TEST(NumberTest, IsTheWholeTextOrNothing) {
  EXPECT_EQ(whole_number<uint16_t>("0"), 0);
  EXPECT_EQ(whole_number<int>("-7"), -7);
  for (const char* const text : {"", "-", "+1", " 1", "1 ", "1.0", "0x1", "1a", "one"}) {
    EXPECT_EQ(whole_number<int>(text), std::nullopt) << text;
  }
  EXPECT_EQ(whole_number<unsigned>("-1"), std::nullopt);
}

TEST(NumberTest, IsWhatItsTypeCanHold) {
  EXPECT_EQ(whole_number<uint16_t>("65534"), 65534);
  EXPECT_EQ(whole_number<uint16_t>("65535"), 65535);
  EXPECT_EQ(whole_number<uint16_t>("65536"), std::nullopt);
  EXPECT_EQ(whole_number<int64_t>("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(whole_number<int64_t>("9223372036854775808"), std::nullopt);
}

}  // namespace
}  // namespace kiln::base
