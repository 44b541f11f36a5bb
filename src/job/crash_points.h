// Where the server can be killed in a job's life: docs/impl/export_jobs.md tells what is true after
// a crash at each.
#pragma once

#include <array>
#include <string_view>

#include "base/crash_point.h"

namespace kiln::job {

/// In the order of a job's life; those of its files are in sink/crash_points.h. A test that goes
/// through both lists has been at all of them.
inline constexpr std::array<std::string_view, 22> kCrashPoints = {
    "submit.before_record",  "submit.in_transaction",  "submit.after_record",
    "start.after_record",    "run.after_end",          "complete.in_transaction",
    "complete.after_record",
    "finish.in_transaction",  // failed or cancelled
    "fail.after_record",     "cancel.after_record",
    "late.before_debt",  // the worker of a cancelled job has ended
    "late.after_debt",       "requeue.in_transaction", "requeue.after_record",
    "recover.between_jobs",  "orphan.after_debt",      "expire.in_transaction",
    "expire.after_record",   "debt.before_delete",     "debt.after_delete",
    "debt.after_paid",       "debt.after_postponed",
};

}  // namespace kiln::job
