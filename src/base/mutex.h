// A mutex that clang's thread-safety analysis understands; std::mutex underneath.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define KILN_ATTRIBUTE(x) __attribute__((x))
#else
#define KILN_ATTRIBUTE(x)
#endif
#define KILN_GUARDED_BY(x) KILN_ATTRIBUTE(guarded_by(x))
#define KILN_REQUIRES(...) KILN_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define KILN_EXCLUDES(...) KILN_ATTRIBUTE(locks_excluded(__VA_ARGS__))

namespace kiln::base {

class KILN_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void lock() KILN_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void unlock() KILN_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

/// Holds a Mutex for a scope; unlock() and lock() let it go for a while.
class KILN_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) KILN_ATTRIBUTE(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() KILN_ATTRIBUTE(release_capability()) {
    if (held_) mutex_.unlock();
  }
  void unlock() KILN_ATTRIBUTE(release_capability()) {
    held_ = false;
    mutex_.unlock();
  }
  void lock() KILN_ATTRIBUTE(acquire_capability()) {
    mutex_.lock();
    held_ = true;
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
  bool held_ = true;
};

/// Waits on a Mutex: `while (!ready) condition.wait(mutex);` with the mutex held.
class Condition {
 public:
  void wait(Mutex& mutex) KILN_REQUIRES(mutex) { condition_.wait(mutex); }
  /// False when the time ran out.
  template <typename Rep, typename Period>
  bool wait_for(Mutex& mutex, std::chrono::duration<Rep, Period> time) KILN_REQUIRES(mutex) {
    return condition_.wait_for(mutex, time) == std::cv_status::no_timeout;
  }
  bool wait_until(Mutex& mutex, std::chrono::steady_clock::time_point time) KILN_REQUIRES(mutex) {
    return condition_.wait_until(mutex, time) == std::cv_status::no_timeout;
  }
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

 private:
  std::condition_variable_any condition_;
};

}  // namespace kiln::base
