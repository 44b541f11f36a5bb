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

struct Meaning {
  int status;
  std::string_view issue;
  bool is_public = true;  ///< else the text is for the log only: it may hold paths and addresses
};

Meaning meaning_of(base::ErrorCode code) {
  switch (code) {
    case base::ErrorCode::kUsage:
      return {400, "invalid"};
    case base::ErrorCode::kInvalid:
      return {422, "invalid"};
    case base::ErrorCode::kNotFound:
      return {404, "not-found"};
    case base::ErrorCode::kUnsupported:
      return {422, "not-supported"};
    case base::ErrorCode::kLimit:
      return {422, "too-costly"};
    case base::ErrorCode::kConflict:
      return {409, "conflict"};
    case base::ErrorCode::kCancelled:
      return {503, "transient"};
    case base::ErrorCode::kUnavailable:
      return {503, "transient", false};
    case base::ErrorCode::kNoMemory:
      return {503, "transient"};
    case base::ErrorCode::kInterrupted:
      return {500, "exception"};
    case base::ErrorCode::kIo:
    case base::ErrorCode::kClosedPipe:
    case base::ErrorCode::kInternal:
      break;
  }
  return {500, "exception", false};
}

Meaning meaning_of(job::FailureCode code) {
  switch (code) {
    case job::FailureCode::kUnprocessable:
      return {422, "processing"};
    case job::FailureCode::kInputChanged:
      return {409, "conflict"};
    case job::FailureCode::kInterrupted:
    case job::FailureCode::kNotStored:
    case job::FailureCode::kFault:
      break;
  }
  return {500, "exception"};
}

void write_expressions(json::Writer& writer, const Problem& problem) {
  if (problem.expression.empty()) return;
  writer.key("expression").begin_array().string(problem.expression);
  for (const std::string& expression : problem.more) writer.string(expression);
  writer.end_array();
}

std::string fault_text(int status, std::string_view reference) {
  std::string text = status == 503 ? "the server cannot do that just now; try again later"
                                   : "the server has failed; its log tells more";
  if (!reference.empty()) text += ", under the id " + std::string(reference);
  return text;
}

}  // namespace

void Problems::add(int status, std::string_view code, std::string expression, std::string text) {
  all_.push_back({status, std::string(code), std::move(text), std::move(expression), {}});
}

int Problems::status() const {
  const auto any = [&](int status) {
    return std::any_of(all_.begin(), all_.end(),
                       [&](const Problem& problem) { return problem.status == status; });
  };
  if (all_.empty()) return 200;
  return any(404) ? 404 : any(400) ? 400 : all_.front().status;
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
  const Meaning meaning = meaning_of(error.code());
  Problem problem{meaning.status, std::string(meaning.issue), full_text(error),
                  std::move(expression)};
  if (!meaning.is_public) problem.text = fault_text(meaning.status, reference);
  if (problem.expression.empty()) problem.expression = error.path();
  return problem;
}

Problem problem_of_data(const base::Error& error, std::string expression,
                        std::string_view reference) {
  if (error.code() == base::ErrorCode::kNotFound) return fault_of(error, reference);
  return problem_of(error, std::move(expression), reference);
}

Problem fault_of(const base::Error& error, std::string_view reference) {
  if (error.code() == base::ErrorCode::kUnavailable || error.code() == base::ErrorCode::kNoMemory) {
    return problem_of(error, "", reference);
  }
  return {500, "exception", fault_text(500, reference), ""};
}

Problem problem_of(const job::Failure& failure) {
  const Meaning meaning = meaning_of(failure.code);
  return {meaning.status, std::string(meaning.issue), failure.text, failure.expression};
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
        .member("severity",
                problem.status >= 500 && problem.code == "exception" ? "fatal" : "error")
        .member("code", problem.code);
    writer.key("details").begin_object().member("text", problem.text).end_object();
    writer.member("diagnostics", problem.text);
    write_expressions(writer, problem);
    writer.end_object();
  }
  writer.end_array().end_object();
  return std::move(writer).take();
}

net::Response outcome_response(int status, const std::vector<Problem>& problems) {
  net::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/fhir+json");
  if (status == 503) response.headers.add("Retry-After", std::string(kRetrySeconds));
  response.body = operation_outcome(problems);
  return response;
}

net::Response outcome_response(const Problems& problems) {
  return outcome_response(problems.status(), problems.all());
}

net::Response outcome_response(const Problem& problem) {
  return outcome_response(problem.status, {problem});
}

}  // namespace kiln::api
