#include "job/janitor.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "job/sqlite/sqlite_job_store.h"
#include "job/testing/faulty_sink.h"
#include "job/testing/must.h"
#include "job/testing/recording_observer.h"
#include "job/testing/seams.h"
#include "sink/filesystem/filesystem_sink.h"

namespace kiln::job {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr milliseconds kInterval = seconds(60);
constexpr milliseconds kTtl = seconds(600);

/// A job id of one digit repeated.
JobId id_of(char digit) { return {std::string(32, digit)}; }

class JanitorTest : public testing::Test {
 protected:
  void SetUp() override {
    inner_ = must(sink::open_filesystem_sink(folder_ / "exports", "own"));
    ASSERT_NE(inner_, nullptr);
    sink_ = std::make_unique<FaultySink>(*inner_);
    restart();
  }

  /// As after the end of a process.
  void restart() {
    janitor_.reset();
    store_.reset();
    store_ = must(SqliteJobStore::open(database(), Durability::kProcessCrash));
    ASSERT_NE(store_, nullptr);
    janitor_ = std::make_unique<Janitor>(*store_, *sink_, clock_, observer_, kInterval);
  }
  std::string database() const { return folder_ / "jobs.sqlite"; }
  milliseconds pass() { return janitor_->pass({}); }

  void add(const JobId& id, uint32_t attempt = 1) {
    Job job;
    job.id = id;
    job.created = clock_.now();
    must(store_->add(job, {}));
    EXPECT_EQ(must(store_->start(id, {}, clock_.now())), attempt);
    put_file(id, attempt);
  }
  void put_file(const JobId& id, uint32_t attempt = 1) {
    must(store_file(*inner_, {id.text, attempt, "a.csv"}, "1\n"));
  }
  void complete(const JobId& id) {
    EXPECT_TRUE(must(store_->complete(id, 1, {}, clock_.now(), clock_.now() + kTtl)));
  }
  bool has_output(const JobId& id, uint32_t attempt = 1) {
    return has_file(*inner_, {id.text, attempt, "a.csv"});
  }
  bool is_known(const JobId& id) { return must(store_->find(id)).has_value(); }
  uint64_t debts() { return must(store_->debt_count()); }

  const ScratchFolder folder_;
  DrivenClock clock_;
  RecordingObserver observer_;
  std::unique_ptr<sink::ExportSink> inner_;
  std::unique_ptr<FaultySink> sink_;
  std::unique_ptr<JobStore> store_;
  std::unique_ptr<Janitor> janitor_;
};

TEST_F(JanitorTest, Ops_4_8_DeletesAtExpiresAndNotBefore) {
  const JobId id = id_of('a');
  add(id);
  complete(id);
  for (milliseconds passed{0}; passed + kInterval < kTtl; passed += kInterval) {
    EXPECT_EQ(pass(), kInterval);
    clock_.advance(kInterval);
    EXPECT_TRUE(has_output(id) && is_known(id)) << passed.count();
  }
  pass();
  clock_.advance(kInterval - milliseconds(1));
  pass();
  EXPECT_TRUE(has_output(id) && is_known(id)) << "a millisecond before it expires";
  clock_.advance(milliseconds(1));
  pass();
  EXPECT_FALSE(is_known(id));
  EXPECT_FALSE(has_output(id));
  EXPECT_EQ(observer_.expired(), 1U);
  EXPECT_EQ(debts(), 0U);
  EXPECT_THAT(must(inner_->list_jobs({})), IsEmpty());
}

/// A look just before a job expires must not make it later than one interval.
TEST_F(JanitorTest, Ops_4_8_DeletesWithinOneInterval) {
  const JobId id = id_of('a');
  add(id);
  complete(id);
  clock_.advance(kTtl - milliseconds(1));
  milliseconds late{-1};
  while (is_known(id) && late <= kInterval) {
    const milliseconds wait = pass();
    if (!is_known(id)) break;
    clock_.advance(wait);
    late += wait;
  }
  EXPECT_LE(late, kInterval);
  EXPECT_FALSE(has_output(id));
}

TEST_F(JanitorTest, LooksForExpiredJobsOncePerInterval) {
  pass();
  const JobId id = id_of('a');
  add(id);
  EXPECT_TRUE(must(store_->complete(id, 1, {}, clock_.now(), clock_.now())));
  clock_.advance(kInterval - milliseconds(1));
  EXPECT_EQ(pass(), milliseconds(1));
  EXPECT_TRUE(is_known(id));
  clock_.advance(milliseconds(1));
  pass();
  EXPECT_FALSE(is_known(id));
}

TEST_F(JanitorTest, ExpiresAlsoWhenTheClockHasGoneBack) {
  pass();
  clock_.advance(-minutes(60));
  const JobId id = id_of('a');
  add(id);
  EXPECT_TRUE(must(store_->complete(id, 1, {}, clock_.now(), clock_.now())));
  pass();
  EXPECT_FALSE(is_known(id));
}

TEST_F(JanitorTest, RetriesADeletionForEver) {
  const JobId id = id_of('a');
  must(store_->add_debt(id, clock_.now()));
  sink_->fail(SinkCall::kRemoveJob, 40);
  std::vector<int64_t> waits;
  for (int tries = 1; tries <= 40; ++tries) {
    const milliseconds wait = pass();
    if (tries <= 5) waits.push_back(wait.count());
    EXPECT_EQ(observer_.sink_errors(), tries);
    EXPECT_EQ(debts(), 1U);
    const milliseconds delay = Janitor::delay_after(static_cast<uint32_t>(tries - 1));
    clock_.advance(delay - milliseconds(1));
    pass();
    EXPECT_EQ(observer_.sink_errors(), tries) << "not before its time";
    clock_.advance(milliseconds(1));
    if (tries % 10 == 0) restart();
  }
  EXPECT_THAT(waits, ElementsAre(1000, 2000, 4000, 8000, 16000));
  put_file(id);
  pass();
  EXPECT_EQ(debts(), 0U);
  EXPECT_FALSE(has_output(id));
  EXPECT_EQ(observer_.deletions(id), 1);
}

TEST_F(JanitorTest, BackOffEndsAtFiveMinutes) {
  EXPECT_EQ(Janitor::delay_after(0), seconds(1));
  EXPECT_EQ(Janitor::delay_after(3), seconds(8));
  EXPECT_EQ(Janitor::delay_after(8), seconds(256));
  EXPECT_EQ(Janitor::delay_after(9), minutes(5));
  EXPECT_EQ(Janitor::delay_after(4'000'000'000), minutes(5));
}

TEST_F(JanitorTest, OneDebtThatFailsDoesNotHoldUpOthers) {
  for (const char digit : {'a', 'b', 'c'}) {
    put_file(id_of(digit));
    must(store_->add_debt(id_of(digit), clock_.now()));
  }
  sink_->fail(SinkCall::kRemoveJob, 1);
  EXPECT_EQ(pass(), Janitor::delay_after(0));
  EXPECT_EQ(debts(), 1U);
  EXPECT_EQ(must(inner_->list_jobs({})).size(), 1U);
}

TEST_F(JanitorTest, PaysMoreDebtsThanItReadsAtOnce) {
  for (int i = 0; i < 200; ++i) {
    must(store_->add_debt({std::to_string(i)}, clock_.now()));
  }
  pass();
  EXPECT_EQ(debts(), 0U);
}

TEST_F(JanitorTest, OwedAttemptsGoAndLaterOnesStay) {
  const JobId id = id_of('a');
  add(id);
  EXPECT_TRUE(must(store_->requeue(id, 1, true, clock_.now())));
  EXPECT_EQ(must(store_->start(id, {}, clock_.now())), 2U);
  put_file(id, 2);
  pass();
  EXPECT_FALSE(has_output(id, 1));
  EXPECT_TRUE(has_output(id, 2));
  EXPECT_EQ(debts(), 0U);
}

/// Recorded again while it is being paid: files may have come after the deletion.
TEST_F(JanitorTest, ADebtRenewedMeanwhileIsPaidAgain) {
  const JobId id = id_of('a');
  must(store_->add_debt(id, clock_.now()));
  sink_->before = [&](SinkCall call) {
    if (call != SinkCall::kRemoveJob || sink_->calls(call) > 0) return;
    must(store_->add_debt(id, clock_.now()));
  };
  pass();
  EXPECT_EQ(sink_->calls(SinkCall::kRemoveJob), 2);
  EXPECT_EQ(debts(), 0U);
}

TEST_F(JanitorTest, DoesNotSpinWhileTheStoreFails) {
  must(store_->add_debt(id_of('a'), clock_.now()));
  run_sql(database(),
          "CREATE TRIGGER refuse BEFORE DELETE ON debt BEGIN "
          "SELECT RAISE(ABORT, 'as told'); END");
  EXPECT_EQ(pass(), seconds(1));
  EXPECT_EQ(observer_.store_errors(), 1);
  EXPECT_EQ(sink_->calls(SinkCall::kRemoveJob), 1);
  run_sql(database(), "DROP TRIGGER refuse");
  pass();
  EXPECT_EQ(debts(), 0U);
}

TEST_F(JanitorTest, TriesAFailedExpirySoonAgain) {
  const JobId id = id_of('a');
  add(id);
  EXPECT_TRUE(must(store_->complete(id, 1, {}, clock_.now(), clock_.now())));
  run_sql(database(),
          "CREATE TRIGGER refuse BEFORE DELETE ON job BEGIN "
          "SELECT RAISE(ABORT, 'as told'); END");
  EXPECT_EQ(pass(), seconds(1));
  EXPECT_TRUE(is_known(id)) << "the record is what its deletion is known by";
  run_sql(database(), "DROP TRIGGER refuse");
  clock_.advance(seconds(1));
  pass();
  EXPECT_FALSE(is_known(id));
  EXPECT_FALSE(has_output(id));
}

TEST_F(JanitorTest, ASlowSinkDoesNotMakeOtherJobsLate) {
  pass();
  must(store_->add_debt(id_of('a'), clock_.now()));
  add(id_of('b'));
  EXPECT_TRUE(must(store_->complete(id_of('b'), 1, {}, clock_.now(), clock_.now())));
  must(store_->add_debt(id_of('c'), clock_.now()));
  sink_->before = [&](SinkCall call) {
    if (call != SinkCall::kRemoveJob) return;
    if (sink_->calls(call) == 1) {
      EXPECT_FALSE(is_known(id_of('b')));
    }
    clock_.advance(kInterval);
  };
  pass();
  EXPECT_FALSE(has_output(id_of('b')));
}

TEST_F(JanitorTest, AStopEndsAPass) {
  for (const char digit : {'a', 'b', 'c'}) must(store_->add_debt(id_of(digit), clock_.now()));
  std::stop_source stop;
  sink_->before = [&](SinkCall call) {
    if (call == SinkCall::kRemoveJob) stop.request_stop();
  };
  janitor_->pass(stop.get_token());
  EXPECT_EQ(sink_->calls(SinkCall::kRemoveJob), 1);
  EXPECT_EQ(debts(), 2U);
}

/// A server that stops does not wait for a store that does not answer, and owes what it owed.
TEST_F(JanitorTest, AStopEndsADeletionWithoutATryCounted) {
  must(store_->add_debt(id_of('a'), clock_.now()));
  std::stop_source stop;
  sink_->fail(SinkCall::kRemoveJob, 1);
  sink_->before = [&](SinkCall call) {
    if (call == SinkCall::kRemoveJob) stop.request_stop();
  };
  janitor_->pass(stop.get_token());
  EXPECT_EQ(observer_.sink_errors(), 0);
  const auto debts = must(store_->due_debts(clock_.now(), clock_.now() + minutes(5), 10));
  ASSERT_EQ(debts.size(), 1U);
  EXPECT_EQ(debts[0].tries, 0U);
}

/// What a crash has left goes; what is wanted, or is not ours, stays.
TEST_F(JanitorTest, OrphansOfTheOwnInstanceGo) {
  const JobId unknown = id_of('0'), completed = id_of('1'), running = id_of('2');
  const JobId cancelled = id_of('3'), failed = id_of('4');
  put_file(unknown);
  for (const JobId& id : {completed, running, cancelled, failed}) add(id);
  complete(completed);
  const base::WallTime now = clock_.now();
  EXPECT_TRUE(must(store_->cancel(cancelled, now, now + kTtl)));
  EXPECT_TRUE(must(store_->fail(failed, 1, {FailureCode::kFault, "", ""}, now, now + kTtl)));
  pass();
  // Files of a late worker, which had no time to record its debt.
  put_file(cancelled);
  put_file(failed);
  std::filesystem::create_directories(folder_ / "exports/own/notes/1");
  const auto other = must(sink::open_filesystem_sink(folder_ / "exports", "other"));
  must(store_file(*other, {unknown.text, 1, "a.csv"}, "1\n"));
  restart();
  pass();
  EXPECT_THAT(must(inner_->list_jobs({})), ElementsAre(completed.text, running.text, "notes"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "exports/own/notes/1"));
  EXPECT_THAT(must(other->list_jobs({})), ElementsAre(unknown.text));
  EXPECT_TRUE(has_output(completed) && has_output(running));
  EXPECT_EQ(debts(), 0U);
}

/// A list that cannot be had, and whoever waits for it, are in nobody's way.
TEST_F(JanitorTest, Issue_1_9_OrphansComeAfterDebtsAndExpiry) {
  const JobId expired = id_of('a'), owed = id_of('b');
  for (const JobId& id : {expired, owed}) {
    add(id);
    complete(id);
  }
  EXPECT_TRUE(must(store_->remove(owed, clock_.now())));
  clock_.advance(kTtl);
  bool were_there = true;
  sink_->before = [&](SinkCall call) {
    if (call == SinkCall::kList) were_there = has_output(expired) || has_output(owed);
  };
  sink_->fail(SinkCall::kList, 1'000'000);
  pass();
  EXPECT_FALSE(were_there);
  EXPECT_EQ(sink_->calls(SinkCall::kList), 1);
  EXPECT_FALSE(is_known(expired));
  EXPECT_EQ(debts(), 0U);
}

/// More than fit into one transaction.
TEST_F(JanitorTest, Issue_1_8_ManyExpireInOnePass) {
  for (int number = 0; number < 100; ++number) {
    const std::string digits = std::to_string(1000 + number);
    add({std::string(28, 'a') + digits});
    complete({std::string(28, 'a') + digits});
  }
  clock_.advance(kTtl);
  pass();
  EXPECT_EQ(observer_.expired(), 100U);
  EXPECT_THAT(must(inner_->list_jobs({})), IsEmpty());
}

/// As on a full disk, where nothing but a deletion makes room for the record of it.
TEST_F(JanitorTest, Issue_1_8_WhatHasExpiredGoesThoughNothingCanBeWritten) {
  const JobId expired = id_of('a'), later = id_of('b');
  add(expired);
  complete(expired);
  pass();
  clock_.advance(kTtl - seconds(1));
  add(later);
  complete(later);
  clock_.advance(seconds(1));
  run_sql(database(),
          "CREATE TRIGGER refuse BEFORE INSERT ON debt BEGIN SELECT RAISE(ABORT, 'full'); END");
  pass();
  EXPECT_FALSE(has_output(expired));
  EXPECT_TRUE(is_known(expired)) << "the record stays until it can be changed";
  EXPECT_TRUE(has_output(later));
  run_sql(database(), "DROP TRIGGER refuse");
  clock_.advance(seconds(1));
  pass();
  EXPECT_FALSE(is_known(expired));
  EXPECT_TRUE(has_output(later) && is_known(later));
  EXPECT_EQ(debts(), 0U);
}

TEST_F(JanitorTest, LooksForOrphansOnceTheSinkIsThere) {
  sink_->fail(SinkCall::kList, 3);
  EXPECT_EQ(pass(), seconds(1));
  EXPECT_EQ(pass(), seconds(1)) << "not before its time";
  EXPECT_EQ(observer_.sink_errors(), 1);
  clock_.advance(seconds(1));
  EXPECT_EQ(pass(), seconds(2));
  clock_.advance(seconds(2));
  EXPECT_EQ(pass(), seconds(4));
  put_file(id_of('a'));
  clock_.advance(seconds(4));
  EXPECT_EQ(pass(), kInterval - seconds(7));
  EXPECT_FALSE(has_output(id_of('a')));
  pass();
  EXPECT_EQ(sink_->calls(SinkCall::kList), 4) << "once is enough";
}

}  // namespace
}  // namespace kiln::job
