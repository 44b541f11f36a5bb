#include "base/thread.h"

#include <atomic>
#include <new>
#include <optional>
#include <stdexcept>

#include <gtest/gtest.h>

#include "base/guarded.h"

namespace kiln::base {
namespace {

/// What `body` ends in when a thread runs it.
std::optional<Error> end_of(std::function<void()> body) {
  std::optional<Error> error;
  auto thread = start_thread(std::move(body), [&](Error left) { error = std::move(left); });
  EXPECT_TRUE(thread.ok());
  thread->join();
  return error;
}

TEST(ThreadTest, RunsItsBodyAndIsJoinedWhenItGoes) {
  std::atomic<bool> ran = false;
  {
    auto thread = start_thread([&] { ran = true; }, [](Error) { FAIL(); });
    ASSERT_TRUE(thread.ok());
  }
  EXPECT_TRUE(ran);
}

TEST(ThreadTest, AnExceptionIsAnErrorOfThatPieceOfWork) {
  EXPECT_FALSE(end_of([] {}));
  EXPECT_EQ(end_of([] { throw std::bad_alloc(); })->code(), ErrorCode::kNoMemory);
  EXPECT_EQ(end_of([] { throw std::runtime_error("x"); })->code(), ErrorCode::kInternal);
  EXPECT_EQ(end_of([] { throw std::system_error(EAGAIN, std::generic_category()); })->code(),
            ErrorCode::kUnavailable);
  EXPECT_EQ(end_of([] { throw 1; })->code(), ErrorCode::kInternal);
}

TEST(ThreadTest, AnExceptionOfWhatIsDoneAboutOneEndsTheThreadOnly) {
  auto thread = start_thread([] { throw std::bad_alloc(); }, [](Error) { throw std::bad_alloc(); });
  ASSERT_TRUE(thread.ok());
  thread->join();
}

TEST(GuardedTest, GivesValuesStatusesAndNothingThrough) {
  EXPECT_EQ(*guarded([]() -> Result<int> { return 7; }), 7);
  EXPECT_EQ(guarded([]() -> Status { return Error(ErrorCode::kIo, "x"); }).error().code(),
            ErrorCode::kIo);
  EXPECT_TRUE(guarded([] {}).ok());
  EXPECT_EQ(guarded([]() -> Result<int> { throw std::bad_alloc(); }).error().code(),
            ErrorCode::kNoMemory);
}

TEST(ErrorTest, WantOfMemoryCanBeToldWithoutAny) {
  Error error = Error::no_memory();
  EXPECT_EQ(error.code(), ErrorCode::kNoMemory);
  EXPECT_NE(error.message().find("--memory-limit"), std::string::npos);
  EXPECT_EQ(error.clone().code(), ErrorCode::kNoMemory);
  const Error placed = std::move(error).in("view 'v'").at({"a.ndjson", 3, 1});
  EXPECT_EQ(placed.code(), ErrorCode::kNoMemory);
  EXPECT_EQ(placed.position().line, 3U);
  EXPECT_TRUE(placed.message().starts_with("view 'v': "));
}

}  // namespace
}  // namespace kiln::base
