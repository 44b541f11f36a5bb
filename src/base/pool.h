// Threads that much work shares, a little of each in turn.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>

#include "base/error.h"
#include "base/mutex.h"
#include "base/thread.h"

namespace kiln::base {

/// Cores that this process may use.
unsigned available_threads();

/// So many threads run steps of so many queues: of those that have steps, each gets its turn before
/// one has it again. A queue that has had few steps stands in a line of its own, which has every
/// other turn: what is short waits for one step of what is long, however much of that there is.
/// A step should take milliseconds. Thread-safe; outlives its queues.
class Pool {
 public:
  enum class Use : uint8_t {
    kOne,     ///< one piece of work: while a step waits, its thread does nothing else
    kShared,  ///< many that know nothing of each other
  };

  /// As many threads as the system gives of those asked for; kUnavailable if that is none.
  static Result<std::unique_ptr<Pool>> start(unsigned threads, Use use);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  unsigned threads() const { return threads_; }

  /// The steps of one piece of work. They may run at the same time as each other.
  class Queue {
   public:
    explicit Queue(Pool& pool);
    /// Steps that have not begun are dropped; those that have are waited for.
    ~Queue();
    Queue(const Queue&) = delete;
    Queue& operator=(const Queue&) = delete;

    /// What leaves a step as an exception is lost: it has to tell of its own failures. A step that
    /// is posted while the queue ends, by another step, is dropped.
    void post(std::function<void()> step);

   private:
    friend class Pool;
    Pool& pool_;
    std::deque<std::function<void()>> steps_;  // guarded by the pool's mutex, as is all here
    size_t running_ = 0;
    size_t steps_begun_ = 0;
    bool waits_for_turn_ = false;  ///< it is among the pool's turns
    bool ended_ = false;
  };

  /// While it lives, the step that made it waits for something, or may, and in a shared pool
  /// another thread may run in its place.
  class Waiting {
   public:
    explicit Waiting(Pool& pool);
    ~Waiting();
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

   private:
    Pool& pool_;
  };

 private:
  Pool(unsigned threads, Use use) : threads_(threads), use_(use) {}
  [[nodiscard]] Status add_threads();
  /// A thread of the pool.
  struct Member {
    Thread thread;
    bool is_done = false;  ///< guarded by the mutex
  };

  [[nodiscard]] Status add_thread() KILN_REQUIRES(mutex_);
  void work(Member& self);
  void take_turn() KILN_REQUIRES(mutex_);
  void stand_in_line(Queue& queue) KILN_REQUIRES(mutex_);
  bool has_turns() const KILN_REQUIRES(mutex_);
  /// The queue whose turn it is leaves its line. There must be one.
  Queue& next_in_line() KILN_REQUIRES(mutex_);

  const unsigned threads_;
  const Use use_;
  Mutex mutex_;
  Condition changed_;    ///< there are turns to take, or the pool ends
  Condition step_done_;  ///< of a queue that ends
  /// Queues with steps, the next one first: those that have had few steps, and the others.
  std::list<Queue*> short_ KILN_GUARDED_BY(mutex_);
  std::list<Queue*> long_ KILN_GUARDED_BY(mutex_);
  bool long_is_next_ KILN_GUARDED_BY(mutex_) = false;
  std::list<Member> members_ KILN_GUARDED_BY(mutex_);
  unsigned live_ KILN_GUARDED_BY(mutex_) = 0;
  unsigned running_ KILN_GUARDED_BY(mutex_) = 0;  ///< steps, without those that wait
  unsigned waiting_ KILN_GUARDED_BY(mutex_) = 0;
  bool ended_ KILN_GUARDED_BY(mutex_) = false;
};

}  // namespace kiln::base
