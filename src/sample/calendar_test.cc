#include "sample/calendar.h"

#include <gtest/gtest.h>

#include "sample/digits.h"

namespace kiln::sample {
namespace {

Day day_of(int year, unsigned month, unsigned day) {
  return Day(std::chrono::year(year) / static_cast<int>(month) / static_cast<int>(day));
}

TEST(SampleCalendar, TextIsFhir) {
  EXPECT_EQ(date_text(day_of(2024, 2, 29)), "2024-02-29");
  EXPECT_EQ(date_text(day_of(1931, 12, 1)), "1931-12-01");
  const Moment moment = Moment(day_of(1969, 12, 31)) + std::chrono::seconds(9 * 3600 + 5 * 60 + 7);
  EXPECT_EQ(instant_text(moment), "1969-12-31T09:05:07Z");
}

TEST(SampleCalendar, MonthsEndInShorterMonths) {
  EXPECT_EQ(months_later(day_of(2024, 1, 31), 1), day_of(2024, 2, 29));
  EXPECT_EQ(months_later(day_of(2023, 11, 15), 14), day_of(2025, 1, 15));
}

TEST(SampleCalendar, AgeChangesOnTheBirthday) {
  const Day birth = day_of(1980, 6, 15);
  EXPECT_EQ(years_between(birth, day_of(2020, 6, 14)), 39);
  EXPECT_EQ(years_between(birth, day_of(2020, 6, 15)), 40);
  EXPECT_EQ(years_between(birth, birth), 0);
}

TEST(SampleDigits, DecimalsKeepTheirPlaces) {
  EXPECT_EQ(decimal_text(1425, 1), "142.5");
  EXPECT_EQ(decimal_text(140, 1), "14.0");
  EXPECT_EQ(decimal_text(5, 2), "0.05");
  EXPECT_EQ(decimal_text(-700010, 4), "-70.0010");
  EXPECT_EQ(decimal_text(0, 0), "0");
  EXPECT_EQ(padded(42, 5), "00042");
  EXPECT_EQ(padded(123456, 5), "123456");
}

}  // namespace
}  // namespace kiln::sample
