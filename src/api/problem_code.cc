#include "api/problem_code.h"

#include <algorithm>
#include <array>

namespace kiln::api {
namespace {

struct ProblemRow {
  ProblemCode code;
  int status;
  std::string_view issue;
};

constexpr std::array<ProblemRow, kProblemCodes> kTable = {{
    {ProblemCode::kInvalid, 400, "invalid"},
    {ProblemCode::kRequired, 400, "required"},
    {ProblemCode::kNotSupported, 400, "not-supported"},
    {ProblemCode::kUnknownFilter, 400, "not-found"},
    {ProblemCode::kTooMany, 400, "too-costly"},
    {ProblemCode::kLogin, 401, "login"},
    {ProblemCode::kForbidden, 403, "forbidden"},
    {ProblemCode::kUnknown, 404, "not-found"},
    {ProblemCode::kWrongMethod, 405, "not-supported"},
    {ProblemCode::kNotAcceptable, 406, "not-supported"},
    {ProblemCode::kTimeout, 408, "timeout"},
    {ProblemCode::kInputChanged, 409, "conflict"},
    {ProblemCode::kOtherFile, 412, "conflict"},
    {ProblemCode::kTooLong, 413, "too-long"},
    {ProblemCode::kMediaType, 415, "not-supported"},
    {ProblemCode::kOutOfRange, 416, "invalid"},
    {ProblemCode::kExpectation, 417, "invalid"},
    {ProblemCode::kMisdirected, 421, "forbidden"},
    {ProblemCode::kInvalidArtefact, 422, "invalid"},
    {ProblemCode::kKeyReused, 422, "invalid"},
    {ProblemCode::kProcessing, 422, "processing"},
    {ProblemCode::kNotDone, 422, "not-supported"},
    {ProblemCode::kTooCostly, 422, "too-costly"},
    {ProblemCode::kThrottled, 429, "throttled"},
    {ProblemCode::kHeadTooLong, 431, "too-long"},
    {ProblemCode::kFault, 500, "exception"},
    {ProblemCode::kNotImplemented, 501, "not-supported"},
    {ProblemCode::kUnavailable, 503, "transient"},
    {ProblemCode::kLate, 504, "timeout"},
}};

constexpr bool is_in_order() {
  for (size_t i = 0; i < kTable.size(); ++i) {
    if (kTable[i].code != static_cast<ProblemCode>(i)) return false;
  }
  return true;
}
static_assert(is_in_order());

const ProblemRow& row_of(ProblemCode code) { return kTable[static_cast<size_t>(code)]; }

}  // namespace

int status_of(ProblemCode code) { return row_of(code).status; }
std::string_view issue_of(ProblemCode code) { return row_of(code).issue; }
bool is_servers(ProblemCode code) { return status_of(code) >= status_of(ProblemCode::kFault); }

ProblemCode problem_code_of(base::ErrorCode code) {
  switch (code) {
    case base::ErrorCode::kUsage:
      return ProblemCode::kInvalid;
    case base::ErrorCode::kInvalid:
      return ProblemCode::kInvalidArtefact;
    case base::ErrorCode::kNotFound:
      return ProblemCode::kUnknown;
    case base::ErrorCode::kUnsupported:
      return ProblemCode::kNotDone;
    case base::ErrorCode::kLimit:
      return ProblemCode::kTooCostly;
    case base::ErrorCode::kConflict:
      return ProblemCode::kInputChanged;
    case base::ErrorCode::kCancelled:
    case base::ErrorCode::kUnavailable:
    case base::ErrorCode::kNoMemory:
      return ProblemCode::kUnavailable;
    case base::ErrorCode::kInterrupted:
    case base::ErrorCode::kIo:
    case base::ErrorCode::kClosedPipe:
    case base::ErrorCode::kInternal:
      break;
  }
  return ProblemCode::kFault;
}

ProblemCode problem_code_of(job::FailureCode code) {
  switch (code) {
    case job::FailureCode::kUnprocessable:
      return ProblemCode::kProcessing;
    case job::FailureCode::kInputChanged:
      return ProblemCode::kInputChanged;
    case job::FailureCode::kInterrupted:
    case job::FailureCode::kNotStored:
    case job::FailureCode::kFault:
      break;
  }
  return ProblemCode::kFault;
}

ProblemCode problem_code_of_status(int status) {
  const auto* const row = std::find_if(kTable.begin(), kTable.end(),
                                       [&](const ProblemRow& one) { return one.status == status; });
  return row == kTable.end() ? ProblemCode::kFault : row->code;
}

}  // namespace kiln::api
