#include "job/sqlite/sqlite_job_store.h"

#include <algorithm>

#include "base/text.h"
#include "job/crash_points.h"
#include "job/sqlite/schema.h"
#include "job/sqlite/stored_values.h"

namespace kiln::job {
namespace {

constexpr std::string_view kJobColumns =
    "id, state, client, tracking_id, idempotency_key, request_hash, format, subjects, attempt, "
    "crashes, created, started, coalesce(completed_at, failed_at, cancelled_at), expires, "
    "row_count, size, "
    "failure_code, failure_text, failure_expression, names, owner, "
    "lease_until";

/// Names have no end of their own.
constexpr char kNameEnd = '\0';

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += name + kNameEnd;
  return text;
}

std::vector<std::string> separated(std::string_view text) {
  std::vector<std::string> names;
  base::for_each_piece(text, kNameEnd, [&](std::string_view name) { names.emplace_back(name); });
  return names;
}

Job job_of(const Statement& row) {
  Job job;
  job.id = {row.text(0)};
  job.state = static_cast<JobState>(row.number(1));
  job.submission = {row.text(2),
                    row.text(3),
                    row.text(4),
                    row.text(5),
                    row.text(6),
                    static_cast<uint32_t>(row.number(7)),
                    separated(row.text(19))};
  job.attempt = static_cast<uint32_t>(row.number(8));
  job.crashes = static_cast<uint32_t>(row.number(9));
  job.created = time_of(row.number(10));
  job.started = optional_time(row, 11);
  job.finished = optional_time(row, 12);
  job.expires = optional_time(row, 13);
  job.rows = static_cast<uint64_t>(row.number(14));
  job.size = static_cast<uint64_t>(row.number(15));
  job.failure = {failure_code_of(row.text(16)), row.text(17), row.text(18)};
  if (job.state == JobState::kInProgress) job.lease = {row.text(20), time_of(row.number(21))};
  return job;
}

/// A full disk has no room for the file that processes share, nor, at worst, for the reserve.
base::Result<Database> open_database(const std::string& path, Durability durability,
                                     Reserve* reserve) {
  auto database = Database::open(path, durability);
  if (database.ok() || reserve == nullptr || !reserve->is_low()) return database;
  reserve->release();
  auto again = Database::open(path, durability);
  if (again.ok()) return again;
  return Database::open(path, durability, Locking::kExclusive);
}

/// Better now than in the middle of a job.
base::Status check_whole(Database& database, const std::string& path) {
  KILN_ASSIGN(Statement query, database.prepare("PRAGMA quick_check(1)"));
  KILN_ASSIGN(const bool row, query.step());
  std::string found = row ? query.text(0) : "no answer";
  if (found == "ok") return {};
  std::replace(found.begin(), found.end(), '\n', ' ');
  return base::Error(base::ErrorCode::kInvalid,
                     "the job database " + path + " is damaged: " + found);
}

}  // namespace

base::Result<std::unique_ptr<JobStore>> SqliteJobStore::open(const std::string& path,
                                                             Durability durability,
                                                             Reserve* reserve) {
  auto opened = open_database(path, durability, reserve);
  if (!opened.ok() && opened.error().code() == base::ErrorCode::kInvalid) {
    return std::move(opened).error().in("the job database " + path + " is damaged");
  }
  KILN_ASSIGN(Database database, std::move(opened));
  KILN_ASSIGN(const int64_t version, version_of(database));
  KILN_TRY(check_version(version, path));
  if (version != 0) KILN_TRY(check_whole(database, path));
  KILN_TRY(migrate(database, version));
  return std::unique_ptr<JobStore>(new SqliteJobStore(std::move(database), reserve));
}

void SqliteJobStore::make_room() {
  if (reserve_ == nullptr || !reserve_->is_low()) return;
  reserve_->release();
  // What the log of changes holds beside the database is room as well. If that fails the change
  // itself will tell.
  (void)database_.execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

void SqliteJobStore::release_reserve() {
  if (reserve_ != nullptr) reserve_->release();
}

base::Result<std::string> SqliteJobStore::constant(std::string_view name,
                                                   const std::string& if_new) {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement insert,
              database_.prepare("INSERT INTO constant VALUES (?, ?) ON CONFLICT DO NOTHING"));
  KILN_TRY(insert.bind(name).bind(if_new).run());
  return value_of(name);
}

base::Result<std::string> SqliteJobStore::noted(std::string_view name) {
  base::MutexLock lock(mutex_);
  return value_of(name);
}

/// Empty if there is none.
base::Result<std::string> SqliteJobStore::value_of(std::string_view name) {
  KILN_ASSIGN(Statement query, database_.prepare("SELECT value FROM constant WHERE name = ?"));
  KILN_ASSIGN(const bool row, query.bind(name).step());
  return row ? query.text(0) : std::string();
}

base::Status SqliteJobStore::note(const std::vector<std::pair<std::string, std::string>>& values) {
  base::MutexLock lock(mutex_);
  make_room();
  Transaction transaction(database_);
  KILN_TRY(transaction.begin());
  for (const auto& [name, value] : values) {
    KILN_ASSIGN(Statement insert,
                database_.prepare("INSERT OR REPLACE INTO constant VALUES (?, ?)"));
    KILN_TRY(insert.bind(name).bind(value).run());
  }
  return transaction.commit();
}

base::Result<bool> SqliteJobStore::has_output() {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement query,
              database_.prepare("SELECT EXISTS (SELECT 1 FROM debt) OR EXISTS "
                                "(SELECT 1 FROM job WHERE attempt > 0 AND state <= ?)"));
  KILN_TRY(query.bind(number_of(JobState::kCompleted)).step());
  return query.number(0) != 0;
}

base::Status SqliteJobStore::add(const Job& job, const JobSpec& spec) {
  base::MutexLock lock(mutex_);
  Transaction transaction(database_);
  KILN_TRY(transaction.begin());
  {
    KILN_ASSIGN(
        Statement insert,
        database_.prepare("INSERT INTO job (id, state, client, tracking_id, "
                          "idempotency_key, request_hash, format, subjects, attempt, "
                          "crashes, created, names) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, "
                          "?)"));
    const Submission& s = job.submission;
    insert.bind(job.id.text).bind(number_of(JobState::kAccepted)).bind(s.client);
    insert.bind(s.tracking_id)
        .bind(s.idempotency_key)
        .bind(s.request_hash)
        .bind(s.format)
        .bind(s.subjects);
    KILN_TRY(insert.bind(ms(job.created)).bind(joined(s.names)).run());
  }
  KILN_CRASH_POINT("submit.in_transaction");
  {
    KILN_ASSIGN(Statement insert, database_.prepare("INSERT INTO spec VALUES (?, ?, ?)"));
    KILN_TRY(insert.bind(job.id.text).bind(spec.request).bind(spec.inputs).run());
  }
  return transaction.commit();
}

base::Result<std::optional<JobSpec>> SqliteJobStore::spec_of(const JobId& id) {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement query, database_.prepare("SELECT request, inputs FROM spec WHERE job = ?"));
  KILN_ASSIGN(const bool row, query.bind(id.text).step());
  if (!row) return std::optional<JobSpec>();
  return std::optional<JobSpec>(JobSpec{query.text(0), query.text(1)});
}

/// With its end: else jobs that are long over would fill the disk.
base::Status SqliteJobStore::drop_spec(const JobId& id) {
  KILN_ASSIGN(Statement statement, database_.prepare("DELETE FROM spec WHERE job = ?"));
  return statement.bind(id.text).run();
}

base::Result<std::optional<Job>> SqliteJobStore::find(const JobId& id) {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement query,
              database_.prepare("SELECT " + std::string(kJobColumns) + " FROM job WHERE id = ?"));
  KILN_ASSIGN(const bool row, query.bind(id.text).step());
  if (!row) return std::optional<Job>();
  Job job = job_of(query);
  if (job.state == JobState::kCompleted) {
    KILN_ASSIGN(job.files, files_of(id));
  }
  return std::optional<Job>(std::move(job));
}

base::Result<std::vector<OutputFile>> SqliteJobStore::files_of(const JobId& id) {
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

base::Result<std::optional<JobId>> SqliteJobStore::find_idempotent(const std::string& client,
                                                                   const std::string& key) {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement query,
              database_.prepare("SELECT id FROM job WHERE client = ? AND idempotency_key = ?"));
  KILN_ASSIGN(const bool row, query.bind(client).bind(key).step());
  return row ? std::optional<JobId>(JobId{query.text(0)}) : std::nullopt;
}

base::Result<std::vector<Job>> SqliteJobStore::jobs_of(const std::string& client,
                                                       const std::optional<JobPlace>& behind,
                                                       size_t most, JobStates states) {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement query, database_.prepare("SELECT " + std::string(kJobColumns) +
                                                 " FROM job WHERE client = ? AND "
                                                 "(1 << state) & ? AND "
                                                 "(created, id) < (?, ?) "
                                                 "ORDER BY created DESC, id DESC LIMIT ?"));
  query.bind(client).bind(int64_t{states & ~states_of(JobState::kCancelled)});
  query.bind(behind ? ms(behind->created) : INT64_MAX).bind(behind ? behind->id.text : "");
  query.bind(static_cast<int64_t>(most));
  std::vector<Job> jobs;
  for (;;) {
    KILN_ASSIGN(const bool row, query.step());
    if (!row) return jobs;
    jobs.push_back(job_of(query));
  }
}

base::Result<std::vector<std::pair<JobId, std::string>>> SqliteJobStore::in_state(JobState state) {
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

base::Result<uint64_t> SqliteJobStore::count(JobState state) {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement query, database_.prepare("SELECT count(*) FROM job WHERE state = ?"));
  KILN_TRY(query.bind(number_of(state)).step());
  return static_cast<uint64_t>(query.number(0));
}

base::Result<std::optional<uint32_t>> SqliteJobStore::start(const JobId& id,
                                                            const AttemptLease& lease,
                                                            base::WallTime now) {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement update,
              database_.prepare("UPDATE job SET state = ?, attempt = attempt + 1, started = ?, "
                                "owner = ?, lease_until = ? "
                                "WHERE id = ? AND state = ? RETURNING attempt"));
  update.bind(number_of(JobState::kInProgress)).bind(ms(now));
  update.bind(lease.owner).bind(ms(lease.until)).bind(id.text);
  update.bind(number_of(JobState::kAccepted));
  KILN_ASSIGN(const bool row, update.step());
  if (!row) return std::optional<uint32_t>();
  const auto attempt = static_cast<uint32_t>(update.number(0));
  KILN_TRY(update.run());  // the change is committed when the statement has ended
  return std::optional<uint32_t>(attempt);
}

base::Result<std::vector<JobId>> SqliteJobStore::renew(const AttemptLease& lease) {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement update, database_.prepare("UPDATE job SET lease_until = ? WHERE state = ? "
                                                  "AND owner = ? RETURNING id"));
  update.bind(ms(lease.until)).bind(number_of(JobState::kInProgress)).bind(lease.owner);
  std::vector<JobId> held;
  for (;;) {
    KILN_ASSIGN(const bool row, update.step());
    if (!row) return held;
    held.push_back({update.text(0)});
  }
}

base::Status SqliteJobStore::take_over(const AttemptLease& lease, base::WallTime ended_by) {
  base::MutexLock lock(mutex_);
  make_room();
  KILN_ASSIGN(Statement update,
              database_.prepare("UPDATE job SET owner = ?, lease_until = ? "
                                "WHERE state = ? AND owner <> ? AND lease_until <= ?"));
  update.bind(lease.owner).bind(ms(lease.until)).bind(number_of(JobState::kInProgress));
  return update.bind(lease.owner).bind(ms(ended_by)).run();
}

base::Result<bool> SqliteJobStore::complete(const JobId& id, uint32_t attempt,
                                            const std::vector<OutputFile>& files,
                                            base::WallTime now, base::WallTime expires) {
  uint64_t rows = 0;
  uint64_t size = 0;
  for (const OutputFile& file : files) {
    rows += file.rows;
    size += file.size;
  }
  base::MutexLock lock(mutex_);
  make_room();
  Transaction transaction(database_);
  KILN_TRY(transaction.begin());
  {
    KILN_ASSIGN(Statement update,
                database_.prepare("UPDATE job SET state = ?, completed_at = ?, expires = ?, "
                                  "row_count = ?, size = ? "
                                  "WHERE id = ? AND state = ? AND attempt = ?"));
    update.bind(number_of(JobState::kCompleted)).bind(ms(now)).bind(ms(expires));
    update.bind(static_cast<int64_t>(rows)).bind(static_cast<int64_t>(size)).bind(id.text);
    KILN_TRY(update.bind(number_of(JobState::kInProgress)).bind(int64_t{attempt}).run());
  }
  if (database_.changes() == 0) return false;
  KILN_CRASH_POINT("complete.in_transaction");
  int64_t position = 0;
  for (const OutputFile& file : files) {
    KILN_ASSIGN(Statement insert,
                database_.prepare("INSERT INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?)"));
    insert.bind(id.text).bind(position++).bind(file.output).bind(file.name);
    insert.bind(static_cast<int64_t>(file.rows)).bind(static_cast<int64_t>(file.size));
    KILN_TRY(insert.bind(file.sha256).bind(file.media_type).run());
  }
  KILN_TRY(drop_spec(id));
  KILN_TRY(transaction.commit());
  return true;
}

base::Result<bool> SqliteJobStore::fail(const JobId& id, uint32_t attempt, const Failure& failure,
                                        base::WallTime now, base::WallTime expires) {
  base::MutexLock lock(mutex_);
  make_room();
  Transaction transaction(database_);
  KILN_TRY(transaction.begin());
  {
    KILN_ASSIGN(Statement update,
                database_.prepare("UPDATE job SET state = ?, failed_at = ?, expires = ?, "
                                  "failure_code = ?, failure_text = ?, failure_expression = ? "
                                  "WHERE id = ? AND state = ? AND attempt = ?"));
    update.bind(number_of(JobState::kFailed)).bind(ms(now)).bind(ms(expires));
    update.bind(name_of(failure.code)).bind(failure.text).bind(failure.expression).bind(id.text);
    KILN_TRY(update.bind(number_of(JobState::kInProgress)).bind(int64_t{attempt}).run());
  }
  if (database_.changes() == 0) return false;
  KILN_CRASH_POINT("finish.in_transaction");
  KILN_TRY(drop_spec(id));
  KILN_TRY(record_debt(id, 0, now));
  KILN_TRY(transaction.commit());
  return true;
}

base::Result<bool> SqliteJobStore::cancel(const JobId& id, base::WallTime now,
                                          base::WallTime expires) {
  base::MutexLock lock(mutex_);
  make_room();
  Transaction transaction(database_);
  KILN_TRY(transaction.begin());
  {
    KILN_ASSIGN(Statement update,
                database_.prepare("UPDATE job SET state = ?, cancelled_at = ?, expires = ? "
                                  "WHERE id = ? AND state IN (?, ?)"));
    update.bind(number_of(JobState::kCancelled)).bind(ms(now)).bind(ms(expires)).bind(id.text);
    update.bind(number_of(JobState::kAccepted)).bind(number_of(JobState::kInProgress));
    KILN_TRY(update.run());
  }
  if (database_.changes() == 0) return false;
  KILN_CRASH_POINT("finish.in_transaction");
  KILN_TRY(drop_spec(id));
  KILN_TRY(record_debt(id, 0, now));
  KILN_TRY(transaction.commit());
  return true;
}

base::Result<bool> SqliteJobStore::requeue(const JobId& id, uint32_t attempt, bool crashed,
                                           base::WallTime now) {
  base::MutexLock lock(mutex_);
  make_room();
  Transaction transaction(database_);
  KILN_TRY(transaction.begin());
  {
    KILN_ASSIGN(Statement update,
                database_.prepare("UPDATE job SET state = ?, started = NULL, crashes = crashes + ? "
                                  "WHERE id = ? AND state = ? AND attempt = ?"));
    update.bind(number_of(JobState::kAccepted)).bind(int64_t{crashed}).bind(id.text);
    KILN_TRY(update.bind(number_of(JobState::kInProgress)).bind(int64_t{attempt}).run());
  }
  if (database_.changes() == 0) return false;
  KILN_CRASH_POINT("requeue.in_transaction");
  KILN_TRY(record_debt(id, attempt + 1, now));
  KILN_TRY(transaction.commit());
  return true;
}

}  // namespace kiln::job
