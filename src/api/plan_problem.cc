#include "api/plan_problem.h"

#include "api/fault.h"

namespace kiln::api {
namespace {

/// The codes that stand for an error of another kind are not asked for.
ProblemCode problem_code_of(plan::ProblemCode code) {
  switch (code) {
    case plan::ProblemCode::kUnknownArtefact:
    case plan::ProblemCode::kElsewhere:
      return ProblemCode::kUnknown;
    case plan::ProblemCode::kWrongKind:
    case plan::ProblemCode::kInvalidView:
    case plan::ProblemCode::kInvalidQuery:
    case plan::ProblemCode::kInvalidLibrary:
    case plan::ProblemCode::kUnsuitedFormat:
      return ProblemCode::kInvalidArtefact;
    case plan::ProblemCode::kLimit:
      return ProblemCode::kTooCostly;
    case plan::ProblemCode::kUnknownPatient:
    case plan::ProblemCode::kUnknownGroup:
      return ProblemCode::kUnknownFilter;
    case plan::ProblemCode::kTooManyOutputs:
      return ProblemCode::kTooMany;
    case plan::ProblemCode::kUsage:
    case plan::ProblemCode::kUnsuitedLayout:
    case plan::ProblemCode::kWrongReference:
    case plan::ProblemCode::kSameName:
    case plan::ProblemCode::kUnreadable:
    case plan::ProblemCode::kUnavailableData:
      break;
  }
  return ProblemCode::kInvalid;
}

/// The errors of an artefact are about the parameter that named it: where in it, the text tells.
std::string text_of_problem(const plan::Problem& problem) {
  const std::string& path = problem.error.path();
  const std::string text = (path.empty() ? "" : path + ": ") + full_text(problem.error);
  if (problem.code == plan::ProblemCode::kInvalidView) return "invalid ViewDefinition: " + text;
  if (problem.code == plan::ProblemCode::kInvalidLibrary) return "invalid Library: " + text;
  return text;
}

Problem problem_of_plan(const plan::Problem& problem, const Service& service,
                        const net::Request& request) {
  if (problem.code == plan::ProblemCode::kUnavailableData) {
    return logged_problem(service, request.id, "cohort cannot be read", problem.error,
                          problem.place);
  }
  if (problem.code == plan::ProblemCode::kUnreadable) {
    return problem_of(problem.error, problem.place, request.id);
  }
  return {problem_code_of(problem.code), text_of_problem(problem), problem.place};
}

}  // namespace

void add_problems(const plan::Problems& found, const Service& service, const net::Request& request,
                  Problems& problems) {
  for (const plan::Problem& problem : found.all()) {
    if (problem.severity != plan::Severity::kError) continue;
    problems.add(problem_of_plan(problem, service, request));
  }
}

}  // namespace kiln::api
