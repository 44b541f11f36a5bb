#include "fhir/decimal.h"

#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace kiln::fhir {
namespace {

Decimal dec(std::string_view text) {
  const auto value = Decimal::parse(text);
  EXPECT_TRUE(value.has_value()) << text;
  return value.value_or(Decimal(-999));
}

std::string shown(const std::optional<Decimal>& value) {
  return value ? value->to_string() : "none";
}

std::string digits(size_t count) { return std::string(count, '9'); }

TEST(DecimalTest, KeepsItsText) {
  for (const std::string_view text : {"0", "1", "-1", "1.0", "1.00", "0.10", "-0.001",
                                      "123456789012345678901234567890.5", "0.000", "100", "10.0"}) {
    EXPECT_EQ(dec(text).to_string(), text);
  }
}

TEST(DecimalTest, ResolvesExponents) {
  EXPECT_EQ(shown(dec("1e3")), "1000");
  EXPECT_EQ(shown(dec("1.5E+2")), "150");
  EXPECT_EQ(shown(dec("1.50e1")), "15.0");
  EXPECT_EQ(shown(dec("-25e-3")), "-0.025");
  EXPECT_EQ(shown(dec("1e-100")), "0." + std::string(99, '0') + "1");
  EXPECT_EQ(shown(dec("0e5")), "0");
}

TEST(DecimalTest, RefusesWhatIsNoNumber) {
  for (const std::string_view text :
       {"", "-", "+", ".", ".5", "1.", "-.5", "1e", "1e+", "1.2.3", "1 ", " 1", "0x1", "NaN", "inf",
        "1e1.5", "--1", "1,5", "1_0"}) {
    EXPECT_FALSE(Decimal::parse(text)) << text;
  }
}

TEST(DecimalTest, RefusesMoreDigitsThanItHolds) {
  EXPECT_TRUE(Decimal::parse(digits(Decimal::kMaxDigits)));
  EXPECT_FALSE(Decimal::parse(digits(Decimal::kMaxDigits + 1)));
  EXPECT_TRUE(Decimal::parse(std::string(500, '0') + "1"));
  EXPECT_TRUE(Decimal::parse("0." + digits(100)));
  EXPECT_FALSE(Decimal::parse("0." + digits(101)));
  EXPECT_TRUE(Decimal::parse("1e99"));
  EXPECT_FALSE(Decimal::parse("1e100"));
  EXPECT_FALSE(Decimal::parse("1e-101"));
  EXPECT_FALSE(Decimal::parse("1e99999999999999999999"));
  EXPECT_FALSE(Decimal::parse("1e-99999999999999999999"));
  EXPECT_FALSE(Decimal::parse(digits(1'000'000)));
}

TEST(DecimalTest, ComparesByValue) {
  EXPECT_EQ(dec("1.0"), dec("1.00"));
  EXPECT_EQ(dec("-0"), dec("0.00"));
  EXPECT_EQ(Decimal::compare(dec("1.10"), dec("1.9")), -1);
  EXPECT_EQ(Decimal::compare(dec("-1.10"), dec("-1.9")), 1);
  EXPECT_EQ(Decimal::compare(dec(digits(100)), dec("1e-100")), 1);
  EXPECT_EQ(Decimal::compare(dec("0.1"), dec("0.10000000000000000001")), -1);
}

TEST(DecimalTest, IntegersAreThoseWithoutAFraction) {
  EXPECT_TRUE(dec("2.00").is_integer());
  EXPECT_FALSE(dec("2.01").is_integer());
  EXPECT_EQ(dec("-7.0").to_integer(), -7);
  EXPECT_EQ(dec("9223372036854775807").to_integer(), INT64_MAX);
  EXPECT_EQ(dec("-9223372036854775808").to_integer(), INT64_MIN);
  EXPECT_FALSE(dec("9223372036854775808").to_integer());
  EXPECT_FALSE(dec("-9223372036854775809").to_integer());
  EXPECT_FALSE(dec("0.5").to_integer());
  EXPECT_EQ(Decimal(INT64_MIN).to_string(), "-9223372036854775808");
}

TEST(DecimalTest, NormalizedHasNoNeedlessZeros) {
  EXPECT_EQ(shown(dec("1.500").normalized()), "1.5");
  EXPECT_EQ(shown(dec("100").normalized()), "100");
  EXPECT_EQ(shown(dec("0.000").normalized()), "0");
  EXPECT_EQ(shown(dec("-2.0").normalized()), "-2");
}

TEST(DecimalTest, RoundsHalfAwayFromZero) {
  EXPECT_EQ(shown(dec("2.345").rounded(2)), "2.35");
  EXPECT_EQ(shown(dec("-2.345").rounded(2)), "-2.35");
  EXPECT_EQ(shown(dec("2.5").rounded(0)), "3");
  EXPECT_EQ(shown(dec("-2.5").rounded(0)), "-3");
  EXPECT_EQ(shown(dec("2.4999").rounded(0)), "2");
  EXPECT_EQ(shown(dec("9.99").rounded(1)), "10.0");
  EXPECT_EQ(shown(dec("1.5").rounded(3)), "1.500");
  EXPECT_EQ(shown(dec("0.5").rounded(100)), "0.5" + std::string(99, '0'));
  EXPECT_EQ(shown(dec("1.5").rounded(100)), "none");  // 101 digits
}

TEST(DecimalTest, TruncatesFloorsAndCeils) {
  EXPECT_EQ(shown(dec("2.99").truncated(1)), "2.9");
  EXPECT_EQ(shown(dec("-2.99").truncated(0)), "-2");
  EXPECT_EQ(shown(dec("2.1").floor()), "2");
  EXPECT_EQ(shown(dec("-2.1").floor()), "-3");
  EXPECT_EQ(shown(dec("-2.0").floor()), "-2");
  EXPECT_EQ(shown(dec("2.1").ceiling()), "3");
  EXPECT_EQ(shown(dec("-2.1").ceiling()), "-2");
  EXPECT_EQ(shown(dec("-1.50").absolute()), "1.50");
  EXPECT_EQ(shown(dec("0.0").negated()), "0.0");
}

TEST(DecimalTest, AddsExactly) {
  EXPECT_EQ(shown(Decimal::add(dec("0.1"), dec("0.2"))), "0.3");
  EXPECT_EQ(shown(Decimal::add(dec("1.50"), dec("-1.5"))), "0.00");
  EXPECT_EQ(shown(Decimal::subtract(dec("1"), dec("0.001"))), "0.999");
  EXPECT_EQ(shown(Decimal::add(dec(digits(100)), dec("1"))), "none");
  EXPECT_EQ(shown(Decimal::add(dec(digits(100)), dec("0.1"))), "none");
  EXPECT_EQ(shown(Decimal::subtract(dec("-" + digits(100)), dec("1"))), "none");
}

TEST(DecimalTest, MultipliesExactly) {
  EXPECT_EQ(shown(Decimal::multiply(dec("1.1"), dec("1.1"))), "1.21");
  EXPECT_EQ(shown(Decimal::multiply(dec("-0.5"), dec("0.20"))), "-0.100");
  EXPECT_EQ(shown(Decimal::multiply(dec(digits(50)), dec(digits(50)))),
            digits(49) + "8" + std::string(49, '0') + "1");
  EXPECT_EQ(shown(Decimal::multiply(dec(digits(100)), dec(digits(100)))), "none");
  EXPECT_EQ(shown(Decimal::multiply(dec("1e-60"), dec("1e-60"))), "none");
}

TEST(DecimalTest, DividesToTwentyEightDigits) {
  EXPECT_EQ(shown(Decimal::divide(dec("1"), dec("3"))), "0." + std::string(28, '3'));
  EXPECT_EQ(shown(Decimal::divide(dec("2"), dec("3"))), "0." + std::string(27, '6') + "7");
  EXPECT_EQ(shown(Decimal::divide(dec("-2"), dec("3"))), "-0." + std::string(27, '6') + "7");
  EXPECT_EQ(shown(Decimal::divide(dec("1.50"), dec("0.5"))), "3");
  EXPECT_EQ(shown(Decimal::divide(dec("1"), dec("0.00"))), "none");
  EXPECT_EQ(shown(Decimal::divide(dec("1e-100"), dec("1"))), "0");
  EXPECT_EQ(shown(Decimal::divide(dec("1e-100"), dec("1e-100"))), "1");
  EXPECT_EQ(shown(Decimal::divide(dec(digits(100)), dec("1e-100"))), "none");
}

TEST(DecimalTest, QuotientsAndRemaindersHaveTheSignOfTheLeft) {
  EXPECT_EQ(shown(Decimal::integer_quotient(dec("5.5"), dec("0.7"))), "7");
  EXPECT_EQ(shown(Decimal::remainder(dec("5.5"), dec("0.7"))), "0.6");
  EXPECT_EQ(shown(Decimal::integer_quotient(dec("-5"), dec("3"))), "-1");
  EXPECT_EQ(shown(Decimal::remainder(dec("-5"), dec("3"))), "-2");
  EXPECT_EQ(shown(Decimal::remainder(dec("5"), dec("-3"))), "2");
  EXPECT_EQ(shown(Decimal::remainder(dec("5"), dec("0"))), "none");
  EXPECT_EQ(shown(Decimal::integer_quotient(dec("5"), dec("0.0"))), "none");
}

TEST(DecimalTest, Powers) {
  EXPECT_EQ(shown(Decimal::power(dec("2"), 10)), "1024");
  EXPECT_EQ(shown(Decimal::power(dec("1.5"), 2)), "2.25");
  EXPECT_EQ(shown(Decimal::power(dec("2"), -2)), "0.25");
  EXPECT_EQ(shown(Decimal::power(dec("0"), 0)), "1");
  EXPECT_EQ(shown(Decimal::power(dec("0"), -1)), "none");
  EXPECT_EQ(shown(Decimal::power(dec("10"), 99)), "1" + std::string(99, '0'));
  EXPECT_EQ(shown(Decimal::power(dec("10"), 100)), "none");
}

TEST(DecimalTest, PowersWithHugeExponentsEnd) {
  EXPECT_EQ(shown(Decimal::power(dec("1"), INT64_MAX)), "1");
  EXPECT_EQ(shown(Decimal::power(dec("-1"), INT64_MAX)), "-1");
  EXPECT_EQ(shown(Decimal::power(dec("0"), INT64_MAX)), "0");
  EXPECT_EQ(shown(Decimal::power(dec("2"), INT64_MAX)), "none");
  EXPECT_EQ(shown(Decimal::power(dec("0.1"), INT64_MAX)), "none");
  EXPECT_EQ(shown(Decimal::power(dec("-1"), INT64_MIN)), "1");
  EXPECT_EQ(shown(Decimal::power(dec("0"), INT64_MIN)), "none");
  EXPECT_EQ(shown(Decimal::power(dec("2"), INT64_MIN)), "none");
}

TEST(DecimalTest, ToAndFromDoubles) {
  EXPECT_EQ(dec("0.1").to_double(), 0.1);
  EXPECT_EQ(shown(Decimal::from_double(1.1)), "1.1");
  EXPECT_EQ(shown(Decimal::from_double(-1e20)), "-100000000000000000000");
  EXPECT_EQ(shown(Decimal::from_double(std::nan(""))), "none");
  EXPECT_EQ(shown(Decimal::from_double(std::numeric_limits<double>::infinity())), "none");
  EXPECT_EQ(shown(Decimal::from_double(1e300)), "none");
}

}  // namespace
}  // namespace kiln::fhir
