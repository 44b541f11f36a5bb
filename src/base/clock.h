// Time and randomness as seams: whoever needs them takes them by constructor, tests drive them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace kiln::base {

/// Wall time in milliseconds since 1970-01-01T00:00:00Z.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

/// The end of what somebody has patience for; none: as long as it takes.
using Deadline = std::optional<std::chrono::steady_clock::time_point>;

/// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime now() = 0;
  /// Never goes back; only differences mean anything.
  virtual std::chrono::steady_clock::time_point steady_now() = 0;
};

/// The machine's own clocks.
class SystemClock final : public Clock {
 public:
  WallTime now() override;
  std::chrono::steady_clock::time_point steady_now() override;
};

/// "2026-08-01T12:34:56.789Z", a FHIR instant in UTC.
std::string to_instant(WallTime time);
/// "Sat, 01 Aug 2026 12:34:56 GMT" (RFC 9110 §5.6.7); parts of a second are dropped.
std::string to_http_date(WallTime time);

/// Thread-safe source of random bytes.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual void fill(std::span<uint8_t> bytes) = 0;
};

/// The kernel's generator.
class SystemRandom final : public RandomSource {
 public:
  void fill(std::span<uint8_t> bytes) override;
};

/// `bytes` random bytes as lower-case hex.
std::string random_hex(RandomSource& random, size_t bytes);

}  // namespace kiln::base
