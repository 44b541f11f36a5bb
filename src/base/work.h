// A bound on work whose input somebody else chooses.
#pragma once

#include <algorithm>
#include <cstdint>
#include <stop_token>
#include <string>
#include <utility>

#include "base/error.h"

namespace kiln::base {

/// Counts steps before they are done. After the limit, or a stop, step() says no for good. Not
/// thread-safe.
class Work {
 public:
  explicit Work(uint64_t limit, std::stop_token stop = {})
      : limit_(limit), stop_(std::move(stop)) {}
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  [[nodiscard]] bool step(uint64_t count = 1) {
    done_ += count;
    return done_ < next_check_ || check();
  }
  bool refused() const { return refused_; }
  uint64_t done() const { return done_; }
  /// Why it was refused: kCancelled, or kLimit with a message that begins with `what`.
  Error error(const std::string& what) const {
    if (done_ <= limit_) return Error(ErrorCode::kCancelled, what + " was stopped");
    return Error(ErrorCode::kLimit, what + " takes too many steps");
  }

 private:
  bool check() {
    static constexpr uint64_t kStepsBetweenChecks = 1024;
    if (refused_ || done_ > limit_ || stop_.stop_requested()) {
      refused_ = true;
      next_check_ = 0;
      return false;
    }
    next_check_ = std::min(done_ + kStepsBetweenChecks, limit_ + 1);
    return true;
  }

  const uint64_t limit_;
  const std::stop_token stop_;
  uint64_t done_ = 0;
  uint64_t next_check_ = 0;
  bool refused_ = false;
};

}  // namespace kiln::base
