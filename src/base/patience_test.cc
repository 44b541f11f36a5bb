#include "base/patience.h"

#include <atomic>
#include <future>
#include <vector>

#include <gtest/gtest.h>

#include "base/thread.h"

namespace kiln::base {
namespace {

using Look = Patience::Look;

PatienceOptions soon() { return {std::chrono::milliseconds(20), {}}; }
PatienceOptions never() { return {std::chrono::hours(1), {}}; }

/// What looks wait at until it is opened; shared with those that are left behind.
struct Gate {
  std::promise<void> promise;
  std::shared_future<void> opened = promise.get_future().share();
};

std::function<Result<int>(Look&)> held_up(const std::shared_ptr<Gate>& gate) {
  return [gate](Look&) -> Result<int> {
    gate->opened.wait();
    return 1;
  };
}

TEST(PatienceTest, GivesWhatTheLookGives) {
  Patience patience(never());
  for (int i = 0; i < 100; ++i) {
    const auto number = patience.run<int>("a", [i](Look&) -> Result<int> { return i; });
    ASSERT_TRUE(number.ok());
    EXPECT_EQ(*number, i);
  }
  const auto missing = patience.run<int>(
      "a", [](Look&) -> Result<int> { return Error(ErrorCode::kNotFound, "not there"); });
  EXPECT_EQ(missing.error().code(), ErrorCode::kNotFound);
  const auto thrown = patience.run<int>("a", [](Look&) -> Result<int> { throw std::bad_alloc(); });
  EXPECT_EQ(thrown.error().code(), ErrorCode::kNoMemory);
}

TEST(PatienceTest, WhatIsHeldUpIsNamedAndRefusedAtOnceUntilItGoesOn) {
  const auto gate = std::make_shared<Gate>();
  Patience patience(soon());
  const auto late = patience.run<int>("folder", [gate](Look& look) -> Result<int> {
    look.at("folder/a");
    look.at("folder/b");
    gate->opened.wait();
    return 1;
  });
  EXPECT_EQ(late.error().code(), ErrorCode::kUnavailable);
  EXPECT_NE(late.error().message().find("folder/b"), std::string::npos) << late.error().message();
  std::atomic<bool> looked = false;
  const auto look = [&looked](Look&) -> Result<int> {
    looked = true;
    return 2;
  };
  const auto refused = patience.run<int>("folder", look);
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnavailable);
  EXPECT_NE(refused.error().message().find("folder/b"), std::string::npos);
  EXPECT_FALSE(looked);
  EXPECT_TRUE(patience.run<int>("another", look).ok());
  gate->promise.set_value();
  while (!patience.run<int>("folder", look).ok()) std::this_thread::yield();
}

TEST(PatienceTest, NoMoreThanAFewAreLeftBehind) {
  const auto gate = std::make_shared<Gate>();
  Patience patience(soon());
  for (size_t i = 0; i < Patience::kMostLeftBehind; ++i) {
    EXPECT_FALSE(patience.run<int>(std::to_string(i), held_up(gate)).ok());
  }
  const auto look = [](Look&) -> Result<int> { return 1; };
  EXPECT_EQ(patience.run<int>("one more", look).error().code(), ErrorCode::kUnavailable);
  gate->promise.set_value();
  while (!patience.run<int>("one more", look).ok()) std::this_thread::yield();
}

TEST(PatienceTest, AStopEndsTheWait) {
  const auto gate = std::make_shared<Gate>();
  Patience patience(never());
  std::stop_source stop;
  ErrorCode code = ErrorCode::kInternal;
  auto waiter = start_thread(
      [&] { code = patience.run<int>("a", held_up(gate), stop.get_token()).error().code(); },
      [](Error) {});
  stop.request_stop();
  waiter->join();
  EXPECT_EQ(code, ErrorCode::kCancelled);
  EXPECT_TRUE(patience.run<int>("a", [](Look&) -> Result<int> { return 1; }).ok())
      << "it was not late";
  gate->promise.set_value();
}

TEST(PatienceTest, WhatComesTooLateIsGivenUpWithAllThatItHolds) {
  const auto gate = std::make_shared<Gate>();
  const auto held = std::make_shared<int>(1);
  {
    Patience patience(soon());
    const auto late = patience.run<std::shared_ptr<int>>(
        "a", [gate, held](Look&) -> Result<std::shared_ptr<int>> {
          gate->opened.wait();
          return held;
        });
    EXPECT_FALSE(late.ok());
    EXPECT_GT(held.use_count(), 1);
  }
  gate->promise.set_value();
  while (held.use_count() != 1) std::this_thread::yield();
}

}  // namespace
}  // namespace kiln::base
