#include "fhirpath/token.h"

#include <gtest/gtest.h>

namespace kiln::fhirpath {
namespace {

struct Expected {
  TokenKind kind;
  std::string text;
  uint32_t begin;
  uint32_t end;
};

void expect_tokens(std::string_view expression, const std::vector<Expected>& expected) {
  const auto tokens = tokenize(expression);
  ASSERT_TRUE(tokens.ok()) << expression << ": " << tokens.error().message();
  ASSERT_EQ(tokens->size(), expected.size() + 1) << expression;
  for (size_t i = 0; i < expected.size(); ++i) {
    const Token& token = (*tokens)[i];
    EXPECT_EQ(token.kind, expected[i].kind) << expression << " token " << i;
    EXPECT_EQ(token.text, expected[i].text) << expression << " token " << i;
    EXPECT_EQ(token.span.begin, expected[i].begin) << expression << " token " << i;
    EXPECT_EQ(token.span.end, expected[i].end) << expression << " token " << i;
  }
  EXPECT_EQ(tokens->back().kind, TokenKind::kEnd);
  EXPECT_EQ(tokens->back().span.begin, expression.size());
}

void expect_error(std::string_view expression, size_t caret, std::string_view word) {
  const auto tokens = tokenize(expression);
  ASSERT_FALSE(tokens.ok()) << expression;
  EXPECT_EQ(tokens.error().code(), base::ErrorCode::kInvalid);
  EXPECT_EQ(tokens.error().caret(), caret) << expression;
  EXPECT_EQ(tokens.error().excerpt(), expression);
  EXPECT_NE(tokens.error().message().find(word), std::string::npos) << tokens.error().message();
}

TEST(TokenTest, NamesAndVariables) {
  expect_tokens("a1 _b `c d` \"e\"", {{TokenKind::kIdentifier, "a1", 0, 2},
                                      {TokenKind::kIdentifier, "_b", 3, 5},
                                      {TokenKind::kIdentifier, "c d", 6, 11},
                                      {TokenKind::kIdentifier, "e", 12, 15}});
  expect_tokens("$this $index $total", {{TokenKind::kVariable, "this", 0, 5},
                                        {TokenKind::kVariable, "index", 6, 12},
                                        {TokenKind::kVariable, "total", 13, 19}});
  expect_tokens("%a %`b c` %'d'", {{TokenKind::kExternal, "a", 0, 2},
                                   {TokenKind::kExternal, "b c", 3, 9},
                                   {TokenKind::kExternal, "d", 10, 14}});
}

TEST(TokenTest, ADelimitedNameIsMarked) {
  const auto tokens = tokenize("`div` div");
  ASSERT_TRUE(tokens.ok());
  EXPECT_TRUE((*tokens)[0].delimited);
  EXPECT_FALSE((*tokens)[1].delimited);
}

TEST(TokenTest, Numbers) {
  expect_tokens("1 2.50 3L 4.first 5.", {{TokenKind::kInteger, "1", 0, 1},
                                         {TokenKind::kDecimal, "2.50", 2, 6},
                                         {TokenKind::kLong, "3", 7, 9},
                                         {TokenKind::kInteger, "4", 10, 11},
                                         {TokenKind::kSymbol, ".", 11, 12},
                                         {TokenKind::kIdentifier, "first", 12, 17},
                                         {TokenKind::kInteger, "5", 18, 19},
                                         {TokenKind::kSymbol, ".", 19, 20}});
}

TEST(TokenTest, Temporals) {
  expect_tokens("@2024 @2024-02 @2024-02-29 @2024T @2024-02-29T10:30:00.5+01:00 @T10:30",
                {{TokenKind::kDate, "2024", 0, 5},
                 {TokenKind::kDate, "2024-02", 6, 14},
                 {TokenKind::kDate, "2024-02-29", 15, 26},
                 {TokenKind::kDateTime, "2024T", 27, 33},
                 {TokenKind::kDateTime, "2024-02-29T10:30:00.5+01:00", 34, 62},
                 {TokenKind::kTime, "10:30", 63, 70}});
  // A minus sign behind a whole date is an operator, a dot behind a time a path.
  expect_tokens("@2024-02-29-1", {{TokenKind::kDate, "2024-02-29", 0, 11},
                                  {TokenKind::kSymbol, "-", 11, 12},
                                  {TokenKind::kInteger, "1", 12, 13}});
  expect_tokens("@T10.x", {{TokenKind::kTime, "10", 0, 4},
                           {TokenKind::kSymbol, ".", 4, 5},
                           {TokenKind::kIdentifier, "x", 5, 6}});
}

TEST(TokenTest, StringsResolveEscapes) {
  expect_tokens(R"('a\'b\\\n\t\/\u00e4\ud83d\ude00\`')",
                {{TokenKind::kString, "a'b\\\n\t/\xC3\xA4\xF0\x9F\x98\x80`", 0, 34}});
  expect_tokens("'ä'", {{TokenKind::kString, "ä", 0, 4}});
}

TEST(TokenTest, SymbolsTakeTheLongest) {
  expect_tokens("<=>=!=!~<>", {{TokenKind::kSymbol, "<=", 0, 2},
                               {TokenKind::kSymbol, ">=", 2, 4},
                               {TokenKind::kSymbol, "!=", 4, 6},
                               {TokenKind::kSymbol, "!~", 6, 8},
                               {TokenKind::kSymbol, "<", 8, 9},
                               {TokenKind::kSymbol, ">", 9, 10}});
}

TEST(TokenTest, CommentsAndSpaceSeparate) {
  expect_tokens("a//x\nb/*y\n*/c // z", {{TokenKind::kIdentifier, "a", 0, 1},
                                         {TokenKind::kIdentifier, "b", 5, 6},
                                         {TokenKind::kIdentifier, "c", 12, 13}});
  expect_tokens("", {});
  expect_tokens(" \t\r\n", {});
}

TEST(TokenTest, ErrorsPointAtTheirToken) {
  expect_error("a + 'b", 4, "does not end");
  expect_error("a + `b", 4, "does not end");
  expect_error("1 /* x", 2, "comment");
  expect_error("a # b", 2, "means nothing");
  expect_error("a ! b", 2, "means nothing");
  expect_error("a + $that", 4, "$that");
  expect_error("1 + %", 4, "after %");
  expect_error("@x", 0, "date or a time");
  expect_error("1 + @T", 4, "time after @T");
  expect_error(R"('ab\q')", 3, "escape");
  expect_error(R"('ab\u12')", 3, "escape");
  expect_error(R"('\ud800')", 1, "escape");
  expect_error("'\xFF'", 0, "UTF-8");
  expect_error(std::string_view("a\0b", 3), 1, "means nothing");
}

TEST(TokenTest, LongExpressionsAreRefused) {
  EXPECT_TRUE(tokenize(std::string(kMaxExpressionSize, ' ')).ok());
  const auto tokens = tokenize(std::string(kMaxExpressionSize + 1, ' '));
  ASSERT_FALSE(tokens.ok());
  EXPECT_EQ(tokens.error().code(), base::ErrorCode::kLimit);
}

}  // namespace
}  // namespace kiln::fhirpath
