#include "net/worker_pool.h"

#include <utility>

#include "base/guarded.h"

namespace kiln::net {

WorkerPool::WorkerPool(size_t max_threads) : max_threads_(max_threads) {
  threads_.reserve(max_threads);
}

bool WorkerPool::make_thread() {
  if (threads_.size() >= max_threads_) return false;
  auto thread = base::start_thread([this] { work(); }, [](base::Error) {});
  // If the system has no more threads, those that there are have to do.
  if (thread.ok()) threads_.push_back(std::move(*thread));
  return thread.ok();
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
    (void)base::guarded(task);
    task = nullptr;
    lock.lock();
  }
}

void WorkerPool::join() {
  std::vector<base::Thread> threads;
  {
    const base::MutexLock lock(mutex_);
    ending_ = true;
    threads.swap(threads_);
    changed_.notify_all();
  }
  for (base::Thread& thread : threads) thread.join();
}

}  // namespace kiln::net
