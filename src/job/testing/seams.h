// Time, randomness and folders that a test holds in its hand.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <random>
#include <span>
#include <string>

#include "base/clock.h"

namespace kiln::job {

/// Stands still until it is moved. Thread-safe.
class DrivenClock final : public base::Clock {
 public:
  base::WallTime now() override {
    return base::WallTime(std::chrono::milliseconds(milliseconds_.load()));
  }
  std::chrono::steady_clock::time_point steady_now() override {
    return std::chrono::steady_clock::time_point(std::chrono::milliseconds(milliseconds_.load()));
  }
  void advance(std::chrono::milliseconds by) { milliseconds_ += by.count(); }

 private:
  std::atomic<int64_t> milliseconds_{1'800'000'000'000};
};

/// The same bytes for the same seed. Thread-safe.
class SeededRandom final : public base::RandomSource {
 public:
  explicit SeededRandom(uint64_t seed = 1) : engine_(seed) {}
  void fill(std::span<uint8_t> bytes) override {
    const std::lock_guard lock(mutex_);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(engine_());
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

/// A folder in memory where the machine has one; gone at the end.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// Runs SQL on a job database beside its owner: breaks it with triggers, and mends it again.
void run_sql(const std::string& database, const std::string& sql);

}  // namespace kiln::job
