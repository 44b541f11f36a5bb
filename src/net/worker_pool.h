// A bounded number of threads that may block.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <vector>

#include "base/mutex.h"
#include "base/thread.h"

namespace kiln::net {

/// Threads are made when work comes and none is free, and kept until join(). Thread-safe, but for
/// join(). A task that throws is over, and who waits for it must not wait for ever; its thread goes
/// on.
class WorkerPool {
 public:
  using Task = std::function<void()>;

  explicit WorkerPool(size_t max_threads);
  ~WorkerPool() { join(); }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Runs `task`, later if all threads are busy. False if there is no thread and none can be made,
  /// or after join().
  bool post(Task task);
  /// Waits until all that was posted has been run and all threads have ended.
  void join();

 private:
  bool make_thread() KILN_REQUIRES(mutex_);
  void work();

  const size_t max_threads_;
  base::Mutex mutex_;
  base::Condition changed_;
  std::deque<Task> waiting_ KILN_GUARDED_BY(mutex_);
  size_t idle_ KILN_GUARDED_BY(mutex_) = 0;
  bool ending_ KILN_GUARDED_BY(mutex_) = false;
  std::vector<base::Thread> threads_ KILN_GUARDED_BY(mutex_);
};

}  // namespace kiln::net
