#include "api/work_memory.h"

#include <algorithm>

namespace kiln::api {

WorkMemory::WorkMemory(base::MemoryBudget* budget) {
  if (budget != nullptr) share_.emplace(*budget);
}

base::Status WorkMemory::reserve(uint64_t bytes) {
  return share_ ? share_->reserve(bytes) : base::Status();
}

base::Status WorkMemory::wait(uint64_t bytes, base::CommonMemory* common,
                              const std::stop_token& stop) {
  return share_ ? share_->wait(std::min(bytes, share_->budget().limit() / 4), stop, common)
                : base::Status();
}

}  // namespace kiln::api
