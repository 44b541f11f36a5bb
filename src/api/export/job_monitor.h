// Job events to the log and the metrics.
#pragma once

#include "api/metrics.h"
#include "base/log.h"
#include "job/job_observer.h"

namespace kiln::api {

/// Thread-safe. Both must outlive it.
class JobMonitor final : public job::JobObserver {
 public:
  JobMonitor(base::Logger& log, Metrics& metrics) : log_(log), metrics_(metrics) {}

  void on_state(const job::JobId& id, job::JobState state, uint32_t attempt) override;
  void on_attempt_end(const job::JobId& id, uint64_t rows, uint64_t bytes,
                      std::chrono::milliseconds duration) override;
  void on_failure(const job::JobId& id, const base::Error& error) override;
  void on_expired(uint64_t jobs) override;
  void on_deleted(const job::JobId& id) override;
  void on_sink_error(const job::JobId& id, const base::Error& error) override;
  void on_store_error(const base::Error& error) override;
  void on_orphans_unknown(const base::Error& error) override;
  void on_obstacle(std::string_view name, const base::Error* error) override;

 private:
  base::Logger& log_;
  Metrics& metrics_;
};

}  // namespace kiln::api
