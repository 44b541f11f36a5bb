#include "fhir/temporal.h"

#include <string>

#include <gtest/gtest.h>

namespace kiln::fhir {
namespace {

Temporal date(std::string_view text) { return Temporal::parse_date(text).value(); }
Temporal date_time(std::string_view text) { return Temporal::parse_date_time(text).value(); }
Temporal time_of(std::string_view text) { return Temporal::parse_time(text).value(); }

std::string shown(const std::optional<Temporal>& value) {
  return value ? value->to_string() : "none";
}

/// "<", "=", ">" or "?".
char compared(const Temporal& a, const Temporal& b) {
  const auto order = Temporal::compare(a, b);
  const auto reverse = Temporal::compare(b, a);
  EXPECT_EQ(order.has_value(), reverse.has_value());
  if (!order) return '?';
  EXPECT_EQ(*order, -*reverse);
  return *order < 0 ? '<' : (*order > 0 ? '>' : '=');
}

TEST(TemporalTest, DatesKeepTheirPrecision) {
  EXPECT_EQ(date("2024").precision, Precision::kYear);
  EXPECT_EQ(date("2024-03").precision, Precision::kMonth);
  EXPECT_EQ(date("2024-02-29").precision, Precision::kDay);
  for (const std::string_view text :
       {"2024", "2024-03", "2024-02-29", "0001-01-01", "9999-12-31"}) {
    EXPECT_EQ(date(text).to_string(), text);
  }
}

TEST(TemporalTest, RefusesDatesThatAreNone) {
  for (const std::string_view text :
       {"",          "24",         "02024",      "2024-",           "2024-3",      "2024-13",
        "2024-00",   "2024-02-30", "2023-02-29", "1900-02-29",      "2024-04-31",  "2024-01-00",
        "2024-01-1", "2024/01/01", "0000",       "-2024",           "2024-01-01T", "2024-01-01 ",
        " 2024",     "20240101",   "2024-1-01",  "\xD9\xA2\xD9\xA4"}) {
    EXPECT_FALSE(Temporal::parse_date(text)) << text;
  }
  EXPECT_TRUE(Temporal::parse_date("2000-02-29"));
}

TEST(TemporalTest, DateTimesKeepTheirText) {
  for (const std::string_view text :
       {"2024", "2024-03", "2024-03-01", "2024-03-01T10", "2024-03-01T10:30", "2024-03-01T10:30:00",
        "2024-03-01T10:30:00Z", "2024-03-01T10:30:00.5+02:00",
        "2024-03-01T10:30:00.123456789-11:30", "2024-03-01T00:00:00.000Z",
        "2024-03-01T10:30+14:00"}) {
    EXPECT_EQ(date_time(text).to_string(), text);
  }
  EXPECT_EQ(date_time("2024T").precision, Precision::kYear);
  EXPECT_EQ(date_time("2024-03-01T10:30:00+00:00").to_string(), "2024-03-01T10:30:00Z");
}

TEST(TemporalTest, RefusesDateTimesThatAreNone) {
  for (const std::string_view text : {"",
                                      "T10:30",
                                      "2024-03T10:30",
                                      "2024T10",
                                      "2024-03-01T24:00:00",
                                      "2024-03-01T10:60",
                                      "2024-03-01T10:30:61",
                                      "2024-03-01T10:30:00.",
                                      "2024-03-01T10:30:00.Z",
                                      "2024-03-01T10:30:00+2:00",
                                      "2024-03-01T10:30:00+15:00",
                                      "2024-03-01T10:30:00+02",
                                      "2024-03-01T10:30:00+02:60",
                                      "2024-03-01T10:30:00z",
                                      "2024-03-01t10:30:00",
                                      "2024-03-01 10:30:00",
                                      "2024-03-01T10:30:00ZZ",
                                      "2024-03-01T1:30",
                                      "2024-03-01Z",
                                      "2024-03-01T10:30:00 Z",
                                      "2024-03-01T:30"}) {
    EXPECT_FALSE(Temporal::parse_date_time(text)) << text;
  }
}

TEST(TemporalTest, LeapSecondsAndLongFractionsAreCut) {
  EXPECT_EQ(date_time("2016-12-31T23:59:60Z").to_string(), "2016-12-31T23:59:59Z");
  EXPECT_EQ(time_of("10:00:00.1234567891234").to_string(), "10:00:00.123456789");
  EXPECT_EQ(time_of("10:00:00." + std::string(100'000, '1')).fraction_digits, 9);
}

TEST(TemporalTest, Times) {
  for (const std::string_view text : {"10", "10:30", "10:30:05", "00:00:00.000", "23:59:59.9"}) {
    EXPECT_EQ(time_of(text).to_string(), text);
  }
  for (const std::string_view text :
       {"", "24:00:00", "1:30", "10:3", "10:30:", "10:30:00Z", "T10:30", "10:30:00+02:00"}) {
    EXPECT_FALSE(Temporal::parse_time(text)) << text;
  }
}

TEST(TemporalTest, ComparesPartialDates) {
  EXPECT_EQ(compared(date("2024"), date("2023")), '>');
  EXPECT_EQ(compared(date("2024"), date("2024")), '=');
  EXPECT_EQ(compared(date("2024"), date("2024-01")), '?');
  EXPECT_EQ(compared(date("2024"), date("2025-01-01")), '<');
  EXPECT_EQ(compared(date("2024-02"), date("2024-01-31")), '>');
  EXPECT_EQ(compared(date("2024-01-31"), date("2024-01")), '?');
  EXPECT_EQ(compared(date("2024-01-31"), date_time("2024-01-31T10:00")), '?');
}

TEST(TemporalTest, ComparesInstantsAcrossOffsets) {
  EXPECT_EQ(compared(date_time("2024-01-01T00:00:00Z"), date_time("2023-12-31T19:00:00-05:00")),
            '=');
  EXPECT_EQ(compared(date_time("2024-01-01T01:00:00+02:00"), date_time("2023-12-31T23:30:00Z")),
            '<');
  EXPECT_EQ(compared(date_time("2024-01-01T00:00:00Z"), date_time("2024-01-01T00:00:00")), '?');
  EXPECT_EQ(compared(date_time("9999-12-31T23:00:00-02:00"), date_time("9999-12-31T23:30:00Z")),
            '<');  // outside the calendar in UTC: by its own fields
}

TEST(TemporalTest, SecondsAndTheirPartsAreOnePrecision) {
  EXPECT_EQ(compared(date_time("2024-01-01T00:00:00"), date_time("2024-01-01T00:00:00.000")), '=');
  EXPECT_EQ(compared(time_of("10:00:00"), time_of("10:00:00.001")), '<');
  EXPECT_EQ(compared(time_of("10:00:00.10"), time_of("10:00:00.1")), '=');
  EXPECT_EQ(compared(time_of("10:00"), time_of("10:00:00")), '?');
  EXPECT_EQ(compared(time_of("10:01"), time_of("10:00:59")), '>');
}

TEST(TemporalTest, AddsMonthsByTheCalendar) {
  EXPECT_EQ(shown(date("2024-01-31").plus(1, CalendarUnit::kMonth)), "2024-02-29");
  EXPECT_EQ(shown(date("2023-01-31").plus(1, CalendarUnit::kMonth)), "2023-02-28");
  EXPECT_EQ(shown(date("2024-02-29").plus(1, CalendarUnit::kYear)), "2025-02-28");
  EXPECT_EQ(shown(date("2024-02-29").plus(-4, CalendarUnit::kYear)), "2020-02-29");
  EXPECT_EQ(shown(date("2024-01-15").plus(-1, CalendarUnit::kMonth)), "2023-12-15");
  EXPECT_EQ(shown(date("2024-01-15").plus(25, CalendarUnit::kMonth)), "2026-02-15");
}

TEST(TemporalTest, AddsDaysAndWeeks) {
  EXPECT_EQ(shown(date("2024-02-28").plus(2, CalendarUnit::kDay)), "2024-03-01");
  EXPECT_EQ(shown(date("2024-01-01").plus(-1, CalendarUnit::kDay)), "2023-12-31");
  EXPECT_EQ(shown(date("2024-01-01").plus(-1, CalendarUnit::kWeek)), "2023-12-25");
  EXPECT_EQ(shown(date_time("2024-01-01T10:00:00+02:00").plus(1, CalendarUnit::kDay)),
            "2024-01-02T10:00:00+02:00");
}

TEST(TemporalTest, AddsPartsOfADay) {
  EXPECT_EQ(shown(date_time("2024-12-31T23:59:59Z").plus(1, CalendarUnit::kSecond)),
            "2025-01-01T00:00:00Z");
  EXPECT_EQ(shown(date_time("2024-01-01T00:00:00.250Z").plus(-500, CalendarUnit::kMillisecond)),
            "2023-12-31T23:59:59.750Z");
  EXPECT_EQ(shown(date_time("2024-01-01T00:00:00Z").plus(1500, CalendarUnit::kMillisecond)),
            "2024-01-01T00:00:01.500Z");
  EXPECT_EQ(shown(date_time("2024-01-01T10").plus(90, CalendarUnit::kMinute)), "2024-01-01T11");
}

TEST(TemporalTest, FinerUnitsFillTheCoarserOnes) {
  EXPECT_EQ(shown(date("2014").plus(24, CalendarUnit::kMonth)), "2016");
  EXPECT_EQ(shown(date("2014").plus(23, CalendarUnit::kMonth)), "2015");
  EXPECT_EQ(shown(date("2014-01").plus(59, CalendarUnit::kDay)), "2014-02");
  EXPECT_EQ(shown(date("2014-01-01").plus(47, CalendarUnit::kHour)), "2014-01-02");
  EXPECT_EQ(shown(date("2014-01-01").plus(-23, CalendarUnit::kHour)), "2014-01-01");
}

TEST(TemporalTest, TimesWrapAtMidnight) {
  EXPECT_EQ(shown(time_of("23:30").plus(1, CalendarUnit::kHour)), "00:30");
  EXPECT_EQ(shown(time_of("00:00:00").plus(-1, CalendarUnit::kSecond)), "23:59:59");
  EXPECT_EQ(shown(time_of("12:00").plus(49, CalendarUnit::kHour)), "13:00");
  EXPECT_EQ(shown(time_of("12:00").plus(1, CalendarUnit::kDay)), "none");
  EXPECT_EQ(shown(time_of("12:00").plus(1, CalendarUnit::kMonth)), "none");
}

TEST(TemporalTest, SumsOutsideTheCalendarAreNone) {
  EXPECT_EQ(shown(date("9999").plus(1, CalendarUnit::kYear)), "none");
  EXPECT_EQ(shown(date("0001-01").plus(-1, CalendarUnit::kMonth)), "none");
  EXPECT_EQ(shown(date("0001-01-01").plus(-1, CalendarUnit::kDay)), "none");
  EXPECT_EQ(shown(date("9999-12-31").plus(1, CalendarUnit::kDay)), "none");
  EXPECT_EQ(shown(date("9999-12-31").plus(-9998 * 366, CalendarUnit::kDay)), "none");
}

TEST(TemporalTest, HugeAmountsDoNotWrapAround) {
  // 2^64 seconds are 213,503,982,334,601 days and a little.
  const CalendarUnit units[] = {CalendarUnit::kYear,  CalendarUnit::kMonth, CalendarUnit::kWeek,
                                CalendarUnit::kDay,   CalendarUnit::kHour,  CalendarUnit::kMinute,
                                CalendarUnit::kSecond};
  for (const CalendarUnit unit : units) {
    for (const int64_t amount :
         {int64_t{213'503'982'334'601}, int64_t{30'500'568'904'943}, int64_t{400'000'000'000'000},
          INT64_MAX, INT64_MIN + 1, INT64_MIN}) {
      EXPECT_EQ(shown(date("2024-01-01").plus(amount, unit)), "none") << amount;
      EXPECT_EQ(shown(date_time("2024-01-01T00:00:00Z").plus(amount, unit)), "none") << amount;
    }
  }
}

TEST(TemporalTest, BoundariesOfPartialDates) {
  EXPECT_EQ(shown(date("2024").boundary(true, 8)), "2024-01-01");
  EXPECT_EQ(shown(date("2024").boundary(false, 8)), "2024-12-31");
  EXPECT_EQ(shown(date("2024-02").boundary(false, 8)), "2024-02-29");
  EXPECT_EQ(shown(date("2024-02-05").boundary(false, 6)), "2024-02");
  EXPECT_EQ(shown(date("2024").boundary(true, 17)), "none");
  EXPECT_EQ(shown(date("2024").boundary(true, 5)), "none");
}

TEST(TemporalTest, BoundariesOfDateTimesSpanTheEarth) {
  EXPECT_EQ(shown(date_time("2014-01-01T08").boundary(true, 17)), "2014-01-01T08:00:00.000+14:00");
  EXPECT_EQ(shown(date_time("2014-01-01T08").boundary(false, 17)), "2014-01-01T08:59:59.999-12:00");
  EXPECT_EQ(shown(date_time("2014-01-01T08:05:07Z").boundary(false, 17)),
            "2014-01-01T08:05:07.999Z");
  EXPECT_EQ(shown(date_time("2014-01-01T08:05Z").boundary(true, 8)), "2014-01-01");
}

TEST(TemporalTest, BoundariesOfTimes) {
  EXPECT_EQ(shown(time_of("10:30").boundary(true, 9)), "10:30:00.000");
  EXPECT_EQ(shown(time_of("10:30").boundary(false, 9)), "10:30:59.999");
  EXPECT_EQ(shown(time_of("10:30").boundary(false, 2)), "10");
  EXPECT_EQ(shown(time_of("10:30").boundary(false, 8)), "none");
}

TEST(TemporalTest, DigitsAreThoseOfBoundaries) {
  EXPECT_EQ(date("2024").digits(), 4);
  EXPECT_EQ(date("2024-01-01").digits(), 8);
  EXPECT_EQ(date_time("2024-01-01T10:00").digits(), 12);
  EXPECT_EQ(date_time("2024-01-01T10:00:00.5Z").digits(), 17);
  EXPECT_EQ(time_of("10:00:00").digits(), 6);
  EXPECT_EQ(time_of("10:00:00.1").digits(), 9);
}

TEST(TemporalTest, Conversions) {
  EXPECT_EQ(date_time("2024-01-02T03:04:05Z").as_date().to_string(), "2024-01-02");
  EXPECT_EQ(date_time("2024-01").as_date().to_string(), "2024-01");
  EXPECT_EQ(date("2024-01-02").as_date_time().kind, TemporalKind::kDateTime);
}

TEST(TemporalTest, UnixTime) {
  EXPECT_EQ(date_time("1970-01-01T00:00:00Z").to_unix_microseconds(), 0);
  EXPECT_EQ(date_time("1970-01-01T02:00:00+02:00").to_unix_microseconds(), 0);
  EXPECT_EQ(date_time("1969-12-31T23:59:59.999999Z").to_unix_microseconds(), -1);
  EXPECT_EQ(date("2000-03-01").to_unix_microseconds(), int64_t{951'868'800} * 1'000'000);
  EXPECT_EQ(Temporal::from_unix_microseconds(-1).to_string(), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(Temporal::from_unix_microseconds(951'868'800'123'456).to_string(),
            "2000-03-01T00:00:00.123Z");
  EXPECT_EQ(days_from_civil(1970, 1, 1), 0);
  EXPECT_EQ(days_from_civil(2000, 3, 1), 11'017);
  EXPECT_EQ(days_from_civil(1, 1, 1), -719'162);
}

}  // namespace
}  // namespace kiln::fhir
