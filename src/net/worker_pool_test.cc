#include "net/worker_pool.h"

#include <new>
#include <stdexcept>

#include <gtest/gtest.h>

#include "net/testing/test_server.h"

namespace kiln::net {
namespace {

using testing::Event;

TEST(WorkerPool, ATaskThatThrowsTakesNoThreadAlong) {
  WorkerPool pool(1);
  ASSERT_TRUE(pool.post([] { throw std::bad_alloc(); }));
  ASSERT_TRUE(pool.post([] { throw std::runtime_error("x"); }));
  Event ran;
  ASSERT_TRUE(pool.post([&] { ran.set(); }));
  EXPECT_TRUE(ran.wait());
  pool.join();
}

}  // namespace
}  // namespace kiln::net
