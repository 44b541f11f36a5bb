// Databases of other versions of kiln.
#include "job/sqlite/schema.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "job/job_store_contract_test.h"
#include "job/sqlite/sqlite_job_store.h"
#include "job/testing/must.h"
#include "job/testing/seams.h"

namespace kiln::job {
namespace {

/// As kiln made them when the version was 3.
constexpr const char* kVersion3 = R"sql(
CREATE TABLE IF NOT EXISTS constant (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS job (
  id TEXT PRIMARY KEY, state INTEGER NOT NULL, client TEXT NOT NULL, tracking_id TEXT NOT NULL,
  idempotency_key TEXT NOT NULL, request_hash TEXT NOT NULL, summary TEXT NOT NULL,
  subjects INTEGER NOT NULL,
  attempt INTEGER NOT NULL, crashes INTEGER NOT NULL, created INTEGER NOT NULL, started INTEGER,
  completed_at INTEGER, failed_at INTEGER, cancelled_at INTEGER, expires INTEGER,
  row_count INTEGER NOT NULL DEFAULT 0, size INTEGER NOT NULL DEFAULT 0,
  failure_status INTEGER, failure_outcome TEXT,
  CHECK ((state = 2) = (completed_at IS NOT NULL) AND (state = 3) = (failed_at IS NOT NULL) AND
         (state = 4) = (cancelled_at IS NOT NULL) AND (state >= 2) = (expires IS NOT NULL)))
  WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS job_by_state ON job (state, created);
CREATE UNIQUE INDEX IF NOT EXISTS job_by_idempotency_key ON job (client, idempotency_key)
  WHERE idempotency_key <> '';
CREATE INDEX IF NOT EXISTS job_by_client ON job (client, created);
CREATE INDEX IF NOT EXISTS job_by_expiry ON job (expires);
CREATE TABLE IF NOT EXISTS spec (
  job TEXT PRIMARY KEY REFERENCES job (id) ON DELETE CASCADE, request TEXT NOT NULL,
  inputs TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS file (
  job TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE, position INTEGER NOT NULL,
  output TEXT NOT NULL, name TEXT NOT NULL, row_count INTEGER NOT NULL, size INTEGER NOT NULL,
  sha256 TEXT NOT NULL, media_type TEXT NOT NULL, PRIMARY KEY (job, position)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS debt (
  job TEXT NOT NULL, before_attempt INTEGER NOT NULL, tries INTEGER NOT NULL, due INTEGER NOT NULL,
  renewed INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (job, before_attempt)) WITHOUT ROWID;

INSERT INTO constant VALUES ('instance', 'own');
INSERT INTO job VALUES ('waiting', 0, '10.0.0.1', 'track', 'key', 'hash', 'csv', 2, 0, 0, 1, NULL,
  NULL, NULL, NULL, NULL, 0, 0, NULL, NULL);
INSERT INTO spec VALUES ('waiting', '{"format":"csv"}', 'inputs');
INSERT INTO job VALUES ('running', 1, '10.0.0.1', '', '', '', 'json', 1, 2, 1, 2, 12,
  NULL, NULL, NULL, NULL, 0, 0, NULL, NULL);
INSERT INTO spec VALUES ('running', '{}', '');
INSERT INTO job VALUES ('completed', 2, '10.0.0.1', '', '', '', 'csv', 1, 1, 0, 3, 13,
  20, NULL, NULL, 100, 7, 70, NULL, NULL);
INSERT INTO file VALUES ('completed', 0, 'a', 'a.csv', 7, 70, 'beef', 'text/csv');
INSERT INTO job VALUES ('failed', 3, '10.0.0.1', '', '', '', 'csv', 1, 1, 0, 4, 14,
  NULL, 21, NULL, 101, 0, 0, 422, '{"resourceType":"OperationOutcome","issue":[{"severity":"error",
  "code":"processing","details":{"text":"bad \"data\""},"diagnostics":"bad \"data\"","expression":["view[0]"]}]}');
INSERT INTO job VALUES ('changed', 3, '10.0.0.1', '', '', '', 'csv', 1, 1, 0, 4, 14,
  NULL, 21, NULL, 101, 0, 0, 409, '{"issue":[{"details":{"text":"the data have changed"}}]}');
INSERT INTO job VALUES ('damaged', 3, '10.0.0.1', '', '', '', 'csv', 1, 1, 0, 4, 14,
  NULL, 21, NULL, 101, 0, 0, 500, '{"issue"');
INSERT INTO job VALUES ('cancelled', 4, '10.0.0.1', '', '', '', 'csv', 1, 1, 0, 5, 15,
  NULL, NULL, 22, 102, 0, 0, NULL, NULL);
INSERT INTO debt VALUES ('failed', 0, 3, 500, 1, 'down');
PRAGMA user_version = 3;
)sql";

class SchemaTest : public testing::Test {
 protected:
  std::string path() const { return folder_ / "jobs.sqlite"; }
  base::Result<std::unique_ptr<JobStore>> open() const {
    return SqliteJobStore::open(path(), Durability::kProcessCrash);
  }
  /// What `sql` gives, a text a row, sorted.
  static std::vector<std::string> rows_of(const std::string& database, const std::string& sql) {
    auto opened = Database::open(database, Durability::kProcessCrash);
    if (!opened.ok()) return {opened.error().message()};
    auto query = opened->prepare(sql);
    if (!query.ok()) return {query.error().message()};
    std::vector<std::string> rows;
    while (must(query->step())) rows.push_back(query->text(0));
    std::sort(rows.begin(), rows.end());
    return rows;
  }

  const ScratchFolder folder_;
};

TEST_F(SchemaTest, Issue_1_7_JobsOfVersion3AreThere) {
  run_sql(path(), kVersion3);
  const auto store = must(open());
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(must(store->noted("instance")), "own");

  const Job waiting = record_of(*store, "waiting");
  EXPECT_EQ(waiting.state, JobState::kAccepted);
  EXPECT_EQ(waiting.submission.client, "10.0.0.1");
  EXPECT_EQ(waiting.submission.tracking_id, "track");
  EXPECT_EQ(waiting.submission.format, "csv");
  EXPECT_EQ(waiting.submission.subjects, 2U);
  EXPECT_TRUE(waiting.submission.names.empty());
  EXPECT_EQ(must(store->spec_of({"waiting"})), (JobSpec{"{\"format\":\"csv\"}", "inputs"}));
  EXPECT_EQ(must(store->find_idempotent("10.0.0.1", "key")), JobId{"waiting"});

  EXPECT_EQ(record_of(*store, "running").attempt, 2U);
  EXPECT_EQ(record_of(*store, "running").started, at(12));
  must(store->take_over({"own", at(90)}, at(0)));
  EXPECT_EQ(record_of(*store, "running").lease.owner, "own") << "it was nobody's";
  EXPECT_EQ(must(store->requeue({"running"}, 2, true, at(30))), true);
  EXPECT_EQ(record_of(*store, "running").crashes, 2U);

  const Job completed = record_of(*store, "completed");
  EXPECT_EQ(completed.finished, at(20));
  ASSERT_EQ(completed.files.size(), 1U);
  EXPECT_EQ(completed.files[0].name, "a.csv");

  EXPECT_EQ(record_of(*store, "failed").finished, at(21));
  EXPECT_EQ(record_of(*store, "failed").failure,
            (Failure{FailureCode::kUnprocessable, "bad \"data\"", "view[0]"}));
  EXPECT_EQ(record_of(*store, "changed").failure,
            (Failure{FailureCode::kInputChanged, "the data have changed", ""}));
  EXPECT_EQ(record_of(*store, "damaged").failure, (Failure{FailureCode::kFault, "", ""}));
  EXPECT_EQ(record_of(*store, "cancelled").expires, at(102));
  EXPECT_EQ(must(store->expire(at(102), SIZE_MAX)), 5U);
  EXPECT_EQ(must(store->debt_count()), 6U);
}

TEST_F(SchemaTest, Issue_1_7_TheStepsLeadToTheTablesOfToday) {
  const std::string fresh = folder_ / "fresh.sqlite";
  must(SqliteJobStore::open(fresh, Durability::kProcessCrash));
  run_sql(path(), kVersion3);
  must(open());
  for (const std::string table : {"constant", "job", "spec", "file", "debt"}) {
    const std::string columns =
        "SELECT name || ' ' || type || ' ' || \"notnull\" || ' ' || pk || ' ' || "
        "coalesce(dflt_value, 'none') FROM pragma_table_info('" +
        table + "')";
    EXPECT_EQ(rows_of(path(), columns), rows_of(fresh, columns)) << table;
  }
  const std::string indices = "SELECT sql FROM sqlite_schema WHERE type = 'index'";
  std::vector<std::string> migrated = rows_of(path(), indices);
  EXPECT_EQ(migrated, rows_of(fresh, indices));
  EXPECT_EQ(rows_of(path(), "PRAGMA user_version"), rows_of(fresh, "PRAGMA user_version"));
}

/// All of them or none: what fails half way leaves the database to the kiln that made it.
TEST_F(SchemaTest, Issue_1_7_AStepThatFailsChangesNothing) {
  run_sql(path(), std::string(kVersion3) + "ALTER TABLE job ADD COLUMN names TEXT");
  const auto failed = open();
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(rows_of(path(), "PRAGMA user_version"), std::vector<std::string>{"3"});
}

TEST_F(SchemaTest, Issue_1_7_RefusesOtherVersions) {
  must(open());
  for (const int64_t version : {kOldestSchema - 1, kSchemaVersion + 1}) {
    run_sql(path(), "PRAGMA user_version = " + std::to_string(version));
    const auto opened = open();
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code(), base::ErrorCode::kUnsupported);
    EXPECT_THAT(opened.error().message(),
                testing::HasSubstr(version > kSchemaVersion ? "a newer kiln" : "too old"));
    EXPECT_EQ(rows_of(path(), "PRAGMA user_version"),
              std::vector<std::string>{std::to_string(version)});
  }
}

}  // namespace
}  // namespace kiln::job
