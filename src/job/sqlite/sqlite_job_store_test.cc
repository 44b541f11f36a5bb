#include "job/sqlite/sqlite_job_store.h"

#include <cstdint>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "job/job_store_contract_test.h"
#include "job/testing/must.h"
#include "job/testing/seams.h"

namespace kiln::job {
namespace {

using testing::IsEmpty;

class Folder final : public JobStorePlace {
 public:
  std::unique_ptr<JobStore> open() override {
    return must(SqliteJobStore::open(folder_ / "jobs.sqlite", Durability::kProcessCrash));
  }

 private:
  const ScratchFolder folder_;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, JobStoreContract,
                         testing::Values(JobStoreCase{"folder", std::make_unique<Folder>}),
                         name_of_case);

const std::vector<OutputFile> kTwoFiles = {{"b", "b.csv", 7, 70, "beef", "text/csv"},
                                           {"a", "a.part1.csv", 0, 3, "cafe", "text/csv"}};

class SqliteJobStoreTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(store_, nullptr); }
  std::string path() const { return folder_ / "jobs.sqlite"; }

  const ScratchFolder folder_;
  std::unique_ptr<JobStore> store_ = must(SqliteJobStore::open(path(), Durability::kProcessCrash));
};

/// No half of a change of state is ever there.
TEST_F(SqliteJobStoreTest, AChangeThatFailsHalfWayHasNotHappened) {
  put(*store_, "a", JobState::kInProgress);
  put(*store_, "old", JobState::kCompleted);
  const auto refuse = [&](const std::string& what) {
    run_sql(path(),
            "CREATE TRIGGER refuse BEFORE " + what + " BEGIN SELECT RAISE(ABORT, 'as told'); END");
  };
  refuse("INSERT ON file WHEN NEW.position = 1");
  EXPECT_FALSE(store_->complete({"a"}, 1, kTwoFiles, at(20), at(100)).ok());
  run_sql(path(), "DROP TRIGGER refuse");
  EXPECT_EQ(record_of(*store_, "a").state, JobState::kInProgress);

  refuse("INSERT ON debt");
  EXPECT_FALSE(store_->fail({"a"}, 1, {FailureCode::kFault, "", ""}, at(20), at(100)).ok());
  EXPECT_FALSE(store_->cancel({"a"}, at(20), at(100)).ok());
  EXPECT_FALSE(store_->requeue({"a"}, 1, true, at(20)).ok());
  EXPECT_FALSE(store_->expire(at(100), SIZE_MAX).ok());
  run_sql(path(), "DROP TRIGGER refuse");
  EXPECT_EQ(record_of(*store_, "a").state, JobState::kInProgress);
  EXPECT_EQ(record_of(*store_, "a").finished, std::nullopt);
  EXPECT_EQ(record_of(*store_, "old").files.size(), 2U);

  refuse("DELETE ON job");
  EXPECT_FALSE(store_->expire(at(100), SIZE_MAX).ok());
  run_sql(path(), "DROP TRIGGER refuse");
  EXPECT_THAT(debts_of(*store_), IsEmpty());
  EXPECT_TRUE(must(store_->complete({"a"}, 1, kTwoFiles, at(20), at(100))));
}

/// Whatever writes into the database: a state without its own time, or with another's, cannot be.
TEST_F(SqliteJobStoreTest, EachEndHasATimeOfItsOwn) {
  put(*store_, "a", JobState::kCompleted);
  put(*store_, "b", JobState::kInProgress);
  auto database = Database::open(path(), Durability::kProcessCrash);
  ASSERT_TRUE(database.ok());
  for (const char* sql :
       {"UPDATE job SET failed_at = 1 WHERE id = 'a'",
        "UPDATE job SET completed_at = NULL WHERE id = 'a'",
        "UPDATE job SET expires = NULL WHERE id = 'a'", "UPDATE job SET state = 3 WHERE id = 'a'",
        "UPDATE job SET state = 4, expires = 1 WHERE id = 'b'",
        "UPDATE job SET completed_at = 1 WHERE id = 'b'"}) {
    EXPECT_FALSE(database->execute(sql).ok()) << sql;
  }
  EXPECT_TRUE(database
                  ->execute("UPDATE job SET state = 4, cancelled_at = 1, expires = 2 "
                            "WHERE id = 'b'")
                  .ok());
}

TEST_F(SqliteJobStoreTest, RefusesWhatIsNoDatabase) {
  const std::string other = folder_ / "text";
  std::ofstream(other) << std::string(4096, 'x');
  const auto opened = SqliteJobStore::open(other);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), base::ErrorCode::kInvalid);
  const auto nowhere = SqliteJobStore::open(folder_ / "missing/jobs.sqlite");
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(nowhere.error().code(), base::ErrorCode::kIo);
}

}  // namespace
}  // namespace kiln::job
