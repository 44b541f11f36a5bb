// What a job does, as the job engine sees it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "base/progress.h"
#include "job/job.h"
#include "sink/export_sink.h"

namespace kiln::job {

/// How far a running job has come. Thread-safe.
class JobProgress {
 public:
  base::Progress scanned;
  std::atomic<uint32_t> subjects_done{0};

  /// Their names, in the order of `scanned.subject`.
  void set_subjects(std::vector<std::string> names) {
    base::MutexLock lock(mutex_);
    subjects_ = std::move(names);
  }
  uint32_t subjects_total() const {
    base::MutexLock lock(mutex_);
    return static_cast<uint32_t>(subjects_.size());
  }
  /// Empty if there is none.
  std::string current_subject() const {
    base::MutexLock lock(mutex_);
    const size_t current = scanned.subject;
    return current < subjects_.size() ? subjects_[current] : std::string();
  }

 private:
  mutable base::Mutex mutex_;
  std::vector<std::string> subjects_ KILN_GUARDED_BY(mutex_);
};

/// One attempt of one job. Everything lives until run() returns.
struct Attempt {
  const Job& job;
  const JobSpec& spec;
  uint32_t number;
  sink::ExportSink& sink;  ///< files go to {job.id, number, name}
  JobProgress& progress;
  std::stop_token stop;                ///< cancelled, or the server is stopping
  std::shared_ptr<const void> pinned;  ///< as given to JobEngine::submit; null after a restart
};

/// Thread-safe: runs several jobs at once.
class JobRunner {
 public:
  virtual ~JobRunner() = default;
  /// Blocks until the job's files are in the sink. kCancelled after a stop.
  virtual base::Result<std::vector<OutputFile>> run(const Attempt& attempt) = 0;
  /// What the client is told of a failure.
  virtual Failure failure_of(const Job& job, const base::Error& error) = 0;
};

}  // namespace kiln::job
