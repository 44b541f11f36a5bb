#include "api/problem.h"

#include <gtest/gtest.h>

namespace kiln::api {
namespace {

TEST(ProblemTest, TextsOfTheOperatingSystemStayInTheLog) {
  const Problem problem = problem_of({base::ErrorCode::kIo, "cannot read /srv/secret"}, "a.b");
  EXPECT_EQ(problem.status, 500);
  EXPECT_EQ(problem.code, "exception");
  EXPECT_EQ(problem.text, "the server has failed; its log tells more");
  EXPECT_EQ(problem.expression, "a.b");
}

TEST(ProblemTest, AnInterruptedJobIsToldWhy) {
  const Problem problem = problem_of({base::ErrorCode::kInterrupted, "interrupted"}, "");
  EXPECT_EQ(problem.status, 500);
  EXPECT_EQ(problem.text, "interrupted");
}

}  // namespace
}  // namespace kiln::api
