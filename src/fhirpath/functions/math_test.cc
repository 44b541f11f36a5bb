// Numbers and quantities: functions of math, arithmetic, comparison and logic.
#include "fhirpath/evaluated_for_test.h"

namespace kiln::fhirpath {
namespace {

TEST(MathTest, RoundsInEveryDirection) {
  expect_all("", {{"(-5).abs()", "integer 5"},
                  {"(-5.50).abs()", "decimal 5.50"},
                  {"(-5.5 'mg').abs()", "Quantity 5.5 'mg'"},
                  {"1.1.ceiling()", "integer 2"},
                  {"(-1.1).ceiling()", "integer -1"},
                  {"1.9.floor()", "integer 1"},
                  {"(-1.1).floor()", "integer -2"},
                  {"(-1.9).truncate()", "integer -1"},
                  {"1.5.round()", "decimal 2"},
                  {"3.14159.round(3)", "decimal 3.142"},
                  {"3.14159.round(-1)", "error"},
                  {"1.5.round('a')", "error"},
                  {"{}.round()", ""},
                  {"{}.abs()", ""},
                  {"'a'.abs()", "error"},
                  {"(1 | 2).abs()", "error"}});
}

TEST(MathTest, RealFunctions) {
  expect_all("", {{"0.exp()", "decimal 1"},
                  {"1.ln()", "decimal 0"},
                  {"0.ln()", ""},
                  {"(-1).ln()", ""},
                  {"81.sqrt()", "decimal 9"},
                  {"(-1).sqrt()", ""},
                  {"16.log(2)", "decimal 4"},
                  {"{}.log(2)", ""},
                  {"16.log({})", ""},
                  {"2.power(3)", "integer 8"},
                  {"2.5.power(2)", "decimal 6.25"},
                  {"(-1).power(0.5)", ""},
                  {"2.power({})", ""},
                  {"2.power('a')", "error"}});
}

TEST(ArithmeticTest, IntegersStayIntegersAndDecimalsKeepDigits) {
  expect_all("", {{"1 + 2", "integer 3"},
                  {"1 + 2.50", "decimal 3.50"},
                  {"1L + 2", "long 3"},
                  {"2147483647 + 1", ""},
                  {"2147483647L + 1", "long 2147483648"},
                  {"5 - 7", "integer -2"},
                  {"2 * 3", "integer 6"},
                  {"2 * 1.5", "decimal 3.0"},
                  {"1 / 2", "decimal 0.5"},
                  {"6 / 2", "decimal 3"},
                  {"1 / 0", ""},
                  {"7 div 2", "integer 3"},
                  {"-7 div 2", "integer -3"},
                  {"7 div 0", ""},
                  {"7.5 div 2", "integer 3"},
                  {"7 mod 3", "integer 1"},
                  {"-7 mod 3", "integer -1"},
                  {"7.5 mod 2", "decimal 1.5"},
                  {"7 mod 0", ""},
                  {"-(3)", "integer -3"},
                  {"+3.0", "decimal 3.0"},
                  {"{} + 1", ""},
                  {"1 - {}", ""},
                  {"0.1 + 0.2 = 0.3", "boolean true"},
                  {"12345678901234567890 + 1", "decimal 12345678901234567891"}});
}

TEST(ArithmeticTest, RefusesWhatDoesNotFit) {
  expect_all("", {{"1 + 'a'", "error"},
                  {"'a' - 'b'", "error"},
                  {"true * 2", "error"},
                  {"'7' div 2", "error"},
                  {"(1 | 2) + 1", "error"},
                  {"-'a'", "error"},
                  {"1 & 2", "error"}});
}

TEST(ArithmeticTest, QuantitiesHaveUnits) {
  expect_all("", {{"2 'mg' + 3 'mg'", "Quantity 5 'mg'"},
                  {"1 'g' + 500 'mg'", "Quantity 1.5 'g'"},
                  {"1 'g' + 1 'm'", ""},
                  {"2 'm' * 3 'm'", "Quantity 6 'm2'"},
                  {"6 'm' / 2 's'", "Quantity 3 'm.s-1'"},
                  {"6 'm' / 2", "Quantity 3 'm'"},
                  {"2 * 3 'kg'", "Quantity 6 'kg'"},
                  {"-(3 'kg')", "Quantity -3 'kg'"},
                  {"1 'm' / 0", ""}});
}

TEST(ArithmeticTest, QuotientsOfQuantitiesAreExact) {
  expect_all("", {{"120 'mm[Hg]' / 80 'mm[Hg]'", "Quantity 1.5 '1'"},
                  {"3 'h' / 3 'h'", "Quantity 1 '1'"},
                  {"7 'd' / 1 'wk'", "Quantity 1 '1'"},
                  {"1 'mo' / 1 'mo'", "Quantity 1 '1'"},
                  {"1 year / 6 months = 2 '1'", "boolean true"},
                  {"3 years / 1.5 years", "Quantity 2 '1'"},
                  {"1 'min' / 1 's'", "Quantity 60 '1'"},
                  {"1 's' / 3 'min'", "Quantity 0.0055555555555555555555555556 '1'"},
                  // Units that mean nothing to us cancel, too.
                  {"10 '[IU]' / 4 '[IU]'", "Quantity 2.5 '1'"},
                  {"10 '[IU]' / 4 'g'", ""},
                  {"6 '/min' / 1 's-1'", "Quantity 0.1 '1'"},
                  {"1 'U' = 1 'umol/min'", "boolean true"},
                  {"60 '/min' = 1 '/s'", "boolean true"},
                  {"20 '/min' + 1 '/s'", "Quantity 80 '/min'"},
                  {"3937 '[in_us]' = 100 'm'", "boolean true"},
                  {"360 'deg' = 2 '[pi].rad'", "boolean true"},
                  {"2 'm' * 3 '/min'", "Quantity 0.1 'm.s-1'"},
                  {"1 'g' / 0 'g'", ""}});
}

TEST(ArithmeticTest, ANumberIsAQuantityOfUnitOneBesideAQuantity) {
  expect_all("", {{"23 = 23 '1'", "boolean true"},
                  {"23 '1' = 23.0", "boolean true"},
                  {"23 != 23 '1'", "boolean false"},
                  {"23 ~ 23 '1'", "boolean true"},
                  {"2 '1' > 1", "boolean true"},
                  {"2 > 1 '1'", "boolean true"},
                  {"1 < 200 '%'", "boolean true"},
                  {"2 > 1 'kg'", ""},
                  {"3 '1' + 2", "Quantity 5 '1'"},
                  {"2 + 3 '1'", "Quantity 5 '1'"},
                  {"2 - 50 '%'", "Quantity 1.5 '1'"},
                  {"2 + 3 'kg'", ""},
                  {"3 * 2 'cm'", "Quantity 6 'cm'"},
                  {"'a' > 1 '1'", "error"},
                  {"'a' + 1 '1'", "error"},
                  {"(1 | 2) contains 2 '1'", "boolean true"}});
}

TEST(ArithmeticTest, DatesAndDurations) {
  expect_all("", {{"@2024-01-31 + 1 month", "date 2024-02-29"},
                  {"@2024-02-29 + 1 year", "date 2025-02-28"},
                  {"@2024-03-01 - 1 day", "date 2024-02-29"},
                  {"@2024-01-01 + 2 weeks", "date 2024-01-15"},
                  {"@2024-02-29T23:59:59Z + 1 second", "dateTime 2024-03-01T00:00:00Z"},
                  {"@T23:30 + 45 minutes", "time 00:15"},
                  {"@2024 + 13 months", "date 2025"},
                  {"@2024-01-01 + 1 'cm'", "error"},
                  {"@2024-01-01 + 1", "error"},
                  {"@9999-12-31 + 1 day", ""}});
}

TEST(ComparisonTest, Equality) {
  expect_all("", {{"1 = 1.0", "boolean true"},
                  {"1 != 2", "boolean true"},
                  {"'a' = 'A'", "boolean false"},
                  {"1 = 'a'", "boolean false"},
                  {"(1 | 2) = (1 | 2)", "boolean true"},
                  {"(1 | 2) = (2 | 1)", "boolean false"},
                  {"(1 | 2) = 1", "boolean false"},
                  {"{} = 1", ""},
                  {"{} = {}", ""},
                  {"{} != {}", ""},
                  {"@2024-01 = @2024-01-15", ""},
                  {"@2024-01 = @2024-02-15", "boolean false"},
                  {"@2024-01-01T10:00:00Z = @2024-01-01T11:00:00+01:00", "boolean true"},
                  {"@2024-01-01T10:00:00.0Z = @2024-01-01T10:00:00Z", "boolean true"},
                  {"1 'g' = 1000 'mg'", "boolean true"},
                  {"1 'g' = 1 'm'", "boolean false"},
                  {"1 week = 7 days", "boolean true"}});
}

TEST(ComparisonTest, Equivalence) {
  expect_all("", {{"'a B' ~ 'A b'", "boolean true"},
                  // Trailing zeros do not count as precision (§6.1.2).
                  {"1.0 ~ 1.04", "boolean true"},
                  {"1.1 ~ 1.12", "boolean true"},
                  {"(1 | 2) ~ (2 | 1)", "boolean true"},
                  {"{} ~ {}", "boolean true"},
                  {"{} ~ 1", "boolean false"},
                  {"{} !~ {}", "boolean false"},
                  {"@2024-01 ~ @2024-01-15", "boolean false"},
                  {"1 !~ 2", "boolean true"},
                  {"1 ~ 'a'", "boolean false"}});
}

TEST(ComparisonTest, Order) {
  expect_all("", {{"1 < 2.0", "boolean true"},
                  {"2 <= 2", "boolean true"},
                  {"'a' < 'b'", "boolean true"},
                  {"'b' >= 'a'", "boolean true"},
                  {"@2024-01-01 < @2024-01-02", "boolean true"},
                  {"@2024-01 < @2024-01-02", ""},
                  {"@2023 < @2024-01-02", "boolean true"},
                  {"@T10:30 > @T10:29:59", "boolean true"},
                  {"1 'g' > 999 'mg'", "boolean true"},
                  {"1 'g' > 1 'm'", ""},
                  {"{} < 1", ""},
                  {"1 < 'a'", "error"},
                  {"(1 | 2) < 3", "error"},
                  {"true < false", "error"}});
}

TEST(LogicTest, HasThreeValues) {
  const std::string_view kSides[] = {"true", "false", "{}"};
  // Rows: the left side; columns: the right one.
  const std::string_view kTables[4][9] = {
      {"true", "false", "", "false", "false", "false", "", "false", ""},
      {"true", "true", "true", "true", "false", "", "true", "", ""},
      {"false", "true", "", "true", "false", "", "", "", ""},
      {"true", "false", "", "true", "true", "true", "true", "", ""}};
  const std::string_view kNames[] = {"and", "or", "xor", "implies"};
  for (size_t op = 0; op < 4; ++op) {
    for (size_t i = 0; i < 9; ++i) {
      const std::string expression = std::string(kSides[i / 3]) + " " + std::string(kNames[op]) +
                                     " " + std::string(kSides[i % 3]);
      const std::string_view value = kTables[op][i];
      EXPECT_EQ(evaluate(expression).text, value.empty() ? "" : "boolean " + std::string(value))
          << expression;
    }
  }
}

TEST(LogicTest, TheLeftSideMayDecideAlone) {
  expect_all("", {{"false and ('a' < 1)", "boolean false"},
                  {"true or ('a' < 1)", "boolean true"},
                  {"false implies ('a' < 1)", "boolean true"},
                  {"true and ('a' < 1)", "error"},
                  {"(true | false) and true", "error"},
                  // A single item that is no Boolean counts as true (§4.5).
                  {"'x' and true", "boolean true"}});
}

}  // namespace
}  // namespace kiln::fhirpath
