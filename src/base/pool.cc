#include "base/pool.h"

#include <algorithm>
#include <utility>

#include <sched.h>

#include "base/guarded.h"

namespace kiln::base {
namespace {

/// Steps after which a queue is no longer short.
constexpr size_t kShort = 8;

}  // namespace

unsigned available_threads() {
  cpu_set_t cpus;
  if (sched_getaffinity(0, sizeof(cpus), &cpus) != 0) return 1;
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&cpus)));
}

Result<std::unique_ptr<Pool>> Pool::start(unsigned threads, Use use) {
  std::unique_ptr<Pool> pool(new Pool(std::max(1U, threads), use));
  KILN_TRY(pool->add_threads());
  return pool;
}

Status Pool::add_threads() {
  MutexLock lock(mutex_);
  for (unsigned i = 0; i < threads_; ++i) {
    Status status = add_thread();
    if (status.ok()) continue;
    if (live_ == 0) return status;
    break;  // those that there are do the work
  }
  return {};
}

Pool::~Pool() {
  std::list<Member> members;
  {
    MutexLock lock(mutex_);
    ended_ = true;
    changed_.notify_all();
    members.swap(members_);
  }
  for (Member& member : members) member.thread.join();
}

Status Pool::add_thread() {
  members_.remove_if([](const Member& member) { return member.is_done; });
  Member& member = members_.emplace_back();
  auto thread = start_thread([this, &member] { work(member); }, [](Error) {});
  if (!thread.ok()) {
    members_.pop_back();
    return std::move(thread).error();
  }
  member.thread = std::move(*thread);
  ++live_;
  return {};
}

void Pool::stand_in_line(Queue& queue) {
  (queue.steps_begun_ < kShort ? short_ : long_).push_back(&queue);
  queue.waits_for_turn_ = true;
}

bool Pool::has_turns() const { return !short_.empty() || !long_.empty(); }

Pool::Queue& Pool::next_in_line() {
  const bool from_long = short_.empty() || (long_is_next_ && !long_.empty());
  long_is_next_ = !from_long;
  std::list<Queue*>& line = from_long ? long_ : short_;
  Queue& next = *line.front();
  line.pop_front();
  next.waits_for_turn_ = false;
  return next;
}

/// Runs the first step of the queue whose turn it is.
void Pool::take_turn() {
  Queue& queue = next_in_line();
  std::function<void()> step = std::move(queue.steps_.front());
  queue.steps_.pop_front();
  ++queue.steps_begun_;
  if (!queue.steps_.empty()) stand_in_line(queue);
  ++queue.running_;
  ++running_;
  mutex_.unlock();
  (void)guarded([&step] { step(); });
  step = nullptr;  // what it holds goes before its queue may
  mutex_.lock();
  --running_;
  --queue.running_;
  if (queue.ended_) step_done_.notify_all();
}

/// Until the pool ends, or there are far more threads than are needed: of those that took the place
/// of others that waited, some are kept for the next time.
void Pool::work(Member& self) {
  MutexLock lock(mutex_);
  while (!ended_) {
    if (has_turns() && running_ < threads_) {
      take_turn();
    } else if (live_ - waiting_ > 2 * threads_) {
      break;
    } else {
      changed_.wait(mutex_);
    }
  }
  --live_;
  self.is_done = true;
}

Pool::Queue::Queue(Pool& pool) : pool_(pool) {}

Pool::Queue::~Queue() {
  std::deque<std::function<void()>> dropped;
  MutexLock lock(pool_.mutex_);
  ended_ = true;
  dropped.swap(steps_);
  if (waits_for_turn_) {
    pool_.short_.remove(this);
    pool_.long_.remove(this);
  }
  while (running_ != 0) pool_.step_done_.wait(pool_.mutex_);
}

void Pool::Queue::post(std::function<void()> step) {
  MutexLock lock(pool_.mutex_);
  if (ended_) return;
  steps_.push_back(std::move(step));
  if (!waits_for_turn_) pool_.stand_in_line(*this);
  pool_.changed_.notify_one();  // each step may have a thread of its own
}

Pool::Waiting::Waiting(Pool& pool) : pool_(pool) {
  if (pool_.use_ == Use::kOne) return;
  MutexLock lock(pool_.mutex_);
  --pool_.running_;
  ++pool_.waiting_;
  // If the system has no more threads, fewer steps run until the wait is over.
  if (pool_.live_ - pool_.waiting_ < pool_.threads_) (void)pool_.add_thread();
  pool_.changed_.notify_all();
}

Pool::Waiting::~Waiting() {
  if (pool_.use_ == Use::kOne) return;
  MutexLock lock(pool_.mutex_);
  --pool_.waiting_;
  ++pool_.running_;
}

}  // namespace kiln::base
