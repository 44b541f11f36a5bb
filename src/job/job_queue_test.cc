#include "job/job_queue.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::job {
namespace {

using testing::ElementsAre;

std::vector<std::string> drain(JobQueue& queue) {
  std::vector<std::string> order;
  while (const auto id = queue.pop()) order.push_back(id->text);
  return order;
}

TEST(JobQueue, EmptyGivesNothing) {
  JobQueue queue;
  EXPECT_EQ(queue.size(), 0U);
  EXPECT_EQ(queue.pop(), std::nullopt);
}

TEST(JobQueue, OneClientInItsOrder) {
  JobQueue queue;
  for (const char* id : {"c", "a", "b"}) queue.push("x", {id});
  EXPECT_EQ(queue.size(), 3U);
  EXPECT_THAT(drain(queue), ElementsAre("c", "a", "b"));
  EXPECT_EQ(queue.size(), 0U);
}

TEST(JobQueue, ClientsTakeTurns) {
  JobQueue queue;
  for (const char* id : {"x1", "x2", "x3"}) queue.push("x", {id});
  for (const char* id : {"y1", "y2"}) queue.push("y", {id});
  queue.push("z", {"z1"});
  EXPECT_THAT(drain(queue), ElementsAre("x1", "y1", "z1", "x2", "y2", "x3"));
}

/// A client that comes when others wait already is behind each of them once, not behind all of
/// their jobs; one that comes back does not get a second turn at once.
TEST(JobQueue, NewcomersWaitForOneRound) {
  JobQueue queue;
  for (const char* id : {"x1", "x2", "x3"}) queue.push("x", {id});
  queue.push("y", {"y1"});
  EXPECT_EQ(queue.pop()->text, "x1");
  queue.push("z", {"z1"});
  EXPECT_EQ(queue.pop()->text, "y1");
  queue.push("y", {"y2"});
  EXPECT_THAT(drain(queue), ElementsAre("x2", "z1", "y2", "x3"));
}

TEST(JobQueue, RemoveTakesOneJobOnly) {
  JobQueue queue;
  for (const char* id : {"x1", "x2", "x3"}) queue.push("x", {id});
  queue.push("y", {"y1"});
  EXPECT_TRUE(queue.remove({"x2"}));
  EXPECT_FALSE(queue.remove({"x2"}));
  EXPECT_FALSE(queue.remove({"unknown"}));
  EXPECT_EQ(queue.size(), 3U);
  EXPECT_THAT(drain(queue), ElementsAre("x1", "y1", "x3"));
}

TEST(JobQueue, RemovingTheLastJobEndsTheClientsTurn) {
  JobQueue queue;
  queue.push("x", {"x1"});
  queue.push("y", {"y1"});
  EXPECT_TRUE(queue.remove({"x1"}));
  queue.push("x", {"x2"});
  EXPECT_THAT(drain(queue), ElementsAre("y1", "x2"));
  EXPECT_TRUE(drain(queue).empty());
}

}  // namespace
}  // namespace kiln::job
