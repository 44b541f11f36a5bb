// Dates and times. A parser takes one part after the other and ends with the first that is missing,
// which is the precision; parts that are not given are at their smallest. Two values are compared
// part by part, shifted to UTC where both have an offset. Adding goes by the calendar for years and
// months (the day is cut to the month's last), by the clock for the rest; an amount of a unit finer
// than the precision is first turned into the coarsest one that the value has.
#include "fhir/temporal.h"

#include <array>
#include <chrono>
#include <cstdio>

#include "base/text.h"

namespace kiln::fhir {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;
constexpr int64_t kSecondsPerDay = 86'400;

int days_in_month(int year, int month) {
  const std::chrono::year_month_day_last last(
      std::chrono::year(year),
      std::chrono::month_day_last(std::chrono::month(static_cast<unsigned>(month))));
  return static_cast<int>(static_cast<unsigned>(last.day()));
}

/// Reads fixed-width numbers and separators from the front of a text.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  bool next_is(char c) const { return !rest_.empty() && rest_.front() == c; }
  bool take(char c) {
    if (!next_is(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Exactly `digits` digits with a value in [low, high]; -1 if not.
  int number(size_t digits, int low, int high) {
    if (rest_.size() < digits) return -1;
    int value = 0;
    for (size_t i = 0; i < digits; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return -1;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    return value < low || value > high ? -1 : value;
  }
  std::string_view digits() {
    size_t count = 0;
    while (count < rest_.size() && base::is_digit(rest_[count])) ++count;
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

 private:
  std::string_view rest_;
};

bool read_date(Reader& reader, Temporal& value) {
  const int year = reader.number(4, 1, 9999);
  if (year < 0) return false;
  value.year = static_cast<int16_t>(year);
  value.precision = Precision::kYear;
  if (!reader.take('-')) return true;
  const int month = reader.number(2, 1, 12);
  if (month < 0) return false;
  value.month = static_cast<uint8_t>(month);
  value.precision = Precision::kMonth;
  if (!reader.take('-')) return true;
  const int day = reader.number(2, 1, days_in_month(year, month));
  if (day < 0) return false;
  value.day = static_cast<uint8_t>(day);
  value.precision = Precision::kDay;
  return true;
}

bool read_time(Reader& reader, Temporal& value) {
  const int hour = reader.number(2, 0, 23);
  if (hour < 0) return false;
  value.hour = static_cast<uint8_t>(hour);
  value.precision = Precision::kHour;
  if (!reader.take(':')) return true;
  const int minute = reader.number(2, 0, 59);
  if (minute < 0) return false;
  value.minute = static_cast<uint8_t>(minute);
  value.precision = Precision::kMinute;
  if (!reader.take(':')) return true;
  const int second = reader.number(2, 0, 60);  // 60: a leap second, allowed by FHIR
  if (second < 0) return false;
  value.second = static_cast<uint8_t>(second == 60 ? 59 : second);
  value.precision = Precision::kSecond;
  if (!reader.take('.')) return true;
  const std::string_view digits = reader.digits();
  if (digits.empty()) return false;
  uint32_t nanos = 0;
  for (size_t i = 0; i < 9; ++i) {
    nanos = nanos * 10 + (i < digits.size() ? static_cast<uint32_t>(digits[i] - '0') : 0);
  }
  value.nanosecond = nanos;
  value.fraction_digits = static_cast<uint8_t>(digits.size() < 9 ? digits.size() : 9);
  value.precision = Precision::kFraction;
  return true;
}

bool read_offset(Reader& reader, Temporal& value) {
  if (reader.take('Z')) {
    value.has_offset = true;
    return true;
  }
  const bool negative = reader.next_is('-');
  if (!reader.take('+') && !reader.take('-')) return true;
  const int hours = reader.number(2, 0, 14);
  if (hours < 0 || !reader.take(':')) return false;
  const int minutes = reader.number(2, 0, 59);
  if (minutes < 0) return false;
  const int offset = hours * 60 + minutes;
  value.offset_minutes = static_cast<int16_t>(negative ? -offset : offset);
  value.has_offset = true;
  return true;
}

int64_t local_seconds(const Temporal& value) {
  return days_from_civil(value.year, value.month, value.day) * kSecondsPerDay + value.hour * 3600 +
         value.minute * 60 + value.second;
}

/// Sets date and time of day from seconds since 1970 in the value's own offset.
bool set_local_seconds(Temporal& value, int64_t seconds) {
  int64_t days = seconds / kSecondsPerDay;
  int64_t rest = seconds % kSecondsPerDay;
  if (rest < 0) {
    rest += kSecondsPerDay;
    --days;
  }
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  const int year = static_cast<int>(date.year());
  if (year < 1 || year > 9999) return false;
  value.year = static_cast<int16_t>(year);
  value.month = static_cast<uint8_t>(static_cast<unsigned>(date.month()));
  value.day = static_cast<uint8_t>(static_cast<unsigned>(date.day()));
  value.hour = static_cast<uint8_t>(rest / 3600);
  value.minute = static_cast<uint8_t>(rest / 60 % 60);
  value.second = static_cast<uint8_t>(rest % 60);
  return true;
}

/// The value shifted to UTC, if it has an offset and an hour.
Temporal in_utc(const Temporal& value) {
  if (!value.has_offset || value.offset_minutes == 0) return value;
  Temporal utc = value;
  // Outside years 1..9999 the unshifted value is kept: it still orders by its own fields.
  if (!set_local_seconds(utc, local_seconds(value) - value.offset_minutes * int64_t{60})) {
    return value;
  }
  utc.offset_minutes = 0;
  return utc;
}

Precision coarse(Precision precision) {
  return precision == Precision::kFraction ? Precision::kSecond : precision;
}

std::array<int64_t, 6> fields_of(const Temporal& value) {
  return {value.year, value.month,  value.day,
          value.hour, value.minute, value.second * kNanosPerSecond + value.nanosecond};
}

}  // namespace

int64_t days_from_civil(int year, int month, int day) {
  return std::chrono::sys_days(std::chrono::year(year) /
                               std::chrono::month(static_cast<unsigned>(month)) /
                               std::chrono::day(static_cast<unsigned>(day)))
      .time_since_epoch()
      .count();
}

std::optional<Temporal> Temporal::parse_date(std::string_view text) {
  Reader reader(text);
  Temporal value;
  if (!read_date(reader, value) || !reader.done()) return std::nullopt;
  return value;
}

std::optional<Temporal> Temporal::parse_date_time(std::string_view text) {
  Reader reader(text);
  Temporal value;
  value.kind = TemporalKind::kDateTime;
  if (!read_date(reader, value)) return std::nullopt;
  if (!reader.take('T')) return reader.done() ? std::optional(value) : std::nullopt;
  if (reader.done()) return value;  // FHIRPath's @2015T
  if (value.precision != Precision::kDay) return std::nullopt;
  if (!read_time(reader, value) || !read_offset(reader, value) || !reader.done()) {
    return std::nullopt;
  }
  return value;
}

std::optional<Temporal> Temporal::parse_time(std::string_view text) {
  Reader reader(text);
  Temporal value;
  value.kind = TemporalKind::kTime;
  if (!read_time(reader, value) || !reader.done()) return std::nullopt;
  return value;
}

std::string Temporal::to_string() const {
  char text[64];
  size_t length = 0;
  const auto add = [&](const char* format, unsigned number) {
    length +=
        static_cast<size_t>(std::snprintf(text + length, sizeof(text) - length, format, number));
  };
  if (kind != TemporalKind::kTime) {
    add("%04u", static_cast<unsigned>(year));
    if (precision >= Precision::kMonth) add("-%02u", month);
    if (precision >= Precision::kDay) add("-%02u", day);
    if (precision >= Precision::kHour) text[length++] = 'T';
  }
  if (precision >= Precision::kHour) add("%02u", hour);
  if (precision >= Precision::kMinute) add(":%02u", minute);
  if (precision >= Precision::kSecond) add(":%02u", second);
  if (precision == Precision::kFraction) {
    text[length++] = '.';
    uint32_t unit = 100'000'000;
    for (int i = 0; i < fraction_digits; ++i, unit /= 10) {
      text[length++] = static_cast<char>('0' + nanosecond / unit % 10);
    }
  }
  if (has_offset) {
    if (offset_minutes == 0) {
      text[length++] = 'Z';
    } else {
      text[length++] = offset_minutes < 0 ? '-' : '+';
      const auto offset =
          static_cast<unsigned>(offset_minutes < 0 ? -offset_minutes : offset_minutes);
      add("%02u", offset / 60);
      add(":%02u", offset % 60);
    }
  }
  return std::string(text, length);
}

std::optional<int> Temporal::compare(const Temporal& a, const Temporal& b) {
  const bool a_timed = a.precision >= Precision::kHour;
  const bool b_timed = b.precision >= Precision::kHour;
  if (a_timed && b_timed && a.has_offset != b.has_offset) return std::nullopt;
  const bool shift = a.has_offset && b.has_offset;
  const auto x = fields_of(shift ? in_utc(a) : a);
  const auto y = fields_of(shift ? in_utc(b) : b);
  const Precision common = std::min(coarse(a.precision), coarse(b.precision));
  const size_t first = a.kind == TemporalKind::kTime ? 3 : 0;
  for (size_t i = first; i <= static_cast<size_t>(common); ++i) {
    if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
  }
  if (coarse(a.precision) != coarse(b.precision)) return std::nullopt;
  return 0;
}

std::optional<Temporal> Temporal::plus(int64_t amount, CalendarUnit unit) const {
  static constexpr int64_t kMost = 400'000'000'000'000;  // in milliseconds, over 10,000 years
  if (amount > kMost || amount < -kMost) return std::nullopt;
  Temporal result = *this;
  if (kind == TemporalKind::kTime) {
    static constexpr int64_t kNanosPerDay = kSecondsPerDay * kNanosPerSecond;
    int64_t step = 0;
    switch (unit) {
      case CalendarUnit::kHour:
        step = 3600 * kNanosPerSecond;
        break;
      case CalendarUnit::kMinute:
        step = 60 * kNanosPerSecond;
        break;
      case CalendarUnit::kSecond:
        step = kNanosPerSecond;
        break;
      case CalendarUnit::kMillisecond:
        step = kNanosPerSecond / 1000;
        break;
      default:
        return std::nullopt;
    }
    // Times wrap around at midnight.
    const int64_t amount_in_day = amount % (kNanosPerDay / step);
    int64_t nanos = (hour * int64_t{3600} + minute * 60 + second) * kNanosPerSecond + nanosecond;
    nanos = ((nanos + amount_in_day * step) % kNanosPerDay + kNanosPerDay) % kNanosPerDay;
    result.hour = static_cast<uint8_t>(nanos / (3600 * kNanosPerSecond));
    result.minute = static_cast<uint8_t>(nanos / (60 * kNanosPerSecond) % 60);
    result.second = static_cast<uint8_t>(nanos / kNanosPerSecond % 60);
    result.nanosecond = static_cast<uint32_t>(nanos % kNanosPerSecond);
    return result;
  }

  // A unit finer than the value's precision counts only as far as it fills the coarser one.
  if (unit == CalendarUnit::kMillisecond && precision < Precision::kSecond) {
    amount /= 1000;
    unit = CalendarUnit::kSecond;
  }
  if (unit == CalendarUnit::kSecond && precision < Precision::kSecond) {
    amount /= 60;
    unit = CalendarUnit::kMinute;
  }
  if (unit == CalendarUnit::kMinute && precision < Precision::kMinute) {
    amount /= 60;
    unit = CalendarUnit::kHour;
  }
  if (unit == CalendarUnit::kHour && precision < Precision::kHour) {
    amount /= 24;
    unit = CalendarUnit::kDay;
  }
  if (unit == CalendarUnit::kWeek) {
    amount *= 7;
    unit = CalendarUnit::kDay;
  }
  if (unit == CalendarUnit::kDay && precision < Precision::kDay) {
    amount /= 30;
    unit = CalendarUnit::kMonth;
  }
  if (unit == CalendarUnit::kMonth && precision < Precision::kMonth) {
    amount /= 12;
    unit = CalendarUnit::kYear;
  }

  if (unit == CalendarUnit::kYear || unit == CalendarUnit::kMonth) {
    if (amount > 200'000 || amount < -200'000) return std::nullopt;
    const int64_t months =
        year * int64_t{12} + month - 1 + amount * (unit == CalendarUnit::kYear ? 12 : 1);
    if (months < 12 || months >= 120'000) return std::nullopt;
    result.year = static_cast<int16_t>(months / 12);
    result.month = static_cast<uint8_t>(months % 12 + 1);
    const int last = days_in_month(result.year, result.month);
    if (result.day > last) result.day = static_cast<uint8_t>(last);
    return result;
  }
  // More days than the calendar has; in seconds they could pass for fewer.
  static constexpr int64_t kMostDays = 4'000'000;
  if (unit == CalendarUnit::kDay && (amount > kMostDays || amount < -kMostDays)) {
    return std::nullopt;
  }
  int64_t seconds = local_seconds(*this);
  switch (unit) {
    case CalendarUnit::kDay:
      seconds += amount * kSecondsPerDay;
      break;
    case CalendarUnit::kHour:
      seconds += amount * 3600;
      break;
    case CalendarUnit::kMinute:
      seconds += amount * 60;
      break;
    case CalendarUnit::kSecond:
      seconds += amount;
      break;
    default: {
      const int64_t millis = nanosecond / 1'000'000 + amount;
      int64_t whole = millis / 1000;
      int64_t rest = millis % 1000;
      if (rest < 0) {
        rest += 1000;
        --whole;
      }
      seconds += whole;
      result.nanosecond = static_cast<uint32_t>(rest * 1'000'000 + nanosecond % 1'000'000);
      if (precision == Precision::kSecond && rest != 0) {
        result.precision = Precision::kFraction;
      }
      if (result.precision == Precision::kFraction && result.fraction_digits < 3) {
        result.fraction_digits = 3;
      }
      break;
    }
  }
  // A whole-day amount keeps the time of day; a bound on seconds keeps the calendar in range.
  static constexpr int64_t kMostSeconds = 400'000'000'000;
  if (seconds > kMostSeconds || seconds < -kMostSeconds) return std::nullopt;
  if (!set_local_seconds(result, seconds)) return std::nullopt;
  return result;
}

int Temporal::digits() const {
  if (kind == TemporalKind::kTime) {
    static constexpr std::array<int, 7> kTimeDigits = {0, 0, 0, 2, 4, 6, 9};
    return kTimeDigits[static_cast<size_t>(precision)];
  }
  static constexpr std::array<int, 7> kDigits = {4, 6, 8, 10, 12, 14, 17};
  return kDigits[static_cast<size_t>(precision)];
}

std::optional<Temporal> Temporal::boundary(bool low, int digits) const {
  Precision wanted;
  const int beyond_day = kind == TemporalKind::kTime ? digits + 8 : digits;
  switch (beyond_day) {
    case 4:
      wanted = Precision::kYear;
      break;
    case 6:
      wanted = Precision::kMonth;
      break;
    case 8:
      wanted = Precision::kDay;
      break;
    case 10:
      wanted = Precision::kHour;
      break;
    case 12:
      wanted = Precision::kMinute;
      break;
    case 14:
      wanted = Precision::kSecond;
      break;
    case 17:
      wanted = Precision::kFraction;
      break;
    default:
      return std::nullopt;
  }
  if (kind == TemporalKind::kDate && wanted > Precision::kDay) return std::nullopt;
  if (kind == TemporalKind::kTime && wanted < Precision::kHour) return std::nullopt;
  Temporal result = *this;
  const auto given = [&](Precision part) { return precision >= part; };
  if (kind != TemporalKind::kTime) {
    if (!given(Precision::kMonth)) result.month = low ? 1 : 12;
    if (!given(Precision::kDay)) {
      result.day = low ? 1 : static_cast<uint8_t>(days_in_month(result.year, result.month));
    }
  }
  if (!given(Precision::kHour)) result.hour = low ? 0 : 23;
  if (!given(Precision::kMinute)) result.minute = low ? 0 : 59;
  if (!given(Precision::kSecond)) result.second = low ? 0 : 59;
  if (!given(Precision::kFraction)) result.nanosecond = low ? 0 : 999'000'000;
  result.precision = wanted;
  result.fraction_digits = wanted == Precision::kFraction ? 3 : 0;
  if (wanted < Precision::kFraction) result.nanosecond = 0;
  if (wanted < Precision::kSecond) result.second = 0;
  if (wanted < Precision::kMinute) result.minute = 0;
  if (wanted < Precision::kHour) {
    result.hour = 0;
    result.has_offset = false;
    result.offset_minutes = 0;
  } else if (kind == TemporalKind::kDateTime && !has_offset) {
    // Without an offset the value may be anywhere on Earth: +14:00 is first, -12:00 last.
    result.has_offset = true;
    result.offset_minutes = static_cast<int16_t>(low ? 14 * 60 : -12 * 60);
  }
  return result;
}

Temporal Temporal::as_date() const {
  Temporal result;
  result.year = year;
  result.month = month;
  result.day = day;
  result.precision = std::min(precision, Precision::kDay);
  return result;
}

Temporal Temporal::as_date_time() const {
  Temporal result = *this;
  result.kind = TemporalKind::kDateTime;
  return result;
}

int64_t Temporal::to_unix_microseconds() const {
  const int64_t seconds = local_seconds(*this) - offset_minutes * int64_t{60};
  return seconds * 1'000'000 + nanosecond / 1000;
}

Temporal Temporal::from_unix_microseconds(int64_t microseconds) {
  Temporal value;
  value.kind = TemporalKind::kDateTime;
  value.precision = Precision::kFraction;
  value.fraction_digits = 3;
  value.has_offset = true;
  int64_t seconds = microseconds / 1'000'000;
  int64_t rest = microseconds % 1'000'000;
  if (rest < 0) {
    rest += 1'000'000;
    --seconds;
  }
  set_local_seconds(value, seconds);
  value.nanosecond = static_cast<uint32_t>(rest / 1000 * 1'000'000);
  return value;
}

}  // namespace kiln::fhir
