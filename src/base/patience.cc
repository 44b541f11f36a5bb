#include "base/patience.h"

#include <algorithm>
#include <deque>
#include <vector>

#include "base/guarded.h"
#include "base/mutex.h"
#include "base/thread.h"

namespace kiln::base {
namespace {

/// Threads without work that are kept for the next.
constexpr size_t kMostIdle = 16;

Error no_answer(const std::string& path) {
  return Error(ErrorCode::kUnavailable, "the file system does not answer: " + path);
}

}  // namespace

/// One look. All but `key` and `touch` is guarded by the mutex.
struct Patience::Task {
  Task(const std::string& first, std::function<void(Look&)> what)
      : key(first), touch(std::move(what)), path(first) {}

  const std::string key;
  std::function<void(Look&)> touch;
  std::string path;
  uint64_t steps = 0;
  Condition changed;
  bool is_done = false;
  bool is_left = false;   ///< nobody waits for it any more
  bool is_stuck = false;  ///< and that because it did not go on
  Status status;
};

struct Patience::Shared {
  explicit Shared(PatienceOptions given) : options(std::move(given)) {}

  void help();
  void look(Task& task);
  bool drop(const std::shared_ptr<Task>& task) KILN_REQUIRES(mutex);
  void leave(const std::shared_ptr<Task>& task, bool is_stuck) KILN_REQUIRES(mutex);

  const PatienceOptions options;
  Mutex mutex;  ///< not held while a file is touched
  Condition work;
  std::deque<std::shared_ptr<Task>> queue KILN_GUARDED_BY(mutex);
  std::vector<std::shared_ptr<Task>> left KILN_GUARDED_BY(mutex);
  size_t idle KILN_GUARDED_BY(mutex) = 0;
  bool ended KILN_GUARDED_BY(mutex) = false;
};

Patience::Patience(PatienceOptions options) : shared_(new Shared(std::move(options))) {}

Patience::~Patience() {
  const MutexLock lock(shared_->mutex);
  shared_->ended = true;
  shared_->work.notify_all();
}

void Patience::Shared::look(Task& task) {
  class Place final : public Look {
   public:
    Place(Shared& of, Task& one) : shared_(of), task_(one) {}
    void at(const std::string& path) override {
      {
        const MutexLock lock(shared_.mutex);
        task_.path = path;
        ++task_.steps;
      }
      if (shared_.options.before) shared_.options.before(path);
    }

   private:
    Shared& shared_;
    Task& task_;
  } place(*this, task);

  Status status = guarded([&] {
    if (options.before) options.before(task.key);
    task.touch(place);
  });
  task.touch = nullptr;  // and all that it holds, before anyone is told
  const MutexLock lock(mutex);
  task.status = std::move(status);
  task.is_done = true;
  task.changed.notify_all();
  if (!task.is_left) return;
  std::erase_if(left, [&](const auto& one) { return one.get() == &task; });
}

void Patience::Shared::help() {
  for (;;) {
    std::shared_ptr<Task> task;
    {
      MutexLock lock(mutex);
      while (queue.empty()) {
        if (ended || idle >= kMostIdle) return;
        ++idle;
        work.wait(mutex);
        --idle;
      }
      task = std::move(queue.front());
      queue.pop_front();
    }
    look(*task);
  }
}

/// False if a thread has it already.
bool Patience::Shared::drop(const std::shared_ptr<Task>& task) {
  return std::erase(queue, task) != 0;
}

void Patience::Shared::leave(const std::shared_ptr<Task>& task, bool is_stuck) {
  if (drop(task)) return;
  task->is_stuck = is_stuck;
  left.push_back(task);
  task->is_left = true;
}

Status Patience::wait(const std::string& path, std::function<void(Look&)> touch,
                      const std::stop_token& stop) {
  Shared& shared = *shared_;
  const auto task = std::make_shared<Task>(path, std::move(touch));
  const std::stop_callback wake(stop, [&shared, &task] {
    const MutexLock lock(shared.mutex);  // not between the look of who waits and his sleep
    task->changed.notify_all();
  });
  MutexLock lock(shared.mutex);
  for (const auto& one : shared.left) {
    if (one->is_stuck && one->key == path) return no_answer(one->path);
  }
  if (shared.left.size() >= kMostLeftBehind) return no_answer(shared.left.front()->path);
  shared.queue.push_back(task);
  if (shared.queue.size() <= shared.idle) {
    shared.work.notify_one();
  } else {
    lock.unlock();
    auto thread = start_thread([owner = shared_] { owner->help(); }, [](Error) {});
    if (thread.ok()) thread->abandon();
    lock.lock();
    if (!thread.ok() && shared.drop(task)) return std::move(thread).error();
  }
  while (!task->is_done) {
    if (stop.stop_requested()) {
      shared.leave(task, false);
      return Error(ErrorCode::kCancelled, "stopped while waiting for " + task->path);
    }
    const uint64_t before = task->steps;
    const bool in_time = task->changed.wait_for(shared.mutex, shared.options.limit);
    if (in_time || task->is_done || task->steps != before) continue;
    shared.leave(task, true);
    return no_answer(task->path);
  }
  return std::move(task->status);
}

}  // namespace kiln::base
