// Keeps clients from polling a job all the time.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "base/clock.h"
#include "base/mutex.h"

namespace kiln::api {

/// Thread-safe.
class PollLimiter {
 public:
  PollLimiter(base::Clock& clock, unsigned polls_per_second)
      : clock_(clock), limit_(polls_per_second) {}

  /// False if the job has been polled too often within this second.
  bool allow(const std::string& job);

 private:
  struct Window {
    std::chrono::steady_clock::time_point begin;
    unsigned polls = 0;
  };
  base::Clock& clock_;
  const unsigned limit_;
  base::Mutex mutex_;
  std::map<std::string, Window> windows_ KILN_GUARDED_BY(mutex_);
};

}  // namespace kiln::api
