// What clients have been told about jobs, and so what must hold from then on: the small model that
// the job engine is held against.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "job/job_engine.h"
#include "job/job_observer.h"

namespace kiln::job {

/// All that is known of one job from outside.
struct Promise {
  std::string client;
  base::WallTime created;
  uint64_t rank = 0;            ///< how far it has been seen to be; never goes back
  std::optional<Job> finished;  ///< as it was first seen completed or failed
  bool cancel_begun = false;    ///< somebody has asked for its cancellation, told so or not
  int removals_begun = 0;       ///< whose answer is not known yet, or was that it is gone
  bool gone = false;            ///< somebody has been told that it is not there
  bool end_told = false;        ///< the observer was
  int cancels_granted = 0;
  int removals_granted = 0;
  uint32_t last_attempt = 0;
  bool running = false;
};

/// Fails the test where an answer breaks an earlier one. A question takes time, in which others may
/// learn more: an answer is held against what was known before the question. Not thread-safe.
class JobPromises {
 public:
  JobPromises(std::chrono::milliseconds output_ttl, base::Clock& clock)
      : output_ttl_(output_ttl), clock_(clock) {}

  Promise& operator[](const JobId& id) { return jobs_[id]; }
  const std::map<JobId, Promise>& all() const { return jobs_; }

  /// What find() gave. `before`: as known when it was asked.
  void on_found(const JobId& id, const Promise& before, const std::optional<Job>& job);
  /// What cancel() gave, and the state of the job's record right after it.
  void on_cancelled(const JobId& id, const Promise& before, bool granted,
                    std::optional<JobState> state);
  /// What remove() gave, and whether there was a record right after it.
  void on_removed(const JobId& id, const Promise& before, bool granted, bool is_there);
  /// What jobs_of() gave.
  void on_listed(const std::string& client, const std::map<JobId, Promise>& before,
                 const std::vector<JobView>& views);
  /// The record says that the job has changed.
  void on_state(const JobId& id, JobState state);
  /// The runner is called.
  void on_attempt(const Attempt& attempt, uint32_t most_attempts);

  /// True from the moment that its Expires may have come.
  bool may_be_expired(const Promise& promise);
  /// The same of its record, whose end may come sooner.
  bool may_be_dropped(const Promise& promise) {
    return promise.removals_begun > 0 || may_be_expired(promise);
  }

 private:
  bool may_be_gone(const Promise& promise) {
    return promise.cancel_begun || may_be_dropped(promise);
  }

  const std::chrono::milliseconds output_ttl_;
  base::Clock& clock_;
  std::map<JobId, Promise> jobs_;
};

/// Accepted and in progress in the order in which attempts bring them, then the final states.
uint64_t rank_of(const Job& job);

}  // namespace kiln::job
