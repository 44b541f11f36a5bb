// A new database gets the tables as they are today. An older one is changed step by step: one
// function a version, in the order of the versions, all of them in one transaction. Whoever changes
// the tables raises kSchemaVersion and adds the step from the version before; a test holds the
// steps and the tables of today together.
#include "job/sqlite/schema.h"

#include <iterator>

namespace kiln::job {
namespace {

constexpr const char* kTables = R"sql(
CREATE TABLE constant (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE job (
  id TEXT PRIMARY KEY, state INTEGER NOT NULL, client TEXT NOT NULL, tracking_id TEXT NOT NULL,
  idempotency_key TEXT NOT NULL, request_hash TEXT NOT NULL, format TEXT NOT NULL,
  subjects INTEGER NOT NULL,
  attempt INTEGER NOT NULL, crashes INTEGER NOT NULL, created INTEGER NOT NULL, started INTEGER,
  completed_at INTEGER, failed_at INTEGER, cancelled_at INTEGER, expires INTEGER,
  row_count INTEGER NOT NULL DEFAULT 0, size INTEGER NOT NULL DEFAULT 0,
  failure_code TEXT, failure_text TEXT, failure_expression TEXT, names TEXT NOT NULL DEFAULT '',
  owner TEXT NOT NULL DEFAULT '', lease_until INTEGER NOT NULL DEFAULT 0,
  CHECK ((state = 2) = (completed_at IS NOT NULL) AND (state = 3) = (failed_at IS NOT NULL) AND
         (state = 4) = (cancelled_at IS NOT NULL) AND (state >= 2) = (expires IS NOT NULL)))
  WITHOUT ROWID;
CREATE INDEX job_by_state ON job (state, created);
CREATE UNIQUE INDEX job_by_idempotency_key ON job (client, idempotency_key)
  WHERE idempotency_key <> '';
CREATE INDEX job_by_client ON job (client, created);
CREATE INDEX job_by_expiry ON job (expires);
CREATE TABLE spec (
  job TEXT PRIMARY KEY REFERENCES job (id) ON DELETE CASCADE, request TEXT NOT NULL,
  inputs TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE file (
  job TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE, position INTEGER NOT NULL,
  output TEXT NOT NULL, name TEXT NOT NULL, row_count INTEGER NOT NULL, size INTEGER NOT NULL,
  sha256 TEXT NOT NULL, media_type TEXT NOT NULL, PRIMARY KEY (job, position)) WITHOUT ROWID;
CREATE TABLE debt (
  job TEXT NOT NULL, before_attempt INTEGER NOT NULL, tries INTEGER NOT NULL, due INTEGER NOT NULL,
  renewed INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (job, before_attempt)) WITHOUT ROWID;
)sql";

/// Lists name the outputs of a job.
base::Status add_names(Database& database) {
  return database.execute("ALTER TABLE job ADD COLUMN names TEXT NOT NULL DEFAULT ''");
}

/// A failure was an HTTP status and an OperationOutcome of one issue; it is a code and texts. What
/// holds the format's name is named for it.
base::Status add_failure_codes(Database& database) {
  return database.execute(R"sql(
ALTER TABLE job RENAME COLUMN summary TO format;
ALTER TABLE job ADD COLUMN failure_code TEXT;
ALTER TABLE job ADD COLUMN failure_text TEXT;
ALTER TABLE job ADD COLUMN failure_expression TEXT;
UPDATE job SET failure_outcome = '{}' WHERE NOT json_valid(failure_outcome);
UPDATE job SET
  failure_code = CASE WHEN failure_status = 409 THEN 'input-changed'
                      WHEN failure_status < 500 THEN 'unprocessable' ELSE 'fault' END,
  failure_text = coalesce(json_extract(failure_outcome, '$.issue[0].details.text'), ''),
  failure_expression = coalesce(json_extract(failure_outcome, '$.issue[0].expression[0]'), '')
  WHERE state = 3;
ALTER TABLE job DROP COLUMN failure_status;
ALTER TABLE job DROP COLUMN failure_outcome;
)sql");
}

/// An attempt has an owner and a lease. Those that are there have none: anyone's to take up.
base::Status add_leases(Database& database) {
  return database.execute(R"sql(
ALTER TABLE job ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE job ADD COLUMN lease_until INTEGER NOT NULL DEFAULT 0;
)sql");
}

/// From kOldestSchema on, each to the next version.
constexpr base::Status (*kSteps[])(Database&) = {add_names, add_failure_codes, add_leases};
static_assert(kOldestSchema + std::size(kSteps) == kSchemaVersion);

}  // namespace

base::Result<int64_t> version_of(Database& database) {
  KILN_ASSIGN(Statement query, database.prepare("PRAGMA user_version"));
  KILN_ASSIGN(const bool row, query.step());
  return row ? query.number(0) : 0;
}

base::Status check_version(int64_t version, const std::string& path) {
  if (version == 0 || (version >= kOldestSchema && version <= kSchemaVersion)) return {};
  const std::string who =
      version > kSchemaVersion ? "a newer kiln" : "a kiln too old to go on from";
  return base::Error(base::ErrorCode::kUnsupported,
                     "the job database was made by " + who + " (its version is " +
                         std::to_string(version) + ", this kiln's " +
                         std::to_string(kSchemaVersion) + "): " + path);
}

base::Status migrate(Database& database, int64_t version) {
  if (version == kSchemaVersion) return {};
  Transaction transaction(database);
  KILN_TRY(transaction.begin());
  if (version == 0) {
    KILN_TRY(database.execute(kTables));
  } else {
    for (int64_t from = version; from < kSchemaVersion; ++from) {
      KILN_TRY(kSteps[from - kOldestSchema](database));
    }
  }
  const std::string set_version = "PRAGMA user_version = " + std::to_string(kSchemaVersion);
  KILN_TRY(database.execute(set_version.c_str()));
  return transaction.commit();
}

}  // namespace kiln::job
