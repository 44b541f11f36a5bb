#include "sql/worker/spares.h"

#include <algorithm>

namespace kiln::sql {
namespace {

bool are_alike(const QueryLimits& one, const QueryLimits& other) {
  return one.memory == other.memory && one.temp_dir == other.temp_dir && one.temp == other.temp;
}

}  // namespace

Spares::Spares(WorkerProgram program, std::chrono::milliseconds kept)
    : program_(std::move(program)), kept_(kept) {}

Spares::~Spares() {
  {
    const base::MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  thread_.join();
}

std::unique_ptr<Child> Spares::find(const QueryLimits& limits) {
  const auto found = std::find_if(spares_.begin(), spares_.end(), [&](const Spare& spare) {
    return are_alike(spare.limits, limits);
  });
  if (found == spares_.end()) return nullptr;
  std::unique_ptr<Child> child = std::move(found->child);
  spares_.erase(found);
  return child;
}

base::Result<std::unique_ptr<Child>> Spares::take(const QueryLimits& limits) {
  std::unique_ptr<Child> child;
  {
    const base::MutexLock lock(mutex_);
    child = find(limits);
    wanted_ = QueryLimits{limits.memory, limits.temp_dir, limits.temp};
    if (!running_) {
      auto thread = base::start_thread([this] { keep(); }, [](const base::Error&) {});
      if (thread.ok()) thread_ = std::move(*thread);
      running_ = thread.ok();
    }
    changed_.notify_one();
  }
  if (child && child->has_ended()) child.reset();
  if (!child) return Child::start(program_, limits);
  return child;
}

void Spares::keep() {
  base::MutexLock lock(mutex_);
  while (!stopping_) {
    if (wanted_ && spares_.size() < kMost) {
      const QueryLimits limits = *wanted_;
      lock.unlock();
      auto child = Child::start(program_, limits);
      lock.lock();
      if (child.ok()) {
        spares_.push_back({limits, std::move(*child)});
      } else {
        wanted_.reset();  // the next query tells why
      }
      continue;
    }
    if (spares_.empty()) {
      changed_.wait(mutex_);
    } else if (!changed_.wait_for(mutex_, kept_)) {
      wanted_.reset();
      std::vector<Spare> unused = std::move(spares_);
      spares_.clear();
      lock.unlock();
      unused.clear();
      lock.lock();
    }
  }
}

}  // namespace kiln::sql
