#include "sql/value_text.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>

namespace kiln::sql {
namespace {

__extension__ using Unsigned128 = unsigned __int128;

constexpr int64_t kMicroseconds = 1'000'000;
constexpr int64_t kDay = 86'400 * kMicroseconds;
constexpr int64_t kFirstDay = -719'162;  // 0001-01-01
constexpr int64_t kLastDay = 2'932'896;  // 9999-12-31

template <typename T>
bool append_real(std::string& out, T value) {
  if (!std::isfinite(value)) return false;
  char digits[32];
  out.append(digits, std::to_chars(digits, digits + sizeof(digits), value).ptr);
  return true;
}

void append_digits(std::string& out, Unsigned128 value) {
  char digits[40];
  char* at = digits + sizeof(digits);
  do {
    *--at = static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
  } while (value != 0);
  out.append(at, digits + sizeof(digits));
}

Unsigned128 bits_of(duckdb_hugeint value) {
  return Unsigned128{static_cast<uint64_t>(value.upper)} << 64 | value.lower;
}

}  // namespace

bool append_date(std::string& out, int64_t days) {
  if (days < kFirstDay || days > kLastDay) return false;
  const std::chrono::year_month_day date{
      std::chrono::sys_days(std::chrono::days(static_cast<int>(days)))};
  char text[16];
  std::snprintf(text, sizeof(text), "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  out += text;
  return true;
}

void append_time(std::string& out, int64_t microseconds) {
  const auto seconds = static_cast<int>(microseconds / kMicroseconds);
  const auto fraction = static_cast<int>(microseconds % kMicroseconds);
  char text[24];
  std::snprintf(text, sizeof(text), "%02d:%02d:%02d", seconds / 3600, seconds / 60 % 60,
                seconds % 60);
  out += text;
  if (fraction == 0) return;
  std::snprintf(text, sizeof(text), ".%06d", fraction);
  out += text;
  out.erase(out.find_last_not_of('0') + 1);
}

bool append_timestamp(std::string& out, int64_t microseconds, bool utc) {
  int64_t days = microseconds / kDay;
  int64_t rest = microseconds % kDay;
  if (rest < 0) {
    rest += kDay;
    --days;
  }
  if (!append_date(out, days)) return false;
  out += 'T';
  append_time(out, rest);
  if (utc) out += 'Z';
  return true;
}

bool append_double(std::string& out, double value) { return append_real(out, value); }
bool append_float(std::string& out, float value) { return append_real(out, value); }

void append_decimal(std::string& out, duckdb_hugeint value, uint8_t scale) {
  Unsigned128 bits = bits_of(value);
  if (value.upper < 0) {
    out += '-';
    bits = ~bits + 1;
  }
  std::string digits;
  append_digits(digits, bits);
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  const size_t whole = digits.size() - scale;
  out.append(digits, 0, whole);
  if (scale != 0) out.append(1, '.').append(digits, whole);
}

void append_unsigned(std::string& out, duckdb_uhugeint value) {
  append_digits(out, Unsigned128{value.upper} << 64 | value.lower);
}

/// DuckDB flips the first bit, so that they sort as they read.
void append_uuid(std::string& out, duckdb_hugeint value) {
  const uint64_t upper = static_cast<uint64_t>(value.upper) ^ (uint64_t{1} << 63);
  char text[40];
  std::snprintf(text, sizeof(text), "%08x-%04x-%04x-%04x-%012llx",
                static_cast<unsigned>(upper >> 32), static_cast<unsigned>(upper >> 16 & 0xffff),
                static_cast<unsigned>(upper & 0xffff), static_cast<unsigned>(value.lower >> 48),
                static_cast<unsigned long long>(value.lower & 0xffff'ffff'ffffULL));
  out += text;
}

}  // namespace kiln::sql
