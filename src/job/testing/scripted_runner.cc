#include "job/testing/scripted_runner.h"

#include <exception>

#include <gtest/gtest.h>

#include "job/testing/faulty_sink.h"

namespace kiln::job {

base::Result<ScriptedRunner::Files> ScriptedRunner::run(const Attempt& attempt) {
  std::unique_lock lock(mutex_);
  started_.push_back(attempt.job.id);
  Play& play = plays_[attempt.job.id];
  play.attempt = attempt.number;
  play.files.clear();
  changed_.notify_all();
  const std::stop_token stop = ignores_stops_ ? std::stop_token() : attempt.stop;
  std::optional<base::Result<Files>> end;
  while (!end) {
    if (!changed_.wait(lock, stop, [&] { return !play.steps.empty(); })) {
      end = base::Error(base::ErrorCode::kCancelled, "stopped");
      break;
    }
    const Step step = std::move(play.steps.front());
    play.steps.pop_front();
    lock.unlock();
    std::exception_ptr thrown;
    try {
      end = step(attempt);
    } catch (...) {
      thrown = std::current_exception();
    }
    lock.lock();
    ++play.done;
    changed_.notify_all();
    if (thrown) {
      play.attempt = 0;
      std::rethrow_exception(thrown);
    }
  }
  play.attempt = 0;
  // Whoever still waits for a step has come too late.
  play.steps.clear();
  play.done = play.posted;
  changed_.notify_all();
  return std::move(*end);
}

Failure ScriptedRunner::failure_of(const Job&, const base::Error& error) {
  return {
      error.code() == base::ErrorCode::kInvalid ? FailureCode::kUnprocessable : FailureCode::kFault,
      std::string(base::name_of(error.code())), ""};
}

uint32_t ScriptedRunner::wait_for_start(const JobId& id) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return plays_[id].attempt != 0; });
  return plays_[id].attempt;
}

void ScriptedRunner::step(const JobId& id, Step step) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return plays_[id].attempt != 0; });
  Play& play = plays_[id];
  play.steps.push_back(std::move(step));
  const uint64_t mine = ++play.posted;
  changed_.notify_all();
  changed_.wait(lock, [&] { return play.done >= mine; });
}

void ScriptedRunner::write(const JobId& id, const std::string& name, const std::string& bytes) {
  step(id, [&](const Attempt& attempt) -> std::optional<base::Result<Files>> {
    const auto stored =
        store_file(attempt.sink, {attempt.job.id.text, attempt.number, name}, bytes);
    if (!stored.ok()) return stored.error().clone();
    const std::lock_guard lock(mutex_);
    plays_[id].files.push_back({name, name, 1, stored->size, stored->sha256, "text/csv"});
    return std::nullopt;
  });
}

void ScriptedRunner::complete(const JobId& id) {
  step(id, [&](const Attempt&) -> std::optional<base::Result<Files>> {
    const std::lock_guard lock(mutex_);
    return base::Result<Files>(plays_[id].files);
  });
}

void ScriptedRunner::fail(const JobId& id, base::ErrorCode code) {
  step(id, [&](const Attempt&) -> std::optional<base::Result<Files>> {
    return base::Result<Files>(base::Error(code, "as told"));
  });
}

void ScriptedRunner::ignore_stops() {
  const std::lock_guard lock(mutex_);
  ignores_stops_ = true;
}

bool ScriptedRunner::is_running(const JobId& id) {
  const std::lock_guard lock(mutex_);
  return plays_[id].attempt != 0;
}

std::vector<JobId> ScriptedRunner::started() {
  const std::lock_guard lock(mutex_);
  return started_;
}

}  // namespace kiln::job
