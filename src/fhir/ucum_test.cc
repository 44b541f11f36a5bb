#include "fhir/ucum.h"

#include <string>

#include <gtest/gtest.h>

namespace kiln::fhir {
namespace {

/// "factor base", or "none".
std::string shown(const std::optional<Unit>& unit) {
  return unit ? unit->factor.to_decimal()->to_string() + " " + unit->base_text() : "none";
}
std::string parsed(std::string_view text) { return shown(Unit::parse(text)); }

TEST(UcumTest, BaseUnitsAndPrefixes) {
  EXPECT_EQ(parsed("g"), "1 g");
  EXPECT_EQ(parsed("kg"), "1000 g");
  EXPECT_EQ(parsed("mg"), "0.001 g");
  EXPECT_EQ(parsed("ug"), "0.000001 g");
  EXPECT_EQ(parsed("cm"), "0.01 m");
  EXPECT_EQ(parsed("dam"), "10 m");
  EXPECT_EQ(parsed("dm"), "0.1 m");
  EXPECT_EQ(parsed("mmol"), "0.001 mol");
  EXPECT_EQ(parsed("1"), "1 1");
  EXPECT_EQ(parsed("%"), "0.01 1");
}

TEST(UcumTest, AtomsWinOverPrefixes) {
  EXPECT_EQ(parsed("min"), "60 s");           // not milli-in
  EXPECT_EQ(parsed("cd"), "1 cd");            // not centi-day
  EXPECT_EQ(parsed("Pa"), "1000 m-1.s-2.g");  // not peta-year
  EXPECT_EQ(parsed("mo"), "2629800 s");
  EXPECT_EQ(parsed("mm[Hg]"), "133322 m-1.s-2.g");
}

TEST(UcumTest, OnlyMetricAtomsHavePrefixes) {
  EXPECT_EQ(parsed("kmin"), "none");
  EXPECT_EQ(parsed("k%"), "none");
  EXPECT_EQ(parsed("m[lb_av]"), "none");
  EXPECT_EQ(parsed("kkg"), "none");
  EXPECT_EQ(parsed("k"), "none");
}

TEST(UcumTest, TermsMultiplyAndDivideFromTheLeft) {
  EXPECT_EQ(parsed("mg/dL"), "10 m-3.g");
  EXPECT_EQ(parsed("g/m/s"), "1 m-1.s-1.g");
  EXPECT_EQ(parsed("g/(m.s)"), "1 m-1.s-1.g");
  EXPECT_EQ(parsed("kg/m2"), "1000 m-2.g");
  EXPECT_EQ(parsed("/min"), parsed("min-1"));
  EXPECT_EQ(parsed("10*3/uL"), "1000000000000 m-3");
  EXPECT_EQ(parsed("10^-2"), "0.01 1");
  EXPECT_EQ(parsed("mL/min/{1.73_m2}"), parsed("mL/min"));
  EXPECT_EQ(parsed("m+2"), "1 m2");
  EXPECT_EQ(parsed("m/m"), "1 1");
  EXPECT_EQ(parsed("2.m"), "2 m");
}

TEST(UcumTest, AnnotationsSayNothing) {
  EXPECT_EQ(parsed("{score}"), "1 1");
  EXPECT_EQ(parsed("mg{total}"), "0.001 g");
  EXPECT_EQ(parsed("{beats}/min"), parsed("/min"));
  EXPECT_EQ(parsed("mg{open"), "none");
}

TEST(UcumTest, UnitsNotUnderstood) {
  for (const std::string_view text :
       {"",    "Cel", "[degF]", "[IU]", "xyz", "mg//dL",       "mg/",   ".mg",  "mg.", "(mg",
        "mg)", "()",  "m0",     "m-",   "m13", "m99999999999", "mg dL", " mg",  "mg ", "[lb_av",
        "lb",  "{",   "}",      "/",    "[]",  "\xC2\xB5g",    "10*99", "m1000"}) {
    EXPECT_EQ(parsed(text), "none") << text;
  }
}

TEST(UcumTest, HostileExpressionsEnd) {
  EXPECT_EQ(parsed(std::string(100, '(') + "g" + std::string(99, ')')), "none");
  EXPECT_EQ(parsed(std::string(100'000, '(')), "none");
  EXPECT_EQ(parsed(std::string(201, '1')), "none");
  EXPECT_EQ(parsed(std::string(150, '9')), "none");
  std::string product = "Ym12";
  while (product.size() < 190) product += ".Ym12";
  EXPECT_EQ(parsed(product), "none");
  std::string powers = "m12";
  while (powers.size() < 190) powers += ".m12";
  EXPECT_EQ(parsed(powers), "none");
  EXPECT_EQ(parsed("ym12"), "none");
}

TEST(UcumTest, ComparableUnitsHaveEqualPowers) {
  const Unit pound = Unit::parse("[lb_av]").value();
  const Unit gram = Unit::parse("g").value();
  EXPECT_EQ(pound.powers, gram.powers);
  EXPECT_NE(gram.powers, Unit::parse("m")->powers);
  EXPECT_EQ(Unit::parse("J")->powers, Unit::parse("N.m")->powers);
  EXPECT_EQ(Unit::parse("W")->powers, Unit::parse("V.A")->powers);
  EXPECT_EQ(Unit::parse("Ohm")->powers, Unit::parse("V/A")->powers);
}

TEST(UcumTest, CalendarWords) {
  EXPECT_EQ(shown(Unit::of_calendar_word("year")), "12 month");
  EXPECT_EQ(shown(Unit::of_calendar_word("months")), "1 month");
  EXPECT_EQ(shown(Unit::of_calendar_word("weeks")), "604800 s");
  EXPECT_EQ(shown(Unit::of_calendar_word("milliseconds")), "0.001 s");
  EXPECT_EQ(shown(Unit::of_calendar_word("yearss")), "none");
  EXPECT_EQ(shown(Unit::of_calendar_word("yeard")), "none");
  EXPECT_EQ(shown(Unit::of_calendar_word("a")), "none");
  EXPECT_NE(Unit::of_calendar_word("month")->powers, Unit::parse("mo")->powers);
}

TEST(UcumTest, ProductsAndQuotients) {
  const Unit m = Unit::parse("m").value();
  const Unit cm = Unit::parse("cm").value();
  EXPECT_EQ(shown(Unit::multiply(m, cm)), "0.01 m2");
  EXPECT_EQ(shown(Unit::divide(m, cm)), "100 1");
  Unit zero;
  zero.factor = Ratio(Decimal(0));
  EXPECT_EQ(shown(Unit::divide(m, zero)), "none");
}

}  // namespace
}  // namespace kiln::fhir
