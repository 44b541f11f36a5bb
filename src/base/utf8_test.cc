#include "base/utf8.h"

#include <string>

#include <gtest/gtest.h>

namespace kiln::base {
namespace {

TEST(Utf8, CharactersAndTheirBounds) {
  for (const std::string& whole :
       {std::string("a"), std::string(1, '\0'), std::string("\x7f"), std::string("\xc2\x80"),
        std::string("\xdf\xbf"), std::string("\xe0\xa0\x80"), std::string("\xed\x9f\xbf"),
        std::string("\xee\x80\x80"), std::string("\xef\xbf\xbf"), std::string("\xf0\x90\x80\x80"),
        std::string("\xf4\x8f\xbf\xbf")}) {
    EXPECT_EQ(utf8_character(whole), whole.size());
    EXPECT_EQ(utf8_character(whole + "x"), whole.size());
    EXPECT_EQ(utf8_character(whole.substr(0, whole.size() - 1)), 0U);
  }
  for (const char* bad : {"", "\x80", "\xbf", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf",
                          "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
                          "\xf5\x80\x80\x80", "\xff", "\xc2x", "\xe1\x80x", "\xf1\x80\x80x"}) {
    EXPECT_EQ(utf8_character(bad), 0U) << bad;
  }
}

}  // namespace
}  // namespace kiln::base
