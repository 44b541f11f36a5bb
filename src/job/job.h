// Export jobs as they are kept: docs/impl/export_jobs.md tells their life.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace kiln::job {

/// 128 random bits as hex: the capability to a job.
struct JobId {
  std::string text;

  friend bool operator==(const JobId&, const JobId&) = default;
  friend auto operator<=>(const JobId&, const JobId&) = default;
};

/// Whether a text has the form of a JobId: what does not is nobody's job and left alone.
bool is_job_id(std::string_view text);

/// accepted -> in-progress -> completed | failed | cancelled; accepted -> cancelled; in-progress ->
/// accepted at a stop of the server and after a crash. The last three never change.
enum class JobState : uint8_t { kAccepted, kInProgress, kCompleted, kFailed, kCancelled };

/// "accepted", "in-progress", "completed", "failed", "cancelled" (operations.md §4).
std::string_view name_of(JobState state);
constexpr bool is_final(JobState state) { return state >= JobState::kCompleted; }

/// What a client has asked for, as far as answers about the job need it.
struct Submission {
  std::string client;       ///< who, for fairness and lists
  std::string tracking_id;  ///< clientTrackingId; "" if none
  std::string idempotency_key;
  std::string request_hash;          ///< of what an equal key must come with; "" without a key
  std::string format;                ///< of its files, in its owner's words: "csv"
  uint32_t subjects = 0;             ///< how many tables were asked for
  std::vector<std::string> names{};  ///< of the first of them, for lists
};

/// What the runner needs to do the job, also in another process. May be megabytes: kept apart, and
/// read when the job is started.
struct JobSpec {
  std::string request;
  std::string inputs;  ///< the state of the data that it was made for

  friend bool operator==(const JobSpec&, const JobSpec&) = default;
};

/// Which of a client's jobs a list shows: bits by JobState.
using JobStates = uint32_t;
constexpr JobStates states_of(JobState state) { return 1U << static_cast<uint32_t>(state); }
constexpr JobStates kAllStates = ~0U;

/// A job's place in a list of the newest first.
struct JobPlace {
  base::WallTime created;
  JobId id;
};

/// One stored file of a completed job.
struct OutputFile {
  std::string output;  ///< the output.name that it belongs to
  std::string name;    ///< in the sink and in its URL
  uint64_t rows = 0;
  uint64_t size = 0;
  std::string sha256;
  std::string media_type;
};

/// What a failed job has come to grief on.
enum class FailureCode : uint8_t {
  kUnprocessable,  ///< the data or what was asked of them; or it takes more than there is
  kInputChanged,   ///< the data are not those that it was made for
  kInterrupted,    ///< the server died in it too often
  kNotStored,      ///< its output could not be put where it belongs
  kFault,          ///< the server's own
};
inline constexpr FailureCode kFailureCodes[] = {
    FailureCode::kUnprocessable, FailureCode::kInputChanged, FailureCode::kInterrupted,
    FailureCode::kNotStored, FailureCode::kFault};

/// "unprocessable", "input-changed", "interrupted", "not-stored", "fault": as records have it.
std::string_view name_of(FailureCode code);

/// Why a job failed, as its client may know it: the same at every fetch.
struct Failure {
  FailureCode code = FailureCode::kFault;
  std::string text;
  std::string expression;  ///< what of the request it is about; "" if that is not known

  friend bool operator==(const Failure&, const Failure&) = default;
};

/// Who works on an attempt, and until when nobody else takes it up.
struct AttemptLease {
  std::string owner;  ///< of one start of a server process
  base::WallTime until;

  friend bool operator==(const AttemptLease&, const AttemptLease&) = default;
};

/// A job's record.
struct Job {
  JobId id;
  JobState state = JobState::kAccepted;
  Submission submission;
  uint32_t attempt = 0;  ///< 1 with the first start
  AttemptLease lease;    ///< kInProgress: of that attempt
  uint32_t crashes = 0;  ///< how often the server died while it ran
  base::WallTime created;
  std::optional<base::WallTime> started;
  std::optional<base::WallTime> finished;  ///< when it was completed, failed or cancelled
  std::optional<base::WallTime> expires;   ///< fixed then
  uint64_t rows = 0;                       ///< kCompleted: of all files
  uint64_t size = 0;                       ///< kCompleted: bytes of all files
  std::vector<OutputFile> files;           ///< kCompleted
  Failure failure;                         ///< kFailed
};

/// Output that has to be deleted: recorded before the deletion starts, dropped when it succeeded.
struct Debt {
  JobId job;
  uint32_t before_attempt = 0;  ///< only attempts before this one; 0: the whole job
  uint32_t tries = 0;
  base::WallTime due;   ///< not tried again before
  int64_t renewed = 0;  ///< how often it was recorded again: tells this one from a later one
};

}  // namespace kiln::job
