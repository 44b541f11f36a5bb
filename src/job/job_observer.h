// What happens to jobs, for the log and the metrics.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "job/job.h"

namespace kiln::job {

/// Thread-safe. Every call is short.
class JobObserver {
 public:
  virtual ~JobObserver() = default;
  virtual void on_state(const JobId& id, JobState state, uint32_t attempt) = 0;
  /// An attempt has ended, in whatever way; what it has written in all.
  virtual void on_attempt_end(const JobId& id, uint64_t rows, uint64_t bytes,
                              std::chrono::milliseconds duration) = 0;
  virtual void on_failure(const JobId& id, const base::Error& error) = 0;
  virtual void on_expired(uint64_t jobs) = 0;
  virtual void on_deleted(const JobId& id) = 0;
  virtual void on_sink_error(const JobId& id, const base::Error& error) = 0;
  /// The job database failed; the operation is tried again.
  virtual void on_store_error(const base::Error& error) = 0;
  /// Output that no record knows could not be looked for; it is tried again.
  virtual void on_orphans_unknown(const base::Error& error) = 0;
  /// No jobs are taken from now on, and why; null: this is over.
  virtual void on_obstacle(std::string_view name, const base::Error* error) = 0;
};

}  // namespace kiln::job
