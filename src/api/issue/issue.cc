#include "api/issue/issue.h"

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

void write_expressions(json::Writer& writer, const Issue& issue) {
  if (issue.expression.empty()) return;
  writer.key("expression").begin_array().string(issue.expression);
  for (const std::string& expression : issue.more) writer.string(expression);
  writer.end_array();
}

std::string fault_text(IssueCode code, std::string_view reference) {
  std::string text = code == IssueCode::kUnavailable
                         ? "the server cannot do that just now; try again later"
                         : "the server has failed; its log tells more";
  if (!reference.empty()) text += ", under the id " + std::string(reference);
  return text;
}

net::Response outcome_of(IssueCode leading, const std::vector<Issue>& issues) {
  net::Response response;
  response.status = status_of(leading);
  response.headers.add("Content-Type", "application/fhir+json");
  if (leading == IssueCode::kUnavailable) {
    response.headers.add("Retry-After", std::string(kRetrySeconds));
  }
  response.body = operation_outcome(issues);
  return response;
}

}  // namespace

void Issues::add(IssueCode code, std::string expression, std::string text) {
  all_.push_back({code, std::move(text), std::move(expression), {}});
}

const Issue& Issues::leading() const {
  for (const IssueCode code : {IssueCode::kUnknown, IssueCode::kInvalid}) {
    const auto found = std::find_if(all_.begin(), all_.end(), [&](const Issue& issue) {
      return status_of(issue.code) == status_of(code);
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

Issue issue_of(const base::Error& error, std::string expression, std::string_view reference) {
  const IssueCode code = issue_code_of(error.code());
  Issue issue{code, has_public_text(error.code()) ? full_text(error) : fault_text(code, reference),
              std::move(expression)};
  if (issue.expression.empty()) issue.expression = error.path();
  return issue;
}

Issue issue_of_data(const base::Error& error, std::string expression, std::string_view reference) {
  if (error.code() == base::ErrorCode::kNotFound) return fault_of(error, reference);
  Issue issue = issue_of(error, std::move(expression), reference);
  if (issue.code == IssueCode::kInvalidArtefact || issue.code == IssueCode::kNotDone ||
      issue.code == IssueCode::kTooCostly) {
    issue.code = IssueCode::kProcessing;
  }
  return issue;
}

Issue fault_of(const base::Error& error, std::string_view reference) {
  if (error.code() == base::ErrorCode::kUnavailable || error.code() == base::ErrorCode::kNoMemory) {
    return issue_of(error, "", reference);
  }
  return {IssueCode::kFault, fault_text(IssueCode::kFault, reference), ""};
}

Issue issue_of(const job::Failure& failure) {
  return {issue_code_of(failure.code), failure.text, failure.expression};
}

std::string operation_outcome(const std::vector<Issue>& issues) {
  json::Writer writer;
  writer.begin_object().member("resourceType", "OperationOutcome").key("issue").begin_array();
  size_t told = 0;
  for (const Issue& issue : issues) {
    if (told++ == kMostIssues) {
      const size_t left = issues.size() - kMostIssues;
      writer.begin_object().member("severity", "information").member("code", "incomplete");
      writer.member("diagnostics", std::to_string(left) + " more issues are left out").end_object();
      break;
    }
    writer.begin_object()
        .member("severity", issue.code == IssueCode::kFault ? "fatal" : "error")
        .member("code", issue_type_of(issue.code));
    writer.key("details").begin_object().member("text", issue.text).end_object();
    writer.member("diagnostics", issue.text);
    write_expressions(writer, issue);
    writer.end_object();
  }
  writer.end_array().end_object();
  return std::move(writer).take();
}

net::Response outcome_response(const Issues& issues) {
  return outcome_of(issues.leading().code, issues.all());
}

net::Response outcome_response(const Issue& issue) { return outcome_of(issue.code, {issue}); }

}  // namespace kiln::api
