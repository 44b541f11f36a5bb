#include "net/http.h"

#include <gtest/gtest.h>

#include "net/response_head.h"

namespace kiln::net {
namespace {

TEST(Headers, NamesIgnoreCase) {
  Headers headers;
  headers.add("Content-Type", "a");
  EXPECT_EQ(headers.get("content-TYPE"), "a");
  EXPECT_TRUE(headers.has("CONTENT-TYPE"));
  EXPECT_FALSE(headers.has("Content-Typ"));
  EXPECT_EQ(headers.get("Accept"), std::nullopt);
}

TEST(Headers, SeveralOfOneNameAreJoinedInOrder) {
  Headers headers;
  headers.add("Prefer", "respond-async");
  headers.add("X", "1");
  headers.add("prefer", "handling=lenient");
  EXPECT_EQ(headers.get("Prefer"), "respond-async, handling=lenient");
}

TEST(Headers, SetReplacesAll) {
  Headers headers;
  headers.add("A", "1");
  headers.add("a", "2");
  headers.set("A", "3");
  EXPECT_EQ(headers.get("a"), "3");
  EXPECT_EQ(headers.fields().size(), 1U);
}

TEST(PercentDecode, DecodesEscapes) {
  EXPECT_EQ(percent_decode("a%2Fb%c3%A4", false), "a/b\xC3\xA4");
  EXPECT_EQ(percent_decode("a+b", true), "a b");
  EXPECT_EQ(percent_decode("a+b", false), "a+b");
  EXPECT_EQ(percent_decode("", false), "");
}

TEST(PercentDecode, RefusesBadEscapesAndControlCharacters) {
  for (const char* text : {"%", "%2", "a%2", "%zz", "%2g", "%-1", "% 1", "%00", "%0a", "%7F"}) {
    EXPECT_EQ(percent_decode(text, false), std::nullopt) << text;
  }
  EXPECT_EQ(percent_decode(std::string_view("a\0b", 3), false), std::nullopt);
  EXPECT_EQ(percent_decode("a\nb", false), std::nullopt);
}

TEST(PercentEncode, KeepsUnreservedAndTheKept) {
  EXPECT_EQ(percent_encode("aZ0-._~"), "aZ0-._~");
  EXPECT_EQ(percent_encode("a/b c+\xC3\xA4"), "a%2Fb%20c%2B%C3%A4");
  EXPECT_EQ(percent_encode("a/b c", "/"), "a/b%20c");
}

TEST(PercentEncode, ComesBack) {
  std::string text;
  for (int c = 0x20; c < 0x100; ++c) {
    if (c != 0x7F) text.push_back(static_cast<char>(c));
  }
  EXPECT_EQ(percent_decode(percent_encode(text), true), text);
}

TEST(ParseQuery, KeepsOrderAndRepetitions) {
  using Parameters = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(
      parse_query("b=2&a=1&b=%263&c&=x&d=e=f&&g=h+i"),
      (Parameters{
          {"b", "2"}, {"a", "1"}, {"b", "&3"}, {"c", ""}, {"", "x"}, {"d", "e=f"}, {"g", "h i"}}));
  EXPECT_EQ(parse_query(""), Parameters{});
  EXPECT_EQ(parse_query("a=%"), std::nullopt);
  EXPECT_EQ(parse_query("%zz=1"), std::nullopt);
}

TEST(ReasonOf, KnowsWhatIsUsed) {
  EXPECT_EQ(reason_of(202), "Accepted");
  EXPECT_EQ(reason_of(431), "Request Header Fields Too Large");
  EXPECT_EQ(reason_of(299), "Unknown");
}

TEST(ResponseHead, FramingIsTheServers) {
  Headers headers;
  headers.add("Date", "x");
  headers.add("content-length", "7");
  headers.add("Transfer-Encoding", "gzip");
  headers.add("Connection", "upgrade");
  headers.add("ETag", "\"1\"");
  EXPECT_EQ(make_response_head(200, headers, {true, false, 3}),
            "HTTP/1.1 200 OK\r\nDate: x\r\nETag: \"1\"\r\nContent-Length: 3\r\n"
            "Connection: keep-alive\r\n\r\n");
  EXPECT_EQ(make_response_head(404, {}, {false, true, std::nullopt}).find("HTTP/1.1 404 Not Found"),
            0U);
}

TEST(ResponseHead, ValuesCannotEndTheirLine) {
  Headers headers;
  headers.add("Date", "x");
  headers.add("Location", "a\r\nSet-Cookie: b");
  EXPECT_EQ(make_response_head(200, headers, {true, false, std::nullopt}),
            "HTTP/1.1 200 OK\r\nDate: x\r\nLocation: a  Set-Cookie: b\r\n"
            "Connection: keep-alive\r\n\r\n");
}

}  // namespace
}  // namespace kiln::net
