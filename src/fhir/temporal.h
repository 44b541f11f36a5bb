// FHIR dates and times, which may be partial: 2024, 2024-03, 2024-03-01T10:30 (FHIR §2.24.0.1,
// FHIRPath §4.1.5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kiln::fhir {

enum class TemporalKind : uint8_t { kDate, kDateTime, kTime };

/// How much of a value is given; in order from coarse to fine.
enum class Precision : uint8_t { kYear, kMonth, kDay, kHour, kMinute, kSecond, kFraction };

enum class CalendarUnit : uint8_t {
  kYear,
  kMonth,
  kWeek,
  kDay,
  kHour,
  kMinute,
  kSecond,
  kMillisecond
};

/// A partial date, dateTime or time. A value type; fields finer than the precision are at their
/// smallest value.
struct Temporal {
  TemporalKind kind = TemporalKind::kDate;
  Precision precision = Precision::kDay;
  int16_t year = 1;
  uint8_t month = 1;
  uint8_t day = 1;
  uint8_t hour = 0;
  uint8_t minute = 0;
  uint8_t second = 0;
  uint8_t fraction_digits = 0;  ///< as written, at most 9
  uint32_t nanosecond = 0;
  bool has_offset = false;
  int16_t offset_minutes = 0;

  /// Strict FHIR text ("2024-03", "2024-03-01T10:30:00.5Z", "10:30:00"). A dateTime may also stop
  /// at hour or minute, as FHIRPath allows. Nothing if it is none or no such day exists.
  static std::optional<Temporal> parse_date(std::string_view text);
  static std::optional<Temporal> parse_date_time(std::string_view text);
  static std::optional<Temporal> parse_time(std::string_view text);

  std::string to_string() const;

  /// Less, equal, greater: -1, 0, 1. Nothing when the two cannot be compared: one is more precise
  /// and all that both have is equal, or only one has an offset (FHIRPath §6.1.1, §6.2). Seconds
  /// and parts of them are one precision.
  static std::optional<int> compare(const Temporal& a, const Temporal& b);

  /// Adds a (negative: subtracts) amount of a unit, keeping the precision: units finer than it are
  /// converted by whole years, months ... (FHIRPath §6.7). Nothing outside years 1 to 9999, or for
  /// a unit that the kind does not have.
  std::optional<Temporal> plus(int64_t amount, CalendarUnit unit) const;

  /// The first or last instant that the value may stand for, to a number of digits: 4 year, 6
  /// month, 8 day, for dateTimes 10, 12, 14, 17, for times 2, 4, 6, 9 (FHIRPath lowBoundary()).
  std::optional<Temporal> boundary(bool low, int digits) const;
  /// Digits that the value has, as counted by boundary().
  int digits() const;

  /// The date part as a dateTime, the other way, or the time of day.
  Temporal as_date() const;
  Temporal as_date_time() const;

  /// Microseconds since 1970-01-01T00:00:00 in UTC (its offset applied, none taken as UTC).
  int64_t to_unix_microseconds() const;
  /// Of microseconds since 1970, in UTC, to the millisecond.
  static Temporal from_unix_microseconds(int64_t microseconds);
};

/// Days since 1970-01-01 of a proleptic Gregorian date.
int64_t days_from_civil(int year, int month, int day);

}  // namespace kiln::fhir
