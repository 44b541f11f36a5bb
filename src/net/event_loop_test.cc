#include "net/event_loop.h"

#include <new>
#include <vector>

#include <gtest/gtest.h>

namespace kiln::net {
namespace {

TEST(EventLoop, ACallbackThatThrowsIsOverAndTheOthersGoOn) {
  EventLoop loop;
  std::vector<int> ran;
  loop.post([&] { ran.push_back(1); });
  loop.post([] { throw std::bad_alloc(); });
  loop.post([] { throw 1; });
  loop.post([&] { ran.push_back(2); });
  loop.finish();
  loop.run();
  EXPECT_EQ(ran, (std::vector<int>{1, 2}));
}

}  // namespace
}  // namespace kiln::net
