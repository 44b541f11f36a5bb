// The half of SqliteJobStore that is about output that has to go: expiry and deletion debts.
#include <algorithm>
#include <string>
#include <utility>

#include "job/crash_points.h"
#include "job/sqlite/sqlite_job_store.h"
#include "job/sqlite/stored_values.h"

namespace kiln::job {
namespace {

constexpr const char* kRenew =
    " ON CONFLICT DO UPDATE SET tries = 0, due = excluded.due, renewed = renewed + 1";

/// The same ones for every statement of a transaction.
constexpr const char* kExpired =
    "SELECT id FROM job WHERE expires <= ? ORDER BY expires, id LIMIT ?";

std::string renewing(std::string insert) { return std::move(insert) + kRenew; }

}  // namespace

base::Result<uint64_t> SqliteJobStore::expire(base::WallTime now, size_t most) {
  const int64_t limit = static_cast<int64_t>(std::min<size_t>(most, INT64_MAX));
  base::MutexLock lock(mutex_);
  make_room();
  Transaction transaction(database_);
  KILN_TRY(transaction.begin());
  {
    KILN_ASSIGN(Statement debts,
                database_.prepare(renewing("INSERT INTO debt SELECT id, 0, 0, ?, 0, '' FROM job "
                                           "WHERE id IN (" +
                                           std::string(kExpired) + ")")));
    KILN_TRY(debts.bind(ms(now)).bind(ms(now)).bind(limit).run());
  }
  KILN_CRASH_POINT("expire.in_transaction");
  {
    KILN_ASSIGN(Statement jobs,
                database_.prepare("DELETE FROM job WHERE id IN (" + std::string(kExpired) + ")"));
    KILN_TRY(jobs.bind(ms(now)).bind(limit).run());
  }
  const auto expired = static_cast<uint64_t>(database_.changes());
  KILN_TRY(transaction.commit());
  return expired;
}

base::Result<std::vector<JobId>> SqliteJobStore::expired(base::WallTime now, size_t most) {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement query, database_.prepare(kExpired));
  query.bind(ms(now)).bind(static_cast<int64_t>(most));
  std::vector<JobId> ids;
  for (;;) {
    KILN_ASSIGN(const bool row, query.step());
    if (!row) return ids;
    ids.push_back({query.text(0)});
  }
}

base::Result<bool> SqliteJobStore::remove(const JobId& id, base::WallTime now) {
  base::MutexLock lock(mutex_);
  make_room();
  Transaction transaction(database_);
  KILN_TRY(transaction.begin());
  {
    KILN_ASSIGN(Statement job,
                database_.prepare("DELETE FROM job WHERE id = ? AND state IN (?, ?)"));
    job.bind(id.text).bind(number_of(JobState::kCompleted));
    KILN_TRY(job.bind(number_of(JobState::kFailed)).run());
  }
  if (database_.changes() == 0) return false;
  KILN_CRASH_POINT("expire.in_transaction");
  KILN_TRY(record_debt(id, 0, now));
  KILN_TRY(transaction.commit());
  return true;
}

base::Status SqliteJobStore::expire_finished(base::WallTime now) {
  base::MutexLock lock(mutex_);
  make_room();
  KILN_ASSIGN(Statement update,
              database_.prepare("UPDATE job SET expires = ? WHERE state IN (?, ?)"));
  update.bind(ms(now)).bind(number_of(JobState::kCompleted)).bind(number_of(JobState::kFailed));
  return update.run();
}

base::Status SqliteJobStore::record_debt(const JobId& id, uint32_t before_attempt,
                                         base::WallTime now) {
  KILN_ASSIGN(Statement debt,
              database_.prepare(renewing("INSERT INTO debt VALUES (?, ?, 0, ?, 0, '')")));
  return debt.bind(id.text).bind(int64_t{before_attempt}).bind(ms(now)).run();
}

base::Result<bool> SqliteJobStore::add_debt(const JobId& id, base::WallTime now) {
  base::MutexLock lock(mutex_);
  return add_debt(id, now, kRenew);
}

base::Result<bool> SqliteJobStore::add_orphan(const JobId& id, base::WallTime now) {
  base::MutexLock lock(mutex_);
  return add_debt(id, now, " ON CONFLICT DO NOTHING");
}

base::Result<bool> SqliteJobStore::add_debt(const JobId& id, base::WallTime now,
                                            const char* on_conflict) {
  make_room();
  KILN_ASSIGN(Statement debt,
              database_.prepare("INSERT INTO debt SELECT ?, 0, 0, ?, 0, '' WHERE NOT EXISTS "
                                "(SELECT 1 FROM job WHERE id = ? AND state NOT IN (?, ?))" +
                                std::string(on_conflict)));
  debt.bind(id.text).bind(ms(now)).bind(id.text);
  debt.bind(number_of(JobState::kFailed)).bind(number_of(JobState::kCancelled));
  KILN_TRY(debt.run());
  return database_.changes() != 0;
}

base::Result<std::vector<Debt>> SqliteJobStore::due_debts(base::WallTime now, base::WallTime latest,
                                                          size_t limit) {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement query,
              database_.prepare("SELECT job, before_attempt, tries, due, renewed FROM debt "
                                "WHERE due <= ? OR due > ? ORDER BY due, job LIMIT ?"));
  query.bind(ms(now)).bind(ms(latest)).bind(static_cast<int64_t>(limit));
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

base::Result<std::optional<base::WallTime>> SqliteJobStore::next_debt() {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement query, database_.prepare("SELECT min(due) FROM debt"));
  KILN_TRY(query.step());
  return optional_time(query, 0);
}

base::Result<uint64_t> SqliteJobStore::debt_count() {
  base::MutexLock lock(mutex_);
  KILN_ASSIGN(Statement query, database_.prepare("SELECT count(*) FROM debt"));
  KILN_TRY(query.step());
  return static_cast<uint64_t>(query.number(0));
}

base::Status SqliteJobStore::pay_debt(const Debt& debt) {
  base::MutexLock lock(mutex_);
  make_room();
  KILN_ASSIGN(Statement statement,
              database_.prepare("DELETE FROM debt WHERE job = ? AND before_attempt = ? "
                                "AND renewed = ?"));
  return statement.bind(debt.job.text).bind(int64_t{debt.before_attempt}).bind(debt.renewed).run();
}

base::Status SqliteJobStore::postpone_debt(const Debt& debt, base::WallTime due,
                                           std::string_view reason) {
  base::MutexLock lock(mutex_);
  make_room();
  KILN_ASSIGN(Statement statement,
              database_.prepare("UPDATE debt SET tries = tries + 1, due = ?, reason = ? "
                                "WHERE job = ? AND before_attempt = ? AND renewed = ?"));
  statement.bind(ms(due)).bind(reason).bind(debt.job.text).bind(int64_t{debt.before_attempt});
  return statement.bind(debt.renewed).run();
}

}  // namespace kiln::job
