// Who a request comes from, and what it may do (operations.md §4.9).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include "api/issue/issue.h"
#include "job/job.h"
#include "net/http.h"

namespace kiln::api {

/// What a route does; each has one.
enum class Action : uint8_t {
  kProbe,          ///< health and readiness
  kDescribe,       ///< what the server can do
  kReadArtefacts,  ///< published views
  kRun,            ///< evaluate views for an answer
  kExport,         ///< jobs: kick-off, status, result, files, end, list
  kReadMetrics,
};

/// Sets of them: bits by Action.
using Actions = uint32_t;
constexpr Actions actions_of(Action action) { return 1U << static_cast<uint32_t>(action); }
constexpr Actions kAllActions = ~0U;

/// Goes with a request from the door to its operation. As it is made, everybody's.
struct Access {
  std::string client;  ///< whose requests share a turn in the queue, a list and idempotency keys
  Actions actions = kAllActions;
  bool sees_all_jobs = true;  ///< whoever knows a job's id; false: only those of the client

  bool allows(Action action) const { return (actions & actions_of(action)) != 0; }
  /// False: for this request the job is not there (404).
  bool sees(const job::Submission& submission) const {
    return sees_all_jobs || submission.client == client;
  }
};

/// Asked once for every request that has a route, before anything is done for it. Thread-safe; does
/// not wait for anything.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  /// Or what to answer instead: kLogin, kForbidden.
  virtual std::variant<Access, Issue> authenticate(const net::Request& request) const = 0;
};

/// One tenant: a client is a peer address, and who knows a job's id may see it.
std::unique_ptr<Authenticator> make_open_authenticator();

}  // namespace kiln::api
