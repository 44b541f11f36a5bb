#include "api/issue/issue.h"

#include <gtest/gtest.h>

namespace kiln::api {
namespace {

TEST(ProblemTest, TextsOfTheOperatingSystemStayInTheLog) {
  const Issue issue = issue_of({base::ErrorCode::kIo, "cannot read /srv/secret"}, "a.b");
  EXPECT_EQ(issue.code, IssueCode::kFault);
  EXPECT_EQ(issue.text, "the server has failed; its log tells more");
  EXPECT_EQ(issue.expression, "a.b");
}

TEST(ProblemTest, AnInterruptedJobIsToldWhy) {
  const Issue issue = issue_of({base::ErrorCode::kInterrupted, "interrupted"}, "");
  EXPECT_EQ(issue.code, IssueCode::kFault);
  EXPECT_EQ(issue.text, "interrupted");
}

/// Whether it is a filter's scan that meets the line or a view's.
TEST(ProblemTest, AnEvaluationFailsOnData) {
  const base::Error error(base::ErrorCode::kInvalid, "bad line");
  EXPECT_EQ(issue_of(error).code, IssueCode::kInvalidArtefact);
  EXPECT_EQ(issue_of_data(error, "", "id").code, IssueCode::kProcessing);
  EXPECT_EQ(issue_of_data({base::ErrorCode::kNotFound, "a file"}, "", "id").code,
            IssueCode::kFault);
}

TEST(ProblemTest, Ops_7_AnUnknownSubjectLeadsThenABadRequest) {
  Issues issues;
  issues.add(IssueCode::kInvalidArtefact, "", "422");
  EXPECT_EQ(issues.leading().text, "422");
  issues.add(IssueCode::kNotSupported, "", "400");
  EXPECT_EQ(issues.leading().text, "400");
  issues.add(IssueCode::kUnknown, "", "404");
  EXPECT_EQ(issues.leading().text, "404");
  EXPECT_EQ(outcome_response(issues).status, 404);
}

}  // namespace
}  // namespace kiln::api
