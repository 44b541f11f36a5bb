// What the I/O thread waits for: descriptors, times and tasks. Asio stays inside event_loop.cc.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "base/guarded.h"

namespace kiln::net {

/// Runs everything of the I/O thread. post() and finish() may be called from any thread.
class EventLoop {
 public:
  using Callback = std::function<void()>;

  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Returns after finish(), when nothing is waited for any more. A callback that throws is over;
  /// the others go on.
  void run();
  void finish();
  /// Never fails: somebody waits for what has been done to be told, so without memory it waits for
  /// some. `task` is moved, so that what it keeps alive ends on the I/O thread.
  template <typename Task>
  void post(Task task) {
    for (;;) {
      auto kept = base::guarded([&]() -> base::Result<std::shared_ptr<Callback>> {
        return std::make_shared<Callback>(std::move(task));
      });
      if (kept.ok()) return deliver(*kept);
      wait_for_memory();
    }
  }

 private:
  friend class Timer;
  friend class Descriptor;
  void deliver(const std::shared_ptr<Callback>& task);
  static void wait_for_memory();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// One time to wait for. To be used on the I/O thread only, but may be destroyed anywhere.
class Timer {
 public:
  explicit Timer(EventLoop& loop);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Replaces what was waited for; that callback is not called any more.
  void start(std::chrono::milliseconds after, EventLoop::Callback then);
  void cancel();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// Owns a non-blocking descriptor. To be used on the I/O thread only, but may be destroyed
/// anywhere.
class Descriptor {
 public:
  /// Closed at once if the kernel cannot watch it.
  Descriptor(EventLoop& loop, int descriptor);
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  /// -1 once closed.
  int get() const;
  /// Calls `then` once, when a read (a write) would not block, or would fail. Not after close().
  void when_readable(EventLoop::Callback then);
  void when_writable(EventLoop::Callback then);
  void close();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace kiln::net
