// What can be wrong with a request, and what that is to HTTP and FHIR: the one table of both
// (operations.md §6). Nothing else in `api` has a status of an error.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "job/job.h"

namespace kiln::api {

/// In the order of the table.
enum class IssueCode : uint8_t {
  kInvalid,          ///< a parameter, a field or the body is not as it must be
  kRequired,         ///< something is missing
  kNotSupported,     ///< a parameter or format that is none here
  kUnknownFilter,    ///< a patient or group that is not in the data
  kTooMany,          ///< more of something than one request may have
  kLogin,            ///< it does not say who sends it
  kForbidden,        ///< whoever sends it may not do that
  kUnknown,          ///< there is no such subject, job, file or address
  kWrongMethod,      ///< the address is there, but not for that method
  kNotAcceptable,    ///< the client takes nothing that can be given
  kTimeout,          ///< it took too long to arrive
  kInputChanged,     ///< the data are not those that the job was made for
  kOtherFile,        ///< the file is not the one that the client has
  kTooLong,          ///< the body
  kMediaType,        ///< a body of a type or coding that is not read
  kOutOfRange,       ///< the range lies outside of the file
  kExpectation,      ///< Expect asks for something unknown
  kMisdirected,      ///< the server is not called so
  kInvalidArtefact,  ///< it breaks a rule, or is of another kind
  kKeyReused,        ///< the Idempotency-Key stands for another request
  kProcessing,       ///< the data do not allow it
  kNotDone,          ///< understood, but nothing that Kiln does
  kTooCostly,        ///< it goes beyond a bound
  kThrottled,        ///< too many jobs, polls or streams
  kHeadTooLong,      ///< of the request
  kFault,            ///< the server's own
  kNotImplemented,   ///< a part of HTTP that the server does not know
  kUnavailable,      ///< may work later
  kLate,             ///< the answer took too long to begin
};
inline constexpr size_t kIssueCodes = static_cast<size_t>(IssueCode::kLate) + 1;

/// Of HTTP.
int status_of(IssueCode code);
/// Of FHIR's issue-type: "invalid", "not-found".
std::string_view issue_type_of(IssueCode code);
/// Whether it is the server's doing: its status is a 5xx.
bool is_servers(IssueCode code);

/// What an error means for the request that it comes from.
IssueCode issue_code_of(base::ErrorCode code);
/// What the failure of a job means for its result.
IssueCode issue_code_of(job::FailureCode code);
/// What the HTTP server refuses with a status by itself.
IssueCode issue_code_of_status(int status);

}  // namespace kiln::api
