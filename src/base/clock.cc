#include "base/clock.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <sys/random.h>

namespace kiln::base {
namespace {

struct CivilTime {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<std::chrono::milliseconds> time;
  unsigned weekday;
};

CivilTime civil(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  return {std::chrono::year_month_day(day), std::chrono::hh_mm_ss(time - day),
          std::chrono::weekday(day).c_encoding()};
}

}  // namespace

WallTime SystemClock::now() {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::chrono::steady_clock::time_point SystemClock::steady_now() {
  return std::chrono::steady_clock::now();
}

std::string to_instant(WallTime time) {
  const CivilTime c = civil(time);
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                static_cast<int>(c.date.year()), static_cast<unsigned>(c.date.month()),
                static_cast<unsigned>(c.date.day()), static_cast<int>(c.time.hours().count()),
                static_cast<int>(c.time.minutes().count()),
                static_cast<int>(c.time.seconds().count()),
                static_cast<int>(c.time.subseconds().count()));
  return text.data();
}

std::string to_http_date(WallTime time) {
  static constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                       "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const CivilTime c = civil(time);
  std::array<char, 48> text{};
  std::snprintf(
      text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT", kDays[c.weekday],
      static_cast<unsigned>(c.date.day()), kMonths[static_cast<unsigned>(c.date.month()) - 1],
      static_cast<int>(c.date.year()), static_cast<int>(c.time.hours().count()),
      static_cast<int>(c.time.minutes().count()), static_cast<int>(c.time.seconds().count()));
  return text.data();
}

void SystemRandom::fill(std::span<uint8_t> bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = getrandom(bytes.data() + done, bytes.size() - done, 0);
    if (got > 0) {
      done += static_cast<size_t>(got);
    } else if (errno != EINTR) {
      std::abort();  // getrandom cannot fail otherwise on the kernels that we run on
    }
  }
}

std::string random_hex(RandomSource& random, size_t bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::vector<uint8_t> raw(bytes);
  random.fill(raw);
  std::string text;
  text.reserve(bytes * 2);
  for (const uint8_t byte : raw) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace kiln::base
