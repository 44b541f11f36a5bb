#include "fhir/ratio.h"

#include <string>

#include <gtest/gtest.h>

namespace kiln::fhir {
namespace {

Ratio of(std::string_view text) { return Ratio(Decimal::parse(text).value()); }

/// "numerator/denominator", or "none".
std::string shown(const std::optional<Ratio>& ratio) {
  if (!ratio) return "none";
  return ratio->numerator().to_string() + "/" + ratio->denominator().to_string();
}

TEST(RatioTest, QuotientsAreReduced) {
  EXPECT_EQ(shown(Ratio::divide(of("1"), of("60"))), "0.05/3");
  EXPECT_EQ(shown(Ratio::divide(of("60"), of("60"))), "1/1");
  EXPECT_EQ(shown(Ratio::divide(of("1"), of("8"))), "0.125/1");
  EXPECT_EQ(shown(Ratio::divide(of("-6"), of("-9"))), "2/3");
  EXPECT_EQ(shown(Ratio::divide(of("6"), of("-9"))), "-2/3");
  EXPECT_EQ(shown(Ratio::divide(of("0.001"), of("0.003"))), "1/3");
  EXPECT_EQ(shown(Ratio::divide(of("0"), of("7"))), "0/1");
  EXPECT_EQ(shown(Ratio::divide(of("7"), of("0"))), "none");
}

TEST(RatioTest, ThirdsAddUp) {
  const Ratio third = Ratio::divide(of("1"), of("3")).value();
  EXPECT_EQ(shown(Ratio::multiply(third, of("3"))), "1/1");
  EXPECT_EQ(third.to_decimal()->to_string(), "0.3333333333333333333333333333");
}

TEST(RatioTest, WhatHasNoRoomHasNoResult) {
  const Ratio huge = of("1e99");
  const Ratio tiny = of("1e-100");
  EXPECT_EQ(shown(Ratio::multiply(huge, of("1"))), huge.numerator().to_string() + "/1");
  EXPECT_EQ(shown(Ratio::multiply(huge, of("10"))), "none");
  EXPECT_EQ(shown(Ratio::divide(huge, of("0.1"))), "none");
  EXPECT_EQ(shown(Ratio::multiply(tiny, of("0.1"))), "none");
  EXPECT_EQ(shown(Ratio::divide(of("1"), huge)), of("1e-99").numerator().to_string() + "/1");
  const Ratio odd = of(std::string(99, '9'));
  EXPECT_EQ(shown(Ratio::divide(odd, odd)), "1/1");
}

}  // namespace
}  // namespace kiln::fhir
