// Two engines over one store and one sink, as two servers would have them: engines without threads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "job/job_engine.h"
#include "job/sqlite/sqlite_job_store.h"
#include "job/testing/faulty_sink.h"
#include "job/testing/function_runner.h"
#include "job/testing/must.h"
#include "job/testing/recording_observer.h"
#include "job/testing/seams.h"
#include "sink/memory/memory_sink.h"

namespace kiln::job {
namespace {

using std::chrono::seconds;
using Files = FunctionRunner::Files;

constexpr seconds kAttemptLease{60};

class JobLeaseTest : public testing::Test {
 protected:
  struct Server {
    Server(JobLeaseTest& test, bool is_alone) {
      JobEngineOptions options;
      options.is_alone = is_alone;
      options.attempt_lease = kAttemptLease;
      engine = std::make_unique<JobEngine>(
          JobEngine::Parts{*test.store_, *test.sink_, runner, observer, test.clock_, test.random_},
          options);
      must(engine->recover());
    }
    FunctionRunner runner;
    RecordingObserver observer;
    std::unique_ptr<JobEngine> engine;
  };

  JobId submit(Server& server) {
    return must(server.engine->submit({"client", "", "", "", ""}, {}, nullptr));
  }
  Job record(const JobId& id) { return must(store_->find(id)).value_or(Job()); }
  /// Runs a job of that server; `meanwhile` is done while it runs.
  static void run(Server& server, const std::function<void(const Attempt&)>& meanwhile) {
    server.runner.body = [&](const Attempt& attempt) -> base::Result<Files> {
      meanwhile(attempt);
      if (attempt.stop.stop_requested()) {
        return base::Error(base::ErrorCode::kCancelled, "stopped");
      }
      return Files();
    };
    EXPECT_TRUE(server.engine->run_next());
  }

  DrivenClock clock_;
  SeededRandom random_;
  const std::unique_ptr<JobStore> store_ =
      must(SqliteJobStore::open(":memory:", Durability::kProcessCrash));
  const std::unique_ptr<sink::ExportSink> sink_ = sink::make_memory_sink(1 << 20);
};

TEST_F(JobLeaseTest, Issue_1_7_ALiveOwnersJobIsNotTaken) {
  Server first(*this, false);
  const JobId id = submit(first);
  run(first, [&](const Attempt&) {
    Server second(*this, false);
    EXPECT_EQ(record(id).state, JobState::kInProgress);
    clock_.advance(kAttemptLease - seconds(1));
    must(second.engine->keep_leases());
    EXPECT_EQ(record(id).attempt, 1U);
    EXPECT_FALSE(second.engine->run_next());
  });
  EXPECT_EQ(record(id).state, JobState::kCompleted);
  EXPECT_EQ(record(id).crashes, 0U);
}

TEST_F(JobLeaseTest, Issue_1_7_ALeaseIsRenewedWhileTheAttemptRuns) {
  Server first(*this, false), second(*this, false);
  const JobId id = submit(first);
  run(first, [&](const Attempt& attempt) {
    for (int i = 0; i < 5; ++i) {
      clock_.advance(kAttemptLease / 3);
      must(first.engine->keep_leases());
      must(second.engine->keep_leases());
    }
    EXPECT_FALSE(attempt.stop.stop_requested());
    EXPECT_FALSE(second.engine->run_next());
  });
  EXPECT_EQ(record(id).state, JobState::kCompleted);
}

/// The first one slept through its lease; what it does then is nobody's.
TEST_F(JobLeaseTest, Issue_1_7_AnAttemptWithoutALeaseIsTakenUpByAnother) {
  Server first(*this, false), second(*this, false);
  const JobId id = submit(first);
  run(first, [&](const Attempt& late) {
    clock_.advance(kAttemptLease);
    must(second.engine->keep_leases());
    EXPECT_EQ(record(id).state, JobState::kAccepted);
    EXPECT_EQ(record(id).crashes, 1U);
    run(second, [&](const Attempt& attempt) {
      EXPECT_EQ(attempt.number, 2U);
      EXPECT_FALSE(late.stop.stop_requested());
      must(first.engine->keep_leases());
      EXPECT_TRUE(late.stop.stop_requested()) << "it is another's";
      EXPECT_FALSE(attempt.stop.stop_requested());
    });
  });
  EXPECT_EQ(record(id).state, JobState::kCompleted);
  EXPECT_EQ(record(id).attempt, 2U);
}

TEST_F(JobLeaseTest, Issue_1_7_ACancelByAnotherServerStopsTheAttempt) {
  Server first(*this, false), second(*this, false);
  const JobId id = submit(first);
  run(first, [&](const Attempt& attempt) {
    EXPECT_TRUE(must(second.engine->cancel(id)));
    must(first.engine->keep_leases());
    EXPECT_TRUE(attempt.stop.stop_requested());
  });
  EXPECT_EQ(record(id).state, JobState::kCancelled);
}

TEST_F(JobLeaseTest, Issue_1_7_WhoIsAloneTakesUpAtOnce) {
  const JobId id = [&] {
    Server first(*this, true);
    const JobId submitted = submit(first);
    EXPECT_THROW(run(first, [](const Attempt&) { throw Crash(); }), Crash);
    return submitted;
  }();
  Server other(*this, false);
  EXPECT_EQ(record(id).state, JobState::kInProgress) << "its owner may be alive";
  Server alone(*this, true);
  EXPECT_EQ(record(id).state, JobState::kAccepted);
  EXPECT_EQ(record(id).crashes, 1U);
}

TEST_F(JobLeaseTest, Issue_1_7_ItsOwnAttemptsAreNotLeftOver) {
  Server alone(*this, true);
  const JobId id = submit(alone);
  run(alone, [&](const Attempt&) {
    must(alone.engine->recover());
    EXPECT_EQ(record(id).state, JobState::kInProgress);
  });
  EXPECT_EQ(record(id).state, JobState::kCompleted);
}

}  // namespace
}  // namespace kiln::job
