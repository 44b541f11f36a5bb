#include "json/writer.h"

#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "json/document.h"
#include "json/text.h"

namespace kiln::json {
namespace {

TEST(WriterTest, TextIsValidUtf8WhateverItWas) {
  const auto written = [](std::string_view text) {
    std::string out = "x";
    append_string(out, text);
    EXPECT_TRUE(is_utf8(out));
    return out.substr(1);
  };
  EXPECT_EQ(written("a\xff\"b"), "\"a\xef\xbf\xbd\\\"b\"");
  EXPECT_EQ(written("\xc3\xa9\xed\xa0\x80"), "\"\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
  EXPECT_EQ(written("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
  EXPECT_EQ(written("\xf0\x9f\x98\x80"), "\"\xf0\x9f\x98\x80\"");
  EXPECT_EQ(Writer().begin_object().member("\xff", "\xff").end_object().text(),
            "{\"\xef\xbf\xbd\":\"\xef\xbf\xbd\"}");
}

TEST(WriterTest, PutsCommasWhereTheyBelong) {
  Writer w;
  w.begin_object().member("a", "x").key("b").begin_array();
  w.number(1).number(2).begin_object().end_object().begin_array().end_array().null();
  w.end_array().key("c").boolean(true).key("d").raw("[1.50]").key("e").begin_object();
  w.key("f").boolean(false).end_object().end_object();
  EXPECT_EQ(w.text(), R"({"a":"x","b":[1,2,{},[],null],"c":true,"d":[1.50],"e":{"f":false}})");
}

TEST(WriterTest, WritesAScalarAlone) {
  EXPECT_EQ(Writer().string("x").text(), "\"x\"");
  EXPECT_EQ(Writer().null().text(), "null");
  EXPECT_EQ(Writer().take(), "");
}

TEST(WriterTest, WritesTheEdgesOfIntegers) {
  Writer w;
  w.begin_array()
      .number(std::numeric_limits<int64_t>::min())
      .number(std::numeric_limits<int64_t>::max())
      .number(std::numeric_limits<uint64_t>::max())
      .number(-1)
      .end_array();
  EXPECT_EQ(w.text(), "[-9223372036854775808,9223372036854775807,18446744073709551615,-1]");
}

TEST(WriterTest, EscapesKeysAndTexts) {
  Writer w;
  w.begin_object().member("a\"b", "c\\d\n").end_object();
  EXPECT_EQ(w.text(), R"({"a\"b":"c\\d\n"})");
}

TEST(WriterTest, EveryByteComesBack) {
  std::string all;
  for (int c = 0; c < 0x80; ++c) all += static_cast<char>(c);
  all += "\xC3\xA9\xF0\x9F\x98\x80";
  std::string json;
  append_string(json, all);
  for (const char c : json) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
  EXPECT_NE(json.find("\\u0000"), std::string::npos);
  EXPECT_NE(json.find("\\u001f"), std::string::npos);
  EXPECT_NE(json.find("\\b"), std::string::npos);
  const auto document = Document::parse(json, "t");
  ASSERT_TRUE(document.ok());
  EXPECT_EQ((*document)->root().text(), all);
}

TEST(PrettyTest, BreaksAndIndents) {
  EXPECT_EQ(pretty(R"({"a":[1,{"b":null}],"c":{},"d":[]})"), R"({
  "a": [
    1,
    {
      "b": null
    }
  ],
  "c": {},
  "d": []
})");
  EXPECT_EQ(pretty("3"), "3");
}

TEST(PrettyTest, LeavesStringsAlone) {
  EXPECT_EQ(pretty(R"("a,b:{}[] \"c\" \\")"), R"("a,b:{}[] \"c\" \\")");
}

TEST(PrettyTest, LaidOutTextIsLaidOutAnew) {
  const std::string once = pretty(R"({"a":[1,2],"b":{"c":"d e"}})");
  EXPECT_EQ(pretty(once), once);
  EXPECT_EQ(pretty("{\r\n\t\"a\" :\t1 }"), "{\n  \"a\": 1\n}");
  EXPECT_EQ(pretty("{ }"), "{}");
  EXPECT_EQ(pretty("[ \n ]"), "[]");
}

TEST(PrettyTest, AnyTextIsSomeText) {
  for (const std::string_view text : {"]]]]", "}{", "\"abc", "\"abc\\", "{]"}) {
    EXPECT_FALSE(pretty(text).empty());
  }
}

}  // namespace
}  // namespace kiln::json
