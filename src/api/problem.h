// What is wrong with a request, and how it is told: an OperationOutcome with its HTTP status.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "job/job.h"
#include "net/http.h"

namespace kiln::api {

/// One issue. Codes are those of FHIR's issue-type; operations.md §6 is the table.
struct Problem {
  int status;
  std::string code;  ///< "invalid", "not-found"
  std::string text;
  std::string expression;  ///< "view[0].viewReference"; "" if it is not about a parameter
  std::vector<std::string> more = {};  ///< further expressions that it is about
};

/// All problems of one request.
class Problems {
 public:
  void add(int status, std::string_view code, std::string expression, std::string text);
  void add(Problem problem) { all_.push_back(std::move(problem)); }
  bool empty() const { return all_.empty(); }
  const std::vector<Problem>& all() const { return all_; }
  /// 404 if any is one, else 400 if any is one, else the first one's (operations.md §7).
  int status() const;

 private:
  std::vector<Problem> all_;
};

/// The one table from error codes to HTTP: what an error means when it is about `expression`. Our
/// own faults (500, 503) get a generic text, as theirs may hold paths and addresses: the caller
/// logs the error with `reference`, the request's or the job's id, which the text names.
Problem problem_of(const base::Error& error, std::string expression = "",
                   std::string_view reference = "");
/// The same for an evaluation: whatever it does not find is the server's, and none of the client's
/// business.
Problem problem_of_data(const base::Error& error, std::string expression,
                        std::string_view reference);
/// Whatever the error says, the client could not have done otherwise: 500, or 503 for what may work
/// later.
Problem fault_of(const base::Error& error, std::string_view reference);

/// How an export that has failed is told.
Problem problem_of(const job::Failure& failure);

/// An OperationOutcome as JSON.
std::string operation_outcome(const std::vector<Problem>& problems);

net::Response outcome_response(int status, const std::vector<Problem>& problems);
net::Response outcome_response(const Problems& problems);
net::Response outcome_response(const Problem& problem);

/// "; did you mean 'x'?", or nothing without a suggestion.
std::string suggestion_text(const std::string& suggestion);
/// The message with its position, caret excerpt and suggestion in one line; of a path only the
/// file's name.
std::string full_text(const base::Error& error);

}  // namespace kiln::api
