#include "job/job_engine.h"

#include <algorithm>
#include <cstdint>

#include "base/guarded.h"
#include "job/crash_points.h"
#include "sink/crash_points.h"

namespace kiln::job {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kLongestStoreRetry = std::chrono::seconds(30);
/// Between looks whether all is as it should be.
constexpr milliseconds kLongestSilence = std::chrono::seconds(10);
constexpr size_t kJobIdBytes = 16;  // operations.md §4.1 asks for 120 bits

}  // namespace

JobEngine::JobEngine(Parts parts, JobEngineOptions options)
    : parts_(parts),
      options_(options),
      owner_(base::random_hex(parts.random, 16)),
      janitor_(parts.store, parts.sink, parts.clock, parts.observer,
               std::max(options.cleanup_interval, milliseconds(1000)), parts.guards.lease) {}

JobEngine::~JobEngine() { stop(); }

base::Status JobEngine::start() {
  base::check_armed_crash_point({kCrashPoints, sink::kCrashPoints});
  const base::Status recovered = recover();
  if (!recovered.ok()) {
    parts_.observer.on_store_error(recovered.error());
    if (recovered.error().code() != base::ErrorCode::kUnavailable) return recovered.error().clone();
    base::MutexLock lock(mutex_);
    recovered_ = false;
  }
  const auto start_one = [this](void (JobEngine::*body)()) -> base::Status {
    KILN_ASSIGN(auto thread, base::start_thread([this, body] { (this->*body)(); },
                                                [this](base::Error error) {
                                                  parts_.observer.on_store_error(error);
                                                }));
    threads_.push_back(std::move(thread));
    return {};
  };
  threads_.reserve(options_.max_running + 2);
  KILN_TRY(start_one(&JobEngine::run_janitor));
  KILN_TRY(start_one(&JobEngine::run_lease_keeper));
  for (unsigned i = 0; i < options_.max_running; ++i) KILN_TRY(start_one(&JobEngine::run_slot));
  return {};
}

void JobEngine::stop() {
  {
    base::MutexLock lock(mutex_);
    stop_.request_stop();
    for (auto& [id, running] : running_) running->stop.request_stop();
  }
  work_.notify_all();
  janitor_work_.notify_all();
  stopped_.notify_all();
  threads_.clear();
}

base::Status JobEngine::recover() {
  JobStore& store = parts_.store;
  const base::WallTime now = parts_.clock.now();
  if (!parts_.sink.durable()) KILN_TRY(store.expire_finished(now));
  KILN_TRY(store.take_over(lease_from(now), options_.is_alone ? base::WallTime::max() : now));
  KILN_TRY(take_up(now));
  KILN_ASSIGN(const auto accepted, store.in_state(JobState::kAccepted));
  base::MutexLock lock(mutex_);
  for (const auto& [id, client] : accepted) queue_.push(client, id);
  recovered_ = true;
  return {};
}

/// It was in progress when its process was no longer there to stop it: that one died.
base::Result<std::vector<JobEngine::Queued>> JobEngine::take_up(base::WallTime now) {
  JobStore& store = parts_.store;
  std::vector<Queued> queued;
  KILN_ASSIGN(const auto in_progress, store.in_state(JobState::kInProgress));
  for (const auto& [id, client] : in_progress) {
    {
      base::MutexLock lock(mutex_);
      if (running_.contains(id)) continue;
    }
    KILN_ASSIGN(const auto job, store.find(id));
    if (!job || job->state != JobState::kInProgress || job->lease.owner != owner_) continue;
    if (job->crashes + 1 < options_.max_crashes) {
      KILN_ASSIGN(const bool is_accepted, store.requeue(id, job->attempt, true, now));
      if (is_accepted) queued.push_back({client, id});
    } else {
      const base::Error error(base::ErrorCode::kInterrupted,
                              "the server was interrupted too often while it ran this job");
      const Failure failure = parts_.runner.failure_of(*job, error);
      KILN_ASSIGN(const bool has_failed,
                  store.fail(id, job->attempt, failure, now, now + options_.output_ttl));
      if (!has_failed) continue;
      parts_.observer.on_failure(id, error);
      parts_.observer.on_state(id, JobState::kFailed, job->attempt);
    }
    KILN_CRASH_POINT("recover.between_jobs");
  }
  return queued;
}

base::Status JobEngine::keep_leases() {
  const base::WallTime now = parts_.clock.now();
  std::map<JobId, std::shared_ptr<Running>> recorded;
  {
    base::MutexLock lock(mutex_);
    for (const auto& [id, running] : running_) {
      if (running->is_recorded) recorded.emplace(id, running);
    }
  }
  if (!recorded.empty()) {
    KILN_ASSIGN(const auto held, parts_.store.renew(lease_from(now)));
    // Cancelled or taken over by another server, or just ended: then it is a stop of nothing.
    for (const JobId& id : held) recorded.erase(id);
    for (const auto& [id, running] : recorded) running->stop.request_stop();
  }
  if (options_.is_alone) return {};
  KILN_TRY(parts_.store.take_over(lease_from(now), now));
  KILN_ASSIGN(const auto queued, take_up(now));
  base::MutexLock lock(mutex_);
  for (const auto& [client, id] : queued) queue_.push(client, id);
  if (!queued.empty()) work_.notify_all();
  return {};
}

void JobEngine::run_lease_keeper() {
  for (;;) {
    {
      base::MutexLock lock(mutex_);
      if (!stop_.stop_requested()) stopped_.wait_for(mutex_, options_.attempt_lease / 3);
      if (stop_.stop_requested()) return;
    }
    const base::Status kept = base::guarded([this] { return keep_leases(); });
    if (!kept.ok() && !pause_after(kept.error(), options_.store_retry)) return;
  }
}

base::Result<std::optional<JobId>> JobEngine::find_equal(const Submission& submission) {
  if (submission.idempotency_key.empty()) return std::optional<JobId>();
  KILN_ASSIGN(const auto known,
              parts_.store.find_idempotent(submission.client, submission.idempotency_key));
  if (!known) return std::optional<JobId>();
  KILN_ASSIGN(const auto job, parts_.store.find(*known));
  if (!job) return std::optional<JobId>();
  if (is_expired(*job)) {  // the janitor has not come yet: its key is free all the same
    KILN_ASSIGN(const uint64_t expired, parts_.store.expire(parts_.clock.now(), SIZE_MAX));
    parts_.observer.on_expired(expired);
    wake_janitor();
    return std::optional<JobId>();
  }
  if (job->submission.request_hash == submission.request_hash) return known;
  return base::Error(base::ErrorCode::kConflict,
                     "the Idempotency-Key was used for another request");
}

base::Result<JobId> JobEngine::submit(Submission submission, const JobSpec& spec,
                                      std::shared_ptr<const void> pinned) {
  base::MutexLock one_at_a_time(submit_mutex_);
  KILN_ASSIGN(const auto known, find_equal(submission));
  if (known) return *known;
  {
    base::MutexLock lock(mutex_);
    if (stop_.stop_requested()) {
      return base::Error(base::ErrorCode::kUnavailable, "the server is stopping");
    }
  }
  const base::Status can_be_taken = ready();
  if (!can_be_taken.ok()) {
    wake_janitor();  // which tells the log
    return can_be_taken.error().clone();
  }
  if (is_full(submission.client)) {
    return base::Error(base::ErrorCode::kLimit, "too many jobs are waiting");
  }
  Job job;
  job.id = {base::random_hex(parts_.random, kJobIdBytes)};
  job.created = parts_.clock.now();
  job.submission = std::move(submission);
  KILN_CRASH_POINT("submit.before_record");
  KILN_TRY(parts_.store.add(job, spec));
  KILN_CRASH_POINT("submit.after_record");
  parts_.observer.on_state(job.id, JobState::kAccepted, 0);
  {
    base::MutexLock lock(mutex_);
    pinned_[job.id] = std::move(pinned);
    queue_.push(job.submission.client, job.id);
  }
  work_.notify_one();
  return job.id;
}

/// Those that a free slot is about to take do not wait.
bool JobEngine::is_full(const std::string& client) {
  base::MutexLock lock(mutex_);
  const size_t free =
      options_.max_running - std::min<size_t>(options_.max_running, running_.size());
  const size_t share = options_.max_queued_per_client != 0
                           ? options_.max_queued_per_client
                           : std::max<size_t>(1, options_.max_queued / 4);
  return queue_.size() >= options_.max_queued + free || queue_.size_of(client) >= share + free;
}

std::vector<Obstacle> JobEngine::obstacles() {
  std::vector<Obstacle> found;
  const auto add = [&](std::string_view name, const base::Status& status) {
    if (!status.ok()) found.push_back({name, status.error().clone()});
  };
  const Guards& guards = parts_.guards;
  if (guards.state != nullptr) add("state", guards.state->check());
  if (guards.reserve != nullptr) add("disk", guards.reserve->check());
  using base::ErrorCode;
  if (guards.lease != nullptr && guards.lease->lost()) {
    add("lease", base::Error(ErrorCode::kUnavailable,
                             "another server has taken over this instance's output"));
  }
  base::MutexLock lock(mutex_);
  if (!recovered_) {
    add("recovery", base::Error(ErrorCode::kUnavailable, "former jobs are not taken up yet"));
  }
  return found;
}

base::Status JobEngine::ready() {
  const auto found = obstacles();
  return found.empty() ? base::Status() : found.front().error.clone();
}

void JobEngine::look_around() {
  bool recovered = true;
  {
    base::MutexLock lock(mutex_);
    recovered = recovered_;
  }
  if (!recovered && recover().ok()) work_.notify_all();
  std::set<std::string_view> there;
  for (const Obstacle& obstacle : obstacles()) {
    there.insert(obstacle.name);
    if (!told_.contains(obstacle.name)) parts_.observer.on_obstacle(obstacle.name, &obstacle.error);
  }
  for (const std::string_view name : told_) {
    if (!there.contains(name)) parts_.observer.on_obstacle(name, nullptr);
  }
  told_ = std::move(there);
}

bool JobEngine::is_expired(const Job& job) {
  return job.expires && *job.expires <= parts_.clock.now();
}

bool JobEngine::visible(const Job& job) {
  return job.state != JobState::kCancelled && !is_expired(job);
}

JobView JobEngine::view_of(Job job) {
  JobView view{std::move(job), std::nullopt};
  base::MutexLock lock(mutex_);
  const auto running = running_.find(view.job.id);
  if (running != running_.end()) {
    const JobProgress& progress = running->second->progress;
    view.progress = ProgressView{progress.scanned.rows,
                                 progress.scanned.bytes,
                                 progress.scanned.bytes_total,
                                 progress.subjects_done,
                                 std::max(progress.subjects_total(), view.job.submission.subjects),
                                 progress.current_subject()};
  }
  return view;
}

base::Result<std::optional<JobView>> JobEngine::find(const JobId& id) {
  KILN_ASSIGN(auto job, parts_.store.find(id));
  if (!job || !visible(*job)) return std::optional<JobView>();
  return std::optional<JobView>(view_of(std::move(*job)));
}

base::Result<JobList> JobEngine::jobs_of(const std::string& client,
                                         const std::optional<JobPlace>& behind, JobStates states) {
  KILN_ASSIGN(auto jobs, parts_.store.jobs_of(client, behind, JobList::kMost, states));
  JobList list;
  if (jobs.size() == JobList::kMost) list.last = JobPlace{jobs.back().created, jobs.back().id};
  for (Job& job : jobs) {
    if (visible(job)) list.jobs.push_back(view_of(std::move(job)));
  }
  return list;
}

template <typename Function>
base::Result<bool> JobEngine::with_reserve(Function change) {
  base::Result<bool> changed = change();
  if (changed.ok() || changed.error().code() != base::ErrorCode::kUnavailable) return changed;
  parts_.store.release_reserve();
  return change();
}

base::Result<bool> JobEngine::cancel(const JobId& id) {
  KILN_ASSIGN(const auto job, parts_.store.find(id));
  if (!job || !visible(*job)) return false;
  const base::WallTime now = parts_.clock.now();
  KILN_ASSIGN(const bool cancelled, with_reserve([&] {
                return parts_.store.cancel(id, now, now + options_.output_ttl);
              }));
  if (!cancelled) {
    // It had finished, or another call has cancelled it since: to that one belongs the answer.
    KILN_ASSIGN(const auto finished, parts_.store.find(id));
    return finished && visible(*finished);
  }
  KILN_CRASH_POINT("cancel.after_record");
  parts_.observer.on_state(id, JobState::kCancelled, job->attempt);
  {
    base::MutexLock lock(mutex_);
    if (queue_.remove(id)) pinned_.erase(id);
    const auto running = running_.find(id);
    if (running != running_.end()) running->second->stop.request_stop();
  }
  wake_janitor();
  return true;
}

base::Result<bool> JobEngine::remove(const JobId& id) {
  KILN_ASSIGN(const auto job, parts_.store.find(id));
  if (!job || !visible(*job)) return false;
  KILN_ASSIGN(const bool removed,
              with_reserve([&] { return parts_.store.remove(id, parts_.clock.now()); }));
  KILN_CRASH_POINT("expire.after_record");
  if (removed) wake_janitor();
  return removed;
}

void JobEngine::run_slot() {
  for (;;) {
    {
      base::MutexLock lock(mutex_);
      while (!stop_.stop_requested() && queue_.size() == 0) work_.wait(mutex_);
      if (stop_.stop_requested()) return;
    }
    const base::Status status = base::guarded([this] { run_next(); });
    if (!status.ok()) pause_after(status.error(), options_.store_retry);
  }
}

bool JobEngine::run_next() {
  std::optional<JobId> id;
  const auto running = std::make_shared<Running>();
  // Made before the job leaves the queue: without memory it stays there.
  std::map<JobId, std::shared_ptr<Running>> entry;
  entry.try_emplace({}, running);
  auto node = entry.extract(entry.begin());
  {
    base::MutexLock lock(mutex_);
    if (stop_.stop_requested()) return false;
    id = queue_.pop();
    if (!id) return false;
    node.key() = *id;
    running_.insert(std::move(node));
  }
  const base::Status status = base::guarded([&] { run_job(*id, *running); });
  if (!status.ok()) give_up(*id, status.error());
  base::MutexLock lock(mutex_);
  running_.erase(*id);
  pinned_.erase(*id);
  return true;
}

template <typename T, typename Function>
std::optional<T> JobEngine::insist(Function function) {
  for (milliseconds delay = options_.store_retry;;
       delay = std::min(delay * 2, std::max(options_.store_retry, kLongestStoreRetry))) {
    base::Result<T> result = base::guarded(function);
    if (result.ok()) return std::move(result).value();
    if (!pause_after(result.error(), delay)) return std::nullopt;
  }
}

bool JobEngine::pause_after(const base::Error& error, milliseconds delay) {
  (void)base::guarded([&] { parts_.observer.on_store_error(error); });
  base::MutexLock lock(mutex_);
  if (!stop_.stop_requested()) stopped_.wait_for(mutex_, delay);
  return !stop_.stop_requested();
}

/// An exception between the steps of a job: it has failed, as if its runner had thrown.
void JobEngine::give_up(const JobId& id, const base::Error& error) {
  uint32_t attempt = 0;
  const auto failed = insist<bool>([&]() -> base::Result<bool> {
    KILN_ASSIGN(const auto job, parts_.store.find(id));
    if (!job || job->state != JobState::kInProgress) return false;
    attempt = job->attempt;
    const base::WallTime now = parts_.clock.now();
    const Failure failure = parts_.runner.failure_of(*job, error);
    return parts_.store.fail(id, job->attempt, failure, now, now + options_.output_ttl);
  });
  if (!failed || !*failed) return;
  (void)base::guarded([&] {
    parts_.observer.on_state(id, JobState::kFailed, attempt);
    parts_.observer.on_failure(id, error);
  });
  wake_janitor();
}

void JobEngine::run_job(const JobId& id, Running& running) {
  using Started = std::optional<uint32_t>;
  const auto started = insist<Started>([&] {
    const base::WallTime now = parts_.clock.now();
    return parts_.store.start(id, lease_from(now), now);
  });
  if (!started) return;   // stopping: it starts with the next process
  if (!*started) return;  // cancelled while it waited
  {
    base::MutexLock lock(mutex_);
    running.is_recorded = true;
  }
  KILN_CRASH_POINT("start.after_record");
  const auto found = insist<std::optional<Job>>([&] { return parts_.store.find(id); });
  if (!found || !*found) return;
  // Cancelled since, before there was any output.
  if ((*found)->state != JobState::kInProgress) return;
  const auto spec = insist<std::optional<JobSpec>>([&] { return parts_.store.spec_of(id); });
  if (!spec || !*spec) return;  // stopping, or cancelled and expired since
  parts_.observer.on_state(id, JobState::kInProgress, (*found)->attempt);
  run_attempt(**found, **spec, running);
}

void JobEngine::run_attempt(const Job& job, const JobSpec& spec, Running& running) {
  const auto begin = parts_.clock.steady_now();
  std::shared_ptr<const void> pinned;
  {
    base::MutexLock lock(mutex_);
    const auto found = pinned_.find(job.id);
    if (found != pinned_.end()) pinned = found->second;
  }
  const Attempt attempt{job,
                        spec,
                        job.attempt,
                        parts_.sink,
                        running.progress,
                        running.stop.get_token(),
                        std::move(pinned)};
  const base::Result<std::vector<OutputFile>> result = run_guarded(attempt);
  KILN_CRASH_POINT("run.after_end");
  uint64_t rows = 0, bytes = 0;
  if (result.ok()) {
    for (const OutputFile& file : *result) {
      rows += file.rows;
      bytes += file.size;
    }
  }
  parts_.observer.on_attempt_end(
      job.id, rows, bytes,
      std::chrono::duration_cast<milliseconds>(parts_.clock.steady_now() - begin));
  settle(job, result);
  wake_janitor();
}

/// One job that goes wrong must not take the others with it.
base::Result<std::vector<OutputFile>> JobEngine::run_guarded(const Attempt& attempt) {
  return base::guarded([&] { return parts_.runner.run(attempt); });
}

/// What the end of an attempt means is decided by the store alone: whoever comes second, the worker
/// or a cancel, changes nothing any more.
void JobEngine::settle(const Job& job, const base::Result<std::vector<OutputFile>>& result) {
  JobStore& store = parts_.store;
  std::optional<bool> settled;
  JobState state = JobState::kCompleted;
  if (result.ok()) {
    settled = insist<bool>([&] {
      const base::WallTime now = parts_.clock.now();
      return store.complete(job.id, job.attempt, *result, now, now + options_.output_ttl);
    });
    KILN_CRASH_POINT("complete.after_record");
  } else if (result.error().code() == base::ErrorCode::kCancelled && stop_.stop_requested()) {
    settled =
        insist<bool>([&] { return store.requeue(job.id, job.attempt, false, parts_.clock.now()); });
    KILN_CRASH_POINT("requeue.after_record");
    state = JobState::kAccepted;
  } else {
    const Failure failure = parts_.runner.failure_of(job, result.error());
    settled = insist<bool>([&] {
      const base::WallTime now = parts_.clock.now();
      return store.fail(job.id, job.attempt, failure, now, now + options_.output_ttl);
    });
    KILN_CRASH_POINT("fail.after_record");
    state = JobState::kFailed;
    if (settled && *settled) parts_.observer.on_failure(job.id, result.error());
  }
  if (!settled) return;  // stopping: the next process takes it for a crash
  if (*settled) {
    parts_.observer.on_state(job.id, state, job.attempt);
    return;
  }
  // Cancelled meanwhile. Files that were finished after the cancel's deletion go now.
  KILN_CRASH_POINT("late.before_debt");
  insist<bool>([&] { return store.add_debt(job.id, parts_.clock.now()); });
  KILN_CRASH_POINT("late.after_debt");
}

void JobEngine::wake_janitor() {
  base::MutexLock lock(mutex_);
  janitor_due_ = true;
  janitor_work_.notify_one();
}

void JobEngine::run_janitor() {
  for (;;) {
    auto passed = base::guarded([this]() -> base::Result<milliseconds> {
      look_around();
      return std::min(clean_up(), kLongestSilence);
    });
    if (!passed.ok()) {
      if (!pause_after(passed.error(), options_.store_retry)) return;
      continue;
    }
    const milliseconds wait = *passed;
    base::MutexLock lock(mutex_);
    if (!stop_.stop_requested() && !janitor_due_) janitor_work_.wait_for(mutex_, wait);
    if (stop_.stop_requested()) return;
    janitor_due_ = false;
  }
}

base::Result<JobEngine::Gauges> JobEngine::gauges() {
  JobStore& store = parts_.store;
  KILN_ASSIGN(const uint64_t accepted, store.count(JobState::kAccepted));
  KILN_ASSIGN(const uint64_t in_progress, store.count(JobState::kInProgress));
  KILN_ASSIGN(const uint64_t completed, store.count(JobState::kCompleted));
  KILN_ASSIGN(const uint64_t failed, store.count(JobState::kFailed));
  KILN_ASSIGN(const uint64_t cancelled, store.count(JobState::kCancelled));
  KILN_ASSIGN(const uint64_t debts, store.debt_count());
  return Gauges{accepted, in_progress, completed, failed, cancelled, debts};
}

}  // namespace kiln::job
