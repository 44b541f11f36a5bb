// What a call has to tell, as C values.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include <kiln.h>

#include "base/error.h"
#include "base/guarded.h"
#include "plan/problem.h"

struct kiln_diagnostics {
  std::deque<kiln::base::Error> errors;  ///< what the entries' texts point into
  std::vector<kiln_diagnostic> entries;
};

namespace kiln::door {

kiln_status status_of(base::ErrorCode code);

/// The caller asked wrongly.
inline base::Error usage(std::string text) {
  return base::Error(base::ErrorCode::kUsage, std::move(text));
}

void add(kiln_diagnostics& to, const base::Error& error, kiln_severity severity);
void add(kiln_diagnostics& to, const plan::Problems& problems);

/// Runs a call. Its errors go to `diagnostics`, if they are wanted, and the first one's code is the
/// call's status; so is what leaves `body` as an exception.
kiln_status call(kiln_diagnostics** diagnostics,
                 const std::function<base::Status(kiln_diagnostics& found)>& body);

}  // namespace kiln::door
