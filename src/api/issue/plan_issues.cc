#include "api/issue/plan_issues.h"

#include "api/issue/fault.h"

namespace kiln::api {
namespace {

/// The codes that stand for an error of another kind are not asked for.
IssueCode issue_code_of(plan::ProblemCode code) {
  switch (code) {
    case plan::ProblemCode::kUnknownArtefact:
    case plan::ProblemCode::kElsewhere:
      return IssueCode::kUnknown;
    case plan::ProblemCode::kWrongKind:
    case plan::ProblemCode::kInvalidView:
    case plan::ProblemCode::kInvalidQuery:
    case plan::ProblemCode::kInvalidLibrary:
    case plan::ProblemCode::kUnsuitedFormat:
      return IssueCode::kInvalidArtefact;
    case plan::ProblemCode::kLimit:
      return IssueCode::kTooCostly;
    case plan::ProblemCode::kUnknownPatient:
    case plan::ProblemCode::kUnknownGroup:
      return IssueCode::kUnknownFilter;
    case plan::ProblemCode::kTooManyOutputs:
      return IssueCode::kTooMany;
    case plan::ProblemCode::kUsage:
    case plan::ProblemCode::kUnsuitedLayout:
    case plan::ProblemCode::kWrongReference:
    case plan::ProblemCode::kSameName:
    case plan::ProblemCode::kUnreadable:
    case plan::ProblemCode::kUnavailableData:
      break;
  }
  return IssueCode::kInvalid;
}

/// The errors of an artefact are about the parameter that named it: where in it, the text tells.
std::string text_of_problem(const plan::Problem& problem) {
  const std::string& path = problem.error.path();
  const std::string text = (path.empty() ? "" : path + ": ") + full_text(problem.error);
  if (problem.code == plan::ProblemCode::kInvalidView) return "invalid ViewDefinition: " + text;
  if (problem.code == plan::ProblemCode::kInvalidLibrary) return "invalid Library: " + text;
  return text;
}

Issue issue_of_plan(const plan::Problem& problem, const Service& service,
                    const net::Request& request) {
  if (problem.code == plan::ProblemCode::kUnavailableData) {
    return logged_issue(service, request.id, "cohort cannot be read", problem.error, problem.place);
  }
  if (problem.code == plan::ProblemCode::kUnreadable) {
    return issue_of(problem.error, problem.place, request.id);
  }
  return {issue_code_of(problem.code), text_of_problem(problem), problem.place};
}

}  // namespace

void add_issues(const plan::Problems& found, const Service& service, const net::Request& request,
                Issues& issues) {
  for (const plan::Problem& problem : found.all()) {
    if (problem.severity != plan::Severity::kError) continue;
    issues.add(issue_of_plan(problem, service, request));
  }
}

}  // namespace kiln::api
