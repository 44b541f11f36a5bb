#include "json/text.h"

#include <string>

#include <gtest/gtest.h>

namespace kiln::json {
namespace {

constexpr size_t kGood = std::string_view::npos;

std::string unescaped(std::string_view text) {
  EXPECT_EQ(find_bad_escape(text), kGood) << text;
  std::string out = "<";
  append_unescaped(out, text);
  return out.substr(1);
}

TEST(TextTest, ResolvesEveryEscape) {
  EXPECT_EQ(unescaped(R"(\"\\\/\b\f\n\r\t)"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(unescaped(R"(\u0041\u00e9\u20AC)"), "A\xC3\xA9\xE2\x82\xAC");
  EXPECT_EQ(unescaped(R"(a\\u0041)"), "a\\u0041");
  EXPECT_EQ(unescaped(""), "");
  EXPECT_EQ(unescaped("plain \xC3\xA9"), "plain \xC3\xA9");
  EXPECT_EQ(unescaped(R"(\u0000)"), std::string(1, '\0'));
}

TEST(TextTest, ResolvesTheEdgesOfUtf8Lengths) {
  EXPECT_EQ(unescaped(R"(\u007f\u0080\u07FF\u0800\uFFFF)"),
            "\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF");
  EXPECT_EQ(unescaped(R"(\uD7FF\uE000)"), "\xED\x9F\xBF\xEE\x80\x80");
}

TEST(TextTest, JoinsSurrogates) {
  EXPECT_EQ(unescaped(R"(\uD83D\uDE00)"), "\xF0\x9F\x98\x80");
  EXPECT_EQ(unescaped(R"(\uD800\uDC00\uDBFF\uDFFF)"), "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF");
}

TEST(TextTest, UnescapingNeverGrows) {
  for (const std::string_view text : {R"(\n)", R"(\uFFFF)", R"(\uDBFF\uDFFF)", "abc"}) {
    std::string out(text.size(), '?');
    EXPECT_LE(unescape_to(out.data(), text), text.size());
  }
}

TEST(TextTest, FindsTheFirstBadEscape) {
  const std::pair<std::string_view, size_t> cases[] = {
      {R"(ab\x)", 2},           {R"(\n\q)", 2},         {R"(\u12)", 0},         {R"(\u12G4)", 0},
      {R"(\U0041)", 0},         {R"(a\u 041)", 1},      {R"(\uD83D)", 0},       {R"(\uD83Dx)", 0},
      {R"(\uD83D\n12345)", 0},  {R"(\uD83D\u0041)", 0}, {R"(\uD83D\uD83D)", 0}, {R"(\uDE00)", 0},
      {R"(ok\uDE00\uD83D)", 2}, {R"(\uD83D\uDE0)", 0},  {R"(\')", 0},           {R"(\u+123)", 0},
      {R"(\u-123)", 0},
  };
  for (const auto& [text, offset] : cases) EXPECT_EQ(find_bad_escape(text), offset) << text;
  EXPECT_EQ(find_bad_escape("end\\"), 3U);
  EXPECT_EQ(find_bad_escape(R"(\\\)"), 2U);
  EXPECT_EQ(find_bad_escape(std::string("\\\0", 2)), 0U);
}

TEST(TextTest, AcceptsUtf8) {
  for (const std::string_view text : {"", "ascii", "\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF",
                                      "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "\xEF\xBB\xBF"}) {
    EXPECT_TRUE(is_utf8(text));
    EXPECT_EQ(find_bad_utf8(text), kGood);
  }
}

TEST(TextTest, FindsTheFirstByteThatIsNoUtf8) {
  // Table 3-7 of the Unicode standard, from its outside.
  for (const std::string_view bad :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xE0\x9F\xBF", "\xE0\xA0",
        "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF0\x90\x80", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xFF", "\xFE"}) {
    for (const size_t before : {0U, 1U, 31U, 63U, 64U, 200U}) {
      const std::string text = std::string(before, 'a') + std::string(bad);
      EXPECT_FALSE(is_utf8(text)) << before;
      EXPECT_EQ(find_bad_utf8(text), before);
      EXPECT_EQ(find_bad_utf8("\xC3\xA9" + text + "tail \xE2\x82\xAC"), before + 2);
    }
  }
}

TEST(TextTest, NumbersAreThoseOfJson) {
  for (const std::string_view text :
       {"0", "-0", "1", "10", "-12", "0.5", "1.50", "-0.0", "1e5", "1E5", "1e+5", "1e-05", "0e0",
        "12.34e-56", "123456789012345678901234567890", "1e999999"}) {
    EXPECT_TRUE(is_number(text)) << text;
  }
  for (const std::string_view text :
       {"",     "-",   "+1",       "01",  "-01",   "00",    ".5", "1.",
        "1.e5", "-.5", "1e",       "1e+", "1e5.0", "0x10",  "1 ", " 1",
        "1a",   "NaN", "Infinity", "--1", "1.2.3", "1,000", "e5", "١"}) {
    EXPECT_FALSE(is_number(text)) << text;
  }
  EXPECT_FALSE(is_number(std::string_view("1\0", 2)));
}

TEST(RepairUtf8, ReplacesWhatIsNoCharacter) {
  EXPECT_EQ(repair_utf8(""), "");
  EXPECT_EQ(repair_utf8("gr\xC3\xBCn"), "gr\xC3\xBCn");
  EXPECT_EQ(repair_utf8("a\xFFz"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(repair_utf8("\xC3("), "\xEF\xBF\xBD(");
  EXPECT_EQ(repair_utf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(repair_utf8("x\xF0\x9F"), "x\xEF\xBF\xBD\xEF\xBF\xBD");
}

}  // namespace
}  // namespace kiln::json
