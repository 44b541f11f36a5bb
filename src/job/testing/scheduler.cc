#include "job/testing/scheduler.h"

#include <exception>

#include "job/testing/function_runner.h"

namespace kiln::job {

thread_local Scheduler::Actor* Scheduler::current_ = nullptr;

/// All on one processor: handing over costs a third where no other one has to be woken.
Scheduler::Scheduler(std::mt19937_64& random) : random_(random) {
  ::sched_getaffinity(0, sizeof cpus_, &cpus_);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<unsigned>(::sched_getcpu()), &one);
  ::sched_setaffinity(0, sizeof one, &one);
}

Scheduler::~Scheduler() {
  for (const auto& actor : actors_) actor->thread.join();
  ::sched_setaffinity(0, sizeof cpus_, &cpus_);
}

void Scheduler::add(std::function<void()> body) {
  actors_.push_back(std::make_unique<Actor>());
  Actor& actor = *actors_.back();
  actor.thread = std::thread([this, &actor, body = std::move(body)] {
    current_ = &actor;
    actor.turn.acquire();
    try {
      if (!crashed_) body();
    } catch (const Crash&) {
    }
    actor.ended = true;
    back_.release();
  });
}

void Scheduler::step(Actor& actor) {
  actor.turn.release();
  back_.acquire();
}

void Scheduler::run(const std::function<void()>& between) {
  std::vector<Actor*> alive;
  for (const auto& actor : actors_) alive.push_back(actor.get());
  while (!alive.empty()) {
    if (!crashed_) between();
    const size_t next = random_() % alive.size();
    step(*alive[next]);
    if (alive[next]->ended) alive.erase(alive.begin() + static_cast<ptrdiff_t>(next));
  }
}

void Scheduler::yield() {
  // What a crash unwinds is not there any more: it does nothing of its own.
  if (current_ == nullptr || std::uncaught_exceptions() > 0) return;
  Actor& self = *current_;
  back_.release();
  self.turn.acquire();
  if (crashed_) throw Crash();
}

}  // namespace kiln::job
