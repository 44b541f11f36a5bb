// What a new process makes of what an old one has left: the engine without threads, its seams
// throwing where the process is to end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "job/job_engine.h"
#include "job/sqlite/sqlite_job_store.h"
#include "job/testing/faulty_sink.h"
#include "job/testing/function_runner.h"
#include "job/testing/must.h"
#include "job/testing/recording_observer.h"
#include "job/testing/seams.h"
#include "sink/filesystem/filesystem_sink.h"

namespace kiln::job {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class JobRecoveryTest : public testing::Test {
 protected:
  void SetUp() override {
    inner_ = must(sink::open_filesystem_sink(folder_ / "exports", "own"));
    ASSERT_NE(inner_, nullptr);
    sink_ = std::make_unique<FaultySink>(*inner_);
    restart();
  }

  void restart() {
    engine_.reset();
    store_.reset();
    store_ = must(SqliteJobStore::open(folder_ / "jobs.sqlite", Durability::kProcessCrash));
    ASSERT_NE(store_, nullptr);
    engine_ = std::make_unique<JobEngine>(
        JobEngine::Parts{*store_, *sink_, runner_, observer_, clock_, random_}, options_);
    must(engine_->recover());
  }
  /// Later than the one before.
  JobId submit() {
    clock_.advance(std::chrono::milliseconds(1));
    return must(engine_->submit({"client", "", "", "", ""}, {}, nullptr));
  }
  std::optional<JobView> find(const JobId& id) { return must(engine_->find(id)); }
  /// Writes a file and then does what `end` does.
  void run(std::function<base::Result<FunctionRunner::Files>(const Attempt&)> end) {
    runner_.body = [end](const Attempt& attempt) {
      must(store_file(attempt.sink, {attempt.job.id.text, attempt.number, "a.csv"}, "1\n"));
      return end(attempt);
    };
    EXPECT_TRUE(engine_->run_next());
  }
  void run_to_a_crash() {
    EXPECT_THROW(run([](const Attempt&) -> base::Result<FunctionRunner::Files> { throw Crash(); }),
                 Crash);
  }
  void run_to_its_end() {
    run([](const Attempt&) { return FunctionRunner::Files{{"a", "a.csv", 1, 2, "", "text/csv"}}; });
  }
  bool has_output(const JobId& id, uint32_t attempt) {
    return has_file(*inner_, {id.text, attempt, "a.csv"});
  }

  const ScratchFolder folder_;
  DrivenClock clock_;
  SeededRandom random_;
  RecordingObserver observer_;
  FunctionRunner runner_;
  JobEngineOptions options_;
  std::unique_ptr<sink::ExportSink> inner_;
  std::unique_ptr<FaultySink> sink_;
  std::unique_ptr<JobStore> store_;
  std::unique_ptr<JobEngine> engine_;
};

TEST_F(JobRecoveryTest, WhatWasQueuedRunsInItsOrder) {
  std::vector<JobId> ids;
  for (int i = 0; i < 3; ++i) {
    ids.push_back(submit());
    clock_.advance(seconds(1));
  }
  restart();
  for (const JobId& id : ids) {
    run_to_its_end();
    EXPECT_EQ(find(id)->job.state, JobState::kCompleted);
    EXPECT_EQ(find(id)->job.attempt, 1U);
  }
  EXPECT_FALSE(engine_->run_next());
}

TEST_F(JobRecoveryTest, WhatWasRunningRunsAgainApart) {
  const JobId id = submit();
  run_to_a_crash();
  restart();
  EXPECT_EQ(find(id)->job.state, JobState::kAccepted);
  EXPECT_EQ(find(id)->job.crashes, 1U);
  EXPECT_TRUE(has_output(id, 1)) << "left by the crash";
  run_to_its_end();
  EXPECT_EQ(find(id)->job.attempt, 2U);
  EXPECT_TRUE(has_output(id, 2));
  engine_->clean_up();
  EXPECT_FALSE(has_output(id, 1));
  EXPECT_TRUE(has_output(id, 2));
  EXPECT_EQ(must(store_->debt_count()), 0U);
}

TEST_F(JobRecoveryTest, AnExceptionFailsItsJobAndNoOther) {
  const JobId bad = submit(), good = submit();
  run([](const Attempt&) -> base::Result<FunctionRunner::Files> {
    throw std::runtime_error("as told");
  });
  EXPECT_EQ(find(bad)->job.state, JobState::kFailed);
  EXPECT_EQ(find(bad)->job.failure.code, FailureCode::kFault);
  run_to_its_end();
  EXPECT_EQ(find(good)->job.state, JobState::kCompleted);
  engine_->clean_up();
  EXPECT_THAT(must(inner_->list_jobs({})), ElementsAre(good.text));
}

TEST_F(JobRecoveryTest, Ops_7_ThreeCrashesAreOneTooMany) {
  const JobId id = submit(), other = submit();
  for (uint32_t crash = 1; crash <= 3; ++crash) {
    EXPECT_EQ(find(id)->job.state, JobState::kAccepted);
    run_to_a_crash();
    restart();
  }
  EXPECT_EQ(find(id)->job.state, JobState::kFailed);
  EXPECT_EQ(find(id)->job.failure.code, FailureCode::kFault);
  EXPECT_EQ(find(id)->job.attempt, 3U);
  EXPECT_TRUE(find(id)->job.finished && find(id)->job.expires);
  EXPECT_EQ(observer_.failures(), 1);
  engine_->clean_up();
  EXPECT_THAT(must(inner_->list_jobs({})), IsEmpty());
  run_to_its_end();
  EXPECT_EQ(find(other)->job.state, JobState::kCompleted) << "the next one is not held up";
}

TEST_F(JobRecoveryTest, ARestartBeforeTheNextAttemptIsNoCrash) {
  const JobId id = submit();
  run_to_a_crash();
  for (int restarts = 0; restarts < 5; ++restarts) restart();
  EXPECT_EQ(find(id)->job.crashes, 1U);
  run_to_its_end();
  EXPECT_EQ(find(id)->job.state, JobState::kCompleted);
}

TEST_F(JobRecoveryTest, CompletedIsServedAsBefore) {
  const JobId id = submit();
  run_to_its_end();
  const auto before = find(id)->job;
  restart();
  engine_->clean_up();
  const auto after = find(id)->job;
  EXPECT_EQ(after.state, JobState::kCompleted);
  EXPECT_EQ(after.finished, before.finished);
  EXPECT_EQ(after.expires, before.expires);
  EXPECT_EQ(after.attempt, before.attempt);
  EXPECT_EQ(after.files.size(), 1U);
  EXPECT_TRUE(has_output(id, 1));
}

/// The worker was still writing when the process ended: nobody came to record that.
TEST_F(JobRecoveryTest, CancelledStaysCancelledAndItsLateFilesGo) {
  const JobId id = submit(), waiting = submit();
  EXPECT_THROW(run([&](const Attempt& attempt) -> base::Result<FunctionRunner::Files> {
                 EXPECT_TRUE(must(engine_->cancel(id)));
                 EXPECT_TRUE(must(engine_->cancel(waiting)));
                 EXPECT_TRUE(attempt.stop.stop_requested());
                 engine_->clean_up();
                 must(store_file(attempt.sink, {id.text, 1, "late.csv"}, "1\n"));
                 throw Crash();
               }),
               Crash);
  restart();
  EXPECT_FALSE(find(id).has_value());
  EXPECT_FALSE(engine_->run_next());
  EXPECT_THAT(must(inner_->list_jobs({})), ElementsAre(id.text));
  engine_->clean_up();
  EXPECT_THAT(must(inner_->list_jobs({})), IsEmpty());
}

TEST_F(JobRecoveryTest, Ops_7_ATtlOfZeroExpiresAtOnce) {
  options_.output_ttl = seconds(0);
  restart();
  const JobId id = submit();
  run_to_its_end();
  EXPECT_FALSE(find(id).has_value());
  EXPECT_FALSE(must(engine_->cancel(id)));
  clock_.advance(options_.cleanup_interval);
  engine_->clean_up();
  EXPECT_THAT(must(inner_->list_jobs({})), IsEmpty());
  EXPECT_EQ(must(store_->find(id)), std::nullopt);
}

/// Expired and forgotten while its worker still writes.
TEST_F(JobRecoveryTest, AWorkerThatOutlivesItsRecordLeavesNothing) {
  options_.output_ttl = seconds(0);
  restart();
  const JobId id = submit();
  run([&](const Attempt& attempt) -> base::Result<FunctionRunner::Files> {
    EXPECT_TRUE(must(engine_->cancel(id)));
    clock_.advance(options_.cleanup_interval);
    engine_->clean_up();
    EXPECT_EQ(must(store_->find(id)), std::nullopt);
    must(store_file(attempt.sink, {id.text, 1, "late.csv"}, "1\n"));
    return FunctionRunner::Files{};
  });
  EXPECT_THAT(must(inner_->list_jobs({})), ElementsAre(id.text));
  engine_->clean_up();
  EXPECT_THAT(must(inner_->list_jobs({})), IsEmpty());
}

TEST_F(JobRecoveryTest, AnIdempotencyKeyOutlivesTheProcess) {
  const Submission submission{"client", "", "key", "hash", ""};
  const JobId id = must(engine_->submit(submission, {}, nullptr));
  restart();
  EXPECT_EQ(must(engine_->submit(submission, {}, nullptr)), id);
}

}  // namespace
}  // namespace kiln::job
