// The durable record of jobs and deletion debts, whatever keeps it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "job/job.h"

namespace kiln::job {

/// Every change is one transaction and durable when the call returns. A change of state is a
/// compare-and-set: false if the job is no longer in the state that it starts from, and then
/// nothing has changed. Errors: kUnavailable if it may work later. Thread-safe.
///
/// A new store passes job_store_contract_test.h; sqlite/ has the one that there is.
class JobStore {
 public:
  virtual ~JobStore() = default;

  /// A value that is made once and kept for ever, such as the instance id.
  virtual base::Result<std::string> constant(std::string_view name, const std::string& if_new) = 0;
  /// "" if there is none.
  virtual base::Result<std::string> noted(std::string_view name) = 0;
  /// All of them or none.
  virtual base::Status note(const std::vector<std::pair<std::string, std::string>>& values) = 0;
  /// After kUnavailable: the next try has the room that was held in reserve, if there was any.
  virtual void release_reserve() = 0;
  /// Whether a sink may hold output that is wanted, or owed.
  virtual base::Result<bool> has_output() = 0;

  virtual base::Status add(const Job& job, const JobSpec& spec) = 0;
  virtual base::Result<std::optional<Job>> find(const JobId& id) = 0;
  /// Nothing once the job has ended: it is not needed any more.
  virtual base::Result<std::optional<JobSpec>> spec_of(const JobId& id) = 0;
  virtual base::Result<std::optional<JobId>> find_idempotent(const std::string& client,
                                                             const std::string& key) = 0;
  /// The newest of those behind the place, newest first, cancelled ones left out; without files.
  virtual base::Result<std::vector<Job>> jobs_of(const std::string& client,
                                                 const std::optional<JobPlace>& behind, size_t most,
                                                 JobStates states) = 0;
  /// Ids in a state, oldest first, with the client.
  virtual base::Result<std::vector<std::pair<JobId, std::string>>> in_state(JobState state) = 0;
  virtual base::Result<uint64_t> count(JobState state) = 0;

  /// accepted -> in-progress with the next attempt, which is returned and has that lease; nothing
  /// if it is not accepted.
  virtual base::Result<std::optional<uint32_t>> start(const JobId& id, const AttemptLease& lease,
                                                      base::WallTime now) = 0;
  /// All attempts in progress of the lease's owner have it from now on; these are their jobs.
  virtual base::Result<std::vector<JobId>> renew(const AttemptLease& lease) = 0;
  /// Attempts in progress of other owners whose leases have ended by then get this one.
  virtual base::Status take_over(const AttemptLease& lease, base::WallTime ended_by) = 0;
  /// in-progress, of that attempt, -> completed.
  virtual base::Result<bool> complete(const JobId& id, uint32_t attempt,
                                      const std::vector<OutputFile>& files, base::WallTime now,
                                      base::WallTime expires) = 0;
  /// in-progress, of that attempt, -> failed, with a debt for its output.
  virtual base::Result<bool> fail(const JobId& id, uint32_t attempt, const Failure& failure,
                                  base::WallTime now, base::WallTime expires) = 0;
  /// accepted or in-progress -> cancelled, with a debt for its output.
  virtual base::Result<bool> cancel(const JobId& id, base::WallTime now,
                                    base::WallTime expires) = 0;
  /// in-progress, of that attempt, -> accepted, with a debt for the attempts so far: at a shutdown,
  /// or after a crash, which is counted.
  virtual base::Result<bool> requeue(const JobId& id, uint32_t attempt, bool crashed,
                                     base::WallTime now) = 0;
  /// Completed jobs expire now: their output did not survive.
  virtual base::Status expire_finished(base::WallTime now) = 0;
  /// Finished jobs whose time has come, at most so many: the records go, a debt stays for each.
  virtual base::Result<uint64_t> expire(base::WallTime now, size_t most) = 0;
  /// Some of those that expire() would take.
  virtual base::Result<std::vector<JobId>> expired(base::WallTime now, size_t most) = 0;
  /// A job that is completed or failed: the record goes, a debt stays.
  virtual base::Result<bool> remove(const JobId& id, base::WallTime now) = 0;

  /// A debt for all output of a job that is cancelled, failed or unknown; false, and nothing is
  /// recorded, if it is any other, whose output is wanted. Again a debt for what is there already
  /// is one debt, due at once.
  virtual base::Result<bool> add_debt(const JobId& id, base::WallTime now) = 0;
  /// The same for output that nobody knows why it is there; one that is owed already is not due any
  /// sooner, and counts as not recorded.
  virtual base::Result<bool> add_orphan(const JobId& id, base::WallTime now) = 0;
  /// Debts that are due, oldest first, at most `limit`. One that is due later than `latest` is due
  /// too: no back-off is so long, so the clock has gone back.
  virtual base::Result<std::vector<Debt>> due_debts(base::WallTime now, base::WallTime latest,
                                                    size_t limit) = 0;
  /// Of the debt that is due next.
  virtual base::Result<std::optional<base::WallTime>> next_debt() = 0;
  virtual base::Result<uint64_t> debt_count() = 0;
  /// The debt as it was read has been paid; one that was renewed in between stays.
  virtual base::Status pay_debt(const Debt& debt) = 0;
  virtual base::Status postpone_debt(const Debt& debt, base::WallTime due,
                                     std::string_view reason) = 0;
};

}  // namespace kiln::job
