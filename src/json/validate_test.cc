#include "json/validate.h"

#include <string>

#include <gtest/gtest.h>

#include "json/line_parser.h"

namespace kiln::json {
namespace {

constexpr size_t kGood = std::string::npos;

size_t problem_at(std::string_view text) {
  const auto problem = find_problem(text);
  if (!problem) return kGood;
  EXPECT_NE(problem->message, nullptr);
  return problem->offset;
}

TEST(ValidateTest, AcceptsJsonAndBlankLines) {
  for (const std::string_view text :
       {"", " \t\r\n", "{}", "[]", " { \"a\" : [ 1 , -2.5e3 , true , false , null ] } \r",
        R"({"a":"\u00e9\uD83D\uDE00\n","b":{"a":1},"c":[{"a":1},{"a":2}]})", "3", "\"x\"",
        "[[],[[]]]", "{\"\":1}", "\"\x7F\""}) {
    EXPECT_EQ(problem_at(text), kGood) << text;
  }
}

TEST(ValidateTest, PositionsOfGrammarErrors) {
  const std::pair<std::string_view, size_t> cases[] = {
      {"{\"a\":1} x", 8},
      {"{}{}", 2},
      {"[1,]", 3},
      {"{\"a\":1,}", 7},
      {"[1 2]", 3},
      {"{\"a\" 1}", 5},
      {"{\"a\":}", 5},
      {"{a:1}", 1},
      {"{1:2}", 1},
      {"[01]", 1},
      {"[1.]", 1},
      {"[tru]", 1},
      {"[+1]", 1},
      {"{]", 1},
      {"[1}", 2},
      {"{\"a\":1]", 6},
      {"]", 0},
      {",", 0},
      {"{\"a\":1 \"b\":2}", 7},
      {"[NaN]", 1},
  };
  for (const auto& [text, offset] : cases) EXPECT_EQ(problem_at(text), offset) << text;
}

TEST(ValidateTest, PositionsInStrings) {
  EXPECT_EQ(problem_at("[\"a\tb\"]"), 3U);
  EXPECT_EQ(problem_at(R"(["ab\x"])"), 4U);
  EXPECT_EQ(problem_at(R"(["\uD800"])"), 2U);
  EXPECT_EQ(problem_at(R"({"a\q":1})"), 3U);
  EXPECT_EQ(problem_at("[\"ab\xFFz\"]"), 4U);
  EXPECT_EQ(problem_at("{\"k\xC0\xAF\":1}"), 3U);
  EXPECT_EQ(problem_at("[\"ok\",\"\xED\xA0\x80\"]"), 7U);
  EXPECT_EQ(problem_at(std::string("[\"a\0\"]", 6)), 3U);
  EXPECT_EQ(problem_at("[\"a\\\x01\"]"), 3U);
}

TEST(ValidateTest, BytesOutsideOfStringsAreNoSpace) {
  EXPECT_EQ(problem_at("[1,\xC2\xA0"
                       "2]"),
            3U);
  EXPECT_EQ(problem_at("\xEF\xBB\xBF{}"), 0U);
  EXPECT_EQ(problem_at(std::string("{}\0", 3)), 2U);
  EXPECT_EQ(problem_at("{\v}"), 1U);
}

TEST(ValidateTest, DuplicateKeysAreFoundAtTheSecond) {
  EXPECT_EQ(problem_at(R"({"a":1,"b":2,"a":3})"), 13U);
  EXPECT_EQ(problem_at(R"({"a":1,"\u0061":2})"), 7U);
  EXPECT_EQ(problem_at(R"([{"x":{"k":1,"k":2}}])"), 13U);
  EXPECT_EQ(problem_at(R"({"a":1,"A":2,"a ":3})"), kGood);
}

TEST(ValidateTest, TruncationsEndWithTheText) {
  const std::string text = R"( {"a":[1,{"b":"c\u00e9\n"}],"d":{"e":true,"f":-1.5e3}})";
  for (size_t size = 2; size < text.size(); ++size) {
    const size_t at = problem_at(text.substr(0, size));
    ASSERT_NE(at, kGood) << size;
    EXPECT_LE(at, size) << size;
  }
  EXPECT_EQ(problem_at("{\"a\":\"b\\"), 8U);
  EXPECT_EQ(problem_at("{\"a\""), 4U);
}

TEST(ValidateTest, DepthIsThatOfTheParser) {
  const auto nested = [](int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += "{\"a\":";
    return text + "1" + std::string(static_cast<size_t>(depth), '}');
  };
  EXPECT_EQ(problem_at(nested(kMaxDepth)), kGood);
  EXPECT_EQ(problem_at(nested(kMaxDepth + 1)), 5U * kMaxDepth);
  EXPECT_EQ(problem_at(std::string(1'000'000, '[')), static_cast<size_t>(kMaxDepth));
}

}  // namespace
}  // namespace kiln::json
