#include "sql/tokens.h"

#include <gtest/gtest.h>

namespace kiln::sql {
namespace {

/// The words with a letter for their kind, "w:select s:'a'"; or the error.
std::string words_of(const std::string& text) {
  const auto tokens = tokenize(text, "q");
  if (!tokens.ok()) return tokens.error().to_string();
  static constexpr std::string_view kLetters = "wqbsnp.";
  std::string line;
  for (const Token& token : tokens->words) {
    if (!line.empty()) line += ' ';
    line += kLetters[static_cast<size_t>(token.kind)];
    line += ':' + text.substr(token.begin, token.end - token.begin);
  }
  return line;
}

TEST(TokensTest, WordsAndNumbers) {
  EXPECT_EQ(words_of("SELECT a_1, b$c FROM \xC3\xBC"),
            "w:SELECT w:a_1 .:, w:b$c w:FROM w:\xC3\xBC");
  EXPECT_EQ(words_of("1 1_000 1.5 .5 5. 1e3 1.e-3 1a 0x10"),
            "n:1 n:1_000 n:1.5 n:.5 n:5. n:1e3 n:1.e-3 n:1 w:a n:0 w:x10");
  EXPECT_EQ(words_of("a[1:2] 1..2 t.1"), "w:a .:[ n:1 .:: n:2 .:] n:1 .:. n:.2 w:t n:.1");
}

TEST(TokensTest, StringsEndWhereDuckDbEndsThem) {
  EXPECT_EQ(words_of("'a''b' 'c\\' 'd'"), "s:'a''b' s:'c\\' s:'d'");
  EXPECT_EQ(words_of("e'a\\'b' E'''' re'x'"), "s:e'a\\'b' s:E'''' w:re s:'x'");
  EXPECT_EQ(words_of("$$a'$b$$ $t$ $$ $u$ $t$x"), "s:$$a'$b$$ s:$t$ $$ $u$ $t$ w:x");
  EXPECT_EQ(words_of("x'00' $a$$a$"), "w:x s:'00' s:$a$$a$");
}

TEST(TokensTest, NamesInQuotes) {
  EXPECT_EQ(words_of("\"a\"\"b\" `c``d\"`"), "q:\"a\"\"b\" b:`c``d\"`");
  const std::string text = "\"a\"\"b\" `c``d\"` e";
  const auto tokens = tokenize(text, "q");
  ASSERT_TRUE(tokens.ok());
  EXPECT_EQ(name_of(text, tokens->words[0]), "a\"b");
  EXPECT_EQ(name_of(text, tokens->words[1]), "c`d\"");
  EXPECT_EQ(name_of(text, tokens->words[2]), "e");
}

TEST(TokensTest, CommentsAndSpacesAreLeftOut) {
  EXPECT_EQ(words_of("a -- b ' $$\n c--d\re"), "w:a w:c w:e");
  EXPECT_EQ(words_of("a /* b /* ' */ */ c /**/ d /***/"), "w:a w:c w:d");
  EXPECT_EQ(words_of(" \t\r\n\fa"), "w:a");
  const auto tokens = tokenize(
      "a\xC2\xA0"
      "b\xE2\x80\x8B'\xC2\xA0'",
      "q");
  ASSERT_TRUE(tokens.ok());
  EXPECT_EQ(tokens->words.size(), 3U);
  EXPECT_EQ(tokens->spaces, (std::vector<std::pair<uint32_t, uint32_t>>{{1, 3}, {4, 7}}));
}

TEST(TokensTest, PlaceholdersAreTokens) {
  EXPECT_EQ(words_of("$a :b =:c (:d) $_e1"), "p:$a p::b .:= p::c .:( p::d .:) p:$_e1");
  EXPECT_EQ(words_of("a::b a := 1 a:b 1:c"), "w:a .::: w:b w:a .::= n:1 w:a .:: w:b n:1 .:: w:c");
  EXPECT_EQ(words_of("[ :a] {b: :c} [(:d)] [$e]"),
            ".:[ .:: w:a .:] .:{ w:b .:: .:: w:c .:} .:[ .:( .:: w:d .:) .:] .:[ p:$e .:]");
}

TEST(TokensTest, BracketsKnowTheirDepth) {
  const auto tokens = tokenize("a(b[c]{d})", "q");
  ASSERT_TRUE(tokens.ok());
  std::string depths;
  for (const Token& token : tokens->words) depths += std::to_string(token.depth);
  EXPECT_EQ(depths, "0011211210");
}

TEST(TokensTest, WhatIsWrongHasItsPlace) {
  EXPECT_EQ(words_of("a\n 'b"), "q:2:2: the string does not end");
  EXPECT_EQ(words_of("e'\\"), "q:1:1: the string does not end");
  EXPECT_EQ(words_of("a $x$b$y$"), "q:1:3: the string does not end");
  EXPECT_EQ(words_of("`a"), "q:1:1: the quoted name does not end");
  EXPECT_EQ(words_of("/* a /* */"), "q:1:1: the comment does not end");
  EXPECT_EQ(words_of("a ?"), "q:1:3: a placeholder has a name: $name");
  EXPECT_EQ(words_of("$1"), "q:1:1: a placeholder has a name: $name");
  EXPECT_EQ(words_of("$ a"), "q:1:1: a placeholder's name is of letters, digits and _");
  EXPECT_EQ(words_of("((a)"), "q:1:1: the bracket is not closed");
  EXPECT_EQ(words_of("(a]"), "q:1:3: a bracket that closes none");
  EXPECT_EQ(words_of("a \xC3("), "q:1:3: not UTF-8");
  EXPECT_EQ(words_of(std::string("a\0b", 3)), "q:1:2: a NUL character");
  EXPECT_EQ(words_of("1e309"), "q:1:1: a number that no DOUBLE holds");
}

TEST(TokensTest, LimitsHold) {
  std::string words;
  for (size_t i = 0; i < kMostTokens; ++i) words += "a ";
  EXPECT_TRUE(tokenize(words, "q").ok());
  EXPECT_FALSE(tokenize(words + "a", "q").ok());
  EXPECT_TRUE(tokenize(std::string(kMostStatement, 'a'), "q").ok());
  EXPECT_FALSE(tokenize(std::string(kMostStatement + 1, 'a'), "q").ok());
  const std::string open(kDeepestBrackets, '(');
  const std::string close(kDeepestBrackets, ')');
  EXPECT_TRUE(tokenize(open + close, "q").ok());
  EXPECT_FALSE(tokenize(open + "()" + close, "q").ok());
}

TEST(TokensTest, ErrorsShowTheLine) {
  const std::string text = "SELECT 1,\n  'x\ny";
  const base::Error error = error_at(text, "q", 12, base::Error(base::ErrorCode::kInvalid, "here"));
  EXPECT_EQ(error.to_string(), "q:2:3: here");
  EXPECT_EQ(error.excerpt(), "  'x");
  EXPECT_EQ(error.caret(), 2U);
  const std::string wide(5000, 'x');
  const base::Error far = error_at(wide, "q", 4000, base::Error(base::ErrorCode::kInvalid, "h"));
  EXPECT_EQ(far.position().column, 4001U);
  EXPECT_LE(far.excerpt().size(), 1024U);
  EXPECT_EQ(far.caret(), 512U);
}

}  // namespace
}  // namespace kiln::sql
