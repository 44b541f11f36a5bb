#include "api/issue/issue_code.h"

#include <gtest/gtest.h>

namespace kiln::api {
namespace {

/// What net/server.h says it answers by itself keeps its status.
TEST(IssueCode, TheServersOwnRefusalsAreInTheTable) {
  for (const int status : {400, 408, 413, 417, 429, 431, 500, 501, 503, 504}) {
    EXPECT_EQ(status_of(issue_code_of_status(status)), status);
  }
  EXPECT_EQ(issue_type_of(issue_code_of_status(400)), "invalid");
  EXPECT_EQ(issue_type_of(issue_code_of_status(413)), "too-long");
  EXPECT_EQ(issue_type_of(issue_code_of_status(503)), "transient");
  EXPECT_EQ(issue_code_of_status(418), IssueCode::kFault);
}

/// One error of a library is several problems; the caller that knows more says which.
TEST(IssueCode, Ops_7_TwoConflictsAreTwoProblems) {
  EXPECT_EQ(status_of(issue_code_of(base::ErrorCode::kConflict)), 409);
  EXPECT_EQ(status_of(IssueCode::kKeyReused), 422);
  EXPECT_EQ(issue_type_of(IssueCode::kKeyReused), "invalid");
}

TEST(IssueCode, OnlyA5xxIsTheServers) {
  EXPECT_TRUE(is_servers(IssueCode::kFault));
  EXPECT_TRUE(is_servers(IssueCode::kUnavailable));
  EXPECT_FALSE(is_servers(IssueCode::kProcessing));
  EXPECT_FALSE(is_servers(IssueCode::kHeadTooLong));
}

}  // namespace
}  // namespace kiln::api
