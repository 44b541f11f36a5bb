// Remembers what has happened to jobs, and lets a test wait for it.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <new>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "job/job_observer.h"

namespace kiln::job {

/// Thread-safe. A wait has no end of its own: a test that hangs is stopped from outside.
class RecordingObserver final : public JobObserver {
  template <typename Function>
  void note(Function function) {
    const std::lock_guard lock(mutex_);
    function();
    changed_.notify_all();
  }
  template <typename Function>
  auto read(Function function) {
    const std::lock_guard lock(mutex_);
    return function();
  }
  template <typename Function>
  void wait(Function ready) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, ready);
  }

 public:
  void on_state(const JobId& id, JobState state, uint32_t attempt) override {
    note([&] {
      states_[id].push_back({state, attempt});
      if (state != throws_at_) return;
      throws_at_.reset();
      throw std::bad_alloc();
    });
  }
  void on_attempt_end(const JobId& id, uint64_t, uint64_t bytes,
                      std::chrono::milliseconds) override {
    note([&] { ended_[id].push_back(bytes); });
  }
  void on_failure(const JobId&, const base::Error&) override {
    note([&] { ++failures_; });
  }
  void on_expired(uint64_t jobs) override {
    note([&] { expired_ += jobs; });
  }
  void on_deleted(const JobId& id) override {
    note([&] { ++deleted_[id]; });
  }
  void on_sink_error(const JobId&, const base::Error&) override {
    note([&] { ++sink_errors_; });
  }
  void on_store_error(const base::Error&) override {
    note([&] { ++store_errors_; });
  }

  /// The next time a job comes to `state`, the call throws.
  void throw_at(JobState state) {
    note([&] { throws_at_ = state; });
  }
  void on_orphans_unknown(const base::Error&) override {
    note([&] { ++sink_errors_; });
  }
  void on_obstacle(std::string_view name, const base::Error* error) override {
    note([&] {
      error != nullptr ? (void)obstacles_.insert(std::string(name))
                       : (void)obstacles_.erase(std::string(name));
    });
  }

  void wait_for_obstacles(const std::set<std::string>& expected) {
    wait([&] { return obstacles_ == expected; });
  }
  void wait_for_state(const JobId& id, JobState state) {
    wait([&] { return !states_[id].empty() && states_[id].back().first == state; });
  }
  void wait_for_attempt_end(const JobId& id) {
    wait([&] { return !ended_[id].empty(); });
  }
  void wait_for_any_deletion() {
    wait([&] { return !deleted_.empty(); });
  }
  void wait_for_deletions(const JobId& id, int times) {
    wait([&] { return deleted_[id] >= times; });
  }
  void wait_for_store_errors(int times) {
    wait([&] { return store_errors_ >= times; });
  }
  void wait_for_sink_errors(int times) {
    wait([&] { return sink_errors_ >= times; });
  }
  std::vector<std::pair<JobState, uint32_t>> states(const JobId& id) {
    return read([&] { return states_[id]; });
  }
  uint64_t expired() {
    return read([&] { return expired_; });
  }
  int failures() {
    return read([&] { return failures_; });
  }
  int sink_errors() {
    return read([&] { return sink_errors_; });
  }
  int store_errors() {
    return read([&] { return store_errors_; });
  }
  int deletions(const JobId& id) {
    return read([&] { return deleted_[id]; });
  }

 private:
  std::mutex mutex_;
  std::optional<JobState> throws_at_;
  std::condition_variable changed_;
  std::map<JobId, std::vector<std::pair<JobState, uint32_t>>> states_;
  std::map<JobId, std::vector<uint64_t>> ended_;
  std::map<JobId, int> deleted_;
  uint64_t expired_ = 0;
  int failures_ = 0;
  int sink_errors_ = 0;
  int store_errors_ = 0;
  std::set<std::string> obstacles_;
};

}  // namespace kiln::job
