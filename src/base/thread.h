// Threads that may not be had.
#pragma once

#include <functional>
#include <thread>
#include <utility>

#include "base/error.h"

namespace kiln::base {

/// kUnavailable if the system has no more. An exception must not leave the body.
Result<std::thread> start_thread(std::function<void()> body);

/// Waits for its thread's end when it is destroyed.
class JoiningThread {
 public:
  explicit JoiningThread(std::thread thread) : thread_(std::move(thread)) {}
  ~JoiningThread() {
    if (thread_.joinable()) thread_.join();
  }
  JoiningThread(JoiningThread&&) = default;
  JoiningThread& operator=(JoiningThread&&) = delete;

 private:
  std::thread thread_;
};

}  // namespace kiln::base
