#include "api/export/job_monitor.h"

namespace kiln::api {

void JobMonitor::on_state(const job::JobId& id, job::JobState state, uint32_t attempt) {
  log_.info("export " + std::string(job::name_of(state)), {{"job", id.text}, {"attempt", attempt}});
}

void JobMonitor::on_attempt_end(const job::JobId& id, uint64_t rows, uint64_t bytes,
                                std::chrono::milliseconds duration) {
  metrics_.count_attempt(rows, bytes, duration);
  log_.info("export attempt ended",
            {{"job", id.text}, {"rows", rows}, {"bytes", bytes}, {"ms", duration.count()}});
}

/// Where data were bad, the position says enough; the text could quote them.
void JobMonitor::on_failure(const job::JobId& id, const base::Error& error) {
  const base::SourcePosition& at = error.position();
  log_.warning("export failure", {{"job", id.text},
                                  {"code", base::name_of(error.code())},
                                  {"file", at.source},
                                  {"line", at.line},
                                  {"column", at.column}});
  if (error.code() == base::ErrorCode::kInternal || error.code() == base::ErrorCode::kIo ||
      error.code() == base::ErrorCode::kUnavailable) {
    log_.error("export error", {{"job", id.text}, {"error", error.message()}});
  }
}

void JobMonitor::on_expired(uint64_t jobs) {
  metrics_.count_expired(jobs);
  log_.info("exports expired", {{"jobs", jobs}});
}

void JobMonitor::on_deleted(const job::JobId& id) {
  log_.info("export output deleted", {{"job", id.text}});
}

void JobMonitor::on_sink_error(const job::JobId& id, const base::Error& error) {
  log_.warning("export output not deleted, to be tried again",
               {{"job", id.text}, {"error", error.message()}});
}

void JobMonitor::on_store_error(const base::Error& error) {
  log_.error("job store failed", {{"error", error.message()}});
}

void JobMonitor::on_orphans_unknown(const base::Error& error) {
  log_.error("output without a record cannot be looked for, to be tried again",
             {{"error", error.message()}});
}

void JobMonitor::on_obstacle(std::string_view name, const base::Error* error) {
  if (error != nullptr) {
    log_.error("no jobs are taken", {{"obstacle", name}, {"error", error->message()}});
  } else {
    log_.info("obstacle gone", {{"obstacle", name}});
  }
}

}  // namespace kiln::api
