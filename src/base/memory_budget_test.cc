#include "base/memory_budget.h"

#include <atomic>
#include <vector>

#include <gtest/gtest.h>

#include "base/guarded.h"
#include "base/thread.h"

namespace kiln::base {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

Thread run(std::function<void()> body) {
  auto thread = start_thread(std::move(body), [](Error) { FAIL(); });
  return std::move(*thread);
}

TEST(MemoryBudgetTest, GivesItsLimitAndNotAByteMore) {
  MemoryBudget budget(100);
  EXPECT_TRUE(budget.take(99));
  EXPECT_FALSE(budget.take(2));
  EXPECT_TRUE(budget.take(1));
  EXPECT_FALSE(budget.take(1));
  EXPECT_FALSE(budget.take(UINT64_MAX));
  EXPECT_EQ(budget.taken(), 100U);
  budget.give_back(1);
  EXPECT_TRUE(budget.take(1));
}

TEST(MemoryBudgetTest, WaitersGoInTurnWhenThereIsRoom) {
  MemoryBudget budget(100);
  ASSERT_TRUE(budget.take(100));
  std::atomic<int> through = 0;
  std::vector<Thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.push_back(run([&] {
      EXPECT_TRUE(budget.wait_for(60, {}).ok());
      ++through;
      EXPECT_LE(budget.taken(), 100U);
      budget.give_back(60);
    }));
  }
  budget.give_back(41);
  EXPECT_EQ(through, 0) << "59 are not free";
  budget.give_back(59);
  threads.clear();
  EXPECT_EQ(through, 4);
  EXPECT_EQ(budget.taken(), 0U);
}

TEST(MemoryBudgetTest, AWaitEndsWithAStopAndNeverBeginsForTooMuch) {
  MemoryBudget budget(100);
  EXPECT_EQ(budget.wait_for(101, {}).error().code(), ErrorCode::kLimit);
  ASSERT_TRUE(budget.take(100));
  std::stop_source stop;
  ErrorCode first = ErrorCode::kInternal;
  auto waiter = run([&] { first = budget.wait_for(1, stop.get_token()).error().code(); });
  stop.request_stop();
  waiter.join();
  EXPECT_EQ(first, ErrorCode::kCancelled);
  EXPECT_EQ(budget.wait_for(1, stop.get_token()).error().code(), ErrorCode::kCancelled);
  budget.give_back(1);
  EXPECT_TRUE(budget.wait_for(1, {}).ok()) << "who has given up holds up nobody";
}

TEST(CommonMemoryTest, IsTakenForTheFirstAndGivenBackAfterTheLast) {
  for (const uint64_t others : {59U, 60U, 61U}) {
    MemoryBudget budget(100);
    ASSERT_TRUE(budget.take(others));
    CommonMemory common(budget, 40);
    const Status first = common.hold();
    ASSERT_EQ(first.ok(), others <= 60) << others;
    if (!first.ok()) {
      EXPECT_EQ(first.error().code(), ErrorCode::kNoMemory);
      EXPECT_EQ(budget.taken(), others);
      continue;
    }
    EXPECT_TRUE(common.hold().ok()) << "it costs the second nothing";
    EXPECT_EQ(budget.taken(), others + 40);
    common.release();
    EXPECT_EQ(budget.taken(), others + 40);
    common.release();
    EXPECT_EQ(budget.taken(), others);
  }
}

TEST(CommonMemoryTest, IsWaitedForTogetherWithTheRest) {
  MemoryBudget budget(100);
  CommonMemory common(budget, 50);
  EXPECT_EQ(budget.wait_for(51, {}, &common).error().code(), ErrorCode::kLimit);
  ASSERT_TRUE(budget.take(51));
  std::atomic<bool> through = false;
  auto waiter = run([&] {
    MemoryShare job(budget);
    EXPECT_TRUE(job.wait(50, {}, &common).ok());
    through = true;
    EXPECT_EQ(budget.taken(), 100U);
  });
  budget.give_back(1);  // enough for either, and so for none
  EXPECT_FALSE(through);
  budget.give_back(50);
  waiter.join();
  EXPECT_EQ(budget.taken(), 0U);
}

/// Somebody else takes the common part while a job waits for it and its own.
TEST(CommonMemoryTest, WhatOthersHoldAlreadyIsNotWaitedFor) {
  MemoryBudget budget(100);
  CommonMemory common(budget, 50);
  ASSERT_TRUE(budget.take(25));
  auto waiter = run([&] {
    MemoryShare job(budget);
    EXPECT_TRUE(job.wait(25, {}, &common).ok());
  });
  ASSERT_TRUE(common.hold().ok());
  waiter.join();
  EXPECT_EQ(budget.taken(), 75U);
  common.release();
  EXPECT_EQ(budget.taken(), 25U);
}

/// As many jobs as there are threads, all with the common part, beside others without it: each gets
/// its turn, and the sum is never more than there is.
TEST(CommonMemoryTest, ManyJobsNeverWaitForEachOther) {
  MemoryBudget budget(100);
  CommonMemory common(budget, 50);
  std::vector<Thread> threads;
  std::atomic<int> done = 0;
  for (int i = 0; i < 8; ++i) {
    threads.push_back(run([&, i] {
      for (int round = 0; round < 200; ++round) {
        MemoryShare job(budget);
        EXPECT_TRUE(job.wait(25, {}, i % 4 == 0 ? nullptr : &common).ok());
        EXPECT_LE(budget.taken(), 100U);
        if (i % 4 != 0) {
          EXPECT_TRUE(common.hold().ok()) << "the job has it";
          common.release();
        }
      }
      ++done;
    }));
  }
  threads.clear();
  EXPECT_EQ(done, 8);
  EXPECT_EQ(budget.taken(), 0U);
}

TEST(MemoryShareTest, WhatIsItsOwnCannotBeTakenByOthers) {
  MemoryBudget budget(100);
  MemoryShare job(budget);
  ASSERT_TRUE(job.reserve(40).ok());
  MemoryShare request(budget);
  EXPECT_TRUE(request.take(60));
  EXPECT_FALSE(request.take(1));
  EXPECT_TRUE(job.take(40));
  EXPECT_FALSE(job.take(1));
  request.give_back(60);
  EXPECT_TRUE(job.take(60));
  EXPECT_EQ(budget.taken(), 100U);
  job.give_back(100);
  EXPECT_EQ(budget.taken(), 40U);
  MemoryShare late(budget);
  EXPECT_EQ(late.reserve(61).error().code(), ErrorCode::kNoMemory);
  EXPECT_EQ(late.reserve(101).error().code(), ErrorCode::kLimit);
  EXPECT_TRUE(late.reserve(60).ok());
}

TEST(MemoryReservationTest, DrawsChunksAndGivesThemBack) {
  MemoryBudget budget(4 * kMiB);
  {
    MemoryShare share(budget);
    MemoryReservation memory(&share);
    memory.take(1);
    EXPECT_EQ(budget.taken(), kMiB);
    memory.take(kMiB - 1);
    EXPECT_EQ(budget.taken(), kMiB);
    memory.take(3 * kMiB);
    EXPECT_FALSE(memory.try_take(1));
    EXPECT_EQ(memory.used(), 4 * kMiB);
    memory.give_back(4 * kMiB);
    EXPECT_LE(budget.taken(), kMiB);
    MemoryReservation moved = std::move(memory);
    moved.take(2 * kMiB);
    EXPECT_EQ(memory.used(), 0U);  // NOLINT(bugprone-use-after-move)
  }
  EXPECT_EQ(budget.taken(), 0U);
}

TEST(MemoryReservationTest, ARefusalTellsWhetherItCouldEverFit) {
  MemoryBudget budget(2 * kMiB);
  MemoryShare other(budget);
  ASSERT_TRUE(other.take(kMiB));
  MemoryShare share(budget);
  MemoryReservation memory(&share);
  const auto refusal = [&](uint64_t bytes) {
    return guarded([&] { memory.take(bytes); }).error().code();
  };
  EXPECT_EQ(refusal(2 * kMiB), ErrorCode::kNoMemory);
  EXPECT_EQ(refusal(2 * kMiB + 1), ErrorCode::kLimit);
}

TEST(MemoryReservationTest, ManyThreadsNeverPassTheLimit) {
  MemoryBudget budget(16 * kMiB);
  MemoryShare other(budget);
  ASSERT_TRUE(other.take(14 * kMiB));  // some of what is asked for cannot be had
  MemoryShare share(budget);
  std::atomic<uint64_t> refused = 0;
  std::vector<Thread> threads;
  for (unsigned seed = 0; seed < 8; ++seed) {
    threads.push_back(run([&, seed] {
      MemoryReservation memory(&share);
      for (unsigned i = 0; i < 2000; ++i) {
        if (!memory.try_take((i * 7 + seed) % 11 * kMiB / 3)) ++refused;
        EXPECT_LE(budget.taken(), budget.limit());
        if (i % 3 == 0) memory.give_back(memory.used());
      }
    }));
  }
  threads.clear();
  EXPECT_GT(refused, 0U);
  EXPECT_EQ(budget.taken(), 14 * kMiB);
}

}  // namespace
}  // namespace kiln::base
