#include "sink/s3/xml.h"

#include <gtest/gtest.h>

namespace kiln::sink {
namespace {

TEST(XmlTest, AnswerOfAStore) {
  const auto root = parse_xml(
      "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\n"
      "  <Name>b</Name><Prefix/><!-- <x> -->\n"
      "  <Contents><Key>a</Key><Size>1</Size></Contents>\n"
      "  <Contents ><Key>b</Key ></Contents>\n"
      "</ListBucketResult>\n");
  ASSERT_TRUE(root.ok()) << root.error().to_string();
  EXPECT_EQ(root->name, "ListBucketResult");
  EXPECT_EQ(root->child_text("Name"), "b");
  EXPECT_NE(root->child("Prefix"), nullptr);
  EXPECT_EQ(root->child_text("Prefix"), "");
  EXPECT_EQ(root->child("Marker"), nullptr);
  EXPECT_EQ(root->child_text("Marker"), "");
  ASSERT_EQ(root->children.size(), 4U);
  EXPECT_EQ(root->children[3].child_text("Key"), "b");
}

TEST(XmlTest, PrefixesAreDropped) {
  const auto root = parse_xml("<s3:Error><s3:Code>x</s3:Code></s3:Error>");
  ASSERT_TRUE(root.ok());
  EXPECT_EQ(root->name, "Error");
  EXPECT_EQ(root->child_text("Code"), "x");
}

TEST(XmlTest, Entities) {
  const auto root = parse_xml("<k>&lt;a&gt;&amp;&quot;&apos;&#65;&#x20AC;&#xe4;&#x1F525;</k>");
  ASSERT_TRUE(root.ok()) << root.error().to_string();
  EXPECT_EQ(root->text, "<a>&\"'A\xE2\x82\xAC\xC3\xA4\xF0\x9F\x94\xA5");
}

TEST(XmlTest, EscapedTextComesBack) {
  const std::string text = "a<b>&\"c'\r\n&amp;";
  const auto root = parse_xml("<k>" + xml_escape(text) + "</k>");
  ASSERT_TRUE(root.ok());
  EXPECT_EQ(root->text, text);
}

TEST(XmlTest, RefusesWhatNoStoreSends) {
  std::string deep;
  for (int i = 0; i < 17; ++i) deep += "<a>";
  for (int i = 0; i < 17; ++i) deep += "</a>";
  for (const std::string& bad : {std::string(),
                                 std::string("text"),
                                 std::string("<a>"),
                                 std::string("<a></b>"),
                                 std::string("<a></a><b/>"),
                                 std::string("<a></a>x"),
                                 std::string("<!DOCTYPE a><a/>"),
                                 std::string("<a>&nbsp;</a>"),
                                 std::string("<a>&#0;</a>"),
                                 std::string("<a>&#xD800;</a>"),
                                 std::string("<a>&#x110000;</a>"),
                                 std::string("<a>&#99999999999;</a>"),
                                 std::string("<a>&#65</a>"),
                                 std::string("<a>&</a>"),
                                 std::string("<a b></a>"),
                                 std::string("<a b=c></a>"),
                                 std::string("<a b=\"c></a>"),
                                 std::string("<a"),
                                 std::string("<a/"),
                                 std::string("<>"),
                                 std::string("</a>"),
                                 std::string("<a><![CDATA[x]]></a>"),
                                 std::string("<!-- a"),
                                 std::string("<? a"),
                                 deep}) {
    const auto root = parse_xml(bad);
    ASSERT_FALSE(root.ok()) << bad;
    EXPECT_EQ(root.error().code(), base::ErrorCode::kInvalid);
  }
}

// A cut answer must never look like a whole one.
TEST(XmlTest, EveryCutIsSeen) {
  const std::string whole = "<?xml version='1.0'?><R x='1'><K>a&amp;b</K><!-- c --><E/></R>";
  ASSERT_TRUE(parse_xml(whole).ok());
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse_xml(std::string_view(whole).substr(0, size)).ok()) << size;
  }
}

}  // namespace
}  // namespace kiln::sink
