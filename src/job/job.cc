#include "job/job.h"

namespace kiln::job {

std::string_view name_of(JobState state) {
  switch (state) {
    case JobState::kAccepted: return "accepted";
    case JobState::kInProgress: return "in-progress";
    case JobState::kCompleted: return "completed";
    case JobState::kFailed: return "failed";
    case JobState::kCancelled: return "cancelled";
  }
  return "";
}

}  // namespace kiln::job
