#include "job/job_engine.h"

#include <filesystem>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "job/sqlite/sqlite_job_store.h"
#include "job/testing/faulty_sink.h"
#include "job/testing/must.h"
#include "job/testing/recording_observer.h"
#include "job/testing/scripted_runner.h"
#include "job/testing/seams.h"
#include "sink/filesystem/filesystem_sink.h"
#include "sink/memory/memory_sink.h"

namespace kiln::job {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

/// The engine with its threads, over each sink, with jobs that do what the test says.
class JobEngineTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    inner_ = std::string_view(GetParam()) == "memory"
                 ? sink::make_memory_sink(1 << 20)
                 : must(sink::open_filesystem_sink(folder_ / "exports", "own"));
    ASSERT_NE(inner_, nullptr);
    sink_ = std::make_unique<FaultySink>(*inner_);
    store_ = must(SqliteJobStore::open(database(), Durability::kProcessCrash));
    ASSERT_NE(store_, nullptr);
    options_.store_retry = milliseconds(1);
  }
  void TearDown() override {
    if (engine_) engine_->stop();
  }

  void start(Guards guards = {}) {
    engine_ = std::make_unique<JobEngine>(
        JobEngine::Parts{*store_, *sink_, runner_, observer_, clock_, random_, guards}, options_);
    must(engine_->start());
  }
  void expect_refused(const std::string& obstacle) {
    const auto refused = engine_->submit({"x", "", "", "", ""}, {}, nullptr);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), base::ErrorCode::kUnavailable);
    ASSERT_EQ(engine_->obstacles().size(), 1U);
    EXPECT_EQ(engine_->obstacles()[0].name, obstacle);
    observer_.wait_for_obstacles({obstacle});
  }
  void stop() { engine_.reset(); }

  std::string database() const { return folder_ / "jobs.sqlite"; }
  JobId submit(const std::string& client = "client") {
    return must(engine_->submit({client, "", "", "", ""}, {}, nullptr));
  }
  std::optional<JobView> find(const JobId& id) { return must(engine_->find(id)); }
  bool cancel(const JobId& id) { return must(engine_->cancel(id)); }
  JobId completed(const std::string& client = "client") {
    const JobId id = submit(client);
    runner_.write(id, "a.csv", "1\n");
    runner_.complete(id);
    observer_.wait_for_state(id, JobState::kCompleted);
    return id;
  }
  JobId failed() {
    const JobId id = submit();
    runner_.write(id, "a.csv", "1\n");
    runner_.fail(id, base::ErrorCode::kInvalid);
    observer_.wait_for_state(id, JobState::kFailed);
    return id;
  }
  bool has_output(const JobId& id, const std::string& name = "a.csv", uint32_t attempt = 1) {
    return has_file(*inner_, {id.text, attempt, name});
  }
  std::vector<std::string> stored() { return must(inner_->list_jobs({})); }

  const ScratchFolder folder_;
  DrivenClock clock_;
  SeededRandom random_;
  RecordingObserver observer_;
  ScriptedRunner runner_;
  JobEngineOptions options_;
  std::unique_ptr<sink::ExportSink> inner_;
  std::unique_ptr<FaultySink> sink_;
  std::unique_ptr<JobStore> store_;
  std::unique_ptr<JobEngine> engine_;
};

INSTANTIATE_TEST_SUITE_P(Sinks, JobEngineTest, testing::Values("memory", "filesystem"),
                         [](const auto& sink) { return std::string(sink.param); });

TEST_P(JobEngineTest, Ops_4_RunsAJobToItsEnd) {
  start();
  const base::WallTime begin = clock_.now();
  const JobId id = submit();
  EXPECT_TRUE(is_job_id(id.text));
  EXPECT_EQ(runner_.wait_for_start(id), 1U);
  EXPECT_EQ(find(id)->job.state, JobState::kInProgress);
  EXPECT_EQ(find(id)->job.started, begin);
  runner_.write(id, "a.csv", "1\n");
  clock_.advance(seconds(5));
  runner_.complete(id);
  observer_.wait_for_state(id, JobState::kCompleted);
  clock_.advance(seconds(5));

  const Job job = find(id)->job;
  EXPECT_EQ(job.state, JobState::kCompleted);
  EXPECT_EQ(job.finished, begin + seconds(5));
  EXPECT_EQ(job.expires, begin + seconds(5) + options_.output_ttl);
  ASSERT_EQ(job.files.size(), 1U);
  EXPECT_EQ(must(read_file(*sink_, {id.text, job.attempt, job.files[0].name}, job.files[0].size)),
            "1\n");
  EXPECT_THAT(observer_.states(id),
              ElementsAre(Pair(JobState::kAccepted, 0), Pair(JobState::kInProgress, 1),
                          Pair(JobState::kCompleted, 1)));
}

TEST_P(JobEngineTest, TellsHowFarARunningJobIs) {
  start();
  const JobId id = submit();
  runner_.step(id, [](const Attempt& attempt) {
    attempt.progress.scanned.rows = 7;
    attempt.progress.scanned.bytes = 70;
    attempt.progress.scanned.bytes_total = 700;
    attempt.progress.subjects_done = 1;
    attempt.progress.set_subjects({"conditions", "patients", "visits"});
    attempt.progress.scanned.subject = 1;
    return std::nullopt;
  });
  const auto progress = find(id)->progress;
  ASSERT_TRUE(progress.has_value());
  EXPECT_EQ(progress->rows, 7U);
  EXPECT_EQ(progress->bytes_read, 70U);
  EXPECT_EQ(progress->bytes_total, 700U);
  EXPECT_EQ(progress->subjects_done, 1U);
  EXPECT_EQ(progress->subjects_total, 3U);
  EXPECT_EQ(progress->current_subject, "patients");
}

/// The worker takes no notice for a while and finishes a file after the cancel's deletion.
TEST_P(JobEngineTest, Ops_4_5_CancelledIsGoneAtOnceAndItsFilesInTheEnd) {
  runner_.ignore_stops();
  start();
  const JobId id = submit();
  runner_.write(id, "a.csv", "1\n");
  EXPECT_TRUE(cancel(id));
  EXPECT_FALSE(find(id).has_value());
  EXPECT_THAT(must(engine_->jobs_of("client")).jobs, IsEmpty());
  EXPECT_FALSE(cancel(id)) << "a second DELETE";
  observer_.wait_for_deletions(id, 1);
  EXPECT_FALSE(has_output(id));

  runner_.write(id, "late.csv", "1\n");
  EXPECT_TRUE(has_output(id, "late.csv"));
  EXPECT_FALSE(find(id).has_value());
  runner_.complete(id);
  observer_.wait_for_deletions(id, 2);
  EXPECT_THAT(stored(), IsEmpty());
  EXPECT_FALSE(find(id).has_value()) << "a late worker does not revive it";
  EXPECT_EQ(must(store_->find(id))->state, JobState::kCancelled);
  EXPECT_TRUE(must(store_->find(id))->finished.has_value());
}

TEST_P(JobEngineTest, Ops_4_5_CancelStopsTheWorkerAndFreesItsSlot) {
  options_.max_running = 1;
  start();
  const JobId id = submit(), next = submit();
  runner_.wait_for_start(id);
  EXPECT_TRUE(cancel(id));
  EXPECT_EQ(runner_.wait_for_start(next), 1U);
  EXPECT_EQ(observer_.failures(), 0) << "a cancel is no failure";
}

TEST_P(JobEngineTest, Ops_4_5_CancelledWhileQueuedNeverStarts) {
  options_.max_running = 1;
  start();
  const JobId running = submit(), waiting = submit(), last = submit();
  runner_.wait_for_start(running);
  EXPECT_TRUE(cancel(waiting));
  EXPECT_FALSE(find(waiting).has_value());
  runner_.complete(running);
  runner_.wait_for_start(last);
  EXPECT_THAT(runner_.started(), ElementsAre(running, last));
}

TEST_P(JobEngineTest, Ops_4_5_CancelOfAFinishedJobChangesNothing) {
  start();
  const JobId good = completed(), bad = failed();
  const base::WallTime end = clock_.now();
  clock_.advance(seconds(5));
  for (int times = 0; times < 2; ++times) {
    EXPECT_TRUE(cancel(good));
    EXPECT_TRUE(cancel(bad));
  }
  EXPECT_EQ(find(good)->job.state, JobState::kCompleted);
  EXPECT_EQ(find(good)->job.files.size(), 1U);
  EXPECT_EQ(find(good)->job.expires, end + options_.output_ttl);
  EXPECT_TRUE(has_output(good));
  EXPECT_EQ(find(bad)->job.state, JobState::kFailed);
  EXPECT_EQ(find(bad)->job.finished, end);
  EXPECT_FALSE(cancel({std::string(32, '0')})) << "unknown";
}

TEST_P(JobEngineTest, Ops_4_6_FailedKeepsItsOutcomeAndNoFiles) {
  start();
  const JobId id = failed();
  observer_.wait_for_deletions(id, 1);
  EXPECT_THAT(stored(), IsEmpty());
  for (int fetch = 0; fetch < 2; ++fetch) {
    EXPECT_EQ(find(id)->job.failure.code, FailureCode::kUnprocessable);
    EXPECT_EQ(find(id)->job.failure.text, "invalid");
    EXPECT_THAT(find(id)->job.files, IsEmpty());
  }
  EXPECT_TRUE(find(id)->job.finished && find(id)->job.expires);
  EXPECT_EQ(observer_.failures(), 1);
}

TEST_P(JobEngineTest, ARunnerThatStopsUnaskedHasFailed) {
  start();
  const JobId id = submit();
  runner_.fail(id, base::ErrorCode::kCancelled);
  observer_.wait_for_state(id, JobState::kFailed);
  EXPECT_EQ(find(id)->job.failure.code, FailureCode::kFault);
}

TEST_P(JobEngineTest, AnExceptionInAJobIsThatJobsEnd) {
  options_.max_running = 1;
  start();
  const JobId bad = submit();
  runner_.step(bad, [](const Attempt&) -> std::optional<base::Result<ScriptedRunner::Files>> {
    throw std::bad_alloc();
  });
  observer_.wait_for_state(bad, JobState::kFailed);
  EXPECT_EQ(find(bad)->job.failure.text, "no-memory");
  completed();  // in the same slot
}

TEST_P(JobEngineTest, AnExceptionBetweenAJobsStepsIsThatJobsEnd) {
  options_.max_running = 1;
  start();
  observer_.throw_at(JobState::kInProgress);
  const JobId bad = submit();
  completed();
  EXPECT_EQ(find(bad)->job.state, JobState::kFailed);
}

TEST_P(JobEngineTest, ADeletionThatFailsStaysOwedAndTheJobGone) {
  start();
  const JobId id = submit();
  runner_.write(id, "a.csv", "1\n");
  sink_->fail(SinkCall::kRemoveJob, 1'000'000);
  EXPECT_TRUE(cancel(id));
  observer_.wait_for_attempt_end(id);
  EXPECT_FALSE(find(id).has_value());
  EXPECT_EQ(must(engine_->gauges()).debts, 1U);
  observer_.wait_for_sink_errors(1);
  stop();
  sink_->fail(SinkCall::kRemoveJob, 0);
  clock_.advance(hours(1));
  start();
  observer_.wait_for_deletions(id, 1);
  EXPECT_THAT(stored(), IsEmpty());
}

TEST_P(JobEngineTest, Ops_6_RefusesMoreThanMayWait) {
  options_.max_running = 1;
  options_.max_queued = 2;
  options_.max_queued_per_client = 2;
  start();
  const JobId running = submit();
  runner_.wait_for_start(running);
  const JobId first = submit(), second = submit();
  const auto refused = engine_->submit({"other", "", "", "", ""}, {}, nullptr);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), base::ErrorCode::kLimit);
  EXPECT_EQ(must(engine_->gauges()).accepted, 2U) << "nothing of it is kept";
  EXPECT_TRUE(cancel(first));
  submit();
}

TEST_P(JobEngineTest, Issue_1_12_AClientHasAShareOfTheQueue) {
  options_.max_running = 1;
  for (const auto& [max_queued, given, share] :
       {std::tuple(8U, 0U, 2U), std::tuple(3U, 0U, 1U), std::tuple(8U, 3U, 3U)}) {
    options_.max_queued = max_queued;
    options_.max_queued_per_client = given;
    engine_ = std::make_unique<JobEngine>(
        JobEngine::Parts{*store_, *sink_, runner_, observer_, clock_, random_}, options_);
    const std::string greedy = "greedy" + std::to_string(max_queued + given);
    for (size_t jobs = 0; jobs < share + options_.max_running; ++jobs) {
      EXPECT_FALSE(engine_->is_full(greedy)) << jobs;
      submit(greedy);
    }
    EXPECT_TRUE(engine_->is_full(greedy));
    const auto refused = engine_->submit({greedy, "", "", "", ""}, {}, nullptr);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), base::ErrorCode::kLimit);
    if (max_queued > share) submit("other");
  }
}

TEST_P(JobEngineTest, Issue_3_12_AFinishedJobIsRemovedBeforeItExpires) {
  options_.max_running = 1;
  start();
  const JobId good = completed(), bad = failed();
  EXPECT_TRUE(must(engine_->remove(good)));
  EXPECT_FALSE(find(good).has_value());
  EXPECT_FALSE(must(engine_->remove(good))) << "told once";
  observer_.wait_for_deletions(good, 1);
  EXPECT_FALSE(has_output(good));
  EXPECT_TRUE(must(engine_->remove(bad)));
  EXPECT_FALSE(find(bad).has_value());

  const JobId running = submit();
  runner_.wait_for_start(running);
  const JobId waiting = submit();
  EXPECT_FALSE(must(engine_->remove(running)));
  EXPECT_FALSE(must(engine_->remove(waiting)));
  EXPECT_FALSE(must(engine_->remove({std::string(32, '0')})));
  EXPECT_TRUE(cancel(running));
  EXPECT_FALSE(must(engine_->remove(running))) << "cancelled";
  EXPECT_TRUE(find(waiting).has_value());
}

/// Jobs that have finished are served all the same.
TEST_P(JobEngineTest, Issue_1_10_NoJobsAfterTheStateWasRemoved) {
  StateWatch watch(database(), {});
  start({&watch, nullptr, nullptr});
  const JobId before = completed();
  must(engine_->ready());
  std::filesystem::remove(database());
  expect_refused("state");
  EXPECT_TRUE(find(before).has_value());
}

TEST_P(JobEngineTest, Issue_1_11_NoJobsAfterTheLeaseWasLost) {
  SinkLease lease(*store_, *sink_, clock_, random_, "home", seconds(1));
  start({nullptr, nullptr, &lease});
  const JobId before = completed();
  EXPECT_TRUE(must(engine_->remove(completed())));  // the janitor has come by
  observer_.wait_for_any_deletion();
  must(engine_->ready());
  must(inner_->put_lease("another", {}));
  EXPECT_TRUE(must(engine_->remove(completed())));
  observer_.wait_for_obstacles({"lease"});
  expect_refused("lease");
  EXPECT_TRUE(find(before).has_value());
}

/// Whether a slot has already come for the first ones makes no difference.
TEST_P(JobEngineTest, Ops_6_AFreeSlotIsNoPlaceInTheQueue) {
  options_.max_running = 2;
  for (const size_t max_queued : {0U, 1U}) {
    options_.max_queued = max_queued;
    engine_ = std::make_unique<JobEngine>(
        JobEngine::Parts{*store_, *sink_, runner_, observer_, clock_, random_}, options_);
    must(engine_->recover());
    for (uint64_t jobs = must(engine_->gauges()).accepted; jobs < 2 + max_queued; ++jobs) submit();
    const auto refused = engine_->submit({"x", "", "", "", ""}, {}, nullptr);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), base::ErrorCode::kLimit);
  }
}

TEST_P(JobEngineTest, ClientsTakeTurns) {
  options_.max_running = 1;
  start();
  const JobId first = submit("x");
  runner_.wait_for_start(first);
  const JobId x2 = submit("x"), x3 = submit("x"), y1 = submit("y"), z1 = submit("z");
  for (const JobId& id : {first, x2, y1, z1, x3}) {
    runner_.wait_for_start(id);
    runner_.complete(id);
  }
  EXPECT_THAT(runner_.started(), ElementsAre(first, x2, y1, z1, x3));
}

TEST_P(JobEngineTest, Ops_7_AnIdempotencyKeyGivesTheSameJob) {
  start();
  const auto submit_with = [&](const char* client, const char* key, const char* hash) {
    return engine_->submit({client, "", key, hash, ""}, {}, nullptr);
  };
  const JobId id = must(submit_with("x", "key", "hash"));
  EXPECT_EQ(must(submit_with("x", "key", "hash")), id);
  EXPECT_NE(must(submit_with("y", "key", "other")), id) << "another client's key";
  EXPECT_NE(must(submit_with("x", "", "hash")), must(submit_with("x", "", "hash")));
  const auto other = submit_with("x", "key", "other");
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code(), base::ErrorCode::kConflict);

  runner_.complete(id);
  observer_.wait_for_state(id, JobState::kCompleted);
  EXPECT_EQ(must(submit_with("x", "key", "hash")), id) << "while its record lives";
  clock_.advance(options_.output_ttl);
  EXPECT_FALSE(find(id).has_value());
  const JobId next = must(submit_with("x", "key", "other"));
  EXPECT_NE(next, id) << "the record has expired";
  EXPECT_TRUE(cancel(next));
  EXPECT_EQ(must(submit_with("x", "key", "other")), next) << "a late copy revives nothing";
  EXPECT_FALSE(find(next).has_value());
}

TEST_P(JobEngineTest, TheQueuedKeepTheirKeyWhenTheQueueIsFull) {
  options_.max_running = 1;
  options_.max_queued = 1;
  start();
  runner_.wait_for_start(submit());
  const JobId id = must(engine_->submit({"x", "", "key", "hash", ""}, {}, nullptr));
  EXPECT_EQ(must(engine_->submit({"x", "", "key", "hash", ""}, {}, nullptr)), id);
}

TEST_P(JobEngineTest, PinsWhatAJobReadsUntilItHasEnded) {
  options_.max_running = 1;
  start();
  auto data = std::make_shared<const int>(7);
  const std::weak_ptr<const int> watch = data;
  const JobId id = must(engine_->submit({"x", "", "", "", ""}, {}, data));
  auto other = std::make_shared<const int>(8);
  const std::weak_ptr<const int> other_watch = other;
  const JobId waiting = must(engine_->submit({"x", "", "", "", ""}, {}, std::move(other)));
  EXPECT_TRUE(cancel(waiting));
  EXPECT_TRUE(other_watch.expired()) << "cancelled while it waited";
  data.reset();
  runner_.step(id, [](const Attempt& attempt) {
    EXPECT_EQ(*static_cast<const int*>(attempt.pinned.get()), 7);
    return std::nullopt;
  });
  runner_.complete(id);
  runner_.wait_for_start(submit());  // in the same slot: the first job is over
  EXPECT_TRUE(watch.expired());
}

TEST_P(JobEngineTest, AStopGivesRunningJobsBackToTheQueue) {
  options_.max_running = 1;
  start();
  const JobId id = submit();
  clock_.advance(milliseconds(1));
  const JobId waiting = submit();
  runner_.write(id, "a.csv", "1\n");
  stop();
  EXPECT_EQ(must(store_->find(id))->state, JobState::kAccepted);
  EXPECT_EQ(must(store_->find(id))->crashes, 0U);
  start();
  EXPECT_EQ(runner_.wait_for_start(id), 2U);
  observer_.wait_for_deletions(id, 1);
  EXPECT_FALSE(has_output(id)) << "of the first attempt";
  runner_.write(id, "a.csv", "2\n");
  runner_.complete(id);
  runner_.wait_for_start(waiting);
  EXPECT_EQ(find(id)->job.attempt, 2U);
  EXPECT_TRUE(has_output(id, "a.csv", 2));
}

TEST_P(JobEngineTest, TakesNothingMoreOnceItStops) {
  start();
  engine_->stop();
  const auto refused = engine_->submit({"x", "", "", "", ""}, {}, nullptr);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), base::ErrorCode::kUnavailable);
}

TEST_P(JobEngineTest, StartsAlsoWhileTheSinkIsDown) {
  sink_->fail(SinkCall::kList, 1'000'000);
  start();
  runner_.wait_for_start(submit());
}

TEST_P(JobEngineTest, AnEndIsRecordedOnceTheStoreIsThereAgain) {
  start();
  const JobId id = submit();
  runner_.write(id, "a.csv", "1\n");
  run_sql(database(),
          "CREATE TRIGGER refuse BEFORE UPDATE ON job WHEN NEW.state = 2 BEGIN "
          "SELECT RAISE(ABORT, 'as told'); END");
  runner_.complete(id);
  observer_.wait_for_store_errors(3);
  EXPECT_EQ(find(id)->job.state, JobState::kInProgress);
  run_sql(database(), "DROP TRIGGER refuse");
  observer_.wait_for_state(id, JobState::kCompleted);
  EXPECT_TRUE(has_output(id));
}

/// A slot that waits for the store must not take the wake-up that was meant for an idle one.
TEST_P(JobEngineTest, ASlotThatWaitsForTheStoreHoldsUpNoOther) {
  options_.store_retry = hours(1);
  start();
  const JobId stuck = submit(), other = submit();
  runner_.wait_for_start(stuck);
  runner_.wait_for_start(other);
  run_sql(database(), "CREATE TRIGGER refuse BEFORE UPDATE ON job WHEN NEW.id = '" + stuck.text +
                          "' BEGIN SELECT RAISE(ABORT, 'as told'); END");
  runner_.complete(stuck);
  observer_.wait_for_store_errors(1);
  runner_.complete(other);
  observer_.wait_for_state(other, JobState::kCompleted);
  for (int i = 0; i < 20; ++i) completed();
}

TEST_P(JobEngineTest, Ops_7_OnlyDurableSinksKeepJobsOverARestart) {
  start();
  const JobId good = completed(), bad = failed();
  observer_.wait_for_deletions(bad, 1);
  stop();
  start();
  EXPECT_EQ(find(good).has_value(), inner_->durable());
  EXPECT_EQ(must(engine_->jobs_of("client")).jobs.size(), inner_->durable() ? 2U : 0U);
  EXPECT_EQ(find(bad).has_value(), inner_->durable());
}

TEST_P(JobEngineTest, ListsTheNewestJobsOfOneClientFirst) {
  start();
  const JobId first = completed("x");
  clock_.advance(seconds(1));
  const JobId second = completed("x"), other = completed("y");
  std::vector<JobId> ids;
  for (const JobView& view : must(engine_->jobs_of("x")).jobs) ids.push_back(view.job.id);
  EXPECT_THAT(ids, ElementsAre(second, first));
  clock_.advance(options_.output_ttl - seconds(1));
  EXPECT_EQ(must(engine_->jobs_of("x")).jobs.size(), 1U) << "the first has expired";
  EXPECT_FALSE(find(first).has_value());
  EXPECT_FALSE(cancel(first));
}

TEST_P(JobEngineTest, CountsJobsByState) {
  options_.max_running = 1;
  start();
  completed();
  observer_.wait_for_deletions(failed(), 1);
  const JobId running = submit(), waiting = submit(), gone = submit();
  runner_.wait_for_start(running);
  EXPECT_TRUE(cancel(gone));
  const auto gauges = must(engine_->gauges());
  EXPECT_EQ(gauges.accepted, 1U);
  EXPECT_EQ(gauges.in_progress, 1U);
  EXPECT_EQ(gauges.completed, 1U);
  EXPECT_EQ(gauges.failed, 1U);
  EXPECT_EQ(gauges.cancelled, 1U);
}

}  // namespace
}  // namespace kiln::job
