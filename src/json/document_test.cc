#include "json/document.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace kiln::json {
namespace {

DocumentPtr parse(std::string text) {
  auto document = Document::parse(std::move(text), "doc.json");
  EXPECT_TRUE(document.ok()) << document.error().to_string();
  return document.ok() ? *document : nullptr;
}

/// "line:column" of the error, or "ok".
std::string error_place(std::string text) {
  const auto document = Document::parse(std::move(text), "doc.json");
  if (document.ok()) return "ok";
  EXPECT_EQ(document.error().code(), base::ErrorCode::kInvalid);
  const base::SourcePosition& at = document.error().position();
  EXPECT_EQ(at.source, "doc.json");
  return std::to_string(at.line) + ":" + std::to_string(at.column);
}

TEST(DocumentTest, HoldsEveryKind) {
  const DocumentPtr document = parse(
      R"({"s":"a\u00e9\n","n":-1.50,"t":true,"f":false,"z":null,"a":[1,"x",[]],"o":{"k":{}}})");
  const Value root = document->root();
  EXPECT_TRUE(root.is_object());
  EXPECT_EQ(root.size(), 7U);
  EXPECT_EQ(root["s"].text(), "a\xC3\xA9\n");
  EXPECT_EQ(root["s"].raw(), R"("a\u00e9\n")");
  EXPECT_TRUE(root["n"].is_number());
  EXPECT_EQ(root["n"].text(), "-1.50");
  EXPECT_TRUE(root["t"].is_boolean());
  EXPECT_TRUE(root["t"].boolean());
  EXPECT_FALSE(root["f"].boolean());
  EXPECT_EQ(root["z"].kind(), ValueKind::kNull);
  EXPECT_FALSE(root["z"].missing());
  EXPECT_EQ(root["a"].items()[1].text(), "x");
  EXPECT_EQ(root["a"].raw(), R"([1,"x",[]])");
  EXPECT_TRUE(root["a"].items()[2].is_array());
  EXPECT_EQ(root["o"].items()[0].key(), "k");
  EXPECT_EQ(root["o"].raw(), R"({"k":{}})");
  EXPECT_EQ(root.raw(), document->text());
}

TEST(DocumentTest, MissingValuesCanBeFollowed) {
  const DocumentPtr document = parse(R"({"a":{"b":1},"list":[1]})");
  const Value missing = document->root()["x"]["y"]["z"];
  EXPECT_TRUE(missing.missing());
  EXPECT_FALSE(missing);
  EXPECT_EQ(missing.text(), "");
  EXPECT_EQ(missing.raw(), "");
  EXPECT_EQ(missing.key(), "");
  EXPECT_EQ(missing.size(), 0U);
  EXPECT_FALSE(missing.integer().has_value());
  EXPECT_FALSE(missing.is_object());
  EXPECT_EQ(missing.position().line, 0U);
  EXPECT_TRUE(document->root()["a"]["b"]["c"].missing());
  EXPECT_TRUE(document->root()["list"]["0"].missing());
  EXPECT_TRUE(Value().missing());
}

TEST(DocumentTest, IntegersAreWholeAndFit) {
  const DocumentPtr document = parse(
      R"([0,-7,9223372036854775807,-9223372036854775808,9223372036854775808,1.0,1e3,"5",true])");
  const std::vector<Value> items = document->root().items();
  EXPECT_EQ(items[0].integer(), 0);
  EXPECT_EQ(items[1].integer(), -7);
  EXPECT_EQ(items[2].integer(), INT64_MAX);
  EXPECT_EQ(items[3].integer(), INT64_MIN);
  for (size_t i = 4; i < items.size(); ++i) EXPECT_FALSE(items[i].integer()) << i;
}

TEST(DocumentTest, ScalarsAloneAreDocuments) {
  EXPECT_EQ(parse(" 12 ")->root().text(), "12");
  EXPECT_EQ(parse("\"a\"\n")->root().text(), "a");
  EXPECT_TRUE(parse("true")->root().boolean());
  EXPECT_EQ(parse("null")->root().kind(), ValueKind::kNull);
}

TEST(DocumentTest, KnowsWhereValuesStand) {
  const DocumentPtr document = parse("{\n  \"a\": [1,\n    22],\r\n\t\"b\" : \"x\" }");
  EXPECT_EQ(document->root().position(), (base::SourcePosition{"doc.json", 1, 1}));
  EXPECT_EQ(document->root()["a"].position(), (base::SourcePosition{"doc.json", 2, 8}));
  EXPECT_EQ(document->root()["a"].items()[1].position(), (base::SourcePosition{"doc.json", 3, 5}));
  EXPECT_EQ(document->root()["b"].position(), (base::SourcePosition{"doc.json", 4, 8}));
}

TEST(DocumentTest, SkipsAByteOrderMark) {
  const DocumentPtr document = parse("\xEF\xBB\xBF{\"a\":1}");
  EXPECT_EQ(document->root()["a"].position().column, 6U);
  EXPECT_EQ(document->root().raw(), "{\"a\":1}");
}

TEST(DocumentTest, PositionsOfErrors) {
  EXPECT_EQ(error_place(""), "1:1");
  EXPECT_EQ(error_place(" \n "), "1:1");
  EXPECT_EQ(error_place("{\"a\":1}\n{\"b\":2}"), "2:1");
  EXPECT_EQ(error_place("[1] x"), "1:5");
  EXPECT_EQ(error_place("1 2"), "1:3");
  EXPECT_EQ(error_place("{\"a\":1,\n \"a\":2}"), "2:2");
  EXPECT_EQ(error_place("{\"a\":1,\n \"\\u0061\":2}"), "2:2");
  EXPECT_EQ(error_place("{\n\"a\": 01}"), "2:6");
  EXPECT_EQ(error_place("{\n\"a\": tru}"), "2:6");
  EXPECT_EQ(error_place("{\n\"a\": nulll}"), "2:6");
}

TEST(DocumentTest, PositionsOfBytesThatAreNoUtf8) {
  EXPECT_EQ(error_place("{\"a\":\n \"b\xFF\", \"c\": \"ddd\"}"), "2:4");
  EXPECT_EQ(error_place("{\"a\":\n \"b\xC3\", \"c\": \"ddd\"}"), "2:4");
  EXPECT_EQ(error_place("[\"" + std::string(5000, 'x') + "\",\n\"\xE2\x82\"]"), "2:2");
}

TEST(DocumentTest, RefusesWhatIsNoJson) {
  for (const std::string text : {"{",
                                 "[",
                                 "{]",
                                 "[}",
                                 "[1,]",
                                 "{\"a\":1,}",
                                 "{,}",
                                 "[,1]",
                                 "[1 2]",
                                 "{\"a\" 1}",
                                 "{\"a\":}",
                                 "{a:1}",
                                 "{'a':1}",
                                 "{1:2}",
                                 "\"abc",
                                 "[\"a\\x\"]",
                                 "[\"\\uD800\"]",
                                 "[\"a\tb\"]",
                                 "nul",
                                 "+1",
                                 "[.5]",
                                 "[1.]",
                                 "[NaN]",
                                 "// c\n1",
                                 "[1]]",
                                 "{}}",
                                 "[[1]",
                                 "{\"a\":{}",
                                 "}",
                                 "]",
                                 ":",
                                 ",",
                                 "\\",
                                 "{\"a\":1 \"b\":2}",
                                 "{\"a\":1:2}",
                                 "{\"a\"}",
                                 "[\"a\":1]",
                                 "{\"a\\q\":1}"}) {
    EXPECT_NE(error_place(text), "ok") << text;
  }
  EXPECT_NE(error_place(std::string("[1]\0", 4)), "ok");
  EXPECT_NE(error_place(std::string("[\0]", 3)), "ok");
}

TEST(DocumentTest, EveryTruncationIsAnErrorInsideTheText) {
  const std::string text = "{\"a\":[1,{\"b\":\"c\\u00e9\\n\"}],\n\"d\":{\"e\":true,\"f\":-1.5e3}}";
  for (size_t size = 0; size < text.size(); ++size) {
    const auto document = Document::parse(text.substr(0, size), "t");
    ASSERT_FALSE(document.ok()) << size;
    const base::SourcePosition& at = document.error().position();
    EXPECT_GE(at.line, 1U) << size;
    EXPECT_LE(at.line, 2U) << size;
    EXPECT_GE(at.column, 1U) << size;
    EXPECT_LE(at.column, size + 1) << size;
  }
}

TEST(DocumentTest, DepthHasABound) {
  const auto nested = [](int depth) {
    return std::string(static_cast<size_t>(depth), '[') + "1" +
           std::string(static_cast<size_t>(depth), ']');
  };
  EXPECT_EQ(error_place(nested(Document::kMaxDepth)), "ok");
  EXPECT_EQ(error_place(nested(Document::kMaxDepth + 1)), "1:201");
  EXPECT_NE(error_place(std::string(1'000'000, '[')), "ok");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_NE(error_place(objects), "ok");
}

TEST(DocumentTest, ManyKeysTakeNoQuadraticTime) {
  // Comparing each key with all before it would take minutes here.
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) text += "\"k" + std::to_string(i) + "\":0,";
  EXPECT_EQ(error_place(text + "\"k7\":1}"), "1:" + std::to_string(text.size() + 1));
  EXPECT_EQ(error_place(text + "\"last\":1}"), "ok");
}

TEST(PositionInTest, CountsFromOne) {
  const std::string text = "ab\ncd\n\nx";
  EXPECT_EQ(position_in(text, 0, "f"), (base::SourcePosition{"f", 1, 1}));
  EXPECT_EQ(position_in(text, 2, "f"), (base::SourcePosition{"f", 1, 3}));
  EXPECT_EQ(position_in(text, 3, "f"), (base::SourcePosition{"f", 2, 1}));
  EXPECT_EQ(position_in(text, 6, "f"), (base::SourcePosition{"f", 3, 1}));
  EXPECT_EQ(position_in(text, 8, "f"), (base::SourcePosition{"f", 4, 2}));
}

}  // namespace
}  // namespace kiln::json
