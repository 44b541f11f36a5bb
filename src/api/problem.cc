#include "api/problem.h"

#include <algorithm>

#include "base/text.h"
#include "json/writer.h"

namespace kiln::api {
namespace {

/// An answer to a hostile request must not be many times as large as the request.
constexpr size_t kMostIssues = 200;

/// When what is 503 may work: a store that is back, memory that others have given back.
constexpr std::string_view kRetrySeconds = "5";

/// Others' texts are for the log only: they may hold paths and addresses.
bool has_public_text(base::ErrorCode code) {
  switch (code) {
    case base::ErrorCode::kUnavailable:
    case base::ErrorCode::kIo:
    case base::ErrorCode::kClosedPipe:
    case base::ErrorCode::kInternal:
      return false;
    default:
      return true;
  }
}

void write_expressions(json::Writer& writer, const Problem& problem) {
  if (problem.expression.empty()) return;
  writer.key("expression").begin_array().string(problem.expression);
  for (const std::string& expression : problem.more) writer.string(expression);
  writer.end_array();
}

std::string fault_text(ProblemCode code, std::string_view reference) {
  std::string text = code == ProblemCode::kUnavailable
                         ? "the server cannot do that just now; try again later"
                         : "the server has failed; its log tells more";
  if (!reference.empty()) text += ", under the id " + std::string(reference);
  return text;
}

net::Response outcome_of(ProblemCode leading, const std::vector<Problem>& problems) {
  net::Response response;
  response.status = status_of(leading);
  response.headers.add("Content-Type", "application/fhir+json");
  if (leading == ProblemCode::kUnavailable) {
    response.headers.add("Retry-After", std::string(kRetrySeconds));
  }
  response.body = operation_outcome(problems);
  return response;
}

}  // namespace

void Problems::add(ProblemCode code, std::string expression, std::string text) {
  all_.push_back({code, std::move(text), std::move(expression), {}});
}

const Problem& Problems::leading() const {
  for (const ProblemCode code : {ProblemCode::kUnknown, ProblemCode::kInvalid}) {
    const auto found = std::find_if(all_.begin(), all_.end(), [&](const Problem& problem) {
      return status_of(problem.code) == status_of(code);
    });
    if (found != all_.end()) return *found;
  }
  return all_.front();
}

std::string suggestion_text(const std::string& suggestion) {
  return suggestion.empty() ? "" : "; did you mean '" + suggestion + "'?";
}

std::string full_text(const base::Error& error) {
  std::string text = error.message();
  if (!error.excerpt().empty() && error.excerpt() != error.message()) {
    text += ", in: " + error.excerpt() + " (character " + std::to_string(error.caret() + 1) + ")";
  }
  text += suggestion_text(error.suggestion());
  const base::SourcePosition& at = error.position();
  if (at.source.empty() && at.line == 0) return text;
  text += " [" + at.source.substr(at.source.rfind('/') + 1);
  if (at.line != 0) text += ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
  return text + "]";
}

Problem problem_of(const base::Error& error, std::string expression, std::string_view reference) {
  const ProblemCode code = problem_code_of(error.code());
  Problem problem{code,
                  has_public_text(error.code()) ? full_text(error) : fault_text(code, reference),
                  std::move(expression)};
  if (problem.expression.empty()) problem.expression = error.path();
  return problem;
}

Problem problem_of_data(const base::Error& error, std::string expression,
                        std::string_view reference) {
  if (error.code() == base::ErrorCode::kNotFound) return fault_of(error, reference);
  Problem problem = problem_of(error, std::move(expression), reference);
  if (problem.code == ProblemCode::kInvalidArtefact || problem.code == ProblemCode::kNotDone ||
      problem.code == ProblemCode::kTooCostly) {
    problem.code = ProblemCode::kProcessing;
  }
  return problem;
}

Problem fault_of(const base::Error& error, std::string_view reference) {
  if (error.code() == base::ErrorCode::kUnavailable || error.code() == base::ErrorCode::kNoMemory) {
    return problem_of(error, "", reference);
  }
  return {ProblemCode::kFault, fault_text(ProblemCode::kFault, reference), ""};
}

Problem problem_of(const job::Failure& failure) {
  return {problem_code_of(failure.code), failure.text, failure.expression};
}

std::string operation_outcome(const std::vector<Problem>& problems) {
  json::Writer writer;
  writer.begin_object().member("resourceType", "OperationOutcome").key("issue").begin_array();
  size_t told = 0;
  for (const Problem& problem : problems) {
    if (told++ == kMostIssues) {
      const size_t left = problems.size() - kMostIssues;
      writer.begin_object().member("severity", "information").member("code", "incomplete");
      writer.member("diagnostics", std::to_string(left) + " more issues are left out").end_object();
      break;
    }
    writer.begin_object()
        .member("severity", problem.code == ProblemCode::kFault ? "fatal" : "error")
        .member("code", issue_of(problem.code));
    writer.key("details").begin_object().member("text", problem.text).end_object();
    writer.member("diagnostics", problem.text);
    write_expressions(writer, problem);
    writer.end_object();
  }
  writer.end_array().end_object();
  return std::move(writer).take();
}

net::Response outcome_response(const Problems& problems) {
  return outcome_of(problems.leading().code, problems.all());
}

net::Response outcome_response(const Problem& problem) {
  return outcome_of(problem.code, {problem});
}

}  // namespace kiln::api
