#include "job/guard/sink_lease.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "job/janitor.h"
#include "job/sqlite/sqlite_job_store.h"
#include "job/testing/faulty_sink.h"
#include "job/testing/must.h"
#include "job/testing/recording_observer.h"
#include "job/testing/seams.h"
#include "sink/filesystem/filesystem_sink.h"

namespace kiln::job {
namespace {

using base::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr milliseconds kSettling = seconds(1000);
constexpr milliseconds kInterval = seconds(60);

JobId id_of(char digit) { return {std::string(32, digit)}; }

/// A server's part of a sink that others may share, with the same instance id.
struct Server {
  Server(const std::string& exports, const std::string& database, std::string home,
         base::Clock& clock, base::RandomSource& random)
      : clock_of_all(clock),
        inner(must(sink::open_filesystem_sink(exports, "own"))),
        sink(*inner),
        store(must(SqliteJobStore::open(database, Durability::kProcessCrash))),
        lease(*store, sink, clock, random, std::move(home), kSettling),
        janitor(*store, sink, clock, observer, kInterval, &lease) {}

  void complete(const JobId& id) {
    Job job;
    job.id = id;
    job.created = clock_of_all.now();
    must(store->add(job, {}));
    must(store->start(id, {}, clock_of_all.now()));
    put_file(id);
    must(store->complete(id, 1, {}, clock_of_all.now(), clock_of_all.now() + seconds(600)));
  }
  void put_file(const JobId& id) { must(store_file(*inner, {id.text, 1, "a.csv"}, "1\n")); }
  bool has_file(const JobId& id) { return job::has_file(*inner, {id.text, 1, "a.csv"}); }

  base::Clock& clock_of_all;
  RecordingObserver observer;
  std::unique_ptr<sink::ExportSink> inner;
  FaultySink sink;
  std::unique_ptr<JobStore> store;
  SinkLease lease;
  Janitor janitor;
};

class SinkLeaseTest : public testing::Test {
 protected:
  std::unique_ptr<Server> start(const std::string& name, const std::string& home = "home") {
    return std::make_unique<Server>(folder_ / "exports", folder_ / name, home, clock_, random_);
  }
  void copy_state(const std::string& from, const std::string& to) {
    std::filesystem::copy_file(folder_ / from, folder_ / to);
  }
  void pass_of(Server& server) {
    clock_.advance(seconds(11));  // as often as it looks
    server.janitor.pass({});
  }

  const ScratchFolder folder_;
  DrivenClock clock_;
  SeededRandom random_;
};

TEST_F(SinkLeaseTest, Issue_1_11_WhoStartedLastHasIt) {
  const auto first = start("first");
  must(first->lease.check({}));
  must(first->lease.check({}));
  const auto second = start("second");
  must(first->lease.check({}));
  must(second->lease.check({}));
  EXPECT_EQ(first->lease.check({}).error().code(), ErrorCode::kConflict);
  EXPECT_TRUE(first->lease.lost());
  must(second->lease.check({}));
  // For good, even if the other has gone and its note with it.
  std::filesystem::remove_all(folder_ / "exports/own/.lease");
  EXPECT_EQ(first->lease.check({}).error().code(), ErrorCode::kConflict);
  must(second->lease.check({}));
}

TEST_F(SinkLeaseTest, Issue_1_11_ASinkThatIsDownTellsNothing) {
  const auto server = start("first");
  for (int times = 0; times < 2; ++times) {  // when it is taken, and when it is looked at
    server->sink.fail(SinkCall::kLease, 1);
    EXPECT_EQ(server->lease.check({}).error().code(), ErrorCode::kUnavailable);
    EXPECT_FALSE(server->lease.lost());
    must(server->lease.check({}));
  }
}

TEST_F(SinkLeaseTest, Issue_1_11_ARestartInPlaceIsNoSignOfOthers) {
  for (int start_of = 0; start_of < 3; ++start_of) {
    const auto server = start("first");
    must(server->lease.check({}));
    EXPECT_LE(server->lease.settled(), clock_.now());
  }
  // Ended between the note in the state and the one in the sink.
  {
    const auto server = start("first");
    must(server->sink.inner().put_lease(must(server->store->noted("former_lease")), {}));
  }
  const auto server = start("first");
  must(server->lease.check({}));
  EXPECT_LE(server->lease.settled(), clock_.now());
}

/// Both the copy and, when it comes back, the original.
TEST_F(SinkLeaseTest, Issue_1_11_AfterASignOfOthersUnknownOutputIsLeftForAWhile) {
  start("first")->lease.check({}).ok();
  copy_state("first", "copy");
  {
    const auto copy = start("copy", "elsewhere");
    must(copy->lease.check({}));
    EXPECT_EQ(copy->lease.settled(), clock_.now() + kSettling);
  }
  clock_.advance(seconds(10));
  {
    const auto copy = start("copy", "elsewhere");
    must(copy->lease.check({}));
    EXPECT_EQ(copy->lease.settled(), clock_.now() + kSettling - seconds(10)) << "not longer";
  }
  const auto original = start("first");
  must(original->lease.check({}));
  EXPECT_EQ(original->lease.settled(), clock_.now() + kSettling);
}

TEST_F(SinkLeaseTest, Issue_1_11_WhoLostItDeletesNothing) {
  const auto first = start("first");
  must(first->lease.check({}));
  first->complete(id_of('a'));
  first->complete(id_of('b'));
  must(first->store->remove(id_of('a'), clock_.now()));
  const auto second = start("second", "home");
  must(second->lease.check({}));
  pass_of(*first);
  clock_.advance(seconds(700));
  pass_of(*first);
  EXPECT_TRUE(first->has_file(id_of('a')) && first->has_file(id_of('b')));
  EXPECT_EQ(first->sink.calls(SinkCall::kRemoveJob), 0);
  EXPECT_EQ(must(first->store->debt_count()), 1U) << "kept for a start that gets it back";
}

TEST_F(SinkLeaseTest, Issue_1_11_LostRightBeforeADeletion) {
  const auto first = start("first");
  first->complete(id_of('a'));
  pass_of(*first);
  must(first->store->remove(id_of('a'), clock_.now()));
  const auto second = start("second");
  must(second->lease.check({}));
  first->janitor.pass({});  // sooner than it would look by itself
  EXPECT_EQ(first->sink.calls(SinkCall::kRemoveJob), 0);
}

TEST_F(SinkLeaseTest, Issue_1_11_ACopyLeavesTheOthersFinishedOutput) {
  const auto first = start("first");
  pass_of(*first);
  first->complete(id_of('a'));
  first->store.reset();
  copy_state("first", "copy");
  const auto copy = start("copy", "elsewhere");
  copy->put_file(id_of('b'));  // which the first one has finished since
  pass_of(*copy);
  EXPECT_THAT(must(copy->inner->list_jobs({})), ElementsAre(id_of('a').text, id_of('b').text));
  clock_.advance(seconds(700));
  pass_of(*copy);
  EXPECT_THAT(must(copy->inner->list_jobs({})), ElementsAre(id_of('b').text)) << "its own expired";
  for (int times = 0; times < 2; ++times) {
    clock_.advance(kSettling);
    pass_of(*copy);
  }
  EXPECT_THAT(must(copy->inner->list_jobs({})), IsEmpty());
}

}  // namespace
}  // namespace kiln::job
