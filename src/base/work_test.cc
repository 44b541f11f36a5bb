#include "base/work.h"

#include <gtest/gtest.h>

namespace kiln::base {
namespace {

TEST(WorkTest, AsManyStepsAsTheLimitSays) {
  for (const uint64_t limit : {uint64_t{0}, uint64_t{1}, uint64_t{1023}, uint64_t{5000}}) {
    Work below(limit);
    for (uint64_t i = 0; i < limit; ++i) EXPECT_TRUE(below.step());
    EXPECT_FALSE(below.refused());
    EXPECT_FALSE(below.step());
    EXPECT_TRUE(below.refused());
    EXPECT_EQ(below.error("this").code(), ErrorCode::kLimit);
  }
  Work at_once(100);
  EXPECT_TRUE(at_once.step(100));
  EXPECT_FALSE(at_once.step(1));
  EXPECT_FALSE(at_once.step(0)) << "a refusal lasts";
}

TEST(WorkTest, AStopIsSeenSoon) {
  std::stop_source source;
  Work work(1'000'000, source.get_token());
  EXPECT_TRUE(work.step());
  source.request_stop();
  uint64_t steps = 0;
  while (work.step()) ++steps;
  EXPECT_LE(steps, 1024U);
  EXPECT_EQ(work.error("this").code(), ErrorCode::kCancelled);
}

}  // namespace
}  // namespace kiln::base
