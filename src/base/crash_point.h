// Places where a test can kill the process: what is on disk there must be enough to go on from.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace kiln::base {

/// Every crash point, in the order of a job's life. KILN_CRASH_POINT takes no other name, so a test
/// that goes through this list has been at all of them. docs/impl/export_jobs.md tells what is true
/// after a crash at each.
inline constexpr std::array<std::string_view, 25> kCrashPoints = {
    "submit.before_record",  "submit.in_transaction",  "submit.after_record",
    "start.after_record",    "file.after_create",      "file.before_rename",
    "file.after_rename",     "run.after_end",          "complete.in_transaction",
    "complete.after_record",
    "finish.in_transaction",  // failed or cancelled
    "fail.after_record",     "cancel.after_record",
    "late.before_debt",  // the worker of a cancelled job has ended
    "late.after_debt",       "requeue.in_transaction", "requeue.after_record",
    "recover.between_jobs",  "orphan.after_debt",      "expire.in_transaction",
    "expire.after_record",   "debt.before_delete",     "debt.after_delete",
    "debt.after_paid",       "debt.after_postponed",
};

/// The index of `name` in the list; its size if it is not there.
constexpr size_t crash_point_of(std::string_view name) {
  size_t index = 0;
  while (index < kCrashPoints.size() && kCrashPoints[index] != name) ++index;
  return index;
}

/// Read once, when the process starts, from KILN_CRASH_AT=name[:n]: the point where it kills itself
/// when it passes there for the n-th time. Out of the list's range if the variable is not set.
extern const size_t kArmedCrashPoint;

/// Counts a pass of the armed point.
void pass_armed_crash_point();

}  // namespace kiln::base

/// Costs one comparison when not armed.
#define KILN_CRASH_POINT(name)                                                        \
  do {                                                                                \
    constexpr size_t kiln_point = ::kiln::base::crash_point_of(name);                 \
    static_assert(kiln_point < ::kiln::base::kCrashPoints.size(), "not in the list"); \
    if (::kiln::base::kArmedCrashPoint == kiln_point) [[unlikely]] {                  \
      ::kiln::base::pass_armed_crash_point();                                         \
    }                                                                                 \
  } while (false)
