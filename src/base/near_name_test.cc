#include "base/near_name.h"

#include <string>

#include <gtest/gtest.h>

namespace kiln::base {
namespace {

TEST(NearestNameTest, FindsASlipOfTheFinger) {
  EXPECT_EQ(nearest_name("birthdate", {"deceased", "birthDate", "gender"}), "birthDate");
  EXPECT_EQ(nearest_name("brithDate", {"deceased", "birthDate", "gender"}), "birthDate");
  EXPECT_EQ(nearest_name("Patiemt", {"Practitioner", "Patient"}), "Patient");
  EXPECT_EQ(nearest_name("gendr", {"gender"}), "gender");
  EXPECT_EQ(nearest_name("whre", {"where", "when"}), "where");
}

TEST(NearestNameTest, TakesNeighboursThatChangedPlacesForOneSlip) {
  EXPECT_EQ(nearest_name("frist", {"first"}), "first");
  EXPECT_EQ(nearest_name("rnu", {"run"}), "run");
  EXPECT_EQ(nearest_name("rxnu", {"run"}), "");
}

TEST(NearestNameTest, SaysNothingWhenNothingIsNear) {
  EXPECT_EQ(nearest_name("xyzzy", {"birthDate", "gender"}), "");
  EXPECT_EQ(nearest_name("id", {"active", "name"}), "");
  EXPECT_EQ(nearest_name("name", {}), "");
  EXPECT_EQ(nearest_name("", {"a"}), "");
}

TEST(NearestNameTest, AllowsAThirdOfTheLength) {
  EXPECT_EQ(nearest_name("abcdef", {"abcdXY"}), "abcdXY");
  EXPECT_EQ(nearest_name("abcdef", {"abcXYZ"}), "");
  EXPECT_EQ(nearest_name("ab", {"aX"}), "aX");
  EXPECT_EQ(nearest_name("ab", {"XY"}), "");
}

TEST(NearestNameTest, TheFirstOfEquallyNearOnesWins) {
  EXPECT_EQ(nearest_name("codes", {"coded", "code"}), "coded");
  EXPECT_EQ(nearest_name("codes", {"code", "coded"}), "code");
}

TEST(NearestNameTest, LongNamesAreNotCompared) {
  const std::string longest(64, 'a');
  const std::string longer(65, 'a');
  EXPECT_EQ(nearest_name(longest, {longer, longest}), longest);
  EXPECT_EQ(nearest_name(longer, {longer}), "");
  EXPECT_EQ(nearest_name(std::string(1 << 20, 'a'), {std::string_view(longer)}), "");
}

TEST(NearestNameTest, BytesAboveAsciiAreJustBytes) {
  EXPECT_EQ(nearest_name("gr\xC3\xB6sse", {"grosse", "groesse"}), "grosse");
  EXPECT_EQ(nearest_name("\xFF\xFE\xFD", {"\xFF\xFE"}), "\xFF\xFE");
}

}  // namespace
}  // namespace kiln::base
