#include "json/minify.h"

#include <string>

#include <gtest/gtest.h>

namespace kiln::json {
namespace {

std::string minified(std::string_view text) {
  std::string out = "what was there before";
  minify(text, out);
  return out;
}

TEST(MinifyTest, DropsSpaceBetweenTokensOnly) {
  EXPECT_EQ(minified("{\n \"a b\" :\t[ 1 , 2 ],\r\n \"c\": \" \\\" x \" }\n"),
            R"({"a b":[1,2],"c":" \" x "})");
  EXPECT_EQ(minified("{}"), "{}");
  EXPECT_EQ(minified(""), "");
  EXPECT_EQ(minified(" \n\t\r "), "");
}

TEST(MinifyTest, LongTextsAcrossBlocks) {
  for (size_t size = 0; size < 200; ++size) {
    const std::string inner(size, ' ');
    EXPECT_EQ(minified("[\"" + inner + "\" , " + inner + "1]"), "[\"" + inner + "\",1]") << size;
  }
}

TEST(MinifyTest, BackslashesAcrossBlocks) {
  for (size_t size = 40; size < 140; ++size) {
    const std::string text = "\"" + std::string(size, 'x') + "\\\\\\\" \"";
    EXPECT_EQ(minified(text + " "), text) << size;
  }
}

TEST(MinifyTest, TextThatIsNoJsonIsSomeText) {
  EXPECT_EQ(minified("\"abc  "), "\"abc  ");
  EXPECT_FALSE(minified("{\"a\": \"b}").empty());
  EXPECT_EQ(minified("a b c"), "abc");
}

}  // namespace
}  // namespace kiln::json
