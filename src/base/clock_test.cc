#include "base/clock.h"

#include <algorithm>
#include <array>
#include <string>

#include <gtest/gtest.h>

namespace kiln::base {
namespace {

WallTime at(int64_t milliseconds) { return WallTime(std::chrono::milliseconds(milliseconds)); }

TEST(ClockTest, InstantsAreUtcWithMilliseconds) {
  EXPECT_EQ(to_instant(at(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_instant(at(1785587696789)), "2026-08-01T12:34:56.789Z");
  EXPECT_EQ(to_instant(at(1709164799999)), "2024-02-28T23:59:59.999Z");
  EXPECT_EQ(to_instant(at(1709164800000)), "2024-02-29T00:00:00.000Z");
  EXPECT_EQ(to_instant(at(253402300799999)), "9999-12-31T23:59:59.999Z");
}

TEST(ClockTest, InstantsBefore1970CountDown) {
  EXPECT_EQ(to_instant(at(-1)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(to_instant(at(-86'400'000)), "1969-12-31T00:00:00.000Z");
  EXPECT_EQ(to_instant(at(-62135596800000)), "0001-01-01T00:00:00.000Z");
}

TEST(ClockTest, HttpDates) {
  EXPECT_EQ(to_http_date(at(784111777000)), "Sun, 06 Nov 1994 08:49:37 GMT");  // RFC 9110 §5.6.7
  EXPECT_EQ(to_http_date(at(1785587696789)), "Sat, 01 Aug 2026 12:34:56 GMT");
  EXPECT_EQ(to_http_date(at(-1)), "Wed, 31 Dec 1969 23:59:59 GMT");
}

TEST(ClockTest, TheSystemsSteadyTimeNeverGoesBack) {
  SystemClock clock;
  auto last = clock.steady_now();
  for (int i = 0; i < 1000; ++i) {
    const auto now = clock.steady_now();
    ASSERT_GE(now, last);
    last = now;
  }
  EXPECT_GT(clock.now(), at(1'700'000'000'000));
}

class CountingRandom final : public RandomSource {
 public:
  void fill(std::span<uint8_t> bytes) override {
    for (uint8_t& byte : bytes) byte = next_++;
  }

 private:
  uint8_t next_ = 0x0e;
};

TEST(RandomTest, HexIsLowerCaseAndTwoDigitsAByte) {
  CountingRandom random;
  EXPECT_EQ(random_hex(random, 4), "0e0f1011");
  EXPECT_EQ(random_hex(random, 0), "");
}

TEST(RandomTest, TheSystemsBytesDiffer) {
  SystemRandom random;
  EXPECT_EQ(random_hex(random, 16).size(), 32U);
  EXPECT_NE(random_hex(random, 16), random_hex(random, 16));
  std::array<uint8_t, 1000> bytes{};  // more than the kernel promises to give at once
  random.fill(bytes);
  EXPECT_LT(std::count(bytes.begin(), bytes.end(), 0), 100);
  EXPECT_NE(std::count(bytes.end() - 300, bytes.end(), 0), 300);
}

}  // namespace
}  // namespace kiln::base
