#include "api/problem.h"

#include <gtest/gtest.h>

namespace kiln::api {
namespace {

TEST(ProblemTest, TextsOfTheOperatingSystemStayInTheLog) {
  const Problem problem = problem_of({base::ErrorCode::kIo, "cannot read /srv/secret"}, "a.b");
  EXPECT_EQ(problem.code, ProblemCode::kFault);
  EXPECT_EQ(problem.text, "the server has failed; its log tells more");
  EXPECT_EQ(problem.expression, "a.b");
}

TEST(ProblemTest, AnInterruptedJobIsToldWhy) {
  const Problem problem = problem_of({base::ErrorCode::kInterrupted, "interrupted"}, "");
  EXPECT_EQ(problem.code, ProblemCode::kFault);
  EXPECT_EQ(problem.text, "interrupted");
}

/// Whether it is a filter's scan that meets the line or a view's.
TEST(ProblemTest, AnEvaluationFailsOnData) {
  const base::Error error(base::ErrorCode::kInvalid, "bad line");
  EXPECT_EQ(problem_of(error).code, ProblemCode::kInvalidArtefact);
  EXPECT_EQ(problem_of_data(error, "", "id").code, ProblemCode::kProcessing);
  EXPECT_EQ(problem_of_data({base::ErrorCode::kNotFound, "a file"}, "", "id").code,
            ProblemCode::kFault);
}

TEST(ProblemTest, Ops_7_AnUnknownSubjectLeadsThenABadRequest) {
  Problems problems;
  problems.add(ProblemCode::kInvalidArtefact, "", "422");
  EXPECT_EQ(problems.leading().text, "422");
  problems.add(ProblemCode::kNotSupported, "", "400");
  EXPECT_EQ(problems.leading().text, "400");
  problems.add(ProblemCode::kUnknown, "", "404");
  EXPECT_EQ(problems.leading().text, "404");
  EXPECT_EQ(outcome_response(problems).status, 404);
}

}  // namespace
}  // namespace kiln::api
