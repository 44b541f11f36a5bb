// What must hold for jobs to be taken: operations.md §7, "State".
#pragma once

#include "job/guard/reserve.h"
#include "job/guard/sink_lease.h"
#include "job/guard/state_watch.h"

namespace kiln::job {

/// Null: nothing to look at. All outlive the engine.
struct Guards {
  StateWatch* state = nullptr;
  Reserve* reserve = nullptr;
  SinkLease* lease = nullptr;
};

}  // namespace kiln::job
