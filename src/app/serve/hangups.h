// What the main thread of a server waits for.
#pragma once

#include <stop_token>

#include "base/mutex.h"

namespace kiln::app {

/// SIGHUPs on their way to the main thread, so that what they ask for is not done by the thread
/// that has to see SIGTERM. Thread-safe.
class Hangups {
 public:
  void count() {
    base::MutexLock lock(mutex_);
    pending_ = true;
    changed_.notify_all();
  }
  /// Waits for a hangup; several while nobody waited are one. False on a stop.
  bool wait(const std::stop_token& stop) {
    const std::stop_callback wake(stop, [this] {
      base::MutexLock lock(mutex_);
      changed_.notify_all();
    });
    base::MutexLock lock(mutex_);
    while (!pending_ && !stop.stop_requested()) changed_.wait(mutex_);
    pending_ = false;
    return !stop.stop_requested();
  }

 private:
  base::Mutex mutex_;
  base::Condition changed_;
  bool pending_ KILN_GUARDED_BY(mutex_) = false;
};

}  // namespace kiln::app
