#include "base/pool.h"

#include <atomic>
#include <barrier>
#include <fstream>
#include <latch>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace kiln::base {
namespace {

std::unique_ptr<Pool> start(unsigned threads) {
  auto pool = Pool::start(threads, Pool::Use::kShared);
  EXPECT_TRUE(pool.ok());
  return std::move(pool).value();
}

/// Opens once.
class Gate {
 public:
  void open() {
    MutexLock lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void wait() {
    MutexLock lock(mutex_);
    while (!open_) changed_.wait(mutex_);
  }

 private:
  Mutex mutex_;
  Condition changed_;
  bool open_ KILN_GUARDED_BY(mutex_) = false;
};

/// Threads that sleep are woken for each step, not for each queue.
TEST(PoolTest, StepsOfOneQueueRunAtTheSameTime) {
  for (const Pool::Use use : {Pool::Use::kOne, Pool::Use::kShared}) {
    const auto pool = *Pool::start(2, use);
    for (int round = 0; round < 1000; ++round) {
      std::barrier<> both(2);
      std::latch done(2);
      Pool::Queue queue(*pool);
      for (int i = 0; i < 2; ++i) {
        queue.post([&] {
          both.arrive_and_wait();
          done.count_down();
        });
      }
      done.wait();
    }
  }
}

TEST(PoolTest, QueuesTakeTurns) {
  const auto pool = start(1);
  Gate begun, begin, end;
  std::string order;  // of one thread
  Pool::Queue first(*pool), second(*pool), third(*pool);
  first.post([&] {
    begun.open();
    begin.wait();
  });
  begun.wait();
  for (int i = 0; i < 4; ++i) first.post([&] { order += 'a'; });
  for (int i = 0; i < 2; ++i) second.post([&] { order += 'b'; });
  third.post([&] { order += 'c'; });
  first.post([&] { end.open(); });
  begin.open();
  end.wait();
  EXPECT_EQ(order, "abcabaa");
}

TEST(PoolTest, WhatIsShortHasEveryOtherTurn) {
  const auto pool = start(1);
  Gate begun, begin, end;
  std::string order;  // of one thread
  Pool::Queue first(*pool), second(*pool), late(*pool);
  for (int i = 0; i < 7; ++i) first.post([] {});
  first.post([&] {  // the eighth
    begun.open();
    begin.wait();
  });
  begun.wait();
  for (int i = 0; i < 12; ++i) first.post([&] { order += 'a'; });
  for (int i = 0; i < 14; ++i) second.post([&] { order += 'b'; });
  for (int i = 0; i < 2; ++i) late.post([&] { order += 'c'; });
  second.post([&] { end.open(); });
  begin.open();
  end.wait();
  EXPECT_EQ(order, "abacabacababababababababbbbb");
}

TEST(PoolTest, AStepMayPostAnother) {
  const auto pool = start(2);
  Gate end;
  int left = 1000;
  Pool::Queue queue(*pool);
  std::function<void()> step = [&] {
    if (--left == 0) {
      end.open();
    } else {
      queue.post(step);
    }
  };
  queue.post(step);
  end.wait();
  EXPECT_EQ(left, 0);
}

TEST(PoolTest, AQueuesEndDropsWhatHasNotBegunAndWaitsForWhatHas) {
  const auto pool = start(1);
  std::atomic<int> ran{0};
  Gate begun, go_on;
  Thread opener;
  {
    Pool::Queue queue(*pool);
    queue.post([&] {
      begun.open();
      go_on.wait();
      ++ran;
    });
    queue.post([&] { ++ran; });
    begun.wait();
    auto thread = start_thread([&] { go_on.open(); }, [](Error) {});
    ASSERT_TRUE(thread.ok());
    opener = std::move(*thread);
    // Either it has begun and is waited for, or the second is dropped: the thread has one step.
  }
  EXPECT_GE(ran.load(), 1);
  Pool::Queue other(*pool);
  Gate end;
  other.post([&] { end.open(); });
  end.wait();
}

TEST(PoolTest, WhatAStepPostsWhileItsQueueEndsIsDropped) {
  const auto pool = start(2);
  for (int i = 0; i < 200; ++i) {
    Gate begun;
    Pool::Queue* again = nullptr;
    const std::function<void()> step = [&] {
      begun.open();
      again->post(step);
    };
    Pool::Queue queue(*pool);  // ends first
    again = &queue;
    queue.post(step);
    begun.wait();
  }
}

TEST(PoolTest, NoMoreStepsThanThreadsRunAtOnce) {
  const auto pool = start(3);
  std::atomic<int> now{0}, most{0}, left{300};
  Gate end;
  std::vector<std::unique_ptr<Pool::Queue>> queues;
  for (int i = 0; i < 10; ++i) queues.push_back(std::make_unique<Pool::Queue>(*pool));
  for (int i = 0; i < 300; ++i) {
    queues[static_cast<size_t>(i) % 10]->post([&] {
      const int running = ++now;
      int seen = most.load();
      while (running > seen && !most.compare_exchange_weak(seen, running)) {
      }
      --now;
      if (--left == 0) end.open();
    });
  }
  end.wait();
  EXPECT_LE(most.load(), 3);
}

TEST(PoolTest, WhoWaitsLetsOthersRun) {
  const auto pool = start(2);
  Gate gate, all;
  std::atomic<int> waiting{0};
  Pool::Queue waits(*pool), runs(*pool);
  for (int i = 0; i < 5; ++i) {
    waits.post([&] {
      const Pool::Waiting wait(*pool);
      if (++waiting == 5) all.open();
      gate.wait();
    });
  }
  all.wait();  // five of them on two threads
  Gate ran;
  runs.post([&] { ran.open(); });
  ran.wait();
  gate.open();
}

/// Threads that others' waits have made go when the waits are over: the pool may be asked so often
/// as one likes.
TEST(PoolTest, ThreadsInPlaceOfOthersGoAgain) {
  const auto pool = start(1);
  const auto threads_of_process = [] {
    std::ifstream status("/proc/self/status");
    std::string line;
    while (std::getline(status, line) && !line.starts_with("Threads:")) {
    }
    return std::stoi(line.substr(8));
  };
  const int before = threads_of_process();
  for (int round = 0; round < 50; ++round) {
    Gate gate, all;
    std::atomic<int> waiting{0};
    Pool::Queue queue(*pool);
    for (int i = 0; i < 4; ++i) {
      queue.post([&] {
        const Pool::Waiting wait(*pool);
        if (++waiting == 4) all.open();
        gate.wait();
      });
    }
    all.wait();
    gate.open();
  }
  while (threads_of_process() > before + 8) std::this_thread::yield();  // or for ever
}

TEST(PoolTest, AnExceptionEndsItsStepAlone) {
  const auto pool = start(1);
  Gate end;
  Pool::Queue queue(*pool);
  queue.post([] { throw std::bad_alloc(); });
  queue.post([&] { end.open(); });
  end.wait();
}

}  // namespace
}  // namespace kiln::base
