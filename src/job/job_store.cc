#include "job/job_store.h"

#include <chrono>

namespace kiln::job {
namespace {

constexpr int64_t kSchemaVersion = 1;
constexpr const char* kSchema = R"sql(
CREATE TABLE IF NOT EXISTS constant (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS job (
  id TEXT PRIMARY KEY, state INTEGER NOT NULL, client TEXT NOT NULL, tracking_id TEXT NOT NULL,
  idempotency_key TEXT NOT NULL, request_hash TEXT NOT NULL, request TEXT NOT NULL,
  inputs TEXT NOT NULL, attempt INTEGER NOT NULL,
  crashes INTEGER NOT NULL, created INTEGER NOT NULL, started INTEGER,
  finished INTEGER, expires INTEGER, failure_status INTEGER, failure_outcome TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS job_by_state ON job (state, created);
CREATE UNIQUE INDEX IF NOT EXISTS job_by_idempotency_key ON job (client, idempotency_key)
  WHERE idempotency_key <> '';
CREATE INDEX IF NOT EXISTS job_by_client ON job (client, created);
CREATE TABLE IF NOT EXISTS file (
  job TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE, position INTEGER NOT NULL,
  output TEXT NOT NULL, name TEXT NOT NULL, row_count INTEGER NOT NULL, size INTEGER NOT NULL,
  sha256 TEXT NOT NULL, media_type TEXT NOT NULL, PRIMARY KEY (job, position)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS debt (
  job TEXT NOT NULL, before_attempt INTEGER NOT NULL, tries INTEGER NOT NULL, due INTEGER NOT NULL,
  renewed INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (job, before_attempt)) WITHOUT ROWID;
)sql";

constexpr std::string_view kAddDebt =
    "INSERT INTO debt VALUES (?, ?, 0, ?, 0, '') ON CONFLICT DO UPDATE SET "
    "tries = 0, due = excluded.due, renewed = renewed + 1";

constexpr std::string_view kJobColumns =
    "id, state, client, tracking_id, idempotency_key, request_hash, request, inputs, attempt, "
    "crashes, created, started, finished, expires, failure_status, failure_outcome";

int64_t ms(base::WallTime time) { return time.time_since_epoch().count(); }
base::WallTime time_of(int64_t value) { return base::WallTime(std::chrono::milliseconds(value)); }
int64_t number_of(JobState state) { return static_cast<int64_t>(state); }

std::optional<base::WallTime> optional_time(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return time_of(row.number(column));
}

Job job_of(const Statement& row) {
  Job job;
  job.id = {row.text(0)};
  job.state = static_cast<JobState>(row.number(1));
  job.submission = {row.text(2), row.text(3), row.text(4), row.text(5), row.text(6), row.text(7)};
  job.attempt = static_cast<uint32_t>(row.number(8));
  job.crashes = static_cast<uint32_t>(row.number(9));
  job.created = time_of(row.number(10));
  job.started = optional_time(row, 11);
  job.finished = optional_time(row, 12);
  job.expires = optional_time(row, 13);
  job.failure = {static_cast<int>(row.number(14)), row.text(15)};
  return job;
}

}  // namespace

base::Result<std::unique_ptr<JobStore>> JobStore::open(const std::string& path) {
  KILN_ASSIGN(Database database, Database::open(path));
  int64_t version = 0;
  {
    KILN_ASSIGN(Statement query, database.prepare("PRAGMA user_version"));
    KILN_ASSIGN(const bool row, query.step());
    if (row) version = query.number(0);
  }
  if (version > kSchemaVersion) {
    return base::Error(base::ErrorCode::kUnsupported,
                       "the job database was made by a newer kiln: " + path);
  }
  KILN_TRY(database.execute(kSchema));
  KILN_TRY(database.execute("PRAGMA user_version = 1"));
  return std::unique_ptr<JobStore>(new JobStore(std::move(database)));
}

base::Result<std::string> JobStore::constant(std::string_view name, const std::string& if_new) {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement insert,
              database_.prepare("INSERT INTO constant VALUES (?, ?) ON CONFLICT DO NOTHING"));
  KILN_TRY(insert.bind(name).bind(if_new).run());
  KILN_ASSIGN(Statement query, database_.prepare("SELECT value FROM constant WHERE name = ?"));
  KILN_ASSIGN(const bool row, query.bind(name).step());
  return row ? query.text(0) : if_new;
}

base::Status JobStore::add(const Job& job) {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement insert,
              database_.prepare("INSERT INTO job VALUES "
                                "(?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, NULL, NULL, NULL, NULL, NULL)"));
  const Submission& s = job.submission;
  return insert.bind(job.id.text)
      .bind(number_of(JobState::kAccepted))
      .bind(s.client)
      .bind(s.tracking_id)
      .bind(s.idempotency_key)
      .bind(s.request_hash)
      .bind(s.request)
      .bind(s.inputs)
      .bind(ms(job.created))
      .run();
}

base::Result<std::optional<Job>> JobStore::find(const JobId& id) {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement query, database_.prepare("SELECT " + std::string(kJobColumns) +
                                                 " FROM job WHERE id = ?"));
  KILN_ASSIGN(const bool row, query.bind(id.text).step());
  if (!row) return std::optional<Job>();
  Job job = job_of(query);
  if (job.state == JobState::kCompleted) {
    KILN_ASSIGN(job.files, files_of(id));
  }
  return std::optional<Job>(std::move(job));
}

base::Result<std::vector<OutputFile>> JobStore::files_of(const JobId& id) {
  KILN_ASSIGN(Statement query,
              database_.prepare("SELECT output, name, row_count, size, sha256, media_type "
                                "FROM file WHERE job = ? ORDER BY position"));
  query.bind(id.text);
  std::vector<OutputFile> files;
  for (;;) {
    KILN_ASSIGN(const bool row, query.step());
    if (!row) return files;
    files.push_back({query.text(0), query.text(1), static_cast<uint64_t>(query.number(2)),
                     static_cast<uint64_t>(query.number(3)), query.text(4), query.text(5)});
  }
}

base::Result<std::optional<JobId>> JobStore::find_idempotent(const std::string& client,
                                                             const std::string& key) {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement query,
              database_.prepare("SELECT id FROM job WHERE client = ? AND idempotency_key = ?"));
  KILN_ASSIGN(const bool row, query.bind(client).bind(key).step());
  return row ? std::optional<JobId>(JobId{query.text(0)}) : std::nullopt;
}

base::Result<std::vector<Job>> JobStore::jobs_of(const std::string& client) {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement query,
              database_.prepare("SELECT " + std::string(kJobColumns) +
                                " FROM job WHERE client = ? ORDER BY created DESC, id DESC"));
  query.bind(client);
  std::vector<Job> jobs;
  for (;;) {
    KILN_ASSIGN(const bool row, query.step());
    if (!row) return jobs;
    jobs.push_back(job_of(query));
  }
}

base::Result<std::vector<std::pair<JobId, std::string>>> JobStore::in_state(JobState state) {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement query,
              database_.prepare("SELECT id, client FROM job WHERE state = ? ORDER BY created, id"));
  query.bind(number_of(state));
  std::vector<std::pair<JobId, std::string>> found;
  for (;;) {
    KILN_ASSIGN(const bool row, query.step());
    if (!row) return found;
    found.emplace_back(JobId{query.text(0)}, query.text(1));
  }
}

base::Result<uint64_t> JobStore::count(JobState state) {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement query, database_.prepare("SELECT count(*) FROM job WHERE state = ?"));
  KILN_TRY(query.bind(number_of(state)).step());
  return static_cast<uint64_t>(query.number(0));
}

base::Result<std::vector<JobId>> JobStore::all_ids() {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement query, database_.prepare("SELECT id FROM job ORDER BY id"));
  std::vector<JobId> ids;
  for (;;) {
    KILN_ASSIGN(const bool row, query.step());
    if (!row) return ids;
    ids.push_back({query.text(0)});
  }
}

base::Result<std::optional<uint32_t>> JobStore::start(const JobId& id, base::WallTime now) {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement update,
              database_.prepare("UPDATE job SET state = ?, attempt = attempt + 1, started = ? "
                                "WHERE id = ? AND state = ? RETURNING attempt"));
  update.bind(number_of(JobState::kInProgress)).bind(ms(now)).bind(id.text);
  update.bind(number_of(JobState::kAccepted));
  KILN_ASSIGN(const bool row, update.step());
  if (!row) return std::optional<uint32_t>();
  const auto attempt = static_cast<uint32_t>(update.number(0));
  KILN_TRY(update.run());  // the change is committed when the statement has ended
  return std::optional<uint32_t>(attempt);
}

base::Result<bool> JobStore::complete(const JobId& id, uint32_t attempt,
                                      const std::vector<OutputFile>& files, base::WallTime now,
                                      base::WallTime expires) {
  base::MutexLock lock(mutex_);
  Transaction transaction(database_);
  KILN_TRY(transaction.begin());
  {
    KILN_ASSIGN(Statement update,
                database_.prepare("UPDATE job SET state = ?, finished = ?, expires = ? "
                                  "WHERE id = ? AND state = ? AND attempt = ?"));
    update.bind(number_of(JobState::kCompleted)).bind(ms(now)).bind(ms(expires)).bind(id.text);
    KILN_TRY(update.bind(number_of(JobState::kInProgress)).bind(int64_t{attempt}).run());
  }
  if (database_.changes() == 0) return false;
  int64_t position = 0;
  for (const OutputFile& file : files) {
    KILN_ASSIGN(Statement insert,
                database_.prepare("INSERT INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?)"));
    insert.bind(id.text).bind(position++).bind(file.output).bind(file.name);
    insert.bind(static_cast<int64_t>(file.rows)).bind(static_cast<int64_t>(file.size));
    KILN_TRY(insert.bind(file.sha256).bind(file.media_type).run());
  }
  KILN_TRY(transaction.commit());
  return true;
}

base::Result<bool> JobStore::finish(const JobId& id, std::string_view sql, JobState state,
                                    base::WallTime now, base::WallTime expires,
                                    const Failure* failure) {
  base::MutexLock lock(mutex_);
  Transaction transaction(database_);
  KILN_TRY(transaction.begin());
  {
    KILN_ASSIGN(Statement update, database_.prepare(sql));
    update.bind(number_of(state)).bind(ms(now)).bind(ms(expires));
    if (failure != nullptr) update.bind(int64_t{failure->status}).bind(failure->outcome);
    update.bind(id.text).bind(number_of(JobState::kAccepted));
    KILN_TRY(update.bind(number_of(JobState::kInProgress)).run());
  }
  if (database_.changes() == 0) return false;
  {
    KILN_ASSIGN(Statement debt, database_.prepare(kAddDebt));
    KILN_TRY(debt.bind(id.text).bind(int64_t{0}).bind(ms(now)).run());
  }
  KILN_TRY(transaction.commit());
  return true;
}

base::Result<bool> JobStore::fail(const JobId& id, const Failure& failure, base::WallTime now,
                                  base::WallTime expires) {
  return finish(id,
                "UPDATE job SET state = ?, finished = ?, expires = ?, failure_status = ?, "
                "failure_outcome = ? WHERE id = ? AND state IN (?, ?)",
                JobState::kFailed, now, expires, &failure);
}

base::Result<bool> JobStore::cancel(const JobId& id, base::WallTime now, base::WallTime expires) {
  return finish(id,
                "UPDATE job SET state = ?, finished = ?, expires = ? "
                "WHERE id = ? AND state IN (?, ?)",
                JobState::kCancelled, now, expires, nullptr);
}

base::Result<bool> JobStore::requeue(const JobId& id, bool crashed, base::WallTime now) {
  base::MutexLock lock(mutex_);
  Transaction transaction(database_);
  KILN_TRY(transaction.begin());
  int64_t next_attempt = 0;
  {
    KILN_ASSIGN(Statement update,
                database_.prepare("UPDATE job SET state = ?, started = NULL, crashes = crashes + ? "
                                  "WHERE id = ? AND state = ? RETURNING attempt + 1"));
    update.bind(number_of(JobState::kAccepted)).bind(int64_t{crashed}).bind(id.text);
    KILN_ASSIGN(const bool row, update.bind(number_of(JobState::kInProgress)).step());
    if (!row) return false;
    next_attempt = update.number(0);
    KILN_TRY(update.run());
  }
  {
    KILN_ASSIGN(Statement debt, database_.prepare(kAddDebt));
    KILN_TRY(debt.bind(id.text).bind(next_attempt).bind(ms(now)).run());
  }
  KILN_TRY(transaction.commit());
  return true;
}

base::Result<uint64_t> JobStore::expire(base::WallTime now) {
  base::MutexLock lock(mutex_);
  Transaction transaction(database_);
  KILN_TRY(transaction.begin());
  for (const std::string_view sql :
       {std::string_view("INSERT INTO debt SELECT id, 0, 0, ?, 0, '' FROM job WHERE expires <= ? "
                         "ON CONFLICT DO UPDATE SET due = excluded.due, renewed = renewed + 1"),
        std::string_view("DELETE FROM job WHERE expires <= ?")}) {
    KILN_ASSIGN(Statement statement, database_.prepare(sql));
    if (sql.starts_with("INSERT")) statement.bind(ms(now));
    KILN_TRY(statement.bind(ms(now)).run());
  }
  const auto expired = static_cast<uint64_t>(database_.changes());
  KILN_TRY(transaction.commit());
  return expired;
}

base::Status JobStore::expire_completed(base::WallTime now) {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement update, database_.prepare("UPDATE job SET expires = ? WHERE state = ?"));
  return update.bind(ms(now)).bind(number_of(JobState::kCompleted)).run();
}

base::Status JobStore::add_debt(const JobId& id, uint32_t before_attempt, base::WallTime now) {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement debt, database_.prepare(kAddDebt));
  return debt.bind(id.text).bind(int64_t{before_attempt}).bind(ms(now)).run();
}

base::Result<std::vector<Debt>> JobStore::due_debts(base::WallTime now, size_t limit) {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement query,
              database_.prepare("SELECT job, before_attempt, tries, due, renewed FROM debt "
                                "WHERE due <= ? ORDER BY due, job LIMIT ?"));
  query.bind(ms(now)).bind(static_cast<int64_t>(limit));
  std::vector<Debt> debts;
  for (;;) {
    KILN_ASSIGN(const bool row, query.step());
    if (!row) return debts;
    debts.push_back({{query.text(0)},
                     static_cast<uint32_t>(query.number(1)),
                     static_cast<uint32_t>(query.number(2)),
                     time_of(query.number(3)),
                     query.number(4)});
  }
}

base::Result<std::optional<base::WallTime>> JobStore::next_debt() {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement query, database_.prepare("SELECT min(due) FROM debt"));
  KILN_TRY(query.step());
  return optional_time(query, 0);
}

base::Result<uint64_t> JobStore::debt_count() {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement query, database_.prepare("SELECT count(*) FROM debt"));
  KILN_TRY(query.step());
  return static_cast<uint64_t>(query.number(0));
}

base::Status JobStore::pay_debt(const Debt& debt) {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement statement,
              database_.prepare("DELETE FROM debt WHERE job = ? AND before_attempt = ? "
                                "AND renewed = ?"));
  return statement.bind(debt.job.text).bind(int64_t{debt.before_attempt}).bind(debt.renewed).run();
}

base::Status JobStore::postpone_debt(const Debt& debt, base::WallTime due,
                                     std::string_view reason) {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement statement,
              database_.prepare("UPDATE debt SET tries = tries + 1, due = ?, reason = ? "
                                "WHERE job = ? AND before_attempt = ? AND renewed = ?"));
  statement.bind(ms(due)).bind(reason).bind(debt.job.text).bind(int64_t{debt.before_attempt});
  return statement.bind(debt.renewed).run();
}

}  // namespace kiln::job
