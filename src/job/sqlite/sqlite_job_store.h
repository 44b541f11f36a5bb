// Jobs and debts in SQLite, in the state directory.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "job/guard/reserve.h"
#include "job/job_store.h"
#include "job/sqlite/database.h"

namespace kiln::job {

/// Thread-safe.
class SqliteJobStore final : public JobStore {
 public:
  /// Opens or makes the database, and brings one of an older kiln up to date; ":memory:" for tests.
  /// One of a newer kiln is kUnsupported, one that is damaged kInvalid. What ends a job or frees
  /// room may use up the reserve (null: there is none; else it outlives the store); with it a
  /// database opens on a full disk, too.
  static base::Result<std::unique_ptr<JobStore>> open(
      const std::string& path, Durability durability = Durability::kMachineCrash,
      Reserve* reserve = nullptr);

  base::Result<std::string> constant(std::string_view name, const std::string& if_new) override;
  base::Result<std::string> noted(std::string_view name) override;
  base::Status note(const std::vector<std::pair<std::string, std::string>>& values) override;
  void release_reserve() override;
  base::Result<bool> has_output() override;
  base::Status add(const Job& job, const JobSpec& spec) override;
  base::Result<std::optional<Job>> find(const JobId& id) override;
  base::Result<std::optional<JobSpec>> spec_of(const JobId& id) override;
  base::Result<std::optional<JobId>> find_idempotent(const std::string& client,
                                                     const std::string& key) override;
  base::Result<std::vector<Job>> jobs_of(const std::string& client,
                                         const std::optional<JobPlace>& behind, size_t most,
                                         JobStates states) override;
  base::Result<std::vector<std::pair<JobId, std::string>>> in_state(JobState state) override;
  base::Result<uint64_t> count(JobState state) override;
  base::Result<std::optional<uint32_t>> start(const JobId& id, const AttemptLease& lease,
                                              base::WallTime now) override;
  base::Result<std::vector<JobId>> renew(const AttemptLease& lease) override;
  base::Status take_over(const AttemptLease& lease, base::WallTime ended_by) override;
  base::Result<bool> complete(const JobId& id, uint32_t attempt,
                              const std::vector<OutputFile>& files, base::WallTime now,
                              base::WallTime expires) override;
  base::Result<bool> fail(const JobId& id, uint32_t attempt, const Failure& failure,
                          base::WallTime now, base::WallTime expires) override;
  base::Result<bool> cancel(const JobId& id, base::WallTime now, base::WallTime expires) override;
  base::Result<bool> requeue(const JobId& id, uint32_t attempt, bool crashed,
                             base::WallTime now) override;
  base::Status expire_finished(base::WallTime now) override;
  base::Result<uint64_t> expire(base::WallTime now, size_t most) override;
  base::Result<std::vector<JobId>> expired(base::WallTime now, size_t most) override;
  base::Result<bool> remove(const JobId& id, base::WallTime now) override;
  base::Result<bool> add_debt(const JobId& id, base::WallTime now) override;
  base::Result<bool> add_orphan(const JobId& id, base::WallTime now) override;
  base::Result<std::vector<Debt>> due_debts(base::WallTime now, base::WallTime latest,
                                            size_t limit) override;
  base::Result<std::optional<base::WallTime>> next_debt() override;
  base::Result<uint64_t> debt_count() override;
  base::Status pay_debt(const Debt& debt) override;
  base::Status postpone_debt(const Debt& debt, base::WallTime due,
                             std::string_view reason) override;

 private:
  base::Result<std::string> value_of(std::string_view name) KILN_REQUIRES(mutex_);
  SqliteJobStore(Database database, Reserve* reserve)
      : reserve_(reserve), database_(std::move(database)) {}
  /// Before a change that must be possible on a full disk.
  void make_room() KILN_REQUIRES(mutex_);
  base::Result<bool> add_debt(const JobId& id, base::WallTime now, const char* on_conflict)
      KILN_REQUIRES(mutex_);
  base::Result<std::vector<OutputFile>> files_of(const JobId& id) KILN_REQUIRES(mutex_);
  base::Status drop_spec(const JobId& id) KILN_REQUIRES(mutex_);
  base::Status record_debt(const JobId& id, uint32_t before_attempt, base::WallTime now)
      KILN_REQUIRES(mutex_);

  Reserve* const reserve_;  ///< may be null
  base::Mutex mutex_;
  Database database_ KILN_GUARDED_BY(mutex_);
};

}  // namespace kiln::job
