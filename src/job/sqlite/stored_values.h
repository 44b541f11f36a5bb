// Times, states and reasons as they stand in the job database.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "job/job.h"
#include "job/sqlite/database.h"

namespace kiln::job {

/// Milliseconds since 1970.
inline int64_t ms(base::WallTime time) { return time.time_since_epoch().count(); }
inline base::WallTime time_of(int64_t value) {
  return base::WallTime(std::chrono::milliseconds(value));
}
inline std::optional<base::WallTime> optional_time(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return time_of(row.number(column));
}

inline int64_t number_of(JobState state) { return static_cast<int64_t>(state); }

inline FailureCode failure_code_of(std::string_view name) {
  for (const FailureCode code : kFailureCodes) {
    if (name_of(code) == name) return code;
  }
  return FailureCode::kFault;
}

}  // namespace kiln::job
