#include "net/stream_body.h"

#include <thread>

#include <gtest/gtest.h>

#include "net/testing/test_server.h"

namespace kiln::net {
namespace {

using testing::Event;
using testing::pattern;

TEST(StreamPipe, TellsOnceWhenSomethingComes) {
  int told = 0;
  StreamPipe pipe(100, [&] { ++told; });
  EXPECT_TRUE(pipe.write("early").ok());
  EXPECT_EQ(told, 0);
  std::string bytes;
  EXPECT_EQ(pipe.take(bytes), StreamPipe::State::kOpen);
  EXPECT_EQ(bytes, "early");
  EXPECT_EQ(pipe.take(bytes), StreamPipe::State::kOpen);
  EXPECT_EQ(bytes, "");
  EXPECT_TRUE(pipe.write("a").ok());
  EXPECT_TRUE(pipe.write("b").ok());
  EXPECT_EQ(told, 1);
  EXPECT_EQ(pipe.take(bytes), StreamPipe::State::kOpen);
  EXPECT_EQ(bytes, "ab");
  pipe.finish(true);
  EXPECT_EQ(pipe.take(bytes), StreamPipe::State::kComplete);
  EXPECT_EQ(told, 1);
}

TEST(StreamPipe, NeverHoldsMoreThanItsCapacity) {
  Event ready[1000];
  size_t turn = 0;
  StreamPipe pipe(10, [&] { ready[turn++].set(); });
  const std::string sent = pattern(95);
  std::string bytes;
  ASSERT_EQ(pipe.take(bytes), StreamPipe::State::kOpen);
  std::thread producer([&] {
    EXPECT_TRUE(pipe.write(sent).ok());
    pipe.finish(true);
  });
  std::string received;
  size_t waited = 0;
  StreamPipe::State state = StreamPipe::State::kOpen;
  for (ready[waited++].wait(); state == StreamPipe::State::kOpen;) {
    state = pipe.take(bytes);
    EXPECT_LE(bytes.size(), 10U);
    received += bytes;
    if (state == StreamPipe::State::kOpen && bytes.empty()) ready[waited++].wait();
  }
  producer.join();
  EXPECT_EQ(received, sent);
  EXPECT_EQ(state, StreamPipe::State::kComplete);
}

TEST(StreamPipe, CancelFreesABlockedWriter) {
  StreamPipe pipe(10, [] {});
  ASSERT_TRUE(pipe.write(pattern(10)).ok());
  base::Status status;
  std::thread producer([&] { status = pipe.write("x"); });
  pipe.cancel();
  producer.join();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), base::ErrorCode::kCancelled);
  EXPECT_FALSE(pipe.write("y").ok());
}

TEST(StreamPipe, AFailureGoesBeforeWhatWasWritten) {
  int told = 0;
  StreamPipe pipe(10, [&] { ++told; });
  std::string bytes;
  ASSERT_EQ(pipe.take(bytes), StreamPipe::State::kOpen);
  EXPECT_FALSE(pipe.started());
  ASSERT_TRUE(pipe.write("x").ok());
  EXPECT_TRUE(pipe.started());
  pipe.finish(false);
  EXPECT_EQ(told, 1);
  EXPECT_EQ(pipe.take(bytes), StreamPipe::State::kFailed);
}

}  // namespace
}  // namespace kiln::net
