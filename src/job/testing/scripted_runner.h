// A runner whose jobs do, step by step, what the test says.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "job/job_runner.h"

namespace kiln::job {

/// Thread-safe. A started job waits for steps; a stop ends it between two steps, unless it has been
/// told to ignore stops.
class ScriptedRunner final : public JobRunner {
 public:
  using Files = std::vector<OutputFile>;
  using Step = std::function<std::optional<base::Result<Files>>(const Attempt&)>;

  base::Result<Files> run(const Attempt& attempt) override;
  Failure failure_of(const Job& job, const base::Error& error) override;

  /// Blocks until an attempt of the job runs; its number.
  uint32_t wait_for_start(const JobId& id);
  /// Runs inside the attempt, in its thread; blocks until that is done. What it returns, if
  /// anything, ends the attempt.
  void step(const JobId& id, Step step);
  /// Stores a file and keeps it for complete().
  void write(const JobId& id, const std::string& name, const std::string& bytes);
  void complete(const JobId& id);
  void fail(const JobId& id, base::ErrorCode code);
  void ignore_stops();
  bool is_running(const JobId& id);
  /// Ids in the order of their starts.
  std::vector<JobId> started();

 private:
  struct Play {
    uint32_t attempt = 0;
    std::deque<Step> steps;
    uint64_t posted = 0;
    uint64_t done = 0;
    Files files;
  };

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<JobId, Play> plays_;
  std::vector<JobId> started_;
  bool ignores_stops_ = false;
};

}  // namespace kiln::job
