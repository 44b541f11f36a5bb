// The text without which a line yields no row. What matters is that no line with rows is without
// it, however the line is written; that it is rare only makes it fast.
#include "view/needle.h"

#include "view/compiled_for_test.h"

namespace kiln::view {
namespace {

std::string needle_of(const std::string& text) {
  const Compiled compiled = compile_view(text);
  EXPECT_TRUE(compiled.view) << testing::PrintToString(
      Compiled::describe(compiled.problems.errors));
  return compiled.view ? compiled.view->needle() : "?";
}

std::string observation_view(
    const std::string& where,
    const std::string& selects = R"([{"column":[{"name":"a","path":"id"}]}])") {
  return R"({"resource":"Observation","where":[{"path":")" + where + R"("}],"select":)" + selects +
         "}";
}

TEST(NeedleTest, AnEqualCodeOfAWhereIsOne) {
  EXPECT_EQ(needle_of(observation_view(
                "code.coding.exists(system='http://loinc.org' and code='85354-9')")),
            "\"85354-9\"");
  EXPECT_EQ(needle_of(observation_view("code.coding.where(code = '85354-9').exists()")),
            "\"85354-9\"");
  EXPECT_EQ(needle_of(observation_view("'85354-9' = code.coding.code.first()")), "\"85354-9\"");
}

TEST(NeedleTest, AnIterationNeedsItsKey) {
  EXPECT_EQ(
      needle_of(
          R"({"resource":"Observation","select":[{"forEach":"component","column":[{"name":"a","path":"id"}]}]})"),
      "\"component\"");
  EXPECT_EQ(
      needle_of(
          R"({"resource":"Observation","select":[{"forEachOrNull":"component","column":[{"name":"a","path":"id"}]}]})"),
      "");
}

TEST(NeedleTest, WhatIsOptionalIsNone) {
  const std::string column = R"json([{"column":[{"name":"a","path":"component.id.first()"}]}])json";
  EXPECT_EQ(needle_of(R"({"resource":"Observation","select":)" + column + "}"), "");
  EXPECT_EQ(needle_of(observation_view("code.coding.code = 'abcde1' or status = 'final'")), "");
  EXPECT_EQ(needle_of(observation_view("(code.text = 'abcde1').not()")), "");
  EXPECT_EQ(needle_of(observation_view("code.text != 'abcde1'")), "");
  EXPECT_EQ(needle_of(observation_view("component.empty()")), "");
  EXPECT_EQ(needle_of(observation_view("component.all(code.text = 'abcde1')")), "");
  // Only one branch of a union needs it.
  EXPECT_EQ(needle_of(R"({"resource":"Observation","select":[{"unionAll":[)"
                      R"({"forEach":"component","column":[{"name":"a","path":"id"}]},)"
                      R"({"column":[{"name":"a","path":"id"}]}]}]})"),
            "");
  // Below a forEachOrNull nothing is needed.
  EXPECT_EQ(
      needle_of(
          R"({"resource":"Observation","select":[{"forEachOrNull":"component",)"
          R"("select":[{"forEach":"referenceRange","column":[{"name":"a","path":"text"}]}]}]})"),
      "");
}

TEST(NeedleTest, TextsThatJsonMayWriteInSeveralWaysAreNone) {
  // A slash may be escaped; a letter above ASCII, too.
  EXPECT_EQ(needle_of(observation_view("code.text = 'http://a/b1'")).find("http"),
            std::string::npos);
  EXPECT_EQ(needle_of(observation_view("code.text = 'grün12'")).find("gr"), std::string::npos);
  EXPECT_EQ(needle_of(observation_view("code.text = ''")).find("\"\""), std::string::npos);
}

TEST(NeedleTest, NumbersAndDatesAreNone) {
  // 1.0 equals 1.00, a date another precision of itself.
  EXPECT_EQ(needle_of(observation_view("value.ofType(integer) = 123456")).find("123456"),
            std::string::npos);
  EXPECT_EQ(needle_of(observation_view("issued = @2024-01-01T00:00:00Z")).find("2024"),
            std::string::npos);
}

TEST(NeedleTest, AChoiceHasNoKeyOfItsOwn) {
  EXPECT_EQ(needle_of(observation_view("value.exists()")), "");
  EXPECT_EQ(needle_of(observation_view("value.ofType(string) = 'abcde1'")), "\"abcde1\"");
}

TEST(NeedleTest, APrimitiveMayHaveOnlyItsOtherKey) {
  // "_issued" alone makes issued.exists() true, so that the first quote is not part of it.
  EXPECT_EQ(needle_of(observation_view("issued.exists()")), "issued\"");
}

TEST(NeedleTest, TheRarestIsTaken) {
  EXPECT_EQ(best_needle({"\"component\"", "\"status\""}), "\"component\"");
  EXPECT_EQ(best_needle({"\"extremelyLongKeyName\"", "\"8-9\""}), "\"8-9\"");
  EXPECT_EQ(best_needle({"\"code\"", "\"coding\"", "\"subject\"", "\"id\""}), "");
  EXPECT_EQ(best_needle({}), "");
}

}  // namespace
}  // namespace kiln::view
