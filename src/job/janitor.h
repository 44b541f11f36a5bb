// Pays deletion debts and lets finished jobs expire.
#pragma once

#include <chrono>
#include <stop_token>

#include "base/clock.h"
#include "job/guard/sink_lease.h"
#include "job/job_observer.h"
#include "job/job_store.h"
#include "sink/export_sink.h"

namespace kiln::job {

/// Driven from outside: pass() does what is due and says when to come again. Not thread-safe.
class Janitor {
 public:
  /// Everything must outlive it. `interval`: between looks for expired jobs. `lease`: without which
  /// nothing is deleted; null if nobody else can have the sink.
  Janitor(JobStore& store, sink::ExportSink& sink, base::Clock& clock, JobObserver& observer,
          std::chrono::milliseconds interval, SinkLease* lease = nullptr);

  /// Expires jobs if the interval has passed, tries the debts that are due, until a stop. Returns
  /// how long nothing will be due, at most the interval. Nothing of it if the lease is lost.
  ///
  /// Until it has once succeeded it then looks for what a crash has left: output of this instance
  /// whose job is not known, cancelled or failed becomes a debt, so that it goes like the rest. A
  /// folder without the form of a job id is left alone. After a sign that there are others that use
  /// the instance, only when the lease is settled.
  std::chrono::milliseconds pass(const std::stop_token& stop);

  /// Back-off before the next try: a second, doubling to five minutes.
  static std::chrono::milliseconds delay_after(uint32_t tries);

 private:
  /// Each does what is due, and notes when to do it again.
  /// True if there are debts that were not there before.
  bool adopt_orphans(const std::stop_token& stop);
  void expire(const std::stop_token& stop);
  /// Where the record cannot be changed, as the disk is full: what has expired is no longer there
  /// for anyone, so its output may go first.
  void remove_expired(base::WallTime now, const std::stop_token& stop);
  /// Whether the lease may be counted on; looks now and then.
  void look_after_lease(const std::stop_token& stop);
  /// Right before a deletion.
  base::Status may_delete(const std::stop_token& stop);
  bool lost_lease() const { return lease_ != nullptr && lease_->lost(); }
  base::Result<size_t> record_orphans(const std::stop_token& stop);
  /// False if the store could not note what came of it.
  bool pay(const Debt& debt, const std::stop_token& stop);
  bool pay_due_debts(const std::stop_token& stop);

  JobStore& store_;
  sink::ExportSink& sink_;
  base::Clock& clock_;
  JobObserver& observer_;
  const std::chrono::milliseconds interval_;
  SinkLease* const lease_;
  base::WallTime next_lease_look_{};
  base::WallTime next_expiry_{};
  bool adopted_ = false;
  uint32_t adoption_tries_ = 0;
  base::WallTime next_adoption_{};
};

}  // namespace kiln::job
