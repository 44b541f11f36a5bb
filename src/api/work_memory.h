// What one request or job has of the process's memory.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>

#include "api/service.h"
#include "base/memory_budget.h"

namespace kiln::api {

/// A share of the budget, or none if there is no budget.
class WorkMemory {
 public:
  explicit WorkMemory(base::MemoryBudget* budget);

  /// For a request: kNoMemory if it is not free now.
  base::Status reserve(uint64_t bytes);
  /// For a job, which holds nothing yet: when it is free, and `common` (may be null) with it. At
  /// most a quarter of the budget, so that four go beside each other whatever it is.
  base::Status wait(uint64_t bytes, base::CommonMemory* common, const std::stop_token& stop);
  /// Null: unbounded.
  base::MemoryShare* share() { return share_ ? &*share_ : nullptr; }

 private:
  std::optional<base::MemoryShare> share_;
};

}  // namespace kiln::api
