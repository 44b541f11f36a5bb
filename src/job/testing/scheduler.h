// Threads that take turns: one runs at a time, and a seed says which.
#pragma once

#include <functional>
#include <memory>
#include <random>
#include <semaphore>
#include <thread>
#include <vector>

#include <sched.h>

namespace kiln::job {

/// What an actor does between two of its yields is one step. With the same seed the same steps come
/// in the same order. An actor must not yield while it holds a lock that another one may want.
class Scheduler {
 public:
  explicit Scheduler(std::mt19937_64& random);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// Before run().
  void add(std::function<void()> body);
  /// Runs all actors to their ends; `between` is called before each step.
  void run(const std::function<void()>& between);
  /// From an actor: lets the others go first. From any other thread: nothing.
  void yield();
  /// From `between`: every actor ends where it is, by a Crash that its yield throws.
  void crash() { crashed_ = true; }
  bool crashed() const { return crashed_; }

 private:
  struct Actor {
    std::thread thread;
    std::binary_semaphore turn{0};
    bool ended = false;
  };
  void step(Actor& actor);

  std::mt19937_64& random_;
  cpu_set_t cpus_{};  ///< that the thread which made it may use
  std::vector<std::unique_ptr<Actor>> actors_;
  std::binary_semaphore back_{0};  ///< the turn of run()
  bool crashed_ = false;
  static thread_local Actor* current_;
};

}  // namespace kiln::job
