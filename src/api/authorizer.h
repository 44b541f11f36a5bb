// Who a request comes from, and which jobs are there for it (operations.md §4.9).
#pragma once

#include <memory>
#include <string>

#include "job/job.h"
#include "net/http.h"

namespace kiln::api {

/// Asked by every operation that has to do with a job: kick-off, status, result, cancel, download,
/// list. Thread-safe.
class Authorizer {
 public:
  virtual ~Authorizer() = default;
  /// Whose requests share a turn in the queue, a list of jobs and a space of idempotency keys.
  virtual std::string client_of(const net::Request& request) const = 0;
  /// False: for this request the job is not there (404).
  virtual bool may_see(const net::Request& request, const job::Submission& submission) const = 0;
};

/// One tenant: a client is a peer address, and who knows a job's id may see it.
std::unique_ptr<Authorizer> make_open_authorizer();

}  // namespace kiln::api
