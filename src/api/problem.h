// What is wrong with a request, and how it is told: an OperationOutcome with its HTTP status. The
// codes and what they mean on the wire are in problem_code.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/problem_code.h"
#include "base/error.h"
#include "job/job.h"
#include "net/http.h"

namespace kiln::api {

/// One issue.
struct Problem {
  ProblemCode code;
  std::string text;
  std::string expression;  ///< "view[0].viewReference"; "" if it is not about a parameter
  std::vector<std::string> more = {};  ///< further expressions that it is about
};

/// All problems of one request.
class Problems {
 public:
  void add(ProblemCode code, std::string expression, std::string text);
  void add(Problem problem) { all_.push_back(std::move(problem)); }
  bool empty() const { return all_.empty(); }
  const std::vector<Problem>& all() const { return all_; }
  /// The one whose status the answer has: a 404 if there is one, else a 400, else the first
  /// (operations.md §7). There must be one.
  const Problem& leading() const;

 private:
  std::vector<Problem> all_;
};

/// What an error means when it is about `expression`. Our own faults get a generic text, as theirs
/// may hold paths and addresses: the caller logs the error with `reference`, the request's or the
/// job's id, which the text names.
Problem problem_of(const base::Error& error, std::string expression = "",
                   std::string_view reference = "");
/// The same for an evaluation: it fails on data, and whatever it does not find is the server's, and
/// none of the client's business.
Problem problem_of_data(const base::Error& error, std::string expression,
                        std::string_view reference);
/// Whatever the error says, the client could not have done otherwise: kFault, or kUnavailable for
/// what may work later.
Problem fault_of(const base::Error& error, std::string_view reference);

/// How an export that has failed is told.
Problem problem_of(const job::Failure& failure);

/// An OperationOutcome as JSON.
std::string operation_outcome(const std::vector<Problem>& problems);

net::Response outcome_response(const Problems& problems);
net::Response outcome_response(const Problem& problem);

/// "; did you mean 'x'?", or nothing without a suggestion.
std::string suggestion_text(const std::string& suggestion);
/// The message with its position, caret excerpt and suggestion in one line; of a path only the
/// file's name.
std::string full_text(const base::Error& error);

}  // namespace kiln::api
