// The right to delete what lies in a sink under an instance id.
#pragma once

#include <atomic>
#include <chrono>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "job/job_store.h"
#include "sink/export_sink.h"

namespace kiln::job {

/// A note in the sink with a text that is new at each start. The server that put it there last has
/// the lease; who finds another's has lost it for good, and with it the right to delete anything:
/// somebody else goes on with a copy of the same state. check() is for one thread, lost() for all.
///
/// A sink knows no transactions: between a check and the deletion after it, at most one job's,
/// another server can take the lease.
class SinkLease {
 public:
  /// Everything must outlive it. `home` tells this state directory from a copy of it. `settling`:
  /// how long output may be another's after a sign that there is, or was, one.
  SinkLease(JobStore& store, sink::ExportSink& sink, base::Clock& clock, base::RandomSource& random,
            std::string home, std::chrono::milliseconds settling);

  /// Takes the lease with the first call that succeeds, then looks whether it is still held.
  /// kConflict: it is another's; else the sink's own errors, and nothing is known.
  base::Status check(const std::stop_token& stop);
  bool lost() const { return lost_; }
  /// Before that, what no record knows may be another's. Known once a check succeeded.
  base::WallTime settled() const { return settled_; }

 private:
  base::Status take(const std::stop_token& stop);
  /// In the state.
  base::Status note();

  JobStore& store_;
  sink::ExportSink& sink_;
  base::Clock& clock_;
  const std::string home_;
  const std::chrono::milliseconds settling_;
  const std::string text_;
  std::string former_;  ///< what was in the sink before
  base::WallTime settled_{};
  bool noted_ = false;
  bool taken_ = false;
  std::atomic<bool> lost_{false};
};

}  // namespace kiln::job
