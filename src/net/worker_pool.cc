#include "net/worker_pool.h"

#include <system_error>
#include <utility>

namespace kiln::net {

bool WorkerPool::make_thread() {
  if (threads_.size() >= max_threads_) return false;
  try {
    threads_.emplace_back([this] { work(); });
  } catch (const std::system_error&) {
    return false;  // The system has no more threads: those that there are have to do.
  }
  return true;
}

bool WorkerPool::post(Task task) {
  const base::MutexLock lock(mutex_);
  if (ending_) return false;
  if (waiting_.size() >= idle_ && !make_thread() && threads_.empty()) return false;
  waiting_.push_back(std::move(task));
  changed_.notify_one();
  return true;
}

void WorkerPool::work() {
  base::MutexLock lock(mutex_);
  for (;;) {
    ++idle_;
    while (waiting_.empty() && !ending_) changed_.wait(mutex_);
    --idle_;
    if (waiting_.empty()) return;
    Task task = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }
}

void WorkerPool::join() {
  std::vector<std::thread> threads;
  {
    const base::MutexLock lock(mutex_);
    ending_ = true;
    threads.swap(threads_);
    changed_.notify_all();
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace kiln::net
