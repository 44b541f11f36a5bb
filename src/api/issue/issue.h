// What is wrong with a request, and how it is told: an OperationOutcome with its HTTP status. The
// codes and what they mean on the wire are in issue_code.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/issue/issue_code.h"
#include "base/error.h"
#include "job/job.h"
#include "net/http.h"

namespace kiln::api {

/// One thing that is wrong, an issue of the outcome.
struct Issue {
  IssueCode code;
  std::string text;
  std::string expression;  ///< "view[0].viewReference"; "" if it is not about a parameter
  std::vector<std::string> more = {};  ///< further expressions that it is about
};

/// All that is wrong with one request.
class Issues {
 public:
  void add(IssueCode code, std::string expression, std::string text);
  void add(Issue issue) { all_.push_back(std::move(issue)); }
  bool empty() const { return all_.empty(); }
  const std::vector<Issue>& all() const { return all_; }
  /// The one whose status the answer has: a 404 if there is one, else a 400, else the first
  /// (operations.md §7). There must be one.
  const Issue& leading() const;

 private:
  std::vector<Issue> all_;
};

/// What an error means when it is about `expression`. Our own faults get a generic text, as theirs
/// may hold paths and addresses: the caller logs the error with `reference`, the request's or the
/// job's id, which the text names.
Issue issue_of(const base::Error& error, std::string expression = "",
               std::string_view reference = "");
/// The same for an evaluation: it fails on data, and whatever it does not find is the server's, and
/// none of the client's business.
Issue issue_of_data(const base::Error& error, std::string expression, std::string_view reference);
/// Whatever the error says, the client could not have done otherwise: kFault, or kUnavailable for
/// what may work later.
Issue fault_of(const base::Error& error, std::string_view reference);

/// How an export that has failed is told.
Issue issue_of(const job::Failure& failure);

/// An OperationOutcome as JSON.
std::string operation_outcome(const std::vector<Issue>& issues);

net::Response outcome_response(const Issues& issues);
net::Response outcome_response(const Issue& issue);

/// "; did you mean 'x'?", or nothing without a suggestion.
std::string suggestion_text(const std::string& suggestion);
/// The message with its position, caret excerpt and suggestion in one line; of a path only the
/// file's name.
std::string full_text(const base::Error& error);

}  // namespace kiln::api
