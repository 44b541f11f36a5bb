// What a job has of its kick-off as long as the process lives.
#pragma once

#include <memory>

#include "api/service.h"
#include "api/work_memory.h"
#include "job/job_runner.h"
#include "plan/plan.h"

namespace kiln::api {

/// What JobEngine::submit is given to pin. Immutable.
class KeptPlan {
 public:
  /// Keeps the plan if there is room for its views among those of the jobs that wait or run
  /// (ServiceOptions::kept_views), else only its data.
  static std::shared_ptr<const KeptPlan> keep(const plan::PlanPtr& plan,
                                              const ServiceOptions& options);
  /// As it was pinned; null after a restart.
  static std::shared_ptr<const KeptPlan> of(const job::Attempt& attempt);

  explicit KeptPlan(base::MemoryBudget* kept_views) : views_(kept_views) {}

  const dataset::SnapshotPtr& data() const { return data_; }
  /// Null: to be made again from the record.
  const plan::PlanPtr& plan() const { return plan_; }

 private:
  WorkMemory views_;
  dataset::SnapshotPtr data_;
  plan::PlanPtr plan_;
};

}  // namespace kiln::api
