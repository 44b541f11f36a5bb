// The one way to start a thread.
#pragma once

#include <functional>
#include <thread>
#include <utility>

#include "base/error.h"

namespace kiln::base {

/// A running thread; its end is waited for by join(), or when this is destroyed.
class Thread {
 public:
  Thread() = default;
  ~Thread() { join(); }
  Thread(Thread&&) = default;
  Thread& operator=(Thread&& other) {
    join();
    thread_ = std::move(other.thread_);
    return *this;
  }

  void join() {
    if (thread_.joinable()) thread_.join();
  }
  /// Leaves it to itself, as it may never end: all that it touches must be its own.
  void abandon() { thread_.detach(); }

 private:
  friend Result<Thread> start_thread(std::function<void()>, std::function<void(Error)>);
  explicit Thread(std::thread thread) : thread_(std::move(thread)) {}
  std::thread thread_;
};

/// Runs `body` on a thread of its own. An exception that leaves it ends the thread, not the
/// process: `failed` is called with it as an error, on that thread, and must see to it that nobody
/// waits for what the body would have done. What leaves `failed` is lost, so it should allocate
/// nothing. kUnavailable if the system has no more threads, kNoMemory.
Result<Thread> start_thread(std::function<void()> body, std::function<void(Error)> failed);

}  // namespace kiln::base
