// Runs export jobs: a queue, a few slots, a janitor; everything that must last is in the store.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/thread.h"
#include "job/guard/guards.h"
#include "job/janitor.h"
#include "job/job_observer.h"
#include "job/job_queue.h"
#include "job/job_runner.h"
#include "job/job_store.h"
#include "sink/export_sink.h"

namespace kiln::job {

struct JobEngineOptions {
  unsigned max_running = 2;
  size_t max_queued = 100;           ///< beside those that run, or could at once
  size_t max_queued_per_client = 0;  ///< of them; 0: a quarter, at least one
  std::chrono::seconds output_ttl{86'400};
  std::chrono::milliseconds cleanup_interval{300'000};  ///< at least a second
  uint32_t max_crashes = 3;  ///< attempts that the server may die in before the job fails
  /// No other server works on the store: what another owner has begun is left over from a process
  /// that is gone, and taken up at once.
  bool is_alone = true;
  std::chrono::milliseconds attempt_lease{60'000};  ///< renewed thrice in that time
  std::chrono::milliseconds store_retry{1000};      ///< first delay after the store failed; doubles
};

/// What a running job has come to.
struct ProgressView {
  uint64_t rows;
  uint64_t bytes_read;
  uint64_t bytes_total;
  uint32_t subjects_done;
  uint32_t subjects_total;
  std::string current_subject;
};

/// A job as a client may see it.
struct JobView {
  Job job;
  std::optional<ProgressView> progress;  ///< while it runs
};

/// Something that keeps jobs from being taken. The error has no path in it.
struct Obstacle {
  std::string_view name;  ///< one of kObstacles
  base::Error error;
};
/// The state was removed or replaced; its disk is full; another server has the lease of the sink;
/// what a former process left could not be taken up yet.
inline constexpr std::string_view kObstacles[] = {"state", "disk", "lease", "recovery"};

/// Some of a client's jobs.
struct JobList {
  static constexpr size_t kMost = 100;
  std::vector<JobView> jobs;
  std::optional<JobPlace> last;  ///< where to go on, if there may be more
};

/// Thread-safe. Cancelled and expired jobs are not there for anyone who asks.
class JobEngine {
 public:
  /// Everything must outlive the engine.
  struct Parts {
    JobStore& store;
    sink::ExportSink& sink;
    JobRunner& runner;
    JobObserver& observer;
    base::Clock& clock;
    base::RandomSource& random;
    Guards guards{};
  };
  JobEngine(Parts parts, JobEngineOptions options);
  /// As stop().
  ~JobEngine();
  JobEngine(const JobEngine&) = delete;
  JobEngine& operator=(const JobEngine&) = delete;

  /// Takes up what a former process has left, then starts the slots and the janitor. Nothing else
  /// may be called before. On a full disk the former is done later.
  base::Status start();
  /// Running jobs are stopped and go back to the queue of the next start. Blocks until all threads
  /// have ended.
  void stop();

  /// The steps that start() and its threads are made of, for tests that want no threads. recover():
  /// what was in progress, and is nobody's any more, is accepted again, or failed; run_next(): one
  /// job from start to end, false if none waits; keep_leases(): running attempts stay this
  /// engine's, those that no longer are so are stopped; clean_up(): one pass of the janitor. The
  /// last two by one thread at a time each.
  base::Status recover();
  bool run_next();
  base::Status keep_leases();
  std::chrono::milliseconds clean_up() { return janitor_.pass(stop_.get_token()); }

  /// The job exists, durably, when this returns. With an idempotency key that is known: the job
  /// that it stands for, or kConflict if that one was asked for differently. kLimit: too many wait,
  /// or too many of the client. kUnavailable: as ready().
  /// A cancelled job keeps its key until it expires. `pinned` is kept alive for the attempt, until
  /// the job has ended in this process.
  base::Result<JobId> submit(Submission submission, const JobSpec& spec,
                             std::shared_ptr<const void> pinned);
  /// The job that the submission's idempotency key stands for already; kConflict if that one was
  /// asked for differently.
  base::Result<std::optional<JobId>> find_equal(const Submission& submission);
  /// Whether a client's submission would be kLimit now.
  bool is_full(const std::string& client);
  /// kUnavailable: no jobs are taken, and why.
  base::Status ready();
  std::vector<Obstacle> obstacles();
  base::Result<std::optional<JobView>> find(const JobId& id);
  /// Newest first, from behind the place on, cancelled and expired ones left out.
  base::Result<JobList> jobs_of(const std::string& client,
                                const std::optional<JobPlace>& behind = {},
                                JobStates states = kAllStates);
  /// True: there was such a job. Accepted or in progress: it is cancelled from here on, and of
  /// several calls only one is told so; completed or failed: it stays as it is.
  base::Result<bool> cancel(const JobId& id);
  /// True: there was such a job, completed or failed; it is gone from here on, and its output goes.
  /// Of several calls only one is told so.
  base::Result<bool> remove(const JobId& id);

  struct Gauges {
    uint64_t accepted, in_progress, completed, failed, cancelled, debts;
  };
  base::Result<Gauges> gauges();

 private:
  struct Running {
    std::stop_source stop;
    JobProgress progress;
    bool is_recorded = false;  ///< the store has the attempt; with mutex_ held
  };

  void run_slot();
  void run_lease_keeper();
  AttemptLease lease_from(base::WallTime now) const {
    return {owner_, now + options_.attempt_lease};
  }
  struct Queued {
    std::string client;
    JobId id;
  };
  /// What this engine has in the store and does not run is accepted again, or failed; the former
  /// are returned.
  base::Result<std::vector<Queued>> take_up(base::WallTime now);
  void run_job(const JobId& id, Running& running);
  void run_attempt(const Job& job, const JobSpec& spec, Running& running);
  base::Result<std::vector<OutputFile>> run_guarded(const Attempt& attempt);
  void settle(const Job& job, const base::Result<std::vector<OutputFile>>& result);
  void give_up(const JobId& id, const base::Error& error);
  /// False after a stop.
  bool pause_after(const base::Error& error, std::chrono::milliseconds delay);
  void run_janitor();
  void wake_janitor();
  /// Tells of obstacles that have come or gone, and recovers what could not be recovered before.
  void look_around();
  /// A change that must be possible on a full disk: tried twice, then with what was held back.
  template <typename Function>
  base::Result<bool> with_reserve(Function change);
  /// Tries again while the store fails, until a stop.
  template <typename T, typename Function>
  std::optional<T> insist(Function function);
  bool is_expired(const Job& job);
  bool visible(const Job& job);
  JobView view_of(Job job);

  const Parts parts_;
  const JobEngineOptions options_;
  const std::string owner_;  ///< of leases: another one with each engine
  Janitor janitor_;

  std::stop_source stop_;  ///< requested with mutex_ held, so that no waiter misses it
  base::Mutex mutex_;
  base::Condition work_;          ///< the queue has grown, or stopping
  base::Condition janitor_work_;  ///< there is a debt, or stopping
  base::Condition stopped_;       ///< stopping
  JobQueue queue_ KILN_GUARDED_BY(mutex_);
  std::map<JobId, std::shared_ptr<Running>> running_ KILN_GUARDED_BY(mutex_);
  std::map<JobId, std::shared_ptr<const void>> pinned_ KILN_GUARDED_BY(mutex_);
  bool janitor_due_ KILN_GUARDED_BY(mutex_) = false;
  bool recovered_ KILN_GUARDED_BY(mutex_) = true;  ///< as far as there was anything
  std::set<std::string_view> told_;                ///< obstacles; of the janitor's thread
  base::Mutex submit_mutex_;  ///< one submission at a time: limits and keys are checked, then used
  std::vector<base::Thread> threads_;
};

}  // namespace kiln::job
