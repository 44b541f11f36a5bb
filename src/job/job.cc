#include "job/job.h"

#include <algorithm>

#include "base/text.h"

namespace kiln::job {

bool is_job_id(std::string_view text) {
  static constexpr size_t kDigits = 32;
  return text.size() == kDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return base::is_digit(c) || (c >= 'a' && c <= 'f');
         });
}

std::string_view name_of(JobState state) {
  switch (state) {
    case JobState::kAccepted:
      return "accepted";
    case JobState::kInProgress:
      return "in-progress";
    case JobState::kCompleted:
      return "completed";
    case JobState::kFailed:
      return "failed";
    case JobState::kCancelled:
      return "cancelled";
  }
  return "";
}

std::string_view name_of(FailureCode code) {
  switch (code) {
    case FailureCode::kUnprocessable:
      return "unprocessable";
    case FailureCode::kInputChanged:
      return "input-changed";
    case FailureCode::kInterrupted:
      return "interrupted";
    case FailureCode::kNotStored:
      return "not-stored";
    case FailureCode::kFault:
      break;
  }
  return "fault";
}

}  // namespace kiln::job
