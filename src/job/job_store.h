// The durable record of jobs and deletion debts: SQLite in the state directory.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "job/database.h"
#include "job/guard/reserve.h"
#include "job/job.h"

namespace kiln::job {

/// Every change is one transaction and durable when the call returns. A change of state is a
/// compare-and-set: false if the job is no longer in the state that it starts from, and then
/// nothing has changed. Thread-safe.
class JobStore {
 public:
  /// Opens or makes the database; ":memory:" for tests. One of a later schema is kUnsupported, one
  /// that is damaged kInvalid. What ends a job or frees room may use up the reserve (which outlives
  /// the store); with it a database opens on a full disk, too.
  static base::Result<std::unique_ptr<JobStore>> open(
      const std::string& path, Durability durability = Durability::kMachineCrash,
      Reserve* reserve = nullptr);

  /// A value that is made once and kept for ever, such as the instance id.
  base::Result<std::string> constant(std::string_view name, const std::string& if_new);
  /// "" if there is none.
  base::Result<std::string> noted(std::string_view name);
  /// All of them or none.
  base::Status note(const std::vector<std::pair<std::string, std::string>>& values);
  /// After kUnavailable: the next try has the room that was held in reserve.
  void release_reserve();
  /// Whether a sink may hold output that is wanted, or owed.
  base::Result<bool> has_output();

  base::Status add(const Job& job, const JobSpec& spec);
  base::Result<std::optional<Job>> find(const JobId& id);
  /// Nothing once the job has ended: it is not needed any more.
  base::Result<std::optional<JobSpec>> spec_of(const JobId& id);
  base::Result<std::optional<JobId>> find_idempotent(const std::string& client,
                                                     const std::string& key);
  /// The newest of those behind the place, newest first, cancelled ones left out; without files.
  base::Result<std::vector<Job>> jobs_of(const std::string& client,
                                         const std::optional<JobPlace>& behind, size_t most,
                                         JobStates states = kAllStates);
  /// Ids in a state, oldest first, with the client.
  base::Result<std::vector<std::pair<JobId, std::string>>> in_state(JobState state);
  base::Result<uint64_t> count(JobState state);

  /// accepted -> in-progress with the next attempt, which is returned; nothing if it is not
  /// accepted.
  base::Result<std::optional<uint32_t>> start(const JobId& id, base::WallTime now);
  /// in-progress, of that attempt, -> completed.
  base::Result<bool> complete(const JobId& id, uint32_t attempt,
                              const std::vector<OutputFile>& files, base::WallTime now,
                              base::WallTime expires);
  /// in-progress, of that attempt, -> failed, with a debt for its output.
  base::Result<bool> fail(const JobId& id, uint32_t attempt, const Failure& failure,
                          base::WallTime now, base::WallTime expires);
  /// accepted or in-progress -> cancelled, with a debt for its output.
  base::Result<bool> cancel(const JobId& id, base::WallTime now, base::WallTime expires);
  /// in-progress, of that attempt, -> accepted, with a debt for the attempts so far: at a shutdown,
  /// or after a crash, which is counted.
  base::Result<bool> requeue(const JobId& id, uint32_t attempt, bool crashed, base::WallTime now);
  /// Completed jobs expire now: their output did not survive.
  base::Status expire_finished(base::WallTime now);
  /// Finished jobs whose time has come, at most so many: the records go, a debt stays for each.
  base::Result<uint64_t> expire(base::WallTime now, size_t most = SIZE_MAX);
  /// Some of those that expire() would take.
  base::Result<std::vector<JobId>> expired(base::WallTime now, size_t most);
  /// A job that is completed or failed: the record goes, a debt stays.
  base::Result<bool> remove(const JobId& id, base::WallTime now);

  /// A debt for all output of a job that is cancelled, failed or unknown; false, and nothing is
  /// recorded, if it is any other, whose output is wanted. Again a debt for what is there already
  /// is one debt, due at once.
  base::Result<bool> add_debt(const JobId& id, base::WallTime now);
  /// The same for output that nobody knows why it is there; one that is owed already is not due any
  /// sooner, and counts as not recorded.
  base::Result<bool> add_orphan(const JobId& id, base::WallTime now);
  /// Debts that are due, oldest first, at most `limit`. One that is due later than `latest` is due
  /// too: no back-off is so long, so the clock has gone back.
  base::Result<std::vector<Debt>> due_debts(base::WallTime now, base::WallTime latest,
                                            size_t limit);
  /// Of the debt that is due next.
  base::Result<std::optional<base::WallTime>> next_debt();
  base::Result<uint64_t> debt_count();
  /// The debt as it was read has been paid; one that was renewed in between stays.
  base::Status pay_debt(const Debt& debt);
  base::Status postpone_debt(const Debt& debt, base::WallTime due, std::string_view reason);

 private:
  base::Result<std::string> value_of(std::string_view name) KILN_REQUIRES(mutex_);
  JobStore(Database database, Reserve* reserve)
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
