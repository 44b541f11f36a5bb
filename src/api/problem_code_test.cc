#include "api/problem_code.h"

#include <gtest/gtest.h>

namespace kiln::api {
namespace {

/// What net/server.h says it answers by itself keeps its status.
TEST(ProblemCode, TheServersOwnRefusalsAreInTheTable) {
  for (const int status : {400, 408, 413, 417, 429, 431, 500, 501, 503, 504}) {
    EXPECT_EQ(status_of(problem_code_of_status(status)), status);
  }
  EXPECT_EQ(issue_of(problem_code_of_status(400)), "invalid");
  EXPECT_EQ(issue_of(problem_code_of_status(413)), "too-long");
  EXPECT_EQ(issue_of(problem_code_of_status(503)), "transient");
  EXPECT_EQ(problem_code_of_status(418), ProblemCode::kFault);
}

/// One error of a library is several problems; the caller that knows more says which.
TEST(ProblemCode, Ops_7_TwoConflictsAreTwoProblems) {
  EXPECT_EQ(status_of(problem_code_of(base::ErrorCode::kConflict)), 409);
  EXPECT_EQ(status_of(ProblemCode::kKeyReused), 422);
  EXPECT_EQ(issue_of(ProblemCode::kKeyReused), "invalid");
}

TEST(ProblemCode, OnlyA5xxIsTheServers) {
  EXPECT_TRUE(is_servers(ProblemCode::kFault));
  EXPECT_TRUE(is_servers(ProblemCode::kUnavailable));
  EXPECT_FALSE(is_servers(ProblemCode::kProcessing));
  EXPECT_FALSE(is_servers(ProblemCode::kHeadTooLong));
}

}  // namespace
}  // namespace kiln::api
