// Pays deletion debts and lets finished jobs expire.
#pragma once

#include <chrono>

#include "base/clock.h"
#include "base/log.h"
#include "job/job_observer.h"
#include "job/job_store.h"
#include "sink/export_sink.h"

namespace kiln::job {

/// Driven from outside: pass() does what is due and says when to come again. Not thread-safe.
class Janitor {
 public:
  /// Everything must outlive it. `interval`: between looks for expired jobs.
  Janitor(JobStore& store, sink::ExportSink& sink, base::Clock& clock, JobObserver& observer,
          std::chrono::milliseconds interval);

  /// After a crash: folders of jobs that nobody knows become debts, so that they go like the rest.
  /// Looks only at folders of this instance, and only before jobs run.
  base::Status adopt_orphans();

  /// Expires jobs if the interval has passed, tries the debts that are due. Returns how long nothing
  /// will be due, at most the interval.
  std::chrono::milliseconds pass();

  /// Back-off before the next try: a second, doubling to five minutes.
  static std::chrono::milliseconds delay_after(uint32_t tries);

 private:
  void expire(base::WallTime now);
  /// False if the store could not note what came of it.
  bool pay(const Debt& debt);

  JobStore& store_;
  sink::ExportSink& sink_;
  base::Clock& clock_;
  JobObserver& observer_;
  const std::chrono::milliseconds interval_;
  base::WallTime next_expiry_{};
};

}  // namespace kiln::job
