#include "api/issue/issue_code.h"

#include <algorithm>
#include <array>

namespace kiln::api {
namespace {

struct ProblemRow {
  IssueCode code;
  int status;
  std::string_view issue;
};

constexpr std::array<ProblemRow, kIssueCodes> kTable = {{
    {IssueCode::kInvalid, 400, "invalid"},
    {IssueCode::kRequired, 400, "required"},
    {IssueCode::kNotSupported, 400, "not-supported"},
    {IssueCode::kUnknownFilter, 400, "not-found"},
    {IssueCode::kTooMany, 400, "too-costly"},
    {IssueCode::kLogin, 401, "login"},
    {IssueCode::kForbidden, 403, "forbidden"},
    {IssueCode::kUnknown, 404, "not-found"},
    {IssueCode::kWrongMethod, 405, "not-supported"},
    {IssueCode::kNotAcceptable, 406, "not-supported"},
    {IssueCode::kTimeout, 408, "timeout"},
    {IssueCode::kInputChanged, 409, "conflict"},
    {IssueCode::kOtherFile, 412, "conflict"},
    {IssueCode::kTooLong, 413, "too-long"},
    {IssueCode::kMediaType, 415, "not-supported"},
    {IssueCode::kOutOfRange, 416, "invalid"},
    {IssueCode::kExpectation, 417, "invalid"},
    {IssueCode::kMisdirected, 421, "forbidden"},
    {IssueCode::kInvalidArtefact, 422, "invalid"},
    {IssueCode::kKeyReused, 422, "invalid"},
    {IssueCode::kProcessing, 422, "processing"},
    {IssueCode::kNotDone, 422, "not-supported"},
    {IssueCode::kTooCostly, 422, "too-costly"},
    {IssueCode::kThrottled, 429, "throttled"},
    {IssueCode::kHeadTooLong, 431, "too-long"},
    {IssueCode::kFault, 500, "exception"},
    {IssueCode::kNotImplemented, 501, "not-supported"},
    {IssueCode::kUnavailable, 503, "transient"},
    {IssueCode::kLate, 504, "timeout"},
}};

constexpr bool is_in_order() {
  for (size_t i = 0; i < kTable.size(); ++i) {
    if (kTable[i].code != static_cast<IssueCode>(i)) return false;
  }
  return true;
}
static_assert(is_in_order());

const ProblemRow& row_of(IssueCode code) { return kTable[static_cast<size_t>(code)]; }

}  // namespace

int status_of(IssueCode code) { return row_of(code).status; }
std::string_view issue_type_of(IssueCode code) { return row_of(code).issue; }
bool is_servers(IssueCode code) { return status_of(code) >= status_of(IssueCode::kFault); }

IssueCode issue_code_of(base::ErrorCode code) {
  switch (code) {
    case base::ErrorCode::kUsage:
      return IssueCode::kInvalid;
    case base::ErrorCode::kInvalid:
      return IssueCode::kInvalidArtefact;
    case base::ErrorCode::kNotFound:
      return IssueCode::kUnknown;
    case base::ErrorCode::kUnsupported:
      return IssueCode::kNotDone;
    case base::ErrorCode::kLimit:
      return IssueCode::kTooCostly;
    case base::ErrorCode::kConflict:
      return IssueCode::kInputChanged;
    case base::ErrorCode::kCancelled:
    case base::ErrorCode::kUnavailable:
    case base::ErrorCode::kNoMemory:
      return IssueCode::kUnavailable;
    case base::ErrorCode::kInterrupted:
    case base::ErrorCode::kIo:
    case base::ErrorCode::kClosedPipe:
    case base::ErrorCode::kInternal:
      break;
  }
  return IssueCode::kFault;
}

IssueCode issue_code_of(job::FailureCode code) {
  switch (code) {
    case job::FailureCode::kUnprocessable:
      return IssueCode::kProcessing;
    case job::FailureCode::kInputChanged:
      return IssueCode::kInputChanged;
    case job::FailureCode::kInterrupted:
    case job::FailureCode::kNotStored:
    case job::FailureCode::kFault:
      break;
  }
  return IssueCode::kFault;
}

IssueCode issue_code_of_status(int status) {
  const auto* const row = std::find_if(kTable.begin(), kTable.end(),
                                       [&](const ProblemRow& one) { return one.status == status; });
  return row == kTable.end() ? IssueCode::kFault : row->code;
}

}  // namespace kiln::api
