// Who comes first decides, and the other changes nothing: the engine with its threads, over and
// over, at moments that differ. Run under ThreadSanitizer.
#include <atomic>
#include <thread>

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
#include "sink/memory/memory_sink.h"

namespace kiln::job {
namespace {

using testing::IsEmpty;

constexpr int kRounds = 200;
const std::string kText(5000, 'x');

/// Turns of the processor given away: a moment that grows with the round.
void wait_for_turns(int turns) {
  for (int i = 0; i < turns; ++i) std::this_thread::yield();
}

class JobRaceTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    sink_ = std::string_view(GetParam()) == "memory"
                ? sink::make_memory_sink(1 << 24)
                : must(sink::open_filesystem_sink(folder_ / "exports", "own"));
    store_ = must(SqliteJobStore::open(folder_ / "jobs.sqlite", Durability::kProcessCrash));
    runner_.body = [this](const Attempt& attempt) -> base::Result<FunctionRunner::Files> {
      ++attempts_;
      while (held_) std::this_thread::yield();
      const sink::ObjectKey key{attempt.job.id.text, attempt.number, "a.csv"};
      KILN_ASSIGN(const auto writer, attempt.sink.create(key, attempt.stop));
      KILN_TRY(writer->write(kText));
      KILN_ASSIGN(const auto stored, writer->finish());
      return FunctionRunner::Files{{"a", "a.csv", 1, stored.size, stored.sha256, "text/csv"}};
    };
    engine_ = std::make_unique<JobEngine>(
        JobEngine::Parts{*store_, *sink_, runner_, observer_, clock_, random_}, options_);
    must(engine_->start());
  }
  void TearDown() override { engine_.reset(); }

  JobId submit() { return must(engine_->submit({"client", "", "", "", ""}, {}, nullptr)); }
  /// Until an attempt of some job has begun.
  void wait_for_attempt(int number) {
    while (attempts_ < number) std::this_thread::yield();
  }
  base::Result<std::string> read(const JobId& id) {
    return read_file(*sink_, {id.text, 1, "a.csv"}, kText.size());
  }
  bool has_output(const JobId& id) { return has_file(*sink_, {id.text, 1, "a.csv"}); }
  /// A worker may still be writing: what it writes goes all the same.
  void wait_until_gone(const JobId& id) {
    while (has_output(id) || must(store_->debt_count()) != 0) std::this_thread::yield();
  }

  const ScratchFolder folder_;
  DrivenClock clock_;
  SeededRandom random_;
  RecordingObserver observer_;
  FunctionRunner runner_;
  JobEngineOptions options_;
  std::atomic<int> attempts_ = 0;
  std::atomic<bool> held_ = false;  ///< attempts wait at their beginning
  std::unique_ptr<sink::ExportSink> sink_;
  std::unique_ptr<JobStore> store_;
  std::unique_ptr<JobEngine> engine_;
};

INSTANTIATE_TEST_SUITE_P(Sinks, JobRaceTest, testing::Values("memory", "filesystem"),
                         [](const auto& sink) { return std::string(sink.param); });

TEST_P(JobRaceTest, Ops_4_5_ACancelAgainstACompletion) {
  int completed = 0;
  for (int round = 0; round < kRounds; ++round) {
    // Now and then the end is settled, so that both are sure to be seen; the others are races.
    held_ = round % 10 == 0;
    const JobId id = submit();
    wait_for_attempt(round + 1);
    if (round % 10 == 5) {
      while (must(engine_->find(id))->job.state != JobState::kCompleted) wait_for_turns(1);
    }
    wait_for_turns(held_ ? 0 : round);
    EXPECT_TRUE(must(engine_->cancel(id)));
    held_ = false;
    const auto view = must(engine_->find(id));
    if (view) {
      ++completed;
      EXPECT_EQ(view->job.state, JobState::kCompleted);
      EXPECT_EQ(must(read(id)), kText);
    } else {
      EXPECT_FALSE(must(engine_->cancel(id)));
    }
    if (!view) wait_until_gone(id);
    EXPECT_EQ(must(engine_->find(id)).has_value(), view.has_value()) << "an end has changed";
    EXPECT_EQ(has_output(id), view.has_value());
  }
  EXPECT_GE(completed, kRounds / 10);
  EXPECT_LE(completed, kRounds - kRounds / 10);
}

TEST_P(JobRaceTest, Ops_4_5_TwoDeletes) {
  int shared = 0;
  for (int round = 0; round < kRounds; ++round) {
    held_ = round % 10 == 0;  // nothing can complete before both
    const JobId id = submit();
    wait_for_turns(round / 2);
    std::atomic<int> granted = 0;
    std::thread other([&] { granted += must(engine_->cancel(id)) ? 1 : 0; });
    granted += must(engine_->cancel(id)) ? 1 : 0;
    other.join();
    held_ = false;
    const bool is_completed = must(engine_->find(id)).has_value();
    EXPECT_EQ(granted, is_completed ? 2 : 1);
    shared += is_completed ? 0 : 1;
    if (!is_completed) wait_until_gone(id);
    EXPECT_EQ(has_output(id), is_completed);
  }
  EXPECT_GE(shared, kRounds / 10);
}

TEST_P(JobRaceTest, Ops_4_6_TheReaperAgainstADownload) {
  std::atomic<int> whole = 0;
  int cut = 0;
  for (int round = 0; round < kRounds; ++round) {
    const JobId id = submit();
    observer_.wait_for_state(id, JobState::kCompleted);
    std::atomic<bool> begun = false;
    std::thread client([&] {
      begun = true;
      while (must(engine_->find(id))) {  // as a download does: the job, then its file
        const auto bytes = read(id);
        if (bytes.ok()) {
          EXPECT_TRUE(*bytes == kText) << "a short file that looks whole";
          ++whole;
        } else {
          EXPECT_EQ(bytes.error().code(), base::ErrorCode::kNotFound);
          ++cut;
        }
      }
    });
    while (!begun) std::this_thread::yield();
    const int before = whole;
    while (round % 10 == 0 && whole == before) std::this_thread::yield();
    wait_for_turns(round);
    clock_.advance(options_.output_ttl);
    must(store_->expire(clock_.now(), SIZE_MAX));
    must(sink_->remove_job(id.text, {}));
    client.join();
    EXPECT_FALSE(must(engine_->find(id)).has_value());
    EXPECT_FALSE(has_output(id));
  }
  EXPECT_GE(whole, kRounds / 10);
  RecordProperty("cut", cut);
}

/// What is submitted while the server stops is refused, or there after the next start.
TEST_P(JobRaceTest, SubmissionsAgainstAStop) {
  for (int round = 0; round < 20; ++round) {
    std::vector<JobId> accepted;
    std::thread client([&] {
      for (;;) {
        auto id = engine_->submit({"client", "", "", "", ""}, {}, nullptr);
        if (id.ok()) {
          accepted.push_back(*id);
        } else if (id.error().code() == base::ErrorCode::kUnavailable) {
          return;
        }
      }
    });
    wait_for_turns(round * 10);
    engine_->stop();
    client.join();
    for (const JobId& id : accepted) {
      const auto job = must(store_->find(id));
      ASSERT_TRUE(job.has_value());
      EXPECT_TRUE(job->state == JobState::kAccepted || job->state == JobState::kCompleted);
    }
    engine_ = std::make_unique<JobEngine>(
        JobEngine::Parts{*store_, *sink_, runner_, observer_, clock_, random_}, options_);
    must(engine_->start());
    while (must(store_->count(JobState::kAccepted)) + must(store_->count(JobState::kInProgress)) !=
           0) {
      std::this_thread::yield();
    }
  }
}

}  // namespace
}  // namespace kiln::job
