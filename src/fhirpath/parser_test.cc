#include <gtest/gtest.h>

#include "fhirpath/ast.h"

namespace kiln::fhirpath {
namespace {

/// The tree as nested parentheses: "(+ 1 (* 2 3))".
std::string shape_of(const Ast* ast) {
  if (ast == nullptr) return "_";
  std::string text = ast->kind == AstKind::kIndexer ? "[]" : ast->text;
  switch (ast->kind) {
    case AstKind::kEmpty:
      return "{}";
    case AstKind::kString:
      return "'" + text + "'";
    case AstKind::kExternal:
      return "%" + text;
    case AstKind::kThis:
    case AstKind::kIndex:
    case AstKind::kTotal:
      return "$" + text;
    case AstKind::kQuantity:
      return text + (ast->calendar ? " " + ast->unit : "'" + ast->unit + "'");
    case AstKind::kFunction:
      text += "()";
      break;
    case AstKind::kName:
      if (ast->children.empty()) return text;
      text = "." + text;
      break;
    case AstKind::kUnary:
      text += "x";
      break;
    default:
      break;
  }
  if (ast->children.empty()) return text;
  for (const auto& child : ast->children) text += " " + shape_of(child.get());
  if (ast->kind == AstKind::kType) text += " " + ast->unit;
  return "(" + text + ")";
}

std::string parsed(std::string_view expression) {
  const auto ast = parse_expression(expression);
  return ast.ok() ? shape_of(ast->get()) : "error: " + ast.error().message();
}

void expect_error(std::string_view expression, size_t caret, std::string_view word) {
  const auto ast = parse_expression(expression);
  ASSERT_FALSE(ast.ok()) << expression << " is " << shape_of(ast->get());
  EXPECT_EQ(ast.error().caret(), caret) << expression << ": " << ast.error().message();
  EXPECT_EQ(ast.error().excerpt(), expression);
  EXPECT_NE(ast.error().message().find(word), std::string::npos) << ast.error().message();
}

// FHIRPath 2.0 §6.8, from tight to loose.
TEST(ParserTest, Precedence) {
  EXPECT_EQ(parsed("-a.b"), "(-x (.b a))");
  EXPECT_EQ(parsed("-1 * 2"), "(* (-x 1) 2)");
  EXPECT_EQ(parsed("1 + 2 * 3"), "(+ 1 (* 2 3))");
  EXPECT_EQ(parsed("1 * 2 + 3"), "(+ (* 1 2) 3)");
  EXPECT_EQ(parsed("1 & 2 div 3 mod 4"), "(& 1 (mod (div 2 3) 4))");
  EXPECT_EQ(parsed("a is B + c"), "(+ (is a B) c)");
  EXPECT_EQ(parsed("1 + 2 is Integer"), "(is (+ 1 2) Integer)");
  EXPECT_EQ(parsed("a | b is C"), "(| a (is b C))");
  EXPECT_EQ(parsed("a | b < c"), "(< (| a b) c)");
  EXPECT_EQ(parsed("a < b = c > d"), "(= (< a b) (> c d))");
  EXPECT_EQ(parsed("a = b in c"), "(in (= a b) c)");
  EXPECT_EQ(parsed("a in b and c contains d"), "(and (in a b) (contains c d))");
  EXPECT_EQ(parsed("a or b and c xor d"), "(xor (or a (and b c)) d)");
  EXPECT_EQ(parsed("a implies b or c"), "(implies a (or b c))");
}

TEST(ParserTest, OperatorsOfOneLevelGroupFromTheLeft) {
  EXPECT_EQ(parsed("1 - 2 - 3"), "(- (- 1 2) 3)");
  EXPECT_EQ(parsed("a implies b implies c"), "(implies (implies a b) c)");
  EXPECT_EQ(parsed("a = b = c"), "(= (= a b) c)");
  EXPECT_EQ(parsed("1 - (2 - 3)"), "(- 1 (- 2 3))");
}

TEST(ParserTest, PathsFunctionsAndIndexers) {
  EXPECT_EQ(parsed("a.b[0].c(d, e.f)"), "(c() ([] (.b a) 0) d (.f e))");
  EXPECT_EQ(parsed("f()"), "(f() _)");
  EXPECT_EQ(parsed("(a | b).c"), "(.c (| a b))");
  EXPECT_EQ(parsed("'x'.length()"), "(length() 'x')");
  EXPECT_EQ(parsed("$this.a"), "(.a $this)");
  EXPECT_EQ(parsed("%x.a"), "(.a %x)");
  EXPECT_EQ(parsed("{}"), "{}");
  EXPECT_EQ(parsed("a.`b c`"), "(.b c a)");
}

TEST(ParserTest, WordsOfOperatorsAreNamesWhereANameStands) {
  EXPECT_EQ(parsed("a.contains('x')"), "(contains() a 'x')");
  EXPECT_EQ(parsed("a.is"), "(.is a)");
  EXPECT_EQ(parsed("`and` and or"), "(and and or)");
  EXPECT_EQ(parsed("as as B"), "(as as B)");
  EXPECT_EQ(parsed("`true`"), "true");
  ASSERT_TRUE(parse_expression("`true`").ok());
  EXPECT_EQ((*parse_expression("`true`"))->kind, AstKind::kName);
  EXPECT_EQ((*parse_expression("true"))->kind, AstKind::kBoolean);
}

TEST(ParserTest, QuantitiesAreANumberAndAUnit) {
  EXPECT_EQ(parsed("4 days + 1.5 'mg'"), "(+ 4 days 1.5'mg')");
  EXPECT_EQ(parsed("4 day"), "4 day");
  EXPECT_EQ(parsed("4 bananas"), "error: expected an operator or the end");
  EXPECT_EQ(parsed("4 `days`"), "error: expected an operator or the end");
}

TEST(ParserTest, TypesMayBeQualified) {
  EXPECT_EQ(parsed("a is FHIR.Patient"), "(is a FHIR.Patient)");
  EXPECT_EQ(parsed("a as System.String = 'x'"), "(= (as a System.String) 'x')");
}

TEST(ParserTest, SpansAreOfTheWordItself) {
  const auto ast = parse_expression("name.where(use = 'x') | 1");
  ASSERT_TRUE(ast.ok());
  EXPECT_EQ((*ast)->span.begin, 22U);
  const Ast& where = *(*ast)->children[0];
  EXPECT_EQ(where.span.begin, 5U);
  EXPECT_EQ(where.span.end, 10U);
  EXPECT_EQ(where.children[1]->span.begin, 15U);
}

TEST(ParserTest, ErrorsPointAtWhatIsWrong) {
  expect_error("", 0, "the expression ends");
  expect_error("1 +", 3, "the expression ends");
  expect_error("a b", 2, "operator or the end");
  expect_error("a.", 2, "name after '.'");
  expect_error("a.1", 2, "name after '.'");
  expect_error("a..b", 2, "name after '.'");
  expect_error("f(a", 3, "',' or ')'");
  expect_error("f(a b)", 4, "',' or ')'");
  expect_error("f(,)", 2, "expected an expression");
  expect_error("f(a,)", 4, "expected an expression");
  expect_error("(1", 2, "expected ')'");
  expect_error("a[1", 3, "expected ']'");
  expect_error("a[]", 2, "expected an expression");
  expect_error("{1}", 1, "expected '}'");
  expect_error("a is 1", 5, "name of a type");
  expect_error("a.$this", 2, "cannot follow a dot");
  expect_error("* 2", 0, "expected an expression");
  expect_error(")", 0, "expected an expression");
}

void expect_too_deep(const std::string& expression) {
  const auto ast = parse_expression(expression);
  ASSERT_FALSE(ast.ok()) << expression.substr(0, 20);
  EXPECT_EQ(ast.error().code(), base::ErrorCode::kLimit) << ast.error().message();
}

std::string repeated(std::string_view text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

TEST(ParserTest, DepthIsBoundedInEveryDirection) {
  const int much = 20000;
  expect_too_deep(repeated("(", much) + "1" + repeated(")", much));
  expect_too_deep(repeated("-", much) + "1");
  expect_too_deep("1" + repeated("+1", much));
  expect_too_deep("a" + repeated(".a", much));
  expect_too_deep("a" + repeated("[0]", much));
  expect_too_deep(repeated("a[", much) + "0" + repeated("]", much));
  expect_too_deep(repeated("f(", much) + "0" + repeated(")", much));
  expect_too_deep("a" + repeated(" is B", much / 2));
  expect_too_deep(repeated("(", much));
}

TEST(ParserTest, WhatIsNotTooDeepIsParsed) {
  EXPECT_TRUE(parse_expression("1" + repeated("+1", kMaxExpressionDepth - 1)).ok());
  EXPECT_FALSE(parse_expression("1" + repeated("+1", kMaxExpressionDepth)).ok());
  EXPECT_TRUE(parse_expression(repeated("(", 200) + "1" + repeated(")", 200)).ok());
  // Width is not depth.
  EXPECT_TRUE(parse_expression("coalesce(1" + repeated(",1", 10000) + ")").ok());
  // The levels of one operand are free again for the next.
  const std::string deep = repeated("(", 200) + "1" + repeated(")", 200);
  EXPECT_TRUE(parse_expression(deep + "+" + deep + "+" + deep).ok());
}

}  // namespace
}  // namespace kiln::fhirpath
